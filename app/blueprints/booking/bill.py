"""What checkout shows of one moment: seats, the bill, coupons and balances, and what is left to pay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from app import clock
from app.db import db
from app.domain.coupons import PROBLEMS, CouponTerms
from app.domain.demand import why
from app.domain.groups import in_runs
from app.domain.pricing import LineKind, PricedSeat, Quote, TicketType
from app.domain.tenders import CreditKind
from app.models import Booking
from app.money import format_money
from app.queries.bookings import BookingRef
from app.queries.checkout_page import CheckoutPage
from app.queries.layouts import price_table
from app.queries.refund_terms import steps_of
from app.queries.show_page import ShowPage, show_page
from app.queries.wallets import wallet_balance
from app.services.credits import CreditPart, preview_credits
from app.services.exchanging import Exchange, preview_exchange
from app.services.quoting import Priced, quote_booking
from app.web.booking_forms import SeatLine, seat_lines
from app.web.identity import user_id
from app.web.refund_words import policy_sentence


@dataclass(frozen=True)
class Checkout:
    """What the checkout page shows of one moment."""

    page: CheckoutPage
    show: ShowPage
    row: Booking
    priced: Priced
    credits: list[CreditPart]
    wallet_minor: int
    """What the visitor's wallet could pay, unless it does already."""
    refund_words: str
    """The cinema's refund policy for this show, as it would be promised now."""
    exchange: Exchange | None
    """What exchanged seats pay, and what goes back of their worth."""

    @property
    def seats(self) -> list[PricedSeat]:
        return self.priced.seats

    @property
    def bill(self) -> Quote:
        return self.priced.bill

    @property
    def why_changed(self) -> str:
        """Why its prices are not those of the list, in words; empty when they are."""
        return why(self.row.demand_percent, self.row.demand_reason)

    @property
    def due_minor(self) -> int:
        """What is left to pay through a gateway."""
        return self.bill.total_minor - sum(part.pays_minor for part in self.credits)

    @cached_property
    def lines(self) -> list[SeatLine]:
        """Nothing is chosen of what a group was offered."""
        return [] if self.page.is_group else seat_lines(self.seats, price_table(self.row.tariff))

    @property
    def ticket_lines(self) -> list[tuple[str, int]]:
        tickets = [line for line in self.bill.lines if line.kind is LineKind.TICKET]
        return [
            (f"{line.label} × {line.quantity}" if line.quantity > 1 else line.label, line.amount_minor)
            for line in tickets
        ]

    @property
    def fee_lines(self) -> list[tuple[str, int]]:
        """After what coupons take off, for they take nothing off a fee. The tax is in the others."""
        each = format_money(self.row.seat_fee_minor, self.row.currency)
        fees = [line for line in self.bill.lines if line.kind is LineKind.FEE]
        return [(f"{line.label}, {line.quantity} × {each}", line.amount_minor) for line in fees]

    @property
    def discounts(self) -> list[tuple[CouponTerms, int]]:
        """Each coupon that counts, and what it takes off."""
        return list(zip(self.priced.counting, self.bill.discounts, strict=True))

    @property
    def struck(self) -> list[tuple[CouponTerms, str]]:
        """Each coupon that does not count, and why."""
        return [(here.terms, PROBLEMS[here.problem]) for here in self.priced.coupons if here.problem is not None]

    @property
    def seat_names(self) -> str:
        labels = [seat.label for seat in self.seats]
        if self.page.is_group:
            return in_runs(labels)
        return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


@dataclass(frozen=True)
class CodeEntry:
    """The field for coupons and gift cards after something was done with it: what stands in it, and what is wrong."""

    typed: str = ""
    problem: str = ""
    refused: bool = False
    """What stands in it was tried and is of no use, so that paying goes on without it."""


def look_at(
    ref: BookingRef, page: CheckoutPage, types: Mapping[int, TicketType], email: str, *, to_wallet: bool = False
) -> Checkout:
    """The checkout of a booking with these ticket types, for a buyer of this address. With `to_wallet`, what exchanged
    seats give back goes there. Raises Invalid."""
    show = show_page(ref.show_id)
    assert show is not None, "a booking has a show"
    row = db.session.get_one(Booking, (ref.show_id, ref.id))
    priced = quote_booking(db.session(), row, types, email)
    credits = preview_credits(db.session(), row, priced.bill.total_minor, clock.now())
    uses_wallet = any(part.kind is CreditKind.WALLET for part in credits)
    wallet = 0 if uses_wallet else wallet_balance(user_id(), row.currency)
    steps = steps_of(db.session(), ref.show_id)
    refunds = policy_sentence(steps, show.starts_at, show.timezone, row.currency, clock.now())
    exchange = preview_exchange(db.session(), row, priced.bill.total_minor, to_wallet=to_wallet)
    return Checkout(page, show, row, priced, credits, wallet, refunds, exchange)
