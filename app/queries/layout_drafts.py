"""What the layout pages show: screens with their plans and drafts, one plan as a document, which show has which version."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text

from app import clock
from app.db import db, end_read
from app.domain.layout_edit.document import with_kinds
from app.domain.layout_edit.moving import Match, SeatName, match
from app.errors import NotFound


@dataclass(frozen=True, slots=True)
class ScreenPlan:
    """A screen in the list: its seats now, and whether somebody draws."""

    id: int
    name: str
    layout_id: int | None
    version: int | None
    seats: int | None
    drawn_at: dt.datetime | None
    drawn_by: str | None
    older_shows: int
    """Coming shows that have another version than the screen."""
    closed: bool
    """It gets no new shows."""


_SCREENS = text("""
SELECT s.id, s.name, s.layout_id, l.version, l.seat_count AS seats, d.updated_at AS drawn_at, u.name AS drawn_by,
       (SELECT count(*) FROM shows h WHERE h.screen_id = s.id AND h.layout_id <> s.layout_id
          AND h.state <> 'cancelled' AND h.ends_at > :now) AS older_shows,
       s.closed_at IS NOT NULL AS closed
FROM screens s LEFT JOIN layouts l ON l.id = s.layout_id LEFT JOIN layout_drafts d ON d.screen_id = s.id
LEFT JOIN users u ON u.id = d.updated_by WHERE s.cinema_id = :cinema_id ORDER BY s.name, s.id
""")


def screens_of(cinema_id: int) -> tuple[ScreenPlan, ...]:
    rows = db.session.execute(_SCREENS, {"cinema_id": cinema_id, "now": clock.now()}).all()
    end_read()
    return tuple(ScreenPlan(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class Drawing:
    """The plan of a screen as its editor shows it: the draft, or the version in use, or nothing yet."""

    screen_id: int
    screen: str
    layout_id: int | None
    version: int | None
    document: dict[str, Any] | None
    revision: int
    """Of the draft; below 1 where there is none, and then it names the version in use."""
    outdated: bool
    """The screen has got another version since this draft was begun."""
    drawn_at: dt.datetime | None
    drawn_by: str | None

    @property
    def is_draft(self) -> bool:
        return self.revision > 0


def unbegun(layout_id: int | None) -> int:
    """What stands for the revision where nobody has begun to draw: who begins has to have seen the version in use."""
    return -(layout_id or 0)


_DRAWING = text("""
SELECT s.id, s.name, s.layout_id, l.version, d.plan AS draft, coalesce(d.revision, 0) AS revision,
       d.base_layout_id IS DISTINCT FROM s.layout_id AS other_base, d.updated_at, u.name AS drawn_by
FROM screens s LEFT JOIN layouts l ON l.id = s.layout_id LEFT JOIN layout_drafts d ON d.screen_id = s.id
LEFT JOIN users u ON u.id = d.updated_by WHERE s.id = :screen_id
""")


def drawing_of(screen_id: int) -> Drawing:
    """Raises NotFound."""
    row = db.session.execute(_DRAWING, {"screen_id": screen_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such screen.")
    document = row.draft if row.revision else plan_of(row.layout_id) if row.layout_id else None
    end_read()
    return Drawing(
        row.id, row.name, row.layout_id, row.version, document, row.revision or unbegun(row.layout_id),
        bool(row.revision and row.other_base), row.updated_at, row.drawn_by,
    )  # fmt: skip


_PLAN = text("SELECT name, plan, categories FROM layouts WHERE id = :id")
_KINDS = text("SELECT category, min(kind) AS kind FROM seats WHERE layout_id = :id GROUP BY category")
_SEATS = text(
    'SELECT guid, level, "row", number, category, x, y FROM seats WHERE layout_id = :id ORDER BY row_index, position, id'
)


def plan_of(layout_id: int) -> dict[str, Any]:
    """A version as a plan that imports the same. Does not end the read."""
    layout = db.session.execute(_PLAN, {"id": layout_id}).one()
    if not layout.plan.get("zones"):
        return _from_seats(layout, db.session.execute(_SEATS, {"id": layout_id}).all())
    kinds = {row.category: row.kind for row in db.session.execute(_KINDS, {"id": layout_id})}
    names = {name: kinds[code] for code, name in layout.categories.items() if code in kinds}
    return with_kinds(layout.plan, names)


def _from_seats(layout: Row[Any], seats: Any) -> dict[str, Any]:
    """For a version that was made without a file."""
    zones: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for seat in seats:
        place = {"x": round(seat.x), "y": round(seat.y)}
        name = layout.categories.get(seat.category, seat.category)
        zones[seat.level or "Stalls"][seat.row].append(
            {"seat_guid": seat.guid, "seat_number": seat.number, "position": place, "category": name}
        )
    origin = {"x": 0, "y": 0}
    return {
        "name": layout.name,
        "categories": [{"name": name} for name in layout.categories.values()],
        "zones": [
            {"name": level, "position": origin, "areas": [], "rows": [
                {"row_number": row, "position": origin, "seats": placed} for row, placed in rows.items()]}
            for level, rows in zones.items()
        ],
    }  # fmt: skip


def version_of(layout_id: int) -> tuple[dict[str, Any], str]:
    """A version's plan and a name for its file."""
    row = db.session.execute(_NAME, {"id": layout_id}).one()
    document = plan_of(layout_id)
    end_read()
    return document, f"{row.cinema}-{row.screen}-{row.version}"


_NAME = text("""
SELECT c.slug AS cinema, s.name AS screen, l.version FROM layouts l JOIN screens s ON s.id = l.screen_id
JOIN cinemas c ON c.id = s.cinema_id WHERE l.id = :id
""")


# Which shows have which version


@dataclass(frozen=True, slots=True)
class OtherShow:
    """A coming show that has another version than its screen."""

    id: int
    title: str
    starts_at: dt.datetime
    state: str
    version: int
    sold: int
    held: int
    blocked: int
    why_not: str
    """What stands in the way of the newest version; empty where nothing does."""


_OTHERS = text("""
SELECT h.id, m.title, h.starts_at, h.state, l.version, h.layout_id, h.price_list_id,
       (SELECT count(*) FROM show_seats z WHERE z.show_id = h.id AND z.state = 'sold') AS sold,
       (SELECT count(*) FROM show_seats z WHERE z.show_id = h.id AND z.state = 'held') AS held,
       (SELECT count(*) FROM show_seats z WHERE z.show_id = h.id AND z.state = 'blocked') AS blocked
FROM shows h JOIN movies m ON m.id = h.movie_id JOIN layouts l ON l.id = h.layout_id
JOIN screens s ON s.id = h.screen_id
WHERE h.screen_id = :screen_id AND h.layout_id <> s.layout_id AND h.state <> 'cancelled' AND h.ends_at > :now
ORDER BY h.starts_at, h.id
""")
_NAMES = text("SELECT id, guid, label FROM seats WHERE layout_id = :id")
_BOOKED = text(
    "SELECT seat_id, bool_or(state <> 'void') AS live FROM tickets WHERE show_id = :show_id GROUP BY seat_id"
)
_BLOCKED = text("SELECT seat_id FROM show_seats WHERE show_id = :show_id AND state = 'blocked'")
_UNPRICED = text("""
SELECT DISTINCT s.category FROM seats s WHERE s.layout_id = :layout_id AND NOT EXISTS (
  SELECT FROM prices p WHERE p.price_list_id = :price_list_id AND p.category = s.category AND p.ticket_type = 'adult')
ORDER BY 1
""")


def other_shows(screen_id: int, layout_id: int | None) -> tuple[OtherShow, ...]:
    """Coming shows of the screen that keep an older version, with what keeps them there."""
    if layout_id is None:
        return ()
    rows = db.session.execute(_OTHERS, {"screen_id": screen_id, "now": clock.now()}).all()
    names: dict[int, list[SeatName]] = {}
    shows = tuple(
        OtherShow(
            row.id, row.title, row.starts_at, row.state, row.version, row.sold, row.held, row.blocked,
            why_not(row.id, row.layout_id, layout_id, row.price_list_id, names) or buying(row.held),
        )
        for row in rows
    )  # fmt: skip
    end_read()
    return shows


def why_not(show_id: int, old: int, new: int, price_list_id: int, names: dict[int, list[SeatName]]) -> str:
    """What keeps a show from a version, in sentences; `names` keeps the seats of versions between calls."""
    reasons = [matched(show_id, old, new, names).why_not, unpriced(new, price_list_id)]
    return " ".join(filter(None, reasons))


def buying(held: int) -> str:
    """A sentence if seats are held: who is buying must not have the hall changed under them."""
    if not held:
        return ""
    return f"{held} {'seat is' if held == 1 else 'seats are'} being bought at this moment. Try again in a few minutes."


def matched(show_id: int, old: int, new: int, names: dict[int, list[SeatName]]) -> Match:
    """A show's seats found again in another version. Seats kept out of use count as booked: somebody meant them."""
    for layout_id in (old, new):
        if layout_id not in names:
            names[layout_id] = [SeatName(*row) for row in db.session.execute(_NAMES, {"id": layout_id})]
    tickets: Mapping[int, bool] = {row.seat_id: row.live for row in db.session.execute(_BOOKED, {"show_id": show_id})}
    booked = {seat for seat, live in tickets.items() if live}
    booked |= set(db.session.execute(_BLOCKED, {"show_id": show_id}).scalars())
    return match(names[old], names[new], booked, tickets)


def unpriced(layout_id: int, price_list_id: int) -> str:
    """A sentence if seats of the version have no adult price in this list."""
    values = {"layout_id": layout_id, "price_list_id": price_list_id}
    missing = db.session.execute(_UNPRICED, values).scalars().all()
    return f"The show's price list has no adult price for {', '.join(missing)}." if missing else ""
