"""What an address asks of a report. What can't be read there is as if it was not there."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import request

from app.queries.figures.reports import REPORTS, Report
from app.queries.figures.wanted import Wanted
from app.web.staff import StaffHouse

DAYS = 7
"""What is shown when no days are asked for, today in."""
MOST_DAYS = 3660


def report_asked() -> Report:
    return REPORTS.get(request.args.get("report", ""), REPORTS["day"])


def wanted(house: StaffHouse, days: int = DAYS) -> Wanted:
    """The days, cinema, film and screen; the cinema of the bar unless another one, or "all", is asked for."""
    end = day_asked("to") or house.now.date()
    start = day_asked("from") or end - dt.timedelta(days=days - 1)
    start = max(min(start, end), end - dt.timedelta(days=MOST_DAYS))
    return Wanted(house.where, start, end, _cinema(house), number_asked("film"), number_asked("screen"))


def _cinema(house: StaffHouse) -> int | None:
    if request.args.get("cinema") == "all":
        return None
    asked = number_asked("cinema")
    if asked is not None and asked in house.where:
        return asked
    return house.cinema.id if house.cinema else None


def day_asked(name: str) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if dt.date(1990, 1, 1) <= day <= dt.date(2200, 1, 1) else None


def number_asked(name: str) -> int | None:
    value = request.args.get(name, "")
    return int(value) if value.isdecimal() and value.isascii() and len(value) < 16 else None


def kept(found: Wanted) -> dict[str, Any]:
    """The same as an address says it."""
    cinema: int | str = "all" if found.cinema_id is None else found.cinema_id
    named = {"from": found.start.isoformat(), "to": found.end.isoformat(), "cinema": cinema}
    return {**named, "film": found.movie_id, "screen": found.screen_id}
