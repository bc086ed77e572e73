"""What the staff's page of a group shows: the shows that can be offered, and one of them with its seats and prices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app import clock
from app.domain.groups import Standing
from app.domain.local_time import on_the_wall
from app.domain.pricing import Tariff, TicketType
from app.domain.seating import best_blocks
from app.queries.groups import Group, ShowToOffer, shows_to_offer
from app.queries.layouts import layout_facts, price_table
from app.queries.seat_map import fresh_seat_map
from app.queries.show_page import prices_key
from app.queries.tickets import booking_view
from app.web.seat_cells import seat_cells

USUAL_DAYS = 7
"""So long a group gets to pay, if the show is not sooner."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One show with the seats that are ticked on its map. `list_minor` is their list price as adults, without a fee."""

    show: ShowToOffer
    grid: Markup
    chosen: tuple[int, ...]
    free: int
    list_minor: int
    size: int
    whole: bool

    @property
    def others(self) -> int:
        """Seats that are somebody else's, or out of use."""
        return self.show.total - self.free


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks to look at; None where it does not say."""

    show_id: int | None = None
    size: int | None = None
    whole: bool | None = None
    ticked: tuple[int, ...] | None = None
    """Exactly these, as a refused form had them."""


def plan_for(group: Group, wanted: Wanted, *, manager: bool) -> tuple[list[ShowToOffer], Plan | None]:
    """The shows to choose from, those of the day that the group wants first, and the one to look at: asked for, offered
    now, or wished for by the group. A manager has also those that are not booked online now."""
    shows = shows_to_offer(group.cinema.id, group.cinema.zone, any_time=manager)
    shows.sort(key=lambda show: show.starts_at.date() != group.wanted_on)
    known = {show.id: show for show in shows}
    offered = group.offer.show_id if group.offer and group.stands else None
    asked = [wanted.show_id, offered, group.wish.id if group.wish else None]
    show = next((known[one] for one in asked if one in known), None)
    return shows, _plan(group, wanted, show) if show else None


def _plan(group: Group, wanted: Wanted, show: ShowToOffer) -> Plan:
    layout_id, now, _, currency = prices_key(show.id)
    listed = Tariff(now.price_list_id)  # what demand makes of it is between singles
    states, own = fresh_seat_map(show.id).states, _own(group, show.id)
    seats = layout_facts(layout_id).seats
    free = {seat.id for seat, state in zip(seats, states, strict=True) if state == "f" or seat.id in own}
    whole = group.whole_show if wanted.whole is None else wanted.whole
    size = group.people if wanted.size is None else wanted.size
    chosen = _chosen(layout_id, wanted, free, own, size, whole=whole)
    grid = seat_cells(layout_id, listed, 0, currency).grid(states, chosen, own)
    return Plan(show, grid, chosen, len(free), _listed(layout_id, listed, chosen), size, whole)


def _own(group: Group, show_id: int) -> set[int]:
    """The seats that the standing offer keeps: free to this group."""
    if group.standing is not Standing.OFFERED or group.offer is None or group.offer.show_id != show_id:
        return set()
    return {ticket.seat_id for ticket in booking_view(show_id, group.offer.booking_id).tickets}


def _chosen(
    layout_id: int, wanted: Wanted, free: Collection[int], own: Collection[int], size: int, *, whole: bool
) -> tuple[int, ...]:
    if wanted.ticked is not None:
        return tuple(seat for seat in wanted.ticked if seat in free)
    if own and wanted.size is None:
        return tuple(sorted(own))
    if whole:
        return tuple(sorted(free))
    if not 0 < size <= len(free):
        return ()
    return next(iter(best_blocks(layout_facts(layout_id).hall, free, size, top=1)), ())


def _listed(layout_id: int, tariff: Tariff, chosen: Sequence[int]) -> int:
    by_id, table = layout_facts(layout_id).by_id, price_table(tariff)
    return sum(table.get((by_id[seat].category, TicketType.ADULT), 0) for seat in chosen)


def usual_time(show: ShowToOffer, zone: str) -> dt.datetime:
    """Until when a group has to pay if nobody says otherwise, on the cinema's clocks, naive: six in the evening, two days
    before the show at the latest; an hour before a show that is sooner."""
    now = on_the_wall(clock.now(), ZoneInfo(zone))
    start = show.starts_at.replace(tzinfo=None)
    evening = dt.time(18)
    last = min((now + dt.timedelta(days=USUAL_DAYS)).date(), (start - dt.timedelta(days=2)).date())
    usual = dt.datetime.combine(last, evening)
    return (
        usual
        if usual > now + dt.timedelta(hours=3)
        else (start - dt.timedelta(hours=1)).replace(second=0, microsecond=0)
    )
