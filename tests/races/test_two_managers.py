"""Two of the staff at one thing in the same instant, through their browsers: one form does its work, the other is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from app.domain.staff import COMMAND, Role
from app.models import Cinema, Show
from app.services.blocking import block_screen
from tests.builders import PRICES, a_cinema, a_person, a_price_list, a_price_rule, a_screen, a_show, seat_ids
from tests.support.books import rows
from tests.support.client import PageClient, words
from tests.support.crowd import together
from tests.support.forms import filled, form_for
from tests.support.staff import signed_in

pytestmark = pytest.mark.usefixtures("app", "no_deadlocks")

Opened = tuple[str, str, list[dict[str, Any]]]
"""A page, the address that its form is sent to, and what each of the two types."""


def facts(show: Show) -> Opened:
    page = f"/staff/shows/{show.id}"
    return page, page, [{"note": note, "reason": "told so"} for note in ("Live organ", "35 mm")]


def times(show: Show) -> Opened:
    page = f"/staff/shows/{show.id}"
    wall = show.starts_at.astimezone(ZoneInfo("Europe/London"))
    later = [(wall + dt.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M") for hours in (1, 2)]
    return page, f"{page}/move", [{"starts_at": one, "reason": "told so"} for one in later]


def prices(show: Show) -> Opened:
    page = f"/staff/price-lists/{show.price_list_id}"
    typed = {"along": "none", "reason": "the new year"}
    return page, page, [{**typed, "price-standard-adult": price} for price in ("11", "12")]


def rules(show: Show) -> Opened:
    page = f"/staff/price-rules/{a_price_rule(a_price_list(_cinema(show), PRICES))}"
    return page, page, [{"weekdays": [day]} for day in "67"]


def block(show: Show) -> Opened:
    block_id = block_screen(COMMAND, show.screen_id, seat_ids(show, "A1"), "A leak.").block_id
    page = f"/staff/screens/{show.screen_id}/blocks/{block_id}"
    return page, page, [{"seats": [str(seat_ids(show, label)[0])]} for label in ("B1", "C1")]


def _cinema(show: Show) -> Cinema:
    from app.db import db

    found = db.session.get_one(Cinema, show.cinema_id)
    db.session.commit()
    return found


@pytest.mark.parametrize("of", [facts, times, prices, rules, block], ids=lambda of: of.__name__)
def test_of_two_managers_at_one_thing_the_later_one_is_told(app: Flask, crowd: Flask, of: Callable[[Show], Opened]):
    for _ in range(3):
        cinema = a_cinema()
        show = a_show(screen=a_screen(cinema, 30, 10))
        page, action, typed = of(show)
        clients = [signed_in(crowd, a_person(Role.MANAGER, cinema)) for _ in typed]
        forms = [filled(form_for(client.get(page), action), one) for client, one in zip(clients, typed, strict=True)]

        def send(client: PageClient, form: Any, action: str = action) -> Any:
            return client.post(action, data=form)

        answers = together(
            crowd, [lambda c=client, f=form: send(c, f) for client, form in zip(clients, forms, strict=True)]
        )
        assert sorted(one.status_code for one in answers) == [303, 409], [words(one) for one in answers]
        told = words(next(one for one in answers if one.status_code == 409))
        assert "has changed" in told or "meanwhile" in told, told


def test_a_form_sent_ten_times_in_one_instant_makes_one_film(app: Flask, crowd: Flask):
    """A double click, and a browser that repeats what it got no answer for: all of them are led to that film."""
    person = a_person(Role.ADMIN)
    page = "/staff/films/new"
    clients = [signed_in(crowd, person) for _ in range(10)]
    tokens = [client.token(page) for client in clients]
    form = filled(form_for(clients[0].get(page), page), {"title": "Sunrise", "kind": "film"})
    once = form["once"]

    def send(place: int) -> Any:
        sent = {"title": "Sunrise", "kind": "film", "once": once, "csrf_token": tokens[place]}
        return clients[place].post(page, data=sent)

    answers = together(crowd, [lambda p=place: send(p) for place in range(10)])
    (film,) = rows("SELECT id FROM movies")
    assert [(one.status_code, one.location) for one in answers] == [(303, f"/staff/films/{film.id}")] * 10
