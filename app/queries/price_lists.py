"""Price lists: which one a new show gets, and what the pages about them show."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from sqlalchemy import text

from app.db import db
from app.domain.price_rules import PricePicker, PriceRule

# For statements, of a list `l`: no version replaces it; and nobody has put it away either.
LATEST = "NOT EXISTS (SELECT FROM price_lists n WHERE n.replaces_id = l.id)"
OFFERED = f"l.archived_at IS NULL AND {LATEST}"

_PLAN = text(f"""
SELECT c.timezone, coalesce(
  (SELECT l.id FROM price_plans p JOIN price_lists l ON l.id = p.default_list_id
   WHERE p.cinema_id = c.id AND l.currency = c.currency AND {OFFERED}),
  (SELECT min(l.id) FROM price_lists l WHERE l.cinema_id = c.id AND l.currency = c.currency AND {OFFERED}
   HAVING count(*) = 1)) AS default_list
FROM cinemas c WHERE c.id = :cinema_id
""")  # noqa: S608  nothing from outside
_RULES = text(f"""
SELECT r.price_list_id, r.weekdays, r.from_time, r.until_time, r.first_day, r.last_day, r.screen_id
FROM price_rules r JOIN cinemas c ON c.id = r.cinema_id
JOIN price_lists l ON l.id = r.price_list_id AND l.currency = c.currency
WHERE r.cinema_id = :cinema_id AND {OFFERED} ORDER BY r.position
""")  # noqa: S608
_SCREEN = text("SELECT screen_id FROM layouts WHERE id = :layout_id")


def list_for(cinema_id: int, starts_at: dt.datetime, layout_id: int | None = None) -> int | None:
    """The price list in use that the cinema's rules give a show that begins then (aware) in this layout's screen.

    None if no rule fits and the cinema has no list for the rest; a list in another currency than the cinema's is none.
    Without a layout, rules for one screen don't fit.
    Part of whatever transaction is open, and does not end a read.
    """
    screen_id = None
    if layout_id is not None:
        screen_id = db.session.execute(_SCREEN, {"layout_id": layout_id}).scalar()
    return price_picker(cinema_id).list_for(starts_at, screen_id)


def price_picker(cinema_id: int) -> PricePicker:
    """The cinema's rules, for many shows at once. Does not end the read."""
    plan = db.session.execute(_PLAN, {"cinema_id": cinema_id}).one()
    rows = db.session.execute(_RULES, {"cinema_id": cinema_id})
    rules = [PriceRule(row[0], frozenset(row[1]), *row[2:]) for row in rows]
    return PricePicker(ZoneInfo(plan.timezone), rules, plan.default_list)
