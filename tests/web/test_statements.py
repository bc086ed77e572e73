"""How many statements a page sends does not depend on how many rows it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from flask import Flask

from app import clock
from app.db import db
from app.domain.staff import Role
from app.models import Cinema, Movie, Show
from app.services.shifts import open_shift
from tests.builders import (
    a_cinema,
    a_customer,
    a_demand_rule,
    a_group,
    a_hold,
    a_movie,
    a_paid_booking,
    a_person,
    a_show,
    an_alert,
    seat_ids,
)
from tests.support.client import PageClient
from tests.support.offers import a_coupon, a_gift_card
from tests.support.staff import by, signed_in
from tests.web.buyer import a_buyer

STAFF_PAGES = (
    "/staff",
    "/staff/audit",
    "/staff/bookings?q=Ada",
    "/staff/box-office",
    "/staff/cinemas",
    "/staff/coupons",
    "/staff/dashboard",
    "/staff/demand",
    "/staff/films",
    "/staff/gift-cards",
    "/staff/groups",
    "/staff/layouts",
    "/staff/messages",
    "/staff/people",
    "/staff/planner",
    "/staff/prices",
    "/staff/reports",
    "/staff/reports/film-return",
    "/staff/reports/forecast",
    "/staff/scan",
    "/staff/shifts",
)

LISTED = re.compile(r"IN \([^()]*(\(\w+\)s[^()]*)+\)")
"""One statement about many, which SQLAlchemy writes out."""


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement the driver sends, whoever gave it: SQLAlchemy, or a hot path by itself.

    No time passes meanwhile: what a process keeps for a second is kept on a slow machine too.
    """
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def noted(cursor: Any, statement: Any, *args: Any, **options: Any) -> Any:
        sent.append(LISTED.sub("IN (…)", statement.decode() if isinstance(statement, bytes) else str(statement)))
        return execute(cursor, statement, *args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.Cursor, "execute", noted)
        patched.setattr(clock, "ticks", lambda: 0.0)
        yield sent


def statements(monkeypatch: pytest.MonkeyPatch, client: PageClient, address: str) -> list[str]:
    """What a page sends once it has been seen, so that nothing is read for the first time."""
    for _ in range(2):
        db.session.remove()  # a request of its own has a session of its own, which knows no row yet
        with counted(monkeypatch) as sent:
            response = client.get(address)
        assert response.status_code == 200, address
    return sent


@pytest.fixture
def cinema(app: Flask) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def film(app: Flask) -> Movie:
    return a_movie("Metropolis")


@pytest.fixture
def show(cinema: Cinema, film: Movie) -> Show:
    return a_show(cinema=cinema, movie=film)


def a_days_work(cinema: Cinema, film: Movie, day: int = 0) -> None:
    """One more of all that a cinema's pages list; each day's rule of demand is another one."""
    for movie in (film, a_movie()):
        show = a_show(cinema=cinema, movie=movie)
        a_paid_booking(show)
        a_hold(show)
    a_show(cinema=cinema, published=False)
    a_person(Role.BOX_OFFICE, cinema)
    a_demand_rule(cinema, 15 + day)
    a_group(cinema)
    a_coupon()
    a_gift_card()
    an_alert()


def test_staff_pages_ask_as_often_for_many_rows_as_for_few(
    app: Flask, cinema: Cinema, film: Movie, monkeypatch: pytest.MonkeyPatch
):
    manager = a_person(Role.MANAGER, cinema)
    open_shift(by(manager), cinema.id, 5000)
    client = signed_in(app, manager)
    a_days_work(cinema, film)
    few = {page: statements(monkeypatch, client, page) for page in STAFF_PAGES}
    for day in range(1, 4):
        a_days_work(cinema, film, day)
    for page in STAFF_PAGES:
        assert statements(monkeypatch, client, page) == few[page], page


@pytest.mark.parametrize("where", ["/", "/movies/{film}", "/cinemas", "/cinemas/{cinema}", "/search?q=a"])
def test_a_visitors_page_asks_as_often_for_many_shows_as_for_few(
    app: Flask, cinema: Cinema, film: Movie, show: Show, monkeypatch: pytest.MonkeyPatch, where: str
):
    client, address = a_buyer(app), where.format(film=film.slug, cinema=cinema.slug)
    few = statements(monkeypatch, client, address)
    for _ in range(4):
        a_show(cinema=cinema, movie=film)
        a_show(cinema=a_cinema(), movie=a_movie())
    assert statements(monkeypatch, client, address) == few


def test_seats_and_their_poll_ask_as_often_in_a_large_hall_and_beside_many_holds(
    app: Flask, cinema: Cinema, film: Movie, show: Show, monkeypatch: pytest.MonkeyPatch
):
    large, client = a_show(seats=120, cinema=cinema, movie=film), a_buyer(app)
    for _ in range(5):
        a_hold(large)
    for address in ("/shows/{}", "/shows/{}/seats?v=1.0"):
        few = statements(monkeypatch, client, address.format(show.id))
        assert statements(monkeypatch, client, address.format(large.id)) == few


def test_the_checkout_and_the_booking_ask_as_often_for_ten_seats_as_for_two(
    app: Flask, show: Show, film: Movie, cinema: Cinema, monkeypatch: pytest.MonkeyPatch
):
    other, pair, ten = a_show(cinema=cinema, movie=film), a_buyer(app), a_buyer(app)
    whole_row = [f"A{number}" for number in range(1, 11)]
    code, codes = pair.held(show, seat_ids(show, "A1", "A2")), ten.held(other, seat_ids(other, *whole_row))
    few = statements(monkeypatch, pair, f"/bookings/{code}/checkout")
    assert statements(monkeypatch, ten, f"/bookings/{codes}/checkout") == few


def test_a_booking_at_the_counter_asks_as_often_for_ten_tickets_as_for_two(
    app: Flask, show: Show, film: Movie, cinema: Cinema, monkeypatch: pytest.MonkeyPatch
):
    client = signed_in(app, a_person(Role.MANAGER, cinema))
    pair, ten = a_paid_booking(show, 2), a_paid_booking(a_show(cinema=cinema, movie=film), 10)
    few = statements(monkeypatch, client, f"/staff/bookings/{pair.code}")
    assert statements(monkeypatch, client, f"/staff/bookings/{ten.code}") == few


def test_an_account_asks_as_often_for_many_bookings_as_for_one(
    app: Flask, show: Show, film: Movie, cinema: Cinema, monkeypatch: pytest.MonkeyPatch
):
    ada = a_customer()
    client = signed_in(app, ada)
    a_paid_booking(show, owner=f"u:{ada.id}")
    few = statements(monkeypatch, client, "/account/bookings")
    for _ in range(4):
        a_paid_booking(a_show(cinema=cinema, movie=film), owner=f"u:{ada.id}")
    assert statements(monkeypatch, client, "/account/bookings") == few
