"""The seat map of a sale at the counter: its own seats ticked, and what others take meanwhile within seconds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from flask import Response, request
from markupsafe import Markup

from app import clock
from app.blueprints.staff import pages
from app.db import end_read
from app.domain.staff import Role
from app.errors import NotFound
from app.queries.bookings import find_booking
from app.queries.seat_map import fresh_seat_map, seat_map
from app.queries.show_page import prices_key
from app.queries.tickets import BookingView
from app.web.guards import staff
from app.web.live_seats import seats_since
from app.web.seat_cells import SeatCells, seat_cells
from app.web.staff import StaffHouse


@dataclass(frozen=True, slots=True)
class SaleMap:
    """The map as it is now, and what its script needs to keep it so: whose seats, until when (seconds), which version."""

    grid: Markup
    version: str
    own: str
    left: int


def map_of_sale(view: BookingView) -> SaleMap:
    now, own = fresh_seat_map(view.show_id), [ticket.seat_id for ticket in view.tickets]
    grid = _cells(view.show_id).grid(now.states, own, own)
    left = int((view.expires_at - clock.now()).total_seconds())
    return SaleMap(grid, now.version, ",".join(map(str, own)), max(0, left))


def names_of(show_id: int, seat_ids: Collection[int]) -> str:
    """J8, J9 and J10."""
    return _cells(show_id).layout.names(seat_ids)


def _cells(show_id: int) -> SeatCells:
    """At the counter's prices: no fee."""
    layout_id, tariff, _, currency = prices_key(show_id)
    return seat_cells(layout_id, tariff, 0, currency)


@pages.get("/box-office/sales/<code>/seats")
@staff(Role.BOX_OFFICE, Role.MANAGER)
def live_sale_map(house: StaffHouse, code: str) -> Response:
    """What has changed since ?v=: nothing (204), the changed seats, or all of them."""
    found = find_booking(code)
    if found is None:
        raise NotFound("There is no such sale.")
    now, version = seat_map(found.show_id), request.args.get("v", "")
    if version == now.version:
        return Response(status=204)
    body = seats_since(found.show_id, version, now, _cells(found.show_id))
    end_read()
    return Response(body, mimetype="text/html")
