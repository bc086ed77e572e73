"""Who may, at every staff address there is: role × cinema × stranger × customer × second factor.

It walks the map of addresses, so a page added later is covered by itself; a new kind of id needs a builder here.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask, Response
from werkzeug.routing import Rule

from app.domain.staff import Role
from app.models import Cinema
from app.queries.staff import PLACES, SHARED
from app.services.offers import NewCoupon, create_coupon
from app.services.shifts import open_shift
from app.web.guards import staff
from tests.builders import (
    a_cinema,
    a_customer,
    a_demand_rule,
    a_group,
    a_movie,
    a_paid_booking,
    a_person,
    a_price_list,
    a_price_rule,
    a_screen,
    a_show,
    an_alert,
)
from tests.support.client import PageClient
from tests.support.offers import a_gift_card
from tests.support.staff import by, signed_in, with_factor

AT: dict[str, Callable[[Cinema], Any]] = {
    "cinema_id": lambda cinema: cinema.id,
    "screen_id": lambda cinema: a_screen(cinema).id,
    "layout_id": lambda cinema: a_screen(cinema).layout_id,
    "price_list_id": lambda cinema: a_price_list(cinema).id,
    "price_rule_id": lambda cinema: a_price_rule(a_price_list(cinema)),
    "demand_rule_id": lambda cinema: a_demand_rule(cinema),
    "shift_id": lambda cinema: a_shift(cinema),
    "group_id": lambda cinema: a_group(cinema),
    "show_id": lambda cinema: a_show(cinema=cinema).id,
    "alert_id": lambda cinema: an_alert(a_show(cinema=cinema).id),
    "coupon_id": lambda cinema: a_cinema_coupon(cinema),
    "code": lambda cinema: a_paid_booking(a_show(cinema=cinema)).code,
    "person_id": lambda cinema: a_person(Role.SCANNER, cinema).id,
}
"""One thing of each kind at a cinema."""
ANYWHERE: dict[str, Callable[[], Any]] = {
    "movie_id": lambda: a_movie().id,
    "gift_card_id": lambda: a_gift_card()[0],
    "number": lambda: 1,
}
NO_SUCH = {"code": "1ZZZZZZZZ"}


def a_shift(cinema: Cinema) -> int:
    return open_shift(by(a_person(Role.BOX_OFFICE, cinema)), cinema.id, 0)


def a_cinema_coupon(cinema: Cinema) -> int:
    return create_coupon(NewCoupon(f"CODE-{cinema.id}", "Ten off", percent=Decimal(10), cinema=cinema.slug))


def staff_rules(app: Flask) -> list[Rule]:
    views = app.view_functions
    return [rule for rule in app.url_map.iter_rules() if getattr(views[rule.endpoint], "guard", "") == "staff"]


def methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"})


def places(rule: Rule) -> list[str]:
    return [name for name in rule._converters if name in PLACES]


class Addresses:
    """Builds the address of a rule about one cinema; things are made once for each."""

    def __init__(self, app: Flask) -> None:
        self.map = app.url_map.bind("localhost")
        self.made: dict[tuple[str, int], Any] = {}

    def at(self, rule: Rule, cinema: Cinema, **values: Any) -> str:
        method = methods(rule)[0]
        named = {name: self._thing(name, cinema) for name in rule._converters}
        return self.map.build(rule.endpoint, {**named, **values}, method=method)

    def nowhere(self, rule: Rule, cinema: Cinema) -> str:
        return self.at(rule, cinema, **{name: NO_SUCH.get(name, 999_999_999) for name in places(rule)})

    def _thing(self, name: str, cinema: Cinema) -> Any:
        key = (name, cinema.id)
        if key not in self.made:
            self.made[key] = AT[name](cinema) if name in AT else ANYWHERE[name]()
        return self.made[key]


@pytest.fixture
def addresses(app: Flask) -> Addresses:
    return Addresses(app)


@pytest.fixture
def mine(app: Flask) -> Cinema:
    return a_cinema()


@pytest.fixture
def other(app: Flask) -> Cinema:
    return a_cinema()


def ask(client: PageClient, token: str, address: str, method: str) -> Any:
    return client.open(address, method=method, data={"csrf_token": token} if method != "GET" else None)


def refused_everywhere(app: Flask, client: PageClient, address_of: Callable[[Rule], str], expected: Any) -> None:
    token = client.token("/login") if "/login" in expected else client.token("/cities")
    for rule in staff_rules(app):
        for method in methods(rule):
            answer = ask(client, token, address_of(rule), method)
            assert str(answer.status_code) == expected.split()[0], f"{method} {rule.rule}: {answer.status_code}"
            if " " in expected:
                assert answer.location.startswith(expected.split()[1]), f"{method} {rule.rule}: {answer.location}"


def test_every_kind_of_id_can_be_built_here():
    assert set(AT) == set(PLACES)
    assert set(ANYWHERE) == SHARED


def test_strangers_are_led_to_the_sign_in(app: Flask, addresses: Addresses, mine: Cinema, client: Any):
    refused_everywhere(app, client, lambda rule: addresses.at(rule, mine), "303 /login")


def test_to_customers_there_are_no_staff_pages(app: Flask, addresses: Addresses, mine: Cinema):
    client = signed_in(app, a_customer())
    refused_everywhere(app, client, lambda rule: addresses.at(rule, mine), "404")


def test_who_has_no_role_any_more_is_a_customer(app: Flask, addresses: Addresses, mine: Cinema):
    from app.domain.staff import COMMAND
    from app.services.staff import revoke_role

    person = a_person(Role.MANAGER, mine)
    client = signed_in(app, person)
    assert client.get("/staff").status_code == 200
    revoke_role(COMMAND, person.id, Role.MANAGER, mine.id)
    refused_everywhere(app, client, lambda rule: addresses.at(rule, mine), "404")


@pytest.mark.parametrize("role", Role)
def test_another_role_is_refused_and_the_right_one_comes_in(app: Flask, addresses: Addresses, mine: Cinema, role: Role):
    client = signed_in(app, a_person(role, *([] if role is Role.ADMIN else [mine])))
    token = client.token("/staff")
    for rule in staff_rules(app):
        wanted = app.view_functions[rule.endpoint].roles  # type: ignore[attr-defined]
        may = role in wanted or role is Role.ADMIN
        for method in methods(rule):
            address = addresses.at(rule, mine)
            if not may:
                assert ask(client, token, address, method).status_code == 403, f"{method} {rule.rule}"
            elif method == "GET":
                assert ask(client, token, address, method).status_code in (200, 303), f"{method} {rule.rule}"
            else:
                assert let_in(app, rule, client, token, address, method), f"{method} {rule.rule}"


def let_in(app: Flask, rule: Rule, client: PageClient, token: str, address: str, method: str) -> bool:
    """Whether the guard of this route calls its view, which is not run: it would do what it is for."""
    view: Any = app.view_functions[rule.endpoint]
    inside = staff(*view.roles, second_factor=view.second_factor)(lambda **values: Response("inside"))
    app.view_functions[rule.endpoint] = inside
    try:
        return ask(client, token, address, method).get_data(as_text=True) == "inside"
    finally:
        app.view_functions[rule.endpoint] = view


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_another_cinemas_things_do_not_exist(app: Flask, addresses: Addresses, mine: Cinema, other: Cinema, role: Role):
    client = signed_in(app, a_person(role, mine))
    token, looked_at = client.token("/staff"), 0
    for rule in staff_rules(app):
        if not places(rule) or role not in app.view_functions[rule.endpoint].roles:  # type: ignore[attr-defined]
            continue
        for method in methods(rule):
            looked_at += 1
            theirs = ask(client, token, addresses.at(rule, other), method)
            nothing = ask(client, token, addresses.nowhere(rule, mine), method)
            assert theirs.status_code == nothing.status_code == 404, f"{method} {rule.rule}"
    assert looked_at > 5 or role is not Role.MANAGER


def test_what_is_not_there_is_not_there_for_admins_either(app: Flask, addresses: Addresses, mine: Cinema):
    client = signed_in(app, a_person(Role.ADMIN))
    token = client.token("/staff")
    for rule in staff_rules(app):
        if places(rule):
            for method in methods(rule):
                answer = ask(client, token, addresses.nowhere(rule, mine), method)
                assert answer.status_code == 404, f"{method} {rule.rule}"


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("enrolled", [True, False])
def test_without_the_second_factor_nothing_opens(
    app: Flask, addresses: Addresses, mine: Cinema, set_setting: Any, role: Role, enrolled: bool
):
    set_setting(staff_totp={one.value.upper(): "required" for one in Role})
    person = a_person(role, *([] if role is Role.ADMIN else [mine]))
    client = signed_in(app, with_factor(person) if enrolled else person, confirmed=False)
    token = client.token("/account")
    first = "/staff/second-factor?" if enrolled else "/staff/second-factor/set-up?"
    for rule in staff_rules(app):
        if not app.view_functions[rule.endpoint].second_factor:  # type: ignore[attr-defined]
            continue
        for method in methods(rule):
            answer = ask(client, token, addresses.at(rule, mine), method)
            assert answer.status_code == 303, f"{method} {rule.rule}"
            assert answer.location.startswith(first), f"{method} {rule.rule}"


def test_a_thing_of_two_cinemas_is_refused_where_an_address_names_both(app: Flask, mine: Cinema, other: Cinema):
    """A guard that let one of the two decide could be led past itself."""
    from werkzeug.exceptions import NotFound

    from app.domain.staff import Reach
    from app.web.staff import _named

    both = {"screen_id": AT["screen_id"](mine), "show_id": AT["show_id"](other)}
    for where in (Reach(True), Reach(False, frozenset({mine.id, other.id}))):
        with pytest.raises(NotFound):
            _named(both, where)
        assert _named({**both, "show_id": AT["show_id"](mine)}, where) == {mine.id}
