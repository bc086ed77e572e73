"""The cinema's day on one page, and alerts that somebody has settled."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Response, flash, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.domain.film_week import week_of
from app.domain.staff import Role
from app.queries.alert_links import links_of
from app.queries.figures.dashboard import (
    House,
    houses,
    open_alerts,
    standing_troubles,
    watched_screen,
)
from app.queries.figures.hours import midnight, takings
from app.queries.figures.reports import funnel
from app.queries.figures.shows import seat_heat
from app.queries.figures.wanted import Wanted
from app.queries.figures.weeks import week_so_far
from app.queries.staff import CinemaRef
from app.services.watching import resolve_alert
from app.web.charts import beam, heat_chart, hour_chart
from app.web.guards import staff
from app.web.render import render
from app.web.staff import StaffHouse
from app.web.staff_forms import typed_reason

HEAT_DAYS = 30
BEAM, LOW = {"Web": 220}, 90
"""How tall the channels' funnels are."""


@pages.get("/dashboard")
@staff(Role.MANAGER)
def dashboard(house: StaffHouse) -> Response:
    cinema = house.the_cinema()
    return render("staff/figures/dashboard.html", house=house, **_day(house, cinema), **_longer(house, cinema))


def _day(house: StaffHouse, cinema: CinemaRef) -> dict[str, Any]:
    now = house.now
    shows = houses(cinema.id, now.date(), 2, house.zone)
    before = houses(cinema.id, now.date() - dt.timedelta(days=7), 1, house.zone)
    today = [one for one in shows if one.starts_at.date() == now.date()]
    alerts = open_alerts(cinema.id, house.where)
    sums = takings(cinema.id, cinema.currency, now, house.zone)
    return {
        "today": today,
        "tomorrow": [one for one in shows if one.starts_at.date() != now.date()],
        "filled": filled(today),
        "filled_before": filled(before),
        "next_house": next((one for one in shows if one.starts_at > now), None),
        "takings": sums,
        "hours": hour_chart(sums, now.hour + now.minute / 60),
        "alerts": alerts,
        "alert_links": links_of([one.id for one in alerts]),
        "troubles": standing_troubles(cinema.id, now),
    }


def filled(shows: list[House]) -> int | None:
    """Percent of all seats of these shows that are sold."""
    seats = sum(one.seats for one in shows)
    return round(100 * sum(one.sold for one in shows) / seats) if seats else None


def _longer(house: StaffHouse, cinema: CinemaRef) -> dict[str, Any]:
    """What is of more than today: the funnel of seven days, where people sat, the film week so far."""
    day = house.now.date()
    week = Wanted(house.where, day - dt.timedelta(days=6), day, cinema.id)
    screen = watched_screen(cinema.id)
    start, end = midnight(day - dt.timedelta(days=HEAT_DAYS), house.zone), midnight(day + dt.timedelta(1), house.zone)
    heat = seat_heat(screen, start, end) if screen else None
    return {
        "beams": [beam(one, height=BEAM.get(one.words, LOW)) for one in funnel(week) if not one.empty],
        "screen_id": screen,
        "heat": heat,
        "hall": heat_chart(heat) if heat else None,
        "week": week_so_far(cinema.id, week_of(day), day),
    }


@pages.post("/alerts/<int:alert_id>/settle")
@staff(Role.MANAGER)
def settle_alert(house: StaffHouse, alert_id: int) -> AnyResponse:
    settled = resolve_alert(house.by, alert_id, typed_reason())
    flash(*(("The alert is settled.", "ok") if settled else ("It was settled already.", "note")))
    return redirect(url_for("staff.dashboard"), 303)
