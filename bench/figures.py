"""`bin/bench --figures`: how long each page of figures takes in a house with two million bookings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app import clock, create_app
from app.config import read_settings
from app.db import db, end_read, transaction
from app.domain.staff import Role
from app.queries.figures.reports import REPORTS
from app.services.accounts import begin_log_in, register
from app.services.rollups import rebuild, roll_up
from app.services.staff import staff_with_password
from bench.house import DATABASE, furnish, open_house
from bench.load import WrongAnswer
from bench.seats import a_show_of
from bench.table import Fact, percentiles
from bench.years import sell_for_years

MOST_SECONDS = 1.0
HALL = 300
WHO = ("Bench", "bench@example.org", "a long night of counting")


def figures(bookings: int, times: int, say: Any) -> list[Fact]:
    """One fact for each page, and what keeping the figures costs. Raises WrongAnswer if a page is not served."""
    say("Starting PostgreSQL and Valkey, making a house of films and shows")
    with open_house() as house:
        app = create_app(read_settings(house.env))
        with app.app_context():
            furnish()
            like = a_show_of(HALL)
            db.engine.dispose()
        count = sell_for_years(house.superuser_url(DATABASE), like, bookings, say)
        with app.app_context():
            facts = [Fact("bookings", f"{count:,}"), *_kept(say)]
            client, place = _admin(app)
            facts += [_page(client, name, path, times, say) for name, path in _pages(place)]
            db.engine.dispose()
    return facts


def _kept(say: Any) -> Iterator[Fact]:
    """What summing up costs: everything anew, and a look when nothing happened."""
    say("Summing up all figures")
    began = time.perf_counter()
    shows = rebuild()
    yield Fact("flask rebuild-figures", f"{time.perf_counter() - began:.0f} s for {shows:,} shows")
    roll_up()
    began = time.perf_counter()
    roll_up()
    yield Fact("the job when nothing happened", f"{(time.perf_counter() - began) * 1000:.0f} ms")


def _admin(app: Flask) -> tuple[FlaskClient, dict[str, int]]:
    """A browser of somebody who sees all cinemas, and a cinema, a screen and a show with sales."""
    name, email, password = WHO
    register(name=name, email=email, password=password)
    staff_with_password(email, Role.ADMIN, [])
    user_id = db.session.execute(text("SELECT id FROM users WHERE email = :email"), {"email": email}).scalar_one()
    found = db.session.execute(
        text("SELECT id, cinema_id, screen_id FROM shows WHERE starts_at < now() ORDER BY starts_at DESC LIMIT 1")
    ).one()
    end_read()
    with transaction() as session:
        token = begin_log_in(session, user_id, clock.now())
        session.flush()
        session.execute(text("UPDATE login_sessions SET confirmed_at = :now"), {"now": clock.now()})
    client = app.test_client()
    with client.session_transaction() as browser:
        browser.update(_user_id=token, _fresh=True, cinema=found.cinema_id)
    return client, {"show": found.id, "screen": found.screen_id}


def _pages(place: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Name and address of each page: as it opens, and each report over a year of all cinemas."""
    today = clock.now().date()
    year = f"cinema=all&from={today.replace(year=today.year - 1)}&to={today}"
    yield "Today", "/staff/dashboard"
    for key in REPORTS:
        yield f"report {key}, a week of a cinema", f"/staff/reports?report={key}"
        yield f"report {key}, a year of all cinemas", f"/staff/reports?report={key}&{year}"
    yield "report day as a file, a year of all cinemas", f"/staff/reports.csv?report=day&{year}"
    yield "forecast", "/staff/reports/forecast"
    yield "film return", "/staff/reports/film-return"
    yield "seats of a screen, 90 days", f"/staff/reports/screens/{place['screen']}"
    yield "booking curve of a show", f"/staff/reports/shows/{place['show']}"


def _page(client: FlaskClient, name: str, path: str, times: int, say: Any) -> Fact:
    spent = []
    for _ in range(times + 1):
        began = time.perf_counter()
        answer = client.get(path, buffered=True)
        spent.append(time.perf_counter() - began)
        if answer.status_code != 200:
            raise WrongAnswer(f"{path} was answered with {answer.status_code}")
    p50, p95 = percentiles(spent[1:])
    say(f"{name}: p95 {p95:.0f} ms")
    return Fact(name, f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, first {spent[0] * 1000:.0f} ms", p95 > MOST_SECONDS * 1000)
