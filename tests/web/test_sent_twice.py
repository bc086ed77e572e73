"""Forms of the staff that are sent twice: by Back and again, by a double click, by a browser that repeats itself.

It walks the map of addresses: each that takes a form either has a case here, whose second sending writes nothing
anywhere and leads to where the first led, or stands in OWN_WAY with what makes it harmless.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app import clock
from app.db import Base, db, end_read, transaction
from app.domain.staff import COMMAND, Role
from app.models import Booking, Cinema, Show, User
from app.queries.coupons import codes_made_with
from app.services import film_imports, groups
from app.services.blocking import block_screen
from app.services.once import KEPT, forget_sent_forms
from app.services.shifts import open_shift
from app.services.staff import deactivate
from tests.builders import (
    PRICES,
    a_cinema,
    a_group,
    a_hold,
    a_paid_booking,
    a_person,
    a_price_list,
    a_price_rule,
    a_show,
    an_offer,
    seat_ids,
)
from tests.support.books import rows
from tests.support.cinemas import WHOLE
from tests.support.client import PageClient, words
from tests.support.films import TABLE
from tests.support.forms import filled, form_for
from tests.support.offers import a_gift_card
from tests.support.staff import by, signed_in, the_code, with_factor
from tests.web.test_demand import rule_fields
from tests.web.test_desk import fails, fails_group

SENT_BEFORE = "This form was sent before and did its work then; nothing was done twice."


class House:
    """A cinema with somebody who may do everything there, and what their forms are about."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.cinema: Cinema = a_cinema(name="The Regent")
        self.person: User = with_factor(a_person(Role.ADMIN, name="Alma"))
        self.client: PageClient = signed_in(app, self.person)
        if rows("SELECT count(*) AS n FROM cinemas")[0].n > 1:
            self.client.post_form("/staff/cinema", {"cinema_id": self.cinema.id, "next": "/staff"}, page="/staff")

    @cached_property
    def show(self) -> Show:
        return a_show(60, cinema=self.cinema, starts_in=dt.timedelta(days=2))

    @cached_property
    def booking(self) -> Booking:
        booking = a_paid_booking(self.show)
        fails(booking)
        return booking

    @cached_property
    def shift(self) -> int:
        return open_shift(by(self.person), self.cinema.id, 5000)

    @cached_property
    def maya(self) -> User:
        return a_person(Role.BOX_OFFICE, self.cinema, name="Maya")

    @cached_property
    def card(self) -> int:
        return a_gift_card()[0]


@dataclass(frozen=True)
class Case:
    """A page with a form, the address it is sent to, and what somebody types into it."""

    page: str
    action: str
    typed: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] | None = None
    """What is sent first, where the form stands on an answer."""
    before_to: str = ""
    """Where to; else to the page itself."""


def case(page: str, typed: dict[str, Any] | None = None, action: str = "", **more: Any) -> Case:
    return Case(page, action or page, typed or {}, **more)


def new_shows(house: House) -> Case:
    show = house.show
    day = (clock.now() + dt.timedelta(days=4)).date().isoformat()
    wish = {"movie_id": show.movie_id, "screens": [show.screen_id], "first_day": day, "times": "14:00, 19:30"}
    wish |= {"format": "2D", "price_list_id": show.price_list_id}
    return case("/staff/shows/new", action="/staff/shows", before=wish)


def last_week(house: House) -> Case:
    week = (house.show.starts_at + dt.timedelta(days=7)).date().isoformat()
    return case(f"/staff/planner?week={week}", action="/staff/planner/copy")


def next_version(house: House) -> Case:
    page = f"/staff/price-lists/{a_price_list(house.cinema, PRICES).id}"
    return case(page, {"price-standard-adult": "13", "along": "none", "reason": "the new year"})


def a_rule(house: House) -> Case:
    prices = a_price_list(house.cinema)
    a_price_rule(prices)
    page = f"/staff/cinemas/{house.cinema.id}/price-rules/new"
    return case(page, {"price_list_id": str(prices.id), "screen_id": "0", "weekdays": ["1"]})


def a_table(house: House) -> Case:
    film_imports.keep_file(by(house.person), "films.csv", TABLE.encode())
    return case("/staff/films/import", action="/staff/films/import/take-in")


def an_offer_to(house: House) -> Case:
    group_id = a_group(house.cinema, 12, show_id=house.show.id)
    return case(f"/staff/groups/{group_id}", action=f"/staff/groups/{group_id}/offer")


def a_group_pays(house: House) -> Case:
    assert house.shift
    group_id = a_group(house.cinema, 12)
    show = a_show(60, cinema=house.cinema, starts_in=dt.timedelta(days=5))
    an_offer(group_id, by(house.person), show, seat_ids(show)[:12])
    page = f"/staff/groups/{group_id}"
    return case(page, {"pay": "cash"}, f"{page}/pay")


def of_show(house: House) -> Case:
    page = f"/staff/shows/{house.show.id}/seats"
    return case(page, {"do": "block", "seats": [str(seat_ids(house.show, "C1")[0])], "reason": "broken"})


def of_screen(house: House) -> Case:
    page = f"/staff/screens/{house.show.screen_id}/blocks"
    return case(page, {"seats": [str(seat_ids(house.show, "D1")[0])], "reason": "no light"})


def a_changed_block(house: House) -> Case:
    e1, e2 = seat_ids(house.show, "E1", "E2")
    block_id = block_screen(by(house.person), house.show.screen_id, [e1], "a leak").block_id
    return case(f"/staff/screens/{house.show.screen_id}/blocks/{block_id}", {"seats": [str(e2)]})


def a_groups_message(house: House) -> Case:
    group = a_group(house.cinema)
    return case("/staff/messages", action=f"/staff/groups/{group}/messages/{fails_group(group)}/resend")


def a_message(house: House) -> Case:
    row = rows("SELECT min(id) AS id FROM messages WHERE show_id = :show", show=house.booking.show_id)[0]
    return case("/staff/messages", action=f"/staff/shows/{house.booking.show_id}/messages/{row.id}/resend")


def a_cards_message(house: House) -> Case:
    sent = text("UPDATE messages SET state = 'sent' WHERE gift_card_id = :card").bindparams(card=house.card)
    with transaction() as session:
        session.execute(sent)
    row = rows("SELECT max(id) AS id FROM messages WHERE gift_card_id = :card", card=house.card)[0]
    page = f"/staff/gift-cards/{house.card}"
    return case(page, action=f"{page}/messages/{row.id}/resend")


def todays_failures(house: House) -> Case:
    fails(a_paid_booking(house.show))
    return case("/staff/messages", action="/staff/messages/resend-failures")


def of_booking(verb: str, **typed: str) -> Callable[[House], Case]:
    def made(house: House) -> Case:
        page = f"/staff/bookings/{house.booking.code}"
        return case(page, typed, f"{page}/{verb}")

    return made


def a_refund(house: House) -> Case:
    page = f"/staff/bookings/{a_paid_booking(house.show).code}"
    assert house.shift
    looked = {"tickets": ["1"], "how": "full", "reason": "ill"}
    return case(page, {}, f"{page}/cancel", before=looked, before_to=f"{page}/refund")


def of_person(verb: str, **typed: Any) -> Callable[[House], Case]:
    def made(house: House) -> Case:
        if verb == "reactivate":
            deactivate(COMMAND, house.maya.id, "left")
        page = f"/staff/people/{house.maya.id}"
        return case(page, {**typed, **({"cinema_id": house.cinema.id} if typed else {})}, f"{page}/{verb}")

    return made


def an_exchange(house: House) -> Case:
    assert house.shift
    code = a_paid_booking(house.show).code
    page = f"/staff/bookings/{code}/exchange"
    return case(page, {"show": house.show.id, "tickets": ["1"]})


def a_sale(house: House) -> Case:
    assert house.shift
    soon = a_show(cinema=house.cinema, starts_in=dt.timedelta(minutes=20))
    typed = {"show": soon.id, "n-A": "1", "pay": "cash"}
    return case("/staff/box-office", typed, "/staff/box-office/sell")


COUPON = {"code": "spring", "name": "Spring", "kind": "percent", "percent": "20"}
CASES: dict[str, Callable[[House], Case]] = {
    "begin_shift": lambda house: case("/staff/shifts", {"float": "50"}),
    "new_film": lambda house: case("/staff/films/new", {"title": "Sunrise", "kind": "film"}),
    "take_in_film_table": a_table,
    "new_coupon": lambda house: case("/staff/coupons/new", COUPON),
    "coupon_batch": lambda house: case("/staff/coupons/batch", {**COUPON, "code": "aut", "count": "3"}),
    "new_demand_rule": lambda house: case(f"/staff/cinemas/{house.cinema.id}/demand/rules/new", rule_fields()),
    "new_prices": lambda house: case(
        f"/staff/cinemas/{house.cinema.id}/prices/new",
        {"name": "Standard", "more-0-name": "standard", "more-0-adult": "9"},
    ),
    "price_list": next_version,
    "new_price_rule": a_rule,
    "new_person": lambda house: case(
        "/staff/people/new",
        {"name": "Joe", "email": "joe@example.org", "role": "scanner", "cinemas": [str(house.cinema.id)]},
    ),
    "give_role": of_person("roles", role="scanner"),
    "new_link": of_person("password-link"),
    "reactivate": of_person("reactivate"),
    "new_cinema": lambda house: case("/staff/cinemas/new", WHOLE),
    "new_screen": lambda house: case(
        f"/staff/cinemas/{house.cinema.id}",
        {"name": "Blue Room", "begin": "village-92"},
        f"/staff/cinemas/{house.cinema.id}/screens",
    ),
    "copy_week": last_week,
    "make_shows": new_shows,
    "change_show_seats": of_show,
    "block_in_screen": of_screen,
    "change_block": a_changed_block,
    "offer_to_group": an_offer_to,
    "pay_group": a_group_pays,
    "resend_of_show": a_message,
    "resend_of_card": a_cards_message,
    "resend_of_group": a_groups_message,
    "resend_all": todays_failures,
    "mail_gift_card": lambda house: case(
        f"/staff/gift-cards/{house.card}", action=f"/staff/gift-cards/{house.card}/resend"
    ),
    "resend_booking": of_booking("resend"),
    "note_booking": of_booking("note", note="brings a dog"),
    "reprint_booking": of_booking("reprint"),
    "cancel_booking": a_refund,
    "begin_exchange_at_till": an_exchange,
    "sell": a_sale,
    "recovery_codes": lambda house: case("/staff/me", {"code": the_code()}, "/staff/me/recovery-codes"),
}
OWN_WAY = {
    "what it changes names what its page showed, so the second sending is told": {
        "film", "change_cinema", "change_coupon", "one_demand_rule", "demand_limits", "price_rule", "shift_price_rule",
        "remove_price_rule", "default_prices", "carry_out_price_rules", "edit_show", "move_show", "put_poster",
        "drop_poster", "rename", "change_layout", "draw_layout", "upload_layout", "discard_layout", "use_layout",
        "withdraw_offer", "decline_group", "demand_rule_on", "demand_rule_off", "void_card", "change_own_password",
    },
    "done again it changes nothing more": {
        "archive_film", "restore_film", "stop_coupon", "start_coupon", "rename_prices", "archive_prices",
        "restore_prices", "move_to_prices", "move_layout_shows", "publish", "publish_week", "unpublish", "delete_show",
        "take_role", "deactivate", "reset_factor", "close", "reopen", "confirm_cancel_show", "confirm_cancel_day",
        "resume_refunds", "lift_in_screen", "end_shift", "pay_out_refund", "undo", "settle_alert", "cinema",
        "upload_film_table", "discard_film_table", "preview_shows", "quote_refund",
    },
    "a code of the second factor counts once": {"second_factor", "set_up"},
    "the sale has its own key, and a change of it sets what it says": {
        "sale_seats", "sale_kinds", "sale_code", "sale_pay", "sale_release",
    },
    "each scan has its own key": {"scan_code", "scan_queue"},
}  # fmt: skip
BY_A_SALE = {"sell", "begin_exchange_at_till"}
"""These have the key of the sale, which is older: no @once."""


def staff_forms(app: Flask) -> set[str]:
    return {
        rule.endpoint.removeprefix("staff.")
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], "guard", "") == "staff" and "POST" in (rule.methods or ())
    }


def test_every_form_of_the_staff_is_known(app: Flask):
    others = [name for names in OWN_WAY.values() for name in names]
    assert staff_forms(app) == {*CASES, *others}
    assert len(others) + len(CASES) == len({*others, *CASES})
    marked = {name for name in staff_forms(app) if hasattr(app.view_functions[f"staff.{name}"], "once")}
    assert marked == set(CASES) - BY_A_SALE


COUNTED = text(" UNION ALL ".join(f"SELECT '{name}' AS name, count(*) AS n FROM {name}" for name in Base.metadata.tables))  # fmt: skip  # noqa: E501


def how_many() -> dict[str, int]:
    """The rows of every table there is."""
    found = {row.name: row.n for row in db.session.execute(COUNTED)}
    end_read()
    return found


def sent_twice(house: House, wanted: Case) -> tuple[Any, Any]:
    """The answers to the two sendings; the second writes nothing anywhere."""
    client = house.client
    if wanted.before is None:
        page = client.get(wanted.page)
    else:
        asked = wanted.before_to or wanted.page
        page = client.post(asked, data=filled(form_for(client.get(wanted.page), asked), wanted.before))
    assert page.status_code == 200, page.status_code
    before, form = how_many(), filled(form_for(page, wanted.action), wanted.typed)
    first = client.post(wanted.action, data=form)
    after = how_many()
    assert first.status_code in (200, 303), words(first)
    assert sum(after.values()) > sum(before.values()), "the first sending does something"
    second = client.post(wanted.action, data=form)
    assert how_many() == after
    return first, second


SHOW_ONCE = {"new_person", "new_link", "reactivate", "recovery_codes"}
ELSEWHERE = {"pay_group", "new_screen"}
"""The second sending leads to a page beside that of the first."""


@pytest.mark.parametrize("some", range(4))
def test_what_is_sent_twice_is_done_once(app: Flask, some: int):
    for name in list(CASES)[some::4]:
        house = House(app)
        first, second = sent_twice(house, CASES[name](house))
        if name == "coupon_batch":
            assert second.get_data() == first.get_data(), "the same codes once more"
            continue
        assert second.status_code == 303, name
        assert name in SHOW_ONCE | ELSEWHERE or second.location == first.location, name
        said = words(house.client.get(second.location))
        assert name in BY_A_SALE or SENT_BEFORE in said, f"{name}: {said}"
        assert name not in SHOW_ONCE or "shown only once" in said, name


def test_a_new_form_makes_another_and_so_does_one_that_was_refused(app: Flask):
    house = House(app)
    page = "/staff/films/new"
    form = filled(form_for(house.client.get(page), page), {"title": "", "kind": "film"})
    refused = house.client.post(page, data=form)
    assert refused.status_code == 422
    form["title"] = "Sunrise"
    assert house.client.post(page, data=form).status_code == 303, "what was refused did not use its key"
    fresh = filled(form_for(house.client.get(page), page), {"title": "Sunrise", "kind": "film"})
    assert house.client.post(page, data=fresh).status_code == 303
    assert [row.slug for row in rows("SELECT slug FROM movies ORDER BY id")] == ["sunrise", "sunrise-2"]


def test_what_is_no_key_is_refused_and_nothing_is_made(app: Flask):
    house = House(app)
    sent = {"title": "Sunrise", "kind": "film", "once": "x"}
    answer = house.client.post_form("/staff/films/new", sent, page="/staff/films/new")
    assert answer.status_code == 422
    assert "Open its page again" in words(answer)
    assert rows("SELECT FROM movies") == []


def test_the_key_of_a_form_is_one_persons_own(app: Flask):
    """Nobody learns by a key what another one made, or keeps them from making it."""
    house = House(app)
    page = "/staff/films/new"
    form = filled(form_for(house.client.get(page), page), {"title": "Sunrise", "kind": "film"})
    assert house.client.post(page, data=form).status_code == 303
    other = signed_in(app, a_person(Role.ADMIN, name="Ruth"))
    form["csrf_token"] = other.token(page)
    assert SENT_BEFORE not in words(other.post(page, data=form, follow_redirects=True))
    assert len(rows("SELECT FROM movies")) == 2


def test_the_planners_script_is_told_of_the_draft_that_is_there(app: Flask):
    house = House(app)
    show = house.show
    at = (show.starts_at + dt.timedelta(days=1)).isoformat()
    sent = {"dragged": "1", "once": "k" * 22, "movie_id": show.movie_id, "slot": f"{show.screen_id}@{at}"}
    sent |= {"price_list_id": show.price_list_id}
    answers = [house.client.post_form("/staff/shows", sent, page="/staff/planner").get_json() for _ in range(2)]
    assert answers[0]["show"] == answers[1]["show"]
    assert len(rows("SELECT FROM shows")) == 2


def test_keys_are_forgotten_after_a_month(app: Flask, moved_clock: Any):
    house = House(app)
    sent_twice(house, CASES["new_coupon"](house))
    moved_clock.forward(days=KEPT.days - 1)
    assert forget_sent_forms() == 0
    moved_clock.forward(days=2)
    assert forget_sent_forms() == 1


def test_the_codes_of_another_batch_are_not_given(app: Flask):
    house = House(app)
    for start in ("one", "two"):
        sent_twice(house, case("/staff/coupons/batch", {**COUPON, "code": start, "count": "2"}))
    first = rows("SELECT min(id) AS id FROM coupons")[0].id
    assert [code[:4] for code, _ in codes_made_with(first)] == ["ONE-", "ONE-"]
    assert codes_made_with(None) == []


def test_the_key_of_one_form_says_nothing_of_another(app: Flask):
    """What a form made is an id: read as that of something else it would show, say, the codes of somebody's coupons."""
    house = House(app)
    other = signed_in(app, a_person(Role.MANAGER, a_cinema(name="The Castle")))
    sent_twice(house, case("/staff/coupons/batch", {**COUPON, "code": "aut", "count": "2"}))
    film, batch = "/staff/films/new", "/staff/coupons/batch"
    sent = {**filled(form_for(other.get(film), film), {"title": "Sunrise", "kind": "film"}).to_dict(), "once": "k" * 22}
    assert other.post(film, data=sent).status_code == 303
    with transaction() as session:
        session.execute(text("UPDATE sent_forms SET made_id = (SELECT min(id) FROM coupons) WHERE made_id IS NOT NULL"))
    typed = {**COUPON, "code": "own", "count": "2", "once": "k" * 22}
    codes = other.post(batch, data=filled(form_for(other.get(batch), batch), typed)).get_data(as_text=True)
    assert "AUT-" not in codes
    assert codes.count("OWN-") == 2


def test_a_wrong_code_does_not_use_up_the_key_of_its_form(app: Flask):
    house = House(app)
    page, action = "/staff/me", "/staff/me/recovery-codes"
    form = filled(form_for(house.client.get(page), action), {"code": "000000"})
    assert house.client.post(action, data=form).status_code == 422
    form["code"] = the_code()
    answer = house.client.post(action, data=form)
    assert SENT_BEFORE not in words(answer)
    assert len(rows("SELECT FROM recovery_codes WHERE used_at IS NULL")) == 10


def test_a_hold_that_ran_out_in_the_way_does_not_use_up_the_key(app: Flask, moved_clock: Any):
    """Expired on the way to an offer that is then refused: the form did nothing yet."""
    house = House(app)
    group_id = a_group(house.cinema, 12, show_id=house.show.id)
    page, seats = f"/staff/groups/{group_id}", seat_ids(house.show)[:12]
    a_hold(house.show, seats=seats[:2])
    moved_clock.forward(minutes=30)
    typed = {"seats": [str(one) for one in seats], "mode": "total", "amount": "10"}
    typed |= {"besides-count": ["1", "", "", ""], "besides-each": ["20", "", "", ""]}
    form = filled(form_for(house.client.get(page), f"{page}/offer"), typed)
    assert house.client.post(f"{page}/offer", data=form).status_code == 422
    assert rows("SELECT state FROM bookings")[0].state == "expired"
    form["amount"] = "100"
    house.client.post(f"{page}/offer", data=form)
    assert [row.channel for row in rows("SELECT channel FROM bookings WHERE state = 'held'")] == ["group"]


def test_a_new_version_that_takes_shows_along_is_what_its_form_made(app: Flask):
    house = House(app)
    before = house.show.price_list_id
    page = f"/staff/price-lists/{before}"
    first, second = sent_twice(house, case(page, {"price-standard-adult": "13", "along": "all", "reason": "dearer"}))
    assert rows("SELECT max(price_list_id) AS id FROM shows")[0].id != before, "the show went along"
    assert second.location == first.location


def test_shows_of_which_none_could_be_made_lead_back_to_the_week(app: Flask):
    house = House(app)
    show = house.show
    sent = {"once": "k" * 22, "movie_id": show.movie_id, "if_taken": "others", "price_list_id": show.price_list_id}
    sent |= {"screens": [show.screen_id], "first_day": show.starts_at.date().isoformat(), "times": "14:00"}
    sent |= {"format": "2D", "slot": f"{show.screen_id}@{show.starts_at.isoformat()}"}
    answers = [house.client.post_form("/staff/shows", sent, page="/staff/planner") for _ in range(2)]
    assert [one.status_code for one in answers] == [303, 303], words(answers[1])
    assert len(rows("SELECT FROM shows")) == 1


def test_an_invoice_that_a_refused_forms_page_asks_for_does_not_use_up_the_key(
    app: Flask, monkeypatch: pytest.MonkeyPatch
):
    """An offer from before invoices had numbers gets its own when its page is shown, with a refusal too."""
    house = House(app)
    group_id = a_group(house.cinema, 12, show_id=house.show.id)
    with monkeypatch.context() as before:
        before.setattr(groups, "issue_invoice", lambda *_: None)
        an_offer(group_id, by(house.person), house.show, seat_ids(house.show)[:12])
    page = f"/staff/groups/{group_id}"
    with monkeypatch.context() as before:
        before.setattr("app.blueprints.staff.groups.group_papers", lambda _: [])
        shown = house.client.get(page)
    form = filled(form_for(shown, f"{page}/offer"), {"mode": "total", "amount": "10", "reason": "more"})
    form.setlist("besides-count", ["1", "", "", ""])
    form.setlist("besides-each", ["20", "", "", ""])
    assert house.client.post(f"{page}/offer", data=form).status_code == 422
    form["amount"] = "100"
    house.client.post(f"{page}/offer", data=form)
    assert [row.offers for row in rows("SELECT offers FROM group_requests")] == [2]
