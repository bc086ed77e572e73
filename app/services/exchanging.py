"""Exchanging seats (feature G4): the new ones are held first, the difference is paid, and when the new booking is
confirmed the old seats are given back, all in that one transaction.

An exchange is a row of booking_credits on the new booking. Until the new booking is confirmed it is a wish, which
keeps nobody from cancelling the old seats or from using them at the door.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app import clock
from app.db import on_commit, transaction
from app.domain.codes import spoken
from app.domain.ledger import Account, Entry, credit_taken
from app.domain.refund_policy import CancellationReason, RefundStep, Return, last_end, step_at, what_a_change_returns
from app.domain.states import TicketState, UseState
from app.domain.tenders import CreditKind
from app.errors import ExchangeUnderway, InvalidSeats, NotExchangeable, NotFound
from app.models import Booking, Show
from app.queries.exchange_page import Exchangeable, exchangeable
from app.queries.refund_terms import promised_steps
from app.queries.seat_map import forget_seat_map
from app.services.credits import credits_on
from app.services.giving_back import give_back_seats, lock_tickets
from app.services.holding import UNSEEN, Hold, Seen, Wish, keep_seats
from app.services.holds import checked, keep_trying
from app.services.ledger import post
from app.services.returning import tenders_of
from app.services.ways_back import WayBack, may_go_elsewhere, ways_back


@dataclass(frozen=True, slots=True)
class Change:
    """Which tickets of which booking, by their numbers, are to be exchanged."""

    show_id: int
    booking_id: int
    numbers: tuple[int, ...]


_FILM = text(
    "SELECT s.movie_id, c.currency FROM shows s JOIN cinemas c ON c.id = s.cinema_id "
    "WHERE s.id = :show_id AND s.state <> 'draft'"
)


def judge_change(session: Session, change: Change, show_id: int) -> Exchangeable:
    """The tickets that are to be exchanged for seats of this show. Reads only.

    Raises NotExchangeable (the tickets, another film, another currency), NotFound (no such show).
    """
    leaving = exchangeable(change.show_id, change.booking_id).chosen(change.numbers, clock.now())
    film = session.execute(_FILM, {"show_id": show_id}).one_or_none()
    if film is None:
        raise NotFound("There is no such show.")
    if film.movie_id != leaving.movie_id:
        raise NotExchangeable("Seats can be changed for another show of the same film only.")
    if film.currency != leaving.currency:
        words = f"That show is paid in {film.currency}, these seats were paid in {leaving.currency}"
        raise NotExchangeable(f"{words}: cancel them and book anew instead.")
    return leaving


def hold_for_exchange(
    show_id: int,
    seat_ids: Sequence[int],
    owner_key: str,
    change: Change,
    *,
    user_id: int | None = None,
    actor: str = "guest",
    seen: Seen = UNSEEN,
) -> Hold:
    """Keep as many seats of the show as are to be exchanged, for a booking that replaces them once it is confirmed.

    Raises what hold_seats() and judge_change() raise, and InvalidSeats for another number of seats. Locks what
    hold_seats() locks; the old booking is judged again, under its locks, when the new one is paid.
    """

    def wish() -> Wish:
        return Wish(show_id, checked(seat_ids), owner_key, user_id, actor, seen=seen)

    return keep_trying(show_id, lambda: _hold_once(wish(), change))


def _hold_once(wish: Wish, change: Change) -> Hold:
    with transaction() as session:
        leaving = judge_change(session, change, wish.show_id)
        count = len(leaving.tickets)
        if len(wish.seat_ids) != count:
            seats = "one seat" if count == 1 else f"{count} seats"
            raise InvalidSeats(f"{leaving.seat_names} can be changed for just as many: choose {seats}.")
        own = count if (leaving.show_id, leaving.owner_key) == (wish.show_id, wish.owner_key) else 0
        hold = keep_seats(session, replace(wish, user_id=leaving.user_id or wish.user_id, leaving=own))
        _enter(session, hold, leaving)
        on_commit(lambda: forget_seat_map(wish.show_id))
    return hold


_ENTER = text("""
INSERT INTO booking_credits (show_id, booking_id, kind, source_show_id, source_id, ticket_ids, state, amount_minor,
                             entered_at)
VALUES (:show_id, :booking_id, 'exchange', :old_show_id, :old_id, :ticket_ids, 'entered', :worth, :now)
""")
_SAME_BUYER = text("""
UPDATE bookings b SET name = old.name, email = old.email, phone = old.phone, language = old.language,
  wants_sms = old.wants_sms, wants_push = old.wants_push
FROM bookings old WHERE old.show_id = :old_show_id AND old.id = :old_id AND b.show_id = :show_id AND b.id = :booking_id
""")


def _enter(session: Session, hold: Hold, leaving: Exchangeable) -> None:
    key = {"show_id": hold.show_id, "booking_id": hold.booking_id}
    old = {"old_show_id": leaving.show_id, "old_id": leaving.booking_id}
    tickets = [ticket.id for ticket in leaving.tickets]
    entry = {**key, **old, "ticket_ids": tickets, "worth": leaving.worth_minor, "now": clock.now()}
    session.execute(_ENTER, entry)
    session.execute(_SAME_BUYER, {**key, **old})


def _exchanges(session: Session, booking: Booking) -> list[Row[Any]]:
    rows = credits_on(session, booking.show_id, booking.id)
    return [row for row in rows if row.kind == CreditKind.EXCHANGE]


_UNDERWAY = text("""
SELECT b.code FROM booking_credits c JOIN bookings b ON b.show_id = c.show_id AND b.id = c.booking_id
WHERE c.kind = 'exchange' AND c.source_show_id = :source_show_id AND c.source_id = :source_id AND c.state = 'taken'
  AND c.ticket_ids && CAST(:ticket_ids AS bigint[]) AND (c.show_id, c.id) <> (:show_id, :id)
  AND b.state = 'awaiting_payment' AND b.expires_at > :now AND EXISTS (
    SELECT FROM payments p WHERE p.show_id = b.show_id AND p.booking_id = b.id AND p.state IN ('created', 'pending'))
LIMIT 1
""")


def judge_exchange(session: Session, booking: Booking, now: dt.datetime) -> None:
    """Raises NotExchangeable if what this booking is to replace can't be exchanged any more, and ExchangeUnderway while
    another change of it is being paid for. Under the locks of services/locking.py; nothing to do for other bookings."""
    for row in _exchanges(session, booking):
        old = session.get_one(Booking, (row.source_show_id, row.source_id), populate_existing=True)
        if not _stands(session, booking, row, now):
            words = f"Seats of booking {spoken(old.code)} were used, changed or given back meanwhile"
            raise NotExchangeable(
                f"{words}, so they can't be changed. The new seats are let go and nothing was charged."
            )
        values = {name: getattr(row, name) for name in ("source_show_id", "source_id", "ticket_ids", "id")}
        other = session.execute(_UNDERWAY, {**values, "show_id": booking.show_id, "now": now}).scalar_one_or_none()
        if other is not None:
            words = f"Another change of booking {spoken(old.code)} is being paid for, as booking {spoken(other)}"
            raise ExchangeUnderway(f"{words}. Go on with that one in “My tickets”, or give its seats up there.")


def exchange_stands(session: Session, booking: Booking, now: dt.datetime) -> bool:
    """Whether the seats this booking replaces, if any, are still good for what it took them for. Under the locks of
    services/locking.py."""
    return all(_stands(session, booking, row, now) for row in _exchanges(session, booking))


_GOOD = text(
    "SELECT count(*) FROM tickets WHERE show_id = :show_id AND booking_id = :booking_id AND id = ANY(:ids) "
    "AND state = 'issued'"
)


def _stands(session: Session, booking: Booking, row: Row[Any], now: dt.datetime) -> bool:
    """All of the tickets are as good as when they were chosen, and it is still time: a new hold that began in time may
    be paid until its hard cap, money that comes later only while the old seats may be changed anyhow."""
    key = {"show_id": row.source_show_id, "booking_id": row.source_id, "ids": row.ticket_ids}
    if session.execute(_GOOD, key).scalar_one() != len(row.ticket_ids):
        return False
    until = _until(session, row)
    return now <= booking.cap_at or (until is not None and now <= until)


def _until(session: Session, row: Row[Any]) -> dt.datetime | None:
    old = session.get_one(Booking, (row.source_show_id, row.source_id))
    show = session.get_one(Show, row.source_show_id)
    return last_end(promised_steps(session, old), show.starts_at)


def finish_exchange(session: Session, booking: Booking, now: dt.datetime, actor: str) -> None:
    """Give back the seats that a booking replaces, in the transaction that confirms it; nothing if it replaces none.

    Their worth pays the new booking; what it did not need goes back to what had paid them, by the policy they were sold
    with. The caller holds the locks of services/locking.py and has seen that the exchange stands.
    """
    for row in _exchanges(session, booking):
        if row.state != UseState.TAKEN:
            raise RuntimeError(f"booking {booking.code} is confirmed without what it replaces")
        _finish(session, booking, row, now, actor)


def _finish(session: Session, booking: Booking, row: Row[Any], now: dt.datetime, actor: str) -> None:
    old = session.get_one(Booking, (row.source_show_id, row.source_id), populate_existing=True)
    live = [t for t in lock_tickets(session, old.show_id, old.id) if t.state == TicketState.ISSUED]
    tickets = [t for t in live if t.id in row.ticket_ids]
    party = f"{booking.show_id}-{row.id}"
    moved = Entry(Account.EXCHANGES, -row.amount_minor, party)
    result = _comes_of(session, booking, old, [t.value_minor for t in tickets], row.amount_minor)
    reason, wallet = CancellationReason.EXCHANGE, row.to_wallet
    give_back_seats(session, old, tickets, reason, result, now, actor, to_wallet=wallet, moved=moved)
    arrived = credit_taken(Account.EXCHANGES, row.amount_minor, party)
    key = {"show_id": booking.show_id, "booking_id": booking.id}
    post(session, f"exchange-{row.id}", arrived, booking.currency, now, **key)
    on_commit(lambda: forget_seat_map(old.show_id))


def _comes_of(session: Session, booking: Booking, old: Booking, values: Sequence[int], price_minor: int) -> Return:
    """What comes of the old seats, paid with `values`, if the new ones need `price_minor` of it."""
    return what_a_change_returns(values, price_minor, step_of_change(session, old, booking.held_at))


def step_of_change(session: Session, old: Booking, at: dt.datetime) -> RefundStep | None:
    """The step that money bears which a change of these seats gives back; None if all of it comes back.

    The new seats' hold (`at`) is the hour that counts: what is shown once they are kept is what happens.
    """
    steps = promised_steps(session, old)
    if old.changes_in_full or not steps:
        return None
    return step_at(steps, session.get_one(Show, old.show_id).starts_at, at) or steps[-1]


def choose_way_back(session: Session, booking: Booking, to_wallet: bool) -> None:
    """Keep whether what the exchanged seats don't pay goes to the buyer's wallet. Commits nothing."""
    values = {"show_id": booking.show_id, "booking_id": booking.id, "to_wallet": to_wallet}
    session.execute(_CHOOSE, values)


_CHOOSE = text(
    "UPDATE booking_credits SET to_wallet = :to_wallet "
    "WHERE show_id = :show_id AND booking_id = :booking_id AND kind = 'exchange' AND to_wallet <> :to_wallet"
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What exchanged seats pay of a booking that is not confirmed yet; minor units.

    `result` is what comes of them, and `back` what of it does not pay the new seats, by which way.
    """

    code: str
    paid_minor: int
    result: Return
    back: tuple[WayBack, ...]
    to_choose: bool
    """Whether any of it could go to a wallet instead."""

    @property
    def back_minor(self) -> int:
        return self.result.returned_minor - self.paid_minor


_VALUES = text("""
SELECT price_minor + fee_minor - discount_minor FROM tickets
WHERE show_id = :source_show_id AND booking_id = :source_id AND id = ANY(:ticket_ids) AND state = 'issued' ORDER BY id
""")


def preview_exchange(
    session: Session, booking: Booking, total_minor: int, *, to_wallet: bool = False
) -> Exchange | None:
    """What the exchange would do to a bill of this total; None for a booking that replaces nothing. Reads only."""
    for row in _exchanges(session, booking):
        old = session.get_one(Booking, (row.source_show_id, row.source_id))
        key = {name: getattr(row, name) for name in ("source_show_id", "source_id", "ticket_ids")}
        values = session.execute(_VALUES, key).scalars().all()
        values = values if len(values) == len(row.ticket_ids) else []  # some are gone: they pay nothing
        paid = min(sum(values), total_minor)
        result = _comes_of(session, booking, old, values, paid)
        back = result.returned_minor - paid
        tenders = tenders_of(session, old.show_id, old.id, lock=False) if back else []
        ways = ways_back(session, old, tenders, back, to_wallet)
        return Exchange(old.code, paid, result, ways, may_go_elsewhere(old, tenders))
    return None
