"""A house as it was before the books: rows of the first migration, written by plain SQL, with every kind of money in it."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import psycopg

from app import clock

FEE, TAX_PERCENT = 75, 20


class OldHouse:
    """One show of 40 seats at revision 0001; each method leaves what the product of then would have left."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.sql = connection.execute
        self.numbers = itertools.count(1)
        self.clock = clock.now() - dt.timedelta(hours=1)
        self.show, self.prices, self.seats = self._show()
        self.free = list(self.seats)

    def insert(self, table: str, **values: Any) -> None:
        self._write(table, values)

    def _id(self, table: str, **values: Any) -> int:
        row = self._write(table, values, "RETURNING id").fetchone()
        assert row is not None
        return int(row[0])

    def _write(self, table: str, values: dict[str, Any], rest: str = "") -> psycopg.Cursor[Any]:
        columns, marks = ", ".join(f'"{name}"' for name in values), ", ".join(["%s"] * len(values))
        return self.sql(f"INSERT INTO {table} ({columns}) VALUES ({marks}) {rest}", list(values.values()))

    def _show(self) -> tuple[int, int, list[int]]:
        city = self._id("cities", slug="york", name="York", country_code="GB", timezone="Europe/London", currency="GBP")
        cinema = self._id(
            "cinemas",
            slug="rex",
            name="Rex",
            city_id=city,
            timezone="Europe/London",
            currency="GBP",
            fee_minor=FEE,
            tax_percent=TAX_PERCENT,
        )
        screen = self._id("screens", cinema_id=cinema, name="Screen 1")
        plan = {"plan": "{}", "categories": '{"standard": "Standard"}'}
        layout = self._id("layouts", screen_id=screen, version=1, name="Plain", seat_count=40, digest="d", **plan)
        seats = [self._seat(layout, place) for place in range(40)]
        prices = self._id("price_lists", cinema_id=cinema, name="Prices", currency="GBP")
        movie = self._id("movies", slug="sunrise", title="Sunrise")
        show = self._id(
            "shows",
            movie_id=movie,
            cinema_id=cinema,
            screen_id=screen,
            layout_id=layout,
            price_list_id=prices,
            state="published",
            starts_at=self.clock + dt.timedelta(days=20),
            ends_at=self.clock + dt.timedelta(days=20, hours=2),
            sales_open_at=self.clock - dt.timedelta(days=9),
            sales_close_at=self.clock + dt.timedelta(days=20),
        )
        for seat in seats:
            self.sql("INSERT INTO show_seats (show_id, seat_id) VALUES (%s, %s)", [show, seat])
        self.show = show
        self.log("show", show, None, "draft", "published")
        return show, prices, seats

    def _seat(self, layout: int, place: int) -> int:
        names = {"guid": f"A{place}", "row": "A", "number": str(place), "label": f"A{place}"}
        where = {"x": 30.0 * place, "y": 0.0, "row_index": 0, "position": place, "run": 0, "line": 0, "column": place}
        return self._id("seats", layout_id=layout, kind="standard", category="standard", **names, **where)

    def log(self, subject: str, subject_id: int, *states: str | None, actor: str = "guest") -> None:
        """The moves of a thing from the first of these states, which may be None, to the last."""
        for before, after in itertools.pairwise(states):
            self.insert(
                "state_changes",
                show_id=self.show,
                subject=subject,
                subject_id=subject_id,
                before=before,
                after=after,
                at=self.clock,
                actor=actor,
            )

    def booking(self, *states: str, prices: tuple[int, ...] = (1000, 1000), fee: int = FEE) -> int:
        """A booking that went through these states; its seats and tickets stand as the last one says."""
        state, live = states[-1], states[-1] in ("held", "awaiting_payment", "confirmed")
        quoted = states != ("held",)
        total = sum(prices) + fee * len(prices)
        tax = (2 * total * TAX_PERCENT + (100 + TAX_PERCENT)) // (2 * (100 + TAX_PERCENT)) if quoted else 0
        ends = self.clock + dt.timedelta(days=3650)
        number = self._id(
            "bookings",
            show_id=self.show,
            code=f"OLD{len(self.free):05}",
            state=state,
            owner_key=f"s:old-{len(self.free)}",
            seat_count=len(prices),
            price_list_id=self.prices,
            seat_fee_minor=fee,
            tax_percent="20.00",
            currency="GBP",
            fee_minor=fee * len(prices) if quoted else 0,
            tax_minor=tax,
            total_minor=total,
            name="Ada" if quoted else "",
            email="ada@example.org" if quoted else "",
            held_at=self.clock,
            expires_at=ends,
            cap_at=ends,
            confirmed_at=self.clock if state == "confirmed" else None,
        )
        self.log("booking", number, None, *states)
        wanted, self.free = self.free[: len(prices)], self.free[len(prices) :]
        late = states[-2:] == ("expired", "confirmed")
        rounds = ["void", "issued"] if late else [{"confirmed": "issued"}.get(state, "reserved" if live else "void")]
        for turn, ticket_state in enumerate(rounds):
            for place, (seat, price) in enumerate(zip(wanted, prices, strict=True)):
                self._ticket(number, seat, turn * len(prices) + place + 1, price, ticket_state)
        if quoted:
            self._bill(number, prices, fee, tax)
        self._seats(number, wanted, state if live else "free", ends, 4 * len(rounds))
        return number

    def _ticket(self, booking: int, seat: int, number: int, price: int, state: str) -> None:
        self.insert(
            "tickets",
            show_id=self.show,
            booking_id=booking,
            seat_id=seat,
            number=number,
            ticket_type="adult",
            price_minor=price,
            state=state,
            issued_at=self.clock if state == "issued" else None,
        )

    def _bill(self, booking: int, prices: tuple[int, ...], fee: int, tax: int) -> None:
        lines = [*(("ticket", 1, price) for price in prices), ("fee", len(prices), fee * len(prices)), ("tax", 1, tax)]
        for position, (kind, quantity, amount) in enumerate(lines):
            values = {"kind": kind, "label": kind, "quantity": quantity, "amount_minor": amount}
            self.insert("booking_lines", show_id=self.show, booking_id=booking, position=position, **values)

    def _seats(self, booking: int, seats: list[int], state: str, ends: dt.datetime, version: int) -> None:
        names = {"confirmed": "sold", "free": "free"}
        word = names.get(state, "held")
        values = [
            word,
            None if word == "free" else booking,
            ends if word == "held" else None,
            version,
            self.show,
            seats,
        ]
        self.sql(
            "UPDATE show_seats SET state = %s, booking_id = %s, held_until = %s, version = %s "
            "WHERE show_id = %s AND seat_id = ANY(%s)",
            values,
        )

    def payment(self, booking: int, amount: int, *states: str, captured: int | None = None) -> int:
        """An attempt that went through these states; captured in full if it came so far, unless told otherwise."""
        came = "captured" in states
        got = (amount if captured is None else captured) if came else 0
        number = self._id(
            "payments",
            show_id=self.show,
            booking_id=booking,
            provider="sandbox",
            provider_ref=f"ref-{next(self.numbers)}",
            state=states[-1],
            amount_minor=amount,
            currency="GBP",
            captured_minor=got,
            captured_currency="GBP" if came else None,
            captured_at=self.clock if came else None,
            created_at=self.clock,
        )
        self.log("payment", number, None, *states, actor="gateway:sandbox")
        return number

    def refund(self, payment: int, amount: int, *states: str) -> int:
        number = self._id(
            "refunds",
            show_id=self.show,
            payment_id=payment,
            state=states[-1],
            amount_minor=amount,
            currency="GBP",
            reason="seats_gone",
            idempotency_key=f"refund-{self.show}-{payment}-1",
            requested_at=self.clock,
            done_at=self.clock if states[-1] == "done" else None,
        )
        self.log("refund", number, None, *states, actor="clock")
        self.sql("UPDATE payments SET refunded_minor = %s WHERE id = %s", [amount, payment])
        return number

    def item(
        self,
        kind: str,
        booking: int,
        subject: int | None = None,
        *,
        done: bool = True,
        attempts: int = 0,
        failure: str = "",
    ) -> int:
        return self._id(
            "outbox",
            show_id=self.show,
            kind=kind,
            booking_id=booking,
            subject_id=subject,
            created_at=self.clock,
            due_at=self.clock,
            done_at=self.clock if done else None,
            attempts=attempts,
            failure=failure or None,
        )
