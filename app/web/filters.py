"""Jinja filters: money, and instants in a cinema's own time."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from flask import Flask

from app.config import Settings
from app.domain.codes import spoken
from app.money import format_money


def init_filters(app: Flask, settings: Settings) -> None:
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        money=format_money,
        local=local,
        time=clock_time,
        day=day,
        long_day=long_day,
        short_date=short_date,
        code=spoken,
    )
    app.jinja_env.globals.update(site_name=settings.site_name)


def local(instant: dt.datetime, zone: str) -> dt.datetime:
    """The instant on the clocks of a zone."""
    return instant.astimezone(ZoneInfo(zone))


def clock_time(instant: dt.datetime, zone: str | None = None) -> str:
    """19:30. `instant` is local already, or `zone` says where."""
    return f"{local(instant, zone) if zone else instant:%H:%M}"


def day(instant: dt.datetime, zone: str | None = None) -> str:
    """Fri 20 Nov."""
    there = local(instant, zone) if zone else instant
    return f"{there:%a} {there.day} {there:%b}"


def long_day(instant: dt.datetime, zone: str | None = None) -> str:
    """Friday 20 November 2026."""
    there = local(instant, zone) if zone else instant
    return f"{there:%A} {there.day} {there:%B} {there.year}"


def short_date(instant: dt.datetime, zone: str | None = None) -> str:
    """20 Nov 2026."""
    there = local(instant, zone) if zone else instant
    return f"{there.day} {there:%b %Y}"
