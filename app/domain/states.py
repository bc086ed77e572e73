"""The states of everything that has states, and the moves between them. The database's CHECKs come from here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class SeatState(StrEnum):
    FREE = "free"
    HELD = "held"
    SOLD = "sold"
    BLOCKED = "blocked"


class BookingState(StrEnum):
    HELD = "held"
    AWAITING_PAYMENT = "awaiting_payment"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    RELEASED = "released"


class TicketState(StrEnum):
    RESERVED = "reserved"
    ISSUED = "issued"
    ADMITTED = "admitted"
    VOID = "void"


class PaymentState(StrEnum):
    CREATED = "created"
    PENDING = "pending"
    CAPTURED = "captured"
    FAILED = "failed"
    EXPIRED = "expired"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"


class RefundState(StrEnum):
    REQUESTED = "requested"
    SENT = "sent"
    DONE = "done"
    FAILED = "failed"


class ShowState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class GiftCardState(StrEnum):
    """A gift card is bought like a booking: asked for, paid, or given up."""

    ORDERED = "ordered"
    ACTIVE = "active"
    ABANDONED = "abandoned"
    VOID = "void"


class GroupState(StrEnum):
    """What the staff did with a group's request. Whether an offer is paid is its booking's state, and no second truth."""

    NEW = "new"
    OFFERED = "offered"
    DECLINED = "declined"


class UseState(StrEnum):
    """A coupon or a balance on a booking: typed in, taken while it is paid, given back if nothing came of it."""

    ENTERED = "entered"
    TAKEN = "taken"
    GIVEN_BACK = "given_back"


class MessageState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    NOT_NEEDED = "not_needed"


class IllegalMove(RuntimeError):
    """A state was asked to move where no arrow leads."""


Graph = Mapping[StrEnum, frozenset[StrEnum]]


def _graph(*arrows: tuple[StrEnum, StrEnum]) -> Graph:
    states = type(arrows[0][0])
    return {state: frozenset(end for start, end in arrows if start is state) for state in states}


SEAT = _graph(
    (SeatState.FREE, SeatState.HELD),
    (SeatState.HELD, SeatState.SOLD),
    (SeatState.HELD, SeatState.FREE),
    (SeatState.SOLD, SeatState.FREE),
    (SeatState.FREE, SeatState.BLOCKED),
    (SeatState.BLOCKED, SeatState.FREE),
    (SeatState.HELD, SeatState.BLOCKED),  # given up while a block waits for it
    (SeatState.SOLD, SeatState.BLOCKED),
    (SeatState.FREE, SeatState.SOLD),  # a late payment takes its free seats straight back
)
BOOKING = _graph(
    (BookingState.HELD, BookingState.AWAITING_PAYMENT),
    (BookingState.HELD, BookingState.CONFIRMED),
    (BookingState.HELD, BookingState.EXPIRED),
    (BookingState.HELD, BookingState.RELEASED),
    (BookingState.AWAITING_PAYMENT, BookingState.CONFIRMED),
    (BookingState.AWAITING_PAYMENT, BookingState.EXPIRED),
    (BookingState.AWAITING_PAYMENT, BookingState.RELEASED),
    (BookingState.EXPIRED, BookingState.CONFIRMED),
    (BookingState.CONFIRMED, BookingState.CANCELLED),
)
TICKET = _graph(
    (TicketState.RESERVED, TicketState.ISSUED),
    (TicketState.RESERVED, TicketState.VOID),
    (TicketState.ISSUED, TicketState.ADMITTED),
    (TicketState.ISSUED, TicketState.VOID),
    (TicketState.ADMITTED, TicketState.VOID),  # only where the show itself is cancelled
    (TicketState.ADMITTED, TicketState.ISSUED),  # a manager takes back what the door did by mistake, and says why
)
PAYMENT = _graph(
    (PaymentState.CREATED, PaymentState.PENDING),
    (PaymentState.CREATED, PaymentState.CAPTURED),
    (PaymentState.CREATED, PaymentState.FAILED),
    (PaymentState.CREATED, PaymentState.EXPIRED),
    (PaymentState.PENDING, PaymentState.CAPTURED),
    (PaymentState.PENDING, PaymentState.FAILED),
    (PaymentState.PENDING, PaymentState.EXPIRED),
    (PaymentState.FAILED, PaymentState.CAPTURED),
    (PaymentState.EXPIRED, PaymentState.CAPTURED),
    (PaymentState.CAPTURED, PaymentState.PARTLY_REFUNDED),
    (PaymentState.CAPTURED, PaymentState.REFUNDED),
    (PaymentState.PARTLY_REFUNDED, PaymentState.REFUNDED),
)
REFUND = _graph(
    (RefundState.REQUESTED, RefundState.SENT),
    (RefundState.REQUESTED, RefundState.DONE),
    (RefundState.REQUESTED, RefundState.FAILED),
    (RefundState.SENT, RefundState.DONE),
    (RefundState.SENT, RefundState.FAILED),
    (RefundState.FAILED, RefundState.SENT),
    (RefundState.FAILED, RefundState.DONE),
)
SHOW = _graph(
    (ShowState.DRAFT, ShowState.PUBLISHED),
    (ShowState.DRAFT, ShowState.CANCELLED),
    (ShowState.PUBLISHED, ShowState.CANCELLED),
    (ShowState.PUBLISHED, ShowState.DRAFT),  # taken off sale while nothing of it is held or sold
)
GIFT_CARD = _graph(
    (GiftCardState.ORDERED, GiftCardState.ACTIVE),
    (GiftCardState.ORDERED, GiftCardState.ABANDONED),
    (GiftCardState.ABANDONED, GiftCardState.ACTIVE),  # its money came late
    (GiftCardState.ACTIVE, GiftCardState.VOID),
)
GROUP = _graph(
    (GroupState.NEW, GroupState.OFFERED),
    (GroupState.NEW, GroupState.DECLINED),
    (GroupState.OFFERED, GroupState.NEW),  # the offer is taken back
    (GroupState.OFFERED, GroupState.DECLINED),
    (GroupState.DECLINED, GroupState.OFFERED),  # they asked again
)
USE = _graph(
    (UseState.ENTERED, UseState.TAKEN),
    (UseState.TAKEN, UseState.GIVEN_BACK),
    (UseState.GIVEN_BACK, UseState.TAKEN),  # late money confirms what had run out
    (UseState.GIVEN_BACK, UseState.ENTERED),  # a new bill does not count on it
)
MESSAGE = _graph(
    (MessageState.QUEUED, MessageState.SENT),
    (MessageState.QUEUED, MessageState.FAILED),
    (MessageState.QUEUED, MessageState.NOT_NEEDED),
    (MessageState.FAILED, MessageState.SENT),
    (MessageState.FAILED, MessageState.NOT_NEEDED),
)

GRAPHS: dict[type[StrEnum], Graph] = {
    SeatState: SEAT,
    BookingState: BOOKING,
    TicketState: TICKET,
    PaymentState: PAYMENT,
    RefundState: REFUND,
    ShowState: SHOW,
    GiftCardState: GIFT_CARD,
    GroupState: GROUP,
    UseState: USE,
    MessageState: MESSAGE,
}

LIVE_BOOKING = (BookingState.HELD, BookingState.AWAITING_PAYMENT)
"""Bookings that keep seats only until their time runs out."""


def check_move(start: StrEnum, end: StrEnum) -> bool:
    """True if `start` may become `end`, False if it is there already; raises IllegalMove where no arrow leads."""
    if start is end:
        return False
    if end not in GRAPHS[type(start)][start]:
        raise IllegalMove(f"{type(start).__name__}: {start} can't become {end}")
    return True
