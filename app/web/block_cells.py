"""The seat map as the staff take seats out of use on it: every seat can be ticked, in whatever state it is."""

from __future__ import annotations

from collections.abc import Collection

from markupsafe import Markup, escape

from app.domain.pricing import Tariff
from app.queries.layouts import LayoutFacts, SeatFacts, layout_facts, price_table
from app.web.seat_cells import SeatCells

STAFF_WORDS = {"h": "held", "s": "sold", "b": "out of use"}


class BlockCells(SeatCells):
    """The public map's cells (components/seats.html) with a name in each, and labels without prices."""

    def label(self, seat: SeatFacts) -> str:
        return f"{self.where(seat)}, {self.words(seat)}"

    def _free_cell(self, seat: SeatFacts, more: str) -> str:
        return self._any_cell(seat, "", more)

    def _gone_cell(self, seat: SeatFacts, state: str) -> str:
        return self._any_cell(seat, state, "")

    def _any_cell(self, seat: SeatFacts, state: str, more: str) -> str:
        words = escape(self.label(seat))
        now = f"{words}, {STAFF_WORDS[state]}" if state else words
        css = f"{self.css(seat)} {state}".strip()
        return (
            f'<td id="s{seat.id}" class="{css}" data-label="{escape(seat.label)}"><input type="checkbox" name="seats" '
            f'value="{seat.id}" data-words="{words}" aria-label="{now}"{more}></td>'
        )

    def map(self, states: str, chosen: Collection[int]) -> Markup:
        """The table with these seats ticked, whatever their state."""
        page = str(self.grid(states))
        for seat_id in chosen:
            page = page.replace(f'<td id="s{seat_id}"', f'<td data-ticked id="s{seat_id}"', 1)
        return Markup(_tick(page))  # noqa: S704  labels are escaped where the cells are made


def _tick(page: str) -> str:
    parts = page.split("<td data-ticked ")
    return parts[0] + "".join("<td " + part.replace("<input ", "<input checked ", 1) for part in parts[1:])


def block_cells(layout_id: int, price_list_id: int | None) -> BlockCells:
    """The cells of a layout, its cushions by the prices of a show; an auditorium's are all alike."""
    layout: LayoutFacts = layout_facts(layout_id)
    table = price_table(Tariff(price_list_id)) if price_list_id else {}
    return BlockCells(layout, table, 0, "XXX")
