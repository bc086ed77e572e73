"""What becomes of money that arrived: one decision for every way it can arrive."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.domain.states import LIVE_BOOKING, BookingState


class Verdict(StrEnum):
    CONFIRM = "confirm"
    CONFIRM_LATE = "confirm_late"
    REFUND = "refund"


class RefundReason(StrEnum):
    WRONG_AMOUNT = "wrong_amount"
    ALREADY_PAID = "already_paid"
    RELEASED = "released"
    CANCELLED = "cancelled"
    SHOW_CANCELLED = "show_cancelled"
    SHOW_BEGUN = "show_begun"
    SEATS_GONE = "seats_gone"
    EXTRAS_GONE = "extras_gone"
    OFFER_OVER = "offer_over"


@dataclass(frozen=True, slots=True)
class Arrival:
    """The facts about a capture, all read after the locks were taken."""

    booking: BookingState
    right_amount: bool
    """The captured amount and currency are those of the payment and of the booking's quote."""
    seats_its_own: bool
    """Every seat of the booking is still held by it."""
    seats_free: bool
    """Every seat of the run-out booking is free."""
    show_cancelled: bool
    show_on_sale: bool
    """Published, within the sales window and not begun."""
    offer_over: bool = False
    """It is a group's booking, and the group was offered something else since, or nothing any more."""


def decide(arrival: Arrival) -> tuple[Verdict, RefundReason | None]:
    """Confirm, confirm late, or send the money back and why.

    A booking whose seats are still its own is confirmed even past its time. A run-out one is confirmed if the show is
    still on sale and the same seats are free. Everything else is refunded in full.
    """
    if not arrival.right_amount:
        return Verdict.REFUND, RefundReason.WRONG_AMOUNT
    if arrival.show_cancelled:
        return Verdict.REFUND, RefundReason.SHOW_CANCELLED
    if arrival.booking is BookingState.CONFIRMED:
        return Verdict.REFUND, RefundReason.ALREADY_PAID
    if arrival.booking is BookingState.CANCELLED:
        return Verdict.REFUND, RefundReason.CANCELLED
    if arrival.offer_over and arrival.booking not in LIVE_BOOKING:
        return Verdict.REFUND, RefundReason.OFFER_OVER
    if arrival.booking is BookingState.RELEASED:
        return Verdict.REFUND, RefundReason.RELEASED
    if arrival.booking in LIVE_BOOKING:
        return (Verdict.CONFIRM, None) if arrival.seats_its_own else (Verdict.REFUND, RefundReason.SEATS_GONE)
    if not arrival.show_on_sale:
        return Verdict.REFUND, RefundReason.SHOW_BEGUN
    return (Verdict.CONFIRM_LATE, None) if arrival.seats_free else (Verdict.REFUND, RefundReason.SEATS_GONE)
