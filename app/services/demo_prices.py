"""What seats cost in the demo house: two lists for each cinema, the rule that tells them apart, and two about demand."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from app.db import db, end_read
from app.domain.demand import Rule
from app.domain.price_rules import PricePicker, PriceRule
from app.domain.pricing import TicketType, percent_of
from app.domain.staff import COMMAND
from app.domain.week_times import WeekTimes
from app.models import Cinema, DemandRule, PriceList
from app.queries.price_lists import price_picker
from app.queries.price_pages import categories_of
from app.services import demand
from app.services.price_lists import make_list
from app.services.price_rules import add_rule

ADULT = {"EUR": 950, "BRL": 3200, "GBP": 1100, "USD": 1300}
TIERS = {"front": -20, "premium": 25, "recliner": 35, "love": 30}
"""Percent above or below the adult's price, by what a category's name begins with."""
TYPES = {TicketType.ADULT: 100, TicketType.CHILD: 65, TicketType.SENIOR: 80, TicketType.STUDENT: 85}
STANDARD, MATINEE = "Standard", "Matinée"
CHEAPER = 80
"""What a matinée costs, in percent of the evening."""
WORKDAYS = frozenset(range(1, 6))
STEP = 50
DEMAND = (
    Rule("Popular show", 10, full_from=50),
    Rule("Late show", -15, full_to=50, times=WeekTimes(from_time=dt.time(21, 30))),
)
"""What demand does, so that it can be seen: a little more where half is sold, less late in the evening until then."""


def demo_picker(cinema: Cinema) -> PricePicker:
    """How the cinema's shows get their prices; lists and rule are made once."""
    if not _has_lists(cinema.id):
        make_list(COMMAND, cinema.id, STANDARD, _prices(cinema, 100))
        matinee = make_list(COMMAND, cinema.id, MATINEE, _prices(cinema, CHEAPER))
        add_rule(COMMAND, cinema.id, 0, PriceRule(matinee, WORKDAYS, until_time=dt.time(17)))
    picker = price_picker(cinema.id)
    end_read()
    return picker


def demo_demand() -> None:
    """The rules of each cinema that never had one, and the prices that they make now."""
    cinemas = db.session.scalars(select(Cinema.id).where(Cinema.id.not_in(select(DemandRule.cinema_id)))).all()
    end_read()
    for cinema_id in cinemas:
        for rule in DEMAND:
            demand.add_rule(COMMAND, cinema_id, rule)
    demand.judge_demand()


def _has_lists(cinema_id: int) -> bool:
    wanted = select(PriceList.id).where(PriceList.cinema_id == cinema_id, PriceList.name == STANDARD).limit(1)
    found = db.session.execute(wanted).scalar()
    end_read()
    return found is not None


def _prices(cinema: Cinema, percent: int) -> dict[tuple[str, str], int]:
    adult = ADULT[cinema.currency]
    return {
        (code, kind.value): percent_of(adult, (100 + _tier(code)) * share * percent, 1_000_000, STEP)
        for code in categories_of(cinema.id)
        for kind, share in TYPES.items()
    }


def _tier(code: str) -> int:
    return next((percent for start, percent in TIERS.items() if code.startswith(start)), 0)
