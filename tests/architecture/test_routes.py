"""Every address: guarded, typed, written in one way. What is open to anyone is listed here and nowhere else."""

from __future__ import annotations

import re
from inspect import iscoroutinefunction

import pytest

from app.queries.staff import PLACES, SHARED

PUBLIC = {
    "account.bookings",
    "account.login",
    "account.logout",
    "account.register",
    "browse.access",
    "browse.choose_city",
    "browse.cinema",
    "browse.cinemas",
    "browse.cities",
    "browse.coming_soon",
    "browse.help",
    "browse.home",
    "browse.movie",
    "browse.poster",
    "browse.refunds",
    "browse.search",
    "browse.uploaded",
    "gift_cards.balance",
    "gift_cards.order",
    "gift_cards.page",
    "groups.ask",
    "groups.offer",
    "groups.page",
    "groups.thanks",
    "health.healthz",
    "health.metrics",
    "health.readyz",
    "razorpay.back",
    "razorpay.page",
    "sandbox.act",
    "sandbox.page",
    "shows.best",
    "shows.check",
    "shows.hold",
    "shows.live",
    "shows.show",
    "staff.welcome",
    "webhooks.receive",
}
"""Open to anyone. A new public address is added here on purpose, or the test fails."""
BEFORE_THE_SECOND_FACTOR = {"staff.second_factor", "staff.set_up"}
"""Staff pages that open to who has only shown a password."""
WORDS = {"code", "digest", "gateway", "session", "slug", "filename"}
"""Parameters that are text by nature; every other one names its type."""
NUMBERS = re.compile(r"(_id|^id|^number|^position)$")


@pytest.fixture
def rules(the_app):
    return [rule for rule in the_app.url_map.iter_rules() if rule.endpoint != "static"]


def guard(app, rule) -> str | None:
    return getattr(app.view_functions[rule.endpoint], "guard", None)


def test_every_route_has_a_guard(the_app, rules):
    assert not [rule.endpoint for rule in rules if guard(the_app, rule) is None]


def test_what_is_open_to_anyone_is_listed(the_app, rules):
    assert {rule.endpoint for rule in rules if guard(the_app, rule) == "public"} == PUBLIC


def test_guards_are_the_ones_we_know(the_app, rules):
    assert {guard(the_app, rule) for rule in rules} <= {
        "public",
        "logged_in",
        "booking_holder",
        "card_buyer",
        "staff",
        "api",
    }


def test_every_address_of_a_booking_asks_for_its_holder(the_app, rules):
    bookings = [rule for rule in rules if rule.rule.startswith("/bookings/")]
    assert bookings
    assert {guard(the_app, rule) for rule in bookings} == {"booking_holder"}


def test_every_staff_address_asks_for_staff(the_app, rules):
    """The password link apart, which is for who has no password yet."""
    staff = [rule for rule in rules if rule.rule.startswith("/staff") and rule.endpoint != "staff.welcome"]
    assert len(staff) > 10
    assert {guard(the_app, rule) for rule in staff} == {"staff"}


def test_a_staff_address_names_only_things_whose_cinema_can_be_found(the_app, rules):
    """Its guard refuses another cinema's things by the names of the parameters."""
    for rule in rules:
        if guard(the_app, rule) == "staff":
            assert set(rule._converters) <= set(PLACES) | SHARED, rule.rule
            view = the_app.view_functions[rule.endpoint]
            assert view.second_factor or rule.endpoint in BEFORE_THE_SECOND_FACTOR, rule.endpoint


def test_parameters_say_their_type(rules):
    for rule in rules:
        for name, converter in rule._converters.items():
            kind = type(converter).__name__
            assert name in WORDS or kind != "UnicodeConverter", f"{rule.rule}: {name} has no type"
            assert not NUMBERS.search(name) or kind == "IntegerConverter", f"{rule.rule}: {name} is a number"


def test_addresses_are_kebab_case(rules):
    for rule in rules:
        fixed = re.sub(r"<[^>]+>", "x", rule.rule)
        assert re.fullmatch(r"/([a-z0-9]+([-.][a-z0-9]+)*(/|$))*", fixed), rule.rule
        assert fixed == "/" or not fixed.endswith("/"), f"{rule.rule} ends with a slash"


def test_addresses_that_write_take_no_get(the_app, rules):
    """A form that shows itself and takes its own answer is one thing; an act has POST alone."""
    acts = {"booking.pay", "booking.extend", "booking.release", "shows.hold", "account.logout", "sandbox.act"}
    for rule in rules:
        if rule.endpoint in acts:
            assert rule.methods - {"OPTIONS"} == {"POST"}, rule.endpoint


def test_a_route_without_a_guard_is_not_served(the_app, app):
    """The second line behind this file: forgetting a guard is an error, not a hole."""
    from flask import Flask

    from app.web.guards import init_guards

    bare = Flask("bare")
    init_guards(bare)
    bare.add_url_rule("/open", "open", lambda: "secret")
    bare.config["PROPAGATE_EXCEPTIONS"] = False
    bare.logger.disabled = True
    assert bare.test_client().get("/open").status_code == 500


def test_nothing_that_answers_is_a_coroutine(the_app):
    """House.ensure_sync() does not ask: a coroutine would never be awaited."""
    hooks = (the_app.before_request_funcs, the_app.after_request_funcs, the_app.teardown_request_funcs)
    called = [one for kind in hooks for each in kind.values() for one in each]
    handlers = [
        one for codes in the_app.error_handler_spec.values() for each in codes.values() for one in each.values()
    ]
    all_of_them = [*the_app.view_functions.values(), *called, *handlers, *the_app.teardown_appcontext_funcs]
    assert called
    assert not [one for one in all_of_them if iscoroutinefunction(one)]
