"""The audit in words: money as money, times on the cinema's clocks, and a field that nobody named is readable too."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.domain.cinemas import CinemaFacts
from app.domain.demand import Limits, Rule
from app.domain.films import FACTS
from app.queries.audit import AuditRow
from app.services.offers import CHANGEABLE, PROMISED
from app.services.scheduling import TOLD
from app.web.audit_words import FIELDS, changes_in_words

HERE, THERE = ZoneInfo("Europe/London"), "Asia/Kolkata"


def told(subject: str, before: Any, after: Any, currency: str | None = "GBP", zone: str | None = THERE) -> list[str]:
    """Each change as "Name: from → to"."""
    names = {("movie_id", 4): "Metropolis"}
    at = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    row = AuditRow(1, at, "Ruth", "", "", "Changed", subject, 7, before, after, "", currency, zone, names)
    return [f"{one.name}: {one.was} → {one.now}" for one in changes_in_words(row, HERE)]


def one(name: str, value: Any, subject: str = "cinema", **values: Any) -> str:
    (words,) = told(subject, {name: None}, {name: value}, **values)
    return words.partition(" → ")[2]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("fee_minor", 75, "£0.75"),
        ("step_minor", -1050, "-£10.50"),
        ("tax_percent", "5.50", "5.5 %"),
        ("tax_percent", "20", "20 %"),
        ("starts_at", "2027-03-05T18:30:00+00:00", "6 Mar 2027, 00:00"),
        ("release_date", "1927-01-10", "10 Jan 1927"),
        ("captions", True, "yes"),
        ("captions", False, "no"),
        ("runtime_minutes", 153, "153 minutes"),
        ("hours_to", 24, "24 hours"),
        ("weekdays", [1, 7], "Monday, Sunday"),
        ("ticket_types", ["adult", "child"], "Adult, Child"),
        ("role", "box_office", "box office"),
        ("seats", ["A1", "A2"], "A1, A2"),
        ("movie_id", 4, "Metropolis"),
        ("movie_id", 5, "number 5"),
        ("pay_ways", ["stripe:card", "razorpay:net_banking"], "Stripe card, Razorpay net banking"),
        (
            "refund_steps",
            [
                {"minutes_before": 720, "percent": "90", "seat_fee_minor": 0},
                {"minutes_before": 0, "percent": "50.00", "seat_fee_minor": 100},
            ],
            "until 12 hours before 90 %; until it begins 50 % less £1.00 a seat",
        ),
    ],
)
def test_a_value_is_written_as_people_read_it(name: str, value: Any, words: str):
    assert one(name, value) == words


def test_both_sides_are_told_in_words():
    assert told("cinema", {"fee_minor": 50}, {"fee_minor": 75}) == ["Booking fee of a seat: £0.50 → £0.75"]
    assert told("show", {"state": "published"}, {"state": "draft"}) == ["State: on sale → draft"]
    steps = [{"minutes_before": 60, "percent": "100", "seat_fee_minor": 0}]
    assert told("cinema", {"refund_steps": None, "name": "A"}, {"refund_steps": steps, "name": "B"})[0] == (
        "Refund policy: the house’s policy → until 1 hour before 100 %"
    )


def test_the_currency_of_what_is_told_counts():
    assert one("balance_minor", 500, "gift_card", currency="JPY") == "JP¥500"
    assert one("balance_minor", 500, "gift_card", currency=None) == "500 in the smallest coin"
    both = told("cinema", {"fee_minor": 100, "currency": "GBP"}, {"fee_minor": 120, "currency": "EUR"}, "EUR")
    assert both == ["Booking fee of a seat: £1.00 → €1.20", "Currency: GBP → EUR"]
    assert told("shift", {"float_minor": None, "currency": None}, {"float_minor": 10_000, "currency": "BRL"}) == [
        "Float: None → R$100.00"
    ]
    assert one("premium adult", "1400 GBP", "price_list") == "£14.00"


def test_times_of_the_house_are_on_the_readers_clocks():
    assert one("stopped_at", "2027-07-05T18:30:00+00:00", zone=None) == "5 Jul 2027, 19:30"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("most_of_all_minor", 250, "Most of all: £2.50"),
        ("shut_at", "2027-03-05T18:30:00+00:00", "Shut: 6 Mar 2027, 00:00"),
        ("odd", {"deep_thing": [True, "2027-03-05"], "none": None}, "Odd: deep thing yes, 5 Mar 2027, none none"),
        ("starts_at", "soon", "Begins: soon"),
        ("starts_at", 5, "Begins: 5"),
        ("fee_minor", "much", "Booking fee of a seat: much"),
        ("_", "", "_: None"),
        ("<b>", "<i>", "<b>: <i>"),
    ],
)
def test_what_nobody_named_is_readable_too(name: str, value: Any, words: str):
    (line,) = told("thing", {}, {name: value})
    assert line.replace("None → ", "") == words


def test_every_fact_that_is_written_down_has_a_name():
    """What the audit takes over whole from cinemas, films, shows, coupons and rules."""
    written = {*FACTS, *TOLD, *CHANGEABLE, *PROMISED, *CinemaFacts.__slots__}
    written |= {field.name for kind in (Rule, Limits) for field in fields(kind)} - {"formats", "times"} | {"shows"}
    assert written - FIELDS.keys() == set()
