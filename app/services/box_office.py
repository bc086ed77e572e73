"""Selling at the counter: the same holds, locks and books as online; only the money changes hands at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from app import clock
from app.db import db, end_read, on_commit, transaction
from app.domain.audit import Action
from app.domain.codes import spoken
from app.domain.counter import OWNER, Channel, CounterTender
from app.domain.groups import is_group
from app.domain.ledger import captured
from app.domain.pricing import TicketType
from app.domain.seating import best_blocks, check_companions
from app.domain.staff import By
from app.domain.states import LIVE_BOOKING, BookingState, PaymentState
from app.errors import (
    ConcurrentModification,
    Conflict,
    HoldExpired,
    Invalid,
    NotFound,
    OrphanSeat,
    PaymentStarted,
    SeatsTaken,
)
from app.models import Booking, Payment
from app.money import format_money
from app.queries.layouts import layout_facts
from app.queries.seat_map import forget_seat_map, fresh_seat_map
from app.services.audit import audit
from app.services.billing import keep_bill
from app.services.checkout import Buyer, keep_quote
from app.services.confirming import confirm
from app.services.exchanging import judge_exchange
from app.services.holding import Hold
from app.services.holds import hold_seats
from app.services.ledger import post
from app.services.letting_go import lock_booking
from app.services.locking import lock_to_settle
from app.services.quoting import quote_booking
from app.services.shifts import join_shift

ATTEMPTS = 5


class NotEnough(Invalid):
    """Less cash than is to pay; details: `due_minor`. The seats stay kept."""

    code = "NOT_ENOUGH"


class NoSeats(Conflict):
    """The house has not enough seats for this party."""

    code, default = "NO_SEATS", "There are not so many free seats left for this show."


def owner_of(shift_id: int, sale: str) -> str:
    """Who keeps the seats of one sale of one shift: a sale sent twice is one sale."""
    return f"{OWNER}{shift_id}:{sale}"


_SHOW = text("SELECT cinema_id, layout_id FROM shows WHERE id = :show_id")


def keep_best_seats(
    by: By, shift_id: int, sale: str, show_id: int, kinds: Sequence[TicketType], wheelchairs: int = 0
) -> Hold:
    """Keep the best seats for this party until they are paid, each priced as its kind of ticket, without a fee.

    A wheelchair brings its companion, so it counts for two. Raises NoSeats, InvalidSeats, ShowNotOnSale, Busy, Invalid.
    """
    if not kinds and not wheelchairs:
        raise Invalid("Say how many tickets of which kind.")
    if wheelchairs > 1:
        raise Invalid("One wheelchair space in one sale. Choose the second one on the map.")
    refused: Exception = NoSeats()
    for place in candidates(show_id, len(kinds) + 2 * wheelchairs, bool(wheelchairs)):
        try:
            return keep_these_seats(by, shift_id, sale, show_id, place, kinds)
        except (SeatsTaken, OrphanSeat) as problem:
            refused = problem
    raise refused


def candidates(show_id: int, size: int, step_free: bool) -> list[tuple[int, ...]]:
    """The best free places for so many, as of now and without locks."""
    layout = layout_facts(_show(db.session(), show_id)[1])
    states = fresh_seat_map(show_id).states
    free = {seat.id for seat, state in zip(layout.seats, states, strict=True) if state == "f"}
    return best_blocks(layout.hall, free, size, step_free=step_free, top=ATTEMPTS)


def _show(session: Session, show_id: int) -> tuple[int, int]:
    """Its cinema and its layout."""
    row = session.execute(_SHOW, {"show_id": show_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such show.")
    return row.cinema_id, row.layout_id


def keep_these_seats(
    by: By, shift_id: int, sale: str, show_id: int, seat_ids: Sequence[int], kinds: Sequence[TicketType]
) -> Hold:
    """Keep exactly these seats for the sale, whatever it kept before. Kinds go to the seats in order; companions beside
    a wheelchair space are free. Raises what hold_seats() does, and Invalid."""
    end_read()
    hold = hold_seats(show_id, list(seat_ids), owner_of(shift_id, sale), actor=by.actor)
    price_sale(by, shift_id, show_id, hold.booking_id, place_of(show_id, seat_ids, kinds))
    return hold


def place_of(show_id: int, seat_ids: Sequence[int], kinds: Sequence[TicketType]) -> dict[int, TicketType]:
    """Which seat is sold as which kind: kinds in order, adults beyond them, companions where the seats give one."""
    layout = layout_facts(_show(db.session(), show_id)[1])
    free = check_companions(layout.hall, seat_ids)
    paying = [seat for seat in sorted(seat_ids) if seat not in free]
    types = dict.fromkeys(sorted(free), TicketType.COMPANION)
    spare = [*kinds, *[TicketType.ADULT] * (len(paying) - len(kinds))]
    types.update(zip(_spaces_last(layout.by_id, paying), spare, strict=False))
    end_read()
    return types


def _spaces_last(seats: Mapping[int, object], paying: list[int]) -> list[int]:
    """Wheelchair spaces are adults' unless everybody else has a kind already."""
    return sorted(paying, key=lambda seat: (getattr(seats[seat], "kind", "") == "wheelchair", seat))


def price_sale(by: By, shift_id: int, show_id: int, booking_id: int, types: Mapping[int, TicketType]) -> int:
    """Bill the kept seats as these kinds of tickets, at the counter's price: no booking fee. Gives the total, minor units.

    Raises Invalid (no such price), HoldExpired, NotFound. Locks the booking's seats, then the booking.
    """
    with transaction() as session:
        state, expires_at = lock_booking(session, show_id, booking_id)
        booking = session.get_one(Booking, (show_id, booking_id), populate_existing=True)
        _check_own(booking, shift_id)
        if state is not BookingState.HELD or expires_at <= clock.now():
            raise HoldExpired
        booking.seat_fee_minor, booking.channel, booking.sold_by = 0, Channel.BOX_OFFICE.value, by.user_id
        keep_bill(session, booking, quote_booking(session, booking, types))
    return booking.total_minor


def _check_own(booking: Booking, shift_id: int) -> None:
    if not booking.owner_key.startswith(owner_of(shift_id, "")):
        raise NotFound("This is not a sale of your shift.")


@dataclass(frozen=True, slots=True)
class Money:
    """What the customer gave: cash in minor units (None = the exact amount), or the terminal's slip."""

    tender: CounterTender
    given_minor: int | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Sold:
    """A sale that is done, in minor units; `repeated` if it was done already."""

    booking_id: int
    code: str
    due_minor: int
    change_minor: int
    repeated: bool = False


def take_payment(by: By, shift_id: int, show_id: int, booking_id: int, money: Money, name: str = "") -> Sold:
    """Take the money of a sale and sell its seats, in one transaction. The same sale twice is answered as done.

    A group's offer may be paid at any till of its cinema, unless it is being paid online.

    Raises PaymentStarted, NotEnough, HoldExpired, NoShift, NotFound, Invalid (a terminal without its slip's number),
    InvalidCoupon and AmountChanged where a coupon or a balance no longer gives what was shown, NotExchangeable and
    ExchangeUnderway for a sale that replaces seats. Locks as checkout does, then the shift.
    """
    with transaction() as session:
        booking, _ = lock_to_settle(session, show_id, booking_id)
        group = is_group(booking.owner_key)
        if not group:
            _check_own(booking, shift_id)
        now = clock.now()
        if booking.state == BookingState.CONFIRMED:
            return _as_done(session, booking)
        if booking.state not in LIVE_BOOKING or booking.expires_at <= now:
            raise HoldExpired("The seats were kept too long and are free again. Choose them anew.")
        if group:
            _check_not_paying(session, booking)
        judge_exchange(session, booking, now)
        due = keep_quote(session, booking, _buyer(booking, name), {}, now, ())
        change = _change(due, money, booking.currency)
        session.flush()
        cinema_id, _ = _show(session, show_id)
        join_shift(session, by, shift_id, cinema_id)
        booking.channel, booking.sold_by = (Channel.GROUP if group else Channel.BOX_OFFICE).value, by.user_id
        if due:
            _check_new(session, booking)
            _capture(session, booking, due, money, shift_id, now, by)
        confirm(session, booking, now, by.actor)
        _write_down(session, by, booking, due, money, cinema_id)
        _write_down_exchange(session, by, booking)
        on_commit(lambda: forget_seat_map(show_id))
    return Sold(booking.id, booking.code, due, change)


def _buyer(booking: Booking, name: str) -> Buyer:
    """Who buys: nobody in particular, unless a name was typed, or the sale replaces seats of somebody or is a group's."""
    name = booking.name or name.strip()[:100] if is_group(booking.owner_key) else name.strip()[:100] or booking.name
    return Buyer(name, booking.email, booking.phone, booking.wants_sms, booking.wants_push, booking.language)


_PAYING = text(
    "SELECT EXISTS (SELECT FROM payments WHERE show_id = :show_id AND booking_id = :id AND state IN ('created', 'pending'))"
)


def _check_not_paying(session: Session, booking: Booking) -> None:
    """Raises PaymentStarted while a group pays online: the money would come twice."""
    if session.execute(_PAYING, {"show_id": booking.show_id, "id": booking.id}).scalar_one():
        raise PaymentStarted(
            "A payment of this group has begun online. Let them finish it, or turn back there to pay another way."
        )


_DONE = text(
    "SELECT amount_minor, tendered_minor FROM payments "
    "WHERE show_id = :show_id AND booking_id = :id AND applied_at IS NOT NULL"
)


def _as_done(session: Session, booking: Booking) -> Sold:
    row = session.execute(_DONE, {"show_id": booking.show_id, "id": booking.id}).one_or_none()
    due = row.amount_minor if row else 0
    change = row.tendered_minor - due if row and row.tendered_minor is not None else 0
    return Sold(booking.id, booking.code, due, change, repeated=True)


def _change(due: int, money: Money, currency: str) -> int:
    """What goes back to the customer, minor units. Raises NotEnough, Invalid."""
    if money.tender is CounterTender.TERMINAL:
        if due and not money.reference.strip():
            raise Invalid("Type the number on the terminal's slip, so that the payment can be found again.")
        return 0
    if money.given_minor is None:
        return 0
    if money.given_minor < due:
        missing = format_money(due - money.given_minor, currency)
        raise NotEnough(f"{missing} is missing: {format_money(due, currency)} is to pay.", due_minor=due)
    return money.given_minor - due


_TAKEN = text("SELECT EXISTS (SELECT FROM payments WHERE provider_ref = :ref AND provider = ANY(:tenders))")


def _check_new(session: Session, booking: Booking) -> None:
    """Raises ConcurrentModification for a sale that was paid already, as another booking."""
    values = {"ref": _sent_once(booking), "tenders": [tender.value for tender in CounterTender]}
    if session.execute(_TAKEN, values).scalar_one():
        raise ConcurrentModification("This sale was paid already. Begin a new one for these seats.")


def _sent_once(booking: Booking) -> str:
    """Unique: a sale that is sent twice at once is paid once. A group that came back to us pays for each booking."""
    return f"{booking.owner_key}:{booking.id}" if is_group(booking.owner_key) else booking.owner_key


def _capture(
    session: Session, booking: Booking, due: int, money: Money, shift_id: int, now: dt.datetime, by: By
) -> None:
    """A payment that is captured as it is made, and used at once."""
    cash = money.tender is CounterTender.CASH
    payment = Payment(
        show_id=booking.show_id,
        booking_id=booking.id,
        provider=money.tender.value,
        provider_ref=_sent_once(booking),
        mode="cash" if cash else "card",
        state=PaymentState.CREATED.value,
        amount_minor=due,
        currency=booking.currency,
        captured_minor=due,
        captured_currency=booking.currency,
        created_at=now,
        captured_at=now,
        applied_at=now,
        shift_id=shift_id,
        tendered_minor=(due if money.given_minor is None else money.given_minor) if cash else None,
        reference=money.reference.strip()[:60],
    )
    session.add(payment)
    session.flush()
    payment.log_birth(now, by.actor)
    payment.move_to(PaymentState.CAPTURED, now, by.actor)
    entries = captured(due, payment.provider, shift_id)
    key = {"show_id": booking.show_id, "booking_id": booking.id}
    post(session, f"capture-{payment.id}", entries, booking.currency, now, **key)


def _write_down(session: Session, by: By, booking: Booking, due: int, money: Money, cinema_id: int) -> None:
    after = {
        "code": booking.code,
        "seats": booking.seat_count,
        "total_minor": booking.total_minor,
        "paid_minor": due,
        "currency": booking.currency,
        "tender": money.tender.value,
    }
    audit(session, by, Action.BOOKING_SOLD, booking.id, cinema_id=cinema_id, after=after)


_REPLACED = text("""
SELECT b.id, b.code, s.cinema_id, cardinality(c.ticket_ids) AS tickets FROM booking_credits c
JOIN bookings b ON b.show_id = c.source_show_id AND b.id = c.source_id JOIN shows s ON s.id = b.show_id
WHERE c.show_id = :show_id AND c.booking_id = :id AND c.kind = 'exchange'
""")


def _write_down_exchange(session: Session, by: By, booking: Booking) -> None:
    """On the booking whose seats were replaced: which one took their place."""
    for old in session.execute(_REPLACED, {"show_id": booking.show_id, "id": booking.id}).all():
        after = {"code": old.code, "tickets": old.tickets, "for": booking.code}
        words = f"For booking {spoken(booking.code)}."
        audit(session, by, Action.BOOKING_EXCHANGED, old.id, cinema_id=old.cinema_id, after=after, reason=words)
