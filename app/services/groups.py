"""Group bookings (feature G7): the request, the offer that keeps the seats, taking it back.

An offer is a booking with a price and a cap of its own (domain/groups.py). Locks: the request, then as everywhere the
seats, the bookings, and the person's role last.
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
from app.domain.audit import Action
from app.domain.groups import Party, PriceMode, owner_of
from app.domain.messages import MessageKind
from app.domain.staff import By
from app.domain.states import LIVE_BOOKING, BookingState, GroupState
from app.errors import Conflict, Invalid, InvalidSeats, NotFound
from app.models import Booking, GroupRequest
from app.queries.seat_map import forget_seat_map
from app.seat_locking import seat_locking
from app.services.audit import audit
from app.services.group_pricing import Offer, price_offer
from app.services.holding import ANY_NUMBER, Hold, Wish, keep_seats
from app.services.holds import again_if_locked, keep_trying
from app.services.invoices import credit_rest, issue_invoice
from app.services.letting_go import let_go, lock_booking, seats_of
from app.services.managing import check_manages
from app.services.seen import check_seen
from app.services.telling import tell, tell_group


@dataclass(frozen=True, slots=True)
class GroupWish:
    """What a group asks for, as typed and checked for shape. A show, or a film, a day and a time in words."""

    cinema_id: int
    people: int
    name: str
    email: str
    show_id: int | None = None
    whole_show: bool = False
    film: str = ""
    wanted_on: dt.date | None = None
    wanted_time: str = ""
    organisation: str = ""
    phone: str = ""
    message: str = ""
    language: str = "en"


_KNOWN = text("SELECT id FROM group_requests WHERE key = :key")
_CINEMA_OF = text("SELECT cinema_id FROM shows WHERE id = :id AND state = 'published'")
_IS_CINEMA = text("SELECT EXISTS (SELECT FROM cinemas WHERE id = :id)")


def ask_for_group(wish: GroupWish, key: str) -> int:
    """Take a group's request in and tell them so; gives its id. `key` names the form: sent twice, it is one request.

    A show decides the cinema. Raises NotFound (no such cinema), Conflict for the same form at the same instant.
    """
    with transaction() as session:
        known = session.execute(_KNOWN, {"key": key}).scalar_one_or_none()
        if known is not None:
            return int(known)
        request = _request(session, wish, key)
        session.add(request)
        session.flush()
        now = clock.now()
        request.log_birth(now, "guest")
        tell_group(session, MessageKind.GROUP_REQUEST, now, request)
    return request.id


def _request(session: Session, wish: GroupWish, key: str) -> GroupRequest:
    cinema_id = wish.cinema_id
    if wish.show_id is not None:
        cinema_id = session.execute(_CINEMA_OF, {"id": wish.show_id}).scalar_one_or_none() or 0
    if not session.execute(_IS_CINEMA, {"id": cinema_id}).scalar_one():
        raise NotFound("There is no such cinema or show.")
    return GroupRequest(
        key=key,
        cinema_id=cinema_id,
        wish_show_id=wish.show_id,
        film=wish.film,
        wanted_on=wish.wanted_on,
        wanted_time=wish.wanted_time,
        people=wish.people,
        whole_show=wish.whole_show,
        name=wish.name,
        organisation=wish.organisation,
        email=wish.email,
        phone=wish.phone,
        message=wish.message,
        language=wish.language,
        state=GroupState.NEW.value,
        created_at=clock.now(),
    )


# The offer


class ChangedMeanwhile(Conflict):
    """Two of the staff at one request: this is the second. It is not tried again."""

    code, default = "GROUP_CHANGED", "Somebody has changed this request since you opened the page."


class AlreadyPaid(Conflict):
    """The group has paid meanwhile: what is theirs is cancelled or changed like any booking."""

    code, default = "GROUP_PAID", "The group has paid meanwhile. Its booking stands; cancel or change that one instead."


def make_offer(by: By, group_id: int, revision: int, offer: Offer) -> Hold:
    """Keep the seats for the group until `pay_until`, at this price, and mail them the link; an earlier offer that is
    not paid ends with it, and the link leads to the new one.

    Raises NotFound, ChangedMeanwhile (somebody of the staff was quicker), AlreadyPaid, Invalid (fields:
    pay_until, amount, besides, reason, seats), InvalidSeats, SeatsTaken, ShowNotOnSale (a draft, begun), Forbidden (not
    booked online now, and they are no manager), Busy. Locks the request, the seats of
    both offers in order, the earlier booking.
    """
    checked = replace(offer, seat_ids=_checked(offer.seat_ids))
    return keep_trying(offer.show_id, lambda: _offer_once(by, group_id, revision, checked))


def _checked(seat_ids: Sequence[int]) -> tuple[int, ...]:
    wanted = sorted(set(seat_ids))
    if not wanted:
        raise InvalidSeats("Choose the seats on the map.")
    if len(wanted) > ANY_NUMBER:
        raise InvalidSeats("These are more seats than one booking can have.")
    return tuple(wanted)


def _offer_once(by: By, group_id: int, revision: int, offer: Offer) -> Hold:
    with transaction() as session:
        group = _lock(session, group_id, revision)
        show = _show(session, group, offer)
        _lock_seats(session, group, offer)
        before = _facts(group)
        if _end_offer(session, by, group) and not offer.reason.strip():
            raise Invalid("Write in a few words why the offer changes.", fields={"reason": "Write in a few words why."})
        now = clock.now()
        _check_time(offer.pay_until, show.starts_at, now)
        wish = Wish(offer.show_id, list(offer.seat_ids), owner_of(group.id), None, by.actor, until=offer.pay_until)
        hold = keep_seats(session, wish)
        booking = session.get_one(Booking, (hold.show_id, hold.booking_id), populate_existing=True)
        come = price_offer(session, group, booking, offer, show.layout_id)
        _note(group, booking, offer, come, now, by.actor)
        session.flush()
        issue_invoice(session, booking, group, now)
        tell(session, MessageKind.GROUP_OFFER, now, booking, group.id)
        if not show.sales_open_at <= now < show.sales_close_at:
            check_manages(session, by, group.cinema_id, "This show is not booked online now: only a manager offers it.")
        after, reason = _facts(group), offer.reason
        audit(
            session,
            by,
            Action.GROUP_OFFERED,
            group.id,
            cinema_id=group.cinema_id,
            before=before,
            after=after,
            reason=reason,
        )
        on_commit(lambda: forget_seat_map(offer.show_id))
    return hold


def _lock(session: Session, group_id: int, revision: int) -> GroupRequest:
    # FOR NO KEY UPDATE: who ends the last offer at this moment refers to the request and must not wait for this row
    group = session.get(GroupRequest, group_id, populate_existing=True, with_for_update={"key_share": True})
    if group is None:
        raise NotFound("There is no such request.")
    check_seen(group.revision, revision, "this request", error=ChangedMeanwhile)
    return group


_SHOW = text("SELECT cinema_id, layout_id, starts_at, sales_open_at, sales_close_at FROM shows WHERE id = :id")


def _show(session: Session, group: GroupRequest, offer: Offer) -> Row[Any]:
    row = session.execute(_SHOW, {"id": offer.show_id}).one_or_none()
    if row is None or row.cinema_id != group.cinema_id:
        raise Invalid("This show is not one of the cinema that was asked.", fields={"show": "Choose another show."})
    return row


def _lock_seats(session: Session, group: GroupRequest, offer: Offer) -> None:
    """The seats of the standing offer and of the new one, by show and seat: two staff at once never wait for each other."""
    wanted = {offer.show_id: set(offer.seat_ids)}
    if group.booking_id is not None and group.offer_show_id is not None:
        own = seats_of(session, group.offer_show_id, group.booking_id)
        wanted.setdefault(group.offer_show_id, set()).update(own)
    for show_id, seat_ids in sorted(wanted.items()):
        seat_locking().lock(session, show_id, sorted(seat_ids))


def _check_time(pay_until: dt.datetime, starts_at: dt.datetime, now: dt.datetime) -> None:
    if pay_until <= now:
        words = "This time is over already. Give the group some time to pay."
    elif pay_until > starts_at:
        words = "The show has begun by then. Choose an earlier time."
    else:
        return
    raise Invalid(words, fields={"pay_until": words})


def _end_offer(session: Session, by: By, group: GroupRequest) -> bool:
    """Let go of what the last offer keeps; True if it kept something. Raises AlreadyPaid."""
    if group.booking_id is None or group.offer_show_id is None:
        return False
    show_id, booking_id = group.offer_show_id, group.booking_id
    state, _ = lock_booking(session, show_id, booking_id)
    if state is BookingState.CONFIRMED:
        raise AlreadyPaid
    if state not in LIVE_BOOKING:
        return False
    seat_ids, now = seats_of(session, show_id, booking_id), clock.now()
    let_go(session, show_id, booking_id, seat_ids, state, BookingState.RELEASED, now, by.actor)
    credit_rest(session, show_id, booking_id, now)
    on_commit(lambda: forget_seat_map(show_id))
    return True


def _note(
    group: GroupRequest, booking: Booking, offer: Offer, come: Sequence[Party], now: dt.datetime, actor: str
) -> None:
    group.offers += 1
    group.offer_show_id, group.booking_id = booking.show_id, booking.id
    group.seats, group.total_minor = len(offer.seat_ids), booking.total_minor
    group.price_mode, group.amount_minor = offer.mode.value, 0 if offer.mode is PriceMode.LIST else offer.amount_minor
    group.ticket_type, group.note, group.pay_until = offer.kind.value, offer.note, offer.pay_until
    group.parties = [party.stored() for party in come]
    group.offered_at, group.reminded_at, group.declined_why = now, None, ""
    group.revision += 1
    group.move_to(GroupState.OFFERED, now, actor)


def _facts(group: GroupRequest) -> dict[str, Any]:
    """What the audit says of an offer."""
    if group.state != GroupState.OFFERED:
        return {}
    return {
        "show": group.offer_show_id,
        "booking": group.booking_id,
        "seats": group.seats,
        "who": ", ".join(Party.read(one).words for one in group.parties),
        "total_minor": group.total_minor,
        "pay_until": group.pay_until,
    }


# Taking it back, and saying no


def withdraw_offer(by: By, group_id: int, revision: int, reason: str) -> None:
    """Take an offer back that is not paid: its seats are free at once and the group is told. The request is open again.

    Raises NotFound, ChangedMeanwhile, AlreadyPaid, Invalid (no reason, nothing offered).
    """
    again_if_locked(lambda: _withdraw_once(by, group_id, revision, _said(reason)))


def _withdraw_once(by: By, group_id: int, revision: int, reason: str) -> None:
    with transaction() as session:
        group = _lock(session, group_id, revision)
        if group.state != GroupState.OFFERED:
            raise Invalid("Nothing is offered to this group.")
        before = _facts(group)
        kept = _end_offer(session, by, group)
        now = clock.now()
        group.revision += 1
        group.move_to(GroupState.NEW, now, by.actor)
        session.flush()
        if kept:
            tell_group(session, MessageKind.GROUP_WITHDRAWN, now, group)
        audit(session, by, Action.GROUP_WITHDRAWN, group.id, cinema_id=group.cinema_id, before=before, reason=reason)


def _said(reason: str) -> str:
    if not reason.strip():
        raise Invalid("Write in a few words why.", fields={"reason": "Write in a few words why."})
    return reason.strip()


def decline_group(by: By, group_id: int, revision: int, why: str) -> None:
    """Say no; the group reads `why`. An offer that is not paid ends with it.

    Raises NotFound, ChangedMeanwhile, AlreadyPaid, Invalid (no words).
    """
    again_if_locked(lambda: _decline_once(by, group_id, revision, _said(why)))


def _decline_once(by: By, group_id: int, revision: int, why: str) -> None:
    with transaction() as session:
        group = _lock(session, group_id, revision)
        before = _facts(group)
        _end_offer(session, by, group)
        now = clock.now()
        group.revision, group.declined_why = group.revision + 1, why
        if group.move_to(GroupState.DECLINED, now, by.actor):
            session.flush()
            tell_group(session, MessageKind.GROUP_DECLINED, now, group)
        audit(session, by, Action.GROUP_DECLINED, group.id, cinema_id=group.cinema_id, before=before, reason=why)
