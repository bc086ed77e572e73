"""What a seat map's poll answers: public pages and the counter ask alike, at prices of their own."""

from __future__ import annotations

from app.queries.seat_map import SeatMap, fresh_seat_map, states_of_version
from app.web.seat_cells import SeatCells


def seats_since(show_id: int, version: str, now: SeatMap, cells: SeatCells) -> str:
    """What a page that knows this version swaps in: the changed seats, or all where nobody knows that version any more."""
    older = states_of_version(show_id, version) if version and now.same_seats(version) else None
    if len(cells.layout.seats) != len(now.states):  # the show got other seats between the two looks
        now, older = fresh_seat_map(show_id), None
    if older is None or len(older) != len(now.states):
        body = str(cells.grid(now.states, swap=True))
    else:
        body = cells.swaps(now.states, now.changed(older))
    mark = f"<i id=v hidden data-v={now.version} hx-swap-oob=true></i>"
    return f"{mark}<template>{body}</template>"
