"""What tests of groups share: the last word on a request, what is free of a show, paying, the mailed link."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from app import clock
from app.config import settings
from app.db import db
from app.domain.groups import PriceMode
from app.domain.links import group_link
from app.domain.staff import Role
from app.models import Booking, Cinema, Show
from app.queries.groups import Group, group_of
from app.services import payments
from tests.builders import a_group, a_person, a_started_payment, an_event, an_offer, seat_ids
from tests.support.books import rows
from tests.support.staff import by


def the_group(group_id: int) -> Group:
    found = group_of(group_id)
    db.session.commit()
    return found


def revision(group_id: int) -> int:
    return the_group(group_id).revision


def states(show: Show) -> dict[str, int]:
    """How many of a show's seats are in each state."""
    found = rows("SELECT state, count(*) AS seats FROM show_seats WHERE show_id = :id GROUP BY 1", id=show.id)
    return {row.state: row.seats for row in found}


def pay(booking: Booking) -> str:
    return payments.settle_payment(an_event(a_started_payment(booking)))


def in_hours(hours: int) -> dt.datetime:
    return clock.now() + dt.timedelta(hours=hours)


def year_of(cinema: Cinema) -> int:
    """The year of the numbers of its invoices."""
    return clock.now().astimezone(ZoneInfo(cinema.timezone)).year


def the_offer(cinema: Cinema, show: Show, count: int = 12, **values: Any) -> tuple[int, Any]:
    """A request and the booking that it is offered: the first seats for 100.01 in all."""
    group_id = a_group(cinema, count)
    who = by(a_person(Role.MANAGER, cinema))
    return group_id, an_offer(group_id, who, show, seat_ids(show)[:count], PriceMode.TOTAL, 10_001, **values)


def link(group_id: int) -> str:
    """The path of the mailed link."""
    return group_link(settings.base_url, settings.secret_key, group_id).removeprefix(settings.base_url.rstrip("/"))


def page_of(group_id: int) -> str:
    """The staff's page of a request."""
    return f"/staff/groups/{group_id}"
