"""A show is called off (feature G5): its sales stop in one transaction; then every booking is refunded in full, each in
a transaction of its own, by outbox items that go on where the last one stopped."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app import clock
from app.db import db, end_read, on_commit, transaction
from app.domain.audit import Action
from app.domain.groups import is_group
from app.domain.messages import MessageKind
from app.domain.refund_policy import CancellationReason, what_returns
from app.domain.staff import By
from app.domain.states import BookingState, ShowState
from app.errors import AmountChanged, Invalid, NotFound
from app.failpoints import failpoint
from app.models import Booking, Show, ShowCancellation
from app.queries.browse_cache import browse_changed
from app.queries.seat_map import forget_seat_map
from app.queries.show_cancellation import Sum, sold_to_refund
from app.seat_locking import seat_locking
from app.services.alerts import raise_alert
from app.services.audit import audit
from app.services.giving_back import give_back_seats, lock_tickets
from app.services.group_endings import tell_of_end
from app.services.holds import again_if_locked
from app.services.invoices import credit_rest
from app.services.letting_go import let_go, lock_booking
from app.services.outbox import GIVE_UP_AFTER, Task, put
from app.services.telling import tell

log = structlog.get_logger(__name__)

SLICE_SECONDS = 20.0
"""How long one outbox item refunds bookings before it hands on to the next: half of the outbox's lease."""
LONGEST_REASON = 500
FAILED = "show_refund_failed"


class NotAllRefunded(RuntimeError):
    """Some bookings could not be refunded this time; the outbox tries again."""


def cancel_show(by: By, show_id: int, reason: str, *, note: str = "", seen: Sum | None = None) -> bool:
    """Call a show off: nothing of it is sold from now on, who was just buying is let go, refunding is asked for.

    False if it was called off already; then refunding is only asked for again if it came to a halt. `reason` is told
    to the buyers, `note` goes into the audit beside it. `seen` is what the page said would be refunded: AmountChanged
    if it is another sum now. Raises NotFound, Invalid (no reason), Busy. Locks the show, all its seats in order, its
    live bookings, their coupons and balances.
    """
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise Invalid(f"Say in at most {LONGEST_REASON} characters why the show is cancelled; the buyers read it.")
    return again_if_locked(lambda: _cancel_once(by, show_id, reason, note.strip(), seen))


def _cancel_once(by: By, show_id: int, reason: str, note: str, seen: Sum | None) -> bool:
    with transaction() as session:
        # FOR NO KEY UPDATE: whoever writes a booking meanwhile refers to the show and must not wait for this row
        show = session.get(Show, show_id, populate_existing=True, with_for_update={"key_share": True})
        if show is None:
            raise NotFound("There is no such show.")
        _lock_seats(session, show_id)
        now = clock.now()
        before, actor = show.state, by.actor
        fresh = show.move_to(ShowState.CANCELLED, now, actor)
        if fresh:
            sold = sold_to_refund(show_id)
            if seen is not None and seen != sold.sum:
                raise AmountChanged(f"Somebody bought or gave back seats meanwhile. Now: {sold.sentence}")
            _let_all_go(session, show_id, now, actor)
            _note(session, show_id, reason, now, actor)
        _ask_for_refunds(session, show_id, now)
        if fresh:
            audit(
                session, by, Action.SHOW_CALLED_OFF, show_id, cinema_id=show.cinema_id, before={"state": before},
                after={"state": show.state, "refunds": sold.sentence, "told": reason}, reason=note or reason,
            )  # fmt: skip
        on_commit(browse_changed)
        on_commit(lambda: forget_seat_map(show_id))
    return fresh


def refunding_halted(show_id: int) -> bool:
    """Whether refunds of a cancelled show are left that nobody is asked to make: somebody has to resume them."""
    values = {"show_id": show_id, "after": 0, "most": GIVE_UP_AFTER}
    halted = not db.session.execute(_AT_WORK, values).scalar_one()
    end_read()
    return halted


def resume_refunds(by: By, show_id: int) -> bool:
    """Ask again for the refunds of a cancelled show that came to a halt; False if they go on or are done.

    Raises NotFound if the show was not called off. Locks it.
    """
    with transaction() as session:
        show = session.get(Show, show_id, populate_existing=True, with_for_update={"key_share": True})
        if show is None or show.state != ShowState.CANCELLED:
            raise NotFound("This show was not called off.")
        asked = _ask_for_refunds(session, show_id, clock.now())
        if asked:
            audit(session, by, Action.SHOW_REFUNDS_RESUMED, show_id, cinema_id=show.cinema_id)
    return asked


_SEATS = text("SELECT seat_id FROM show_seats WHERE show_id = :show_id ORDER BY seat_id")


def _lock_seats(session: Session, show_id: int) -> None:
    seat_ids = list(session.execute(_SEATS, {"show_id": show_id}).scalars())
    seat_locking().lock(session, show_id, seat_ids)


_LIVE = text("""
SELECT id, state, owner_key, ARRAY(SELECT seat_id FROM tickets t WHERE t.show_id = bookings.show_id
  AND t.booking_id = bookings.id AND t.state <> 'void' ORDER BY seat_id) AS seat_ids
FROM bookings WHERE show_id = :show_id AND state IN ('held', 'awaiting_payment') ORDER BY id FOR UPDATE
""")
_PAYING = "SELECT id FROM bookings WHERE show_id = :show_id AND state = 'awaiting_payment'"
_LOCK_WHAT_PAYS = (
    text(
        f"SELECT id FROM coupons WHERE id IN (SELECT coupon_id FROM coupon_uses WHERE show_id = :show_id "  # noqa: S608
        f"AND state = 'taken' AND booking_id IN ({_PAYING})) ORDER BY id FOR UPDATE"
    ),
    text(
        f"SELECT id FROM gift_cards WHERE id IN (SELECT source_id FROM booking_credits WHERE show_id = :show_id "  # noqa: S608
        f"AND kind = 'gift_card' AND state = 'taken' AND booking_id IN ({_PAYING})) ORDER BY id FOR UPDATE"
    ),
    text(
        f"SELECT user_id FROM wallets WHERE user_id IN (SELECT source_id FROM booking_credits "  # noqa: S608
        f"WHERE show_id = :show_id AND kind = 'wallet' AND state = 'taken' AND booking_id IN ({_PAYING})) "
        f"ORDER BY user_id, currency FOR UPDATE"
    ),
)


def _let_all_go(session: Session, show_id: int, now: dt.datetime, actor: str) -> None:
    """End every hold and every payment under way. What still arrives of those goes back by settling.

    The coupons and balances of all of them are locked before the first is given back, in the one order.
    """
    live = session.execute(_LIVE, {"show_id": show_id}).all()
    for lock in _LOCK_WHAT_PAYS:
        session.execute(lock, {"show_id": show_id})
    for row in live:
        let_go(session, show_id, row.id, row.seat_ids, BookingState(row.state), BookingState.RELEASED, now, actor)
        if is_group(row.owner_key):
            tell_of_end(session, MessageKind.GROUP_SHOW_CANCELLED, now, show_id, row.id)
            credit_rest(session, show_id, row.id, now)


_CONFIRMED = text("SELECT count(*) FROM bookings WHERE show_id = :show_id AND state = 'confirmed'")


def _note(session: Session, show_id: int, reason: str, now: dt.datetime, actor: str) -> None:
    count = session.execute(_CONFIRMED, {"show_id": show_id}).scalar_one()
    session.add(ShowCancellation(show_id=show_id, started_at=now, actor=actor, reason=reason, bookings=count))
    session.flush()


_AT_WORK = text("""
SELECT EXISTS (SELECT FROM show_cancellations WHERE show_id = :show_id AND finished_at IS NOT NULL) OR EXISTS (
  SELECT FROM outbox WHERE show_id = :show_id AND kind = 'refund_show' AND done_at IS NULL AND id > :after
    AND attempts < :most)
""")


def _ask_for_refunds(
    session: Session, show_id: int, now: dt.datetime, *, item_id: int = 0, last_booking: int | None = None
) -> bool:
    """An outbox item that refunds the show's bookings, from the one after `last_booking` on, then those before.

    False, and nothing is asked, if all is done, or if a newer item than `item_id` is there: only the newest one has a successor,
    so that an item that is run twice does not begin a second line of them.
    """
    values = {"show_id": show_id, "after": item_id, "most": GIVE_UP_AFTER}
    if session.execute(_AT_WORK, values).scalar_one():
        return False
    put(session, Task.REFUND_SHOW, now, show_id, None, last_booking)
    return True


def refund_show(show_id: int, item_id: int, last_booking: int | None = None) -> str:
    """Refund the bookings of a cancelled show for a while; gives "finished", or "goes on" by a fresh outbox item.

    Safe to be run twice, at once or after a death: each booking is refunded by the one that finds it confirmed under
    its lock. One that fails is told to staff and passed over. Raises NotAllRefunded to be tried again.
    """
    end, failed = clock.ticks() + SLICE_SECONDS, 0
    waiting = _to_refund(show_id, last_booking or 0)
    for place, booking_id in enumerate(waiting, 1):
        failed += not _refunded_quietly(show_id, booking_id)
        failpoint("between-refunds-of-a-show")
        if clock.ticks() >= end and place < len(waiting):
            with transaction() as session:
                _ask_for_refunds(session, show_id, clock.now(), item_id=item_id, last_booking=booking_id)
            return "goes on"
    if failed or not _finish(show_id):
        raise NotAllRefunded(f"{failed} of {len(waiting)} bookings could not be refunded yet.")
    return "finished"


_TO_REFUND = text(
    "SELECT id FROM bookings WHERE show_id = :show_id AND state = 'confirmed' "
    "AND EXISTS (SELECT FROM shows WHERE id = :show_id AND state = 'cancelled') ORDER BY id <= :last, id"
)


def _to_refund(show_id: int, last: int) -> Sequence[int]:
    found = db.session.execute(_TO_REFUND, {"show_id": show_id, "last": last}).scalars().all()
    end_read()
    return found


def _refunded_quietly(show_id: int, booking_id: int) -> bool:
    """Refund one booking; False if that failed, which must not keep the others waiting."""
    try:
        again_if_locked(lambda: _refund_booking(show_id, booking_id))
    except Exception as problem:
        db.session.rollback()
        log.exception("show_refund_failed", show_id=show_id, booking_id=booking_id)
        _alert_once(show_id, booking_id, problem)
        return False
    return True


def _refund_booking(show_id: int, booking_id: int) -> bool:
    """Give a booking of a cancelled show all of its money back, fee included, and tell its buyer.

    False if it is not confirmed (any more). Tickets that were used at the door come back too. Locks its seats in
    order, the booking, its tickets, then what had paid it.
    """
    with transaction() as session:
        state, _ = lock_booking(session, show_id, booking_id)
        if state is not BookingState.CONFIRMED:
            return False
        booking = session.get_one(Booking, (show_id, booking_id), populate_existing=True)
        tickets = _live_tickets(session, show_id, booking_id)
        result = what_returns([ticket.value_minor for ticket in tickets], None)
        now, reason = clock.now(), CancellationReason.SHOW_CANCELLED
        cancellation = give_back_seats(session, booking, tickets, reason, result, now, "clock")
        tell(session, MessageKind.SHOW_CANCELLED, now, booking, cancellation.id)
        on_commit(lambda: forget_seat_map(show_id))
    return True


def _live_tickets(session: Session, show_id: int, booking_id: int) -> list[Row[Any]]:
    return [ticket for ticket in lock_tickets(session, show_id, booking_id) if ticket.cancellation_id is None]


_OPEN_ALERT = text(
    "SELECT count(*) FROM alerts WHERE kind = :kind AND show_id = :show_id AND resolved_at IS NULL "
    "AND message LIKE :beginning"
)


def _alert_once(show_id: int, booking_id: int, problem: Exception) -> None:
    beginning = f"Booking {booking_id} of the cancelled show {show_id} could not be refunded"
    values = {"kind": FAILED, "show_id": show_id, "beginning": f"{beginning}%"}
    with transaction() as session:
        if not session.execute(_OPEN_ALERT, values).scalar_one():
            words = str(problem).partition("\n")[0][:200]
            raise_alert(session, FAILED, show_id, f"{beginning} yet; it is tried again. {words}")


_FINISH = text("""
UPDATE show_cancellations SET finished_at = :now WHERE show_id = :show_id AND finished_at IS NULL
""")
_RESOLVE = text(
    "UPDATE alerts SET resolved_at = :now WHERE kind = :kind AND show_id = :show_id AND resolved_at IS NULL"
)


def _finish(show_id: int) -> bool:
    """Note that nobody is left to refund; what was told to staff meanwhile has found its end. False if somebody is."""
    with transaction() as session:
        if session.execute(_CONFIRMED, {"show_id": show_id}).scalar_one():
            return False
        now = clock.now()
        session.execute(_FINISH, {"show_id": show_id, "now": now})
        session.execute(_RESOLVE, {"show_id": show_id, "now": now, "kind": FAILED})
    return True
