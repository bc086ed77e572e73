"""What each kind of message says: its template and the facts that fill it, read when it is sent. No draft where there
is nothing to say any more, or nobody to say it to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from sqlalchemy import Row

from app import clock
from app.adapters.mail import Attachment
from app.config import settings
from app.db import end_read
from app.domain.groups import Standing, in_runs
from app.domain.links import booking_link, group_link
from app.domain.messages import MessageKind
from app.domain.settling import RefundReason
from app.domain.states import LIVE_BOOKING, BookingState, GiftCardState, RefundState
from app.errors import NotFound
from app.queries import messages as queries
from app.queries.groups import group_of
from app.queries.invoices import Paper, last_notes, notes_of, of_last_offer
from app.queries.papers import refund_of
from app.queries.tickets import BookingView, booking_view
from app.services.group_papers import group_papers, paper_pdf
from app.services.tickets import booking_calendar, render_tickets, tickets_pdf

MANY = 10
Papers = Callable[[], Sequence[Attachment]]


@dataclass(frozen=True, slots=True)
class Draft:
    """A message before it is words. `papers` makes what is attached to the mail; it may take a second."""

    kind: MessageKind
    to: str
    name: str
    facts: dict[str, Any]
    papers: Papers = tuple
    phone: str = ""
    code: str = ""

    @property
    def template(self) -> str:
        return f"mail/{self.kind.value}.html"


def draft_of(message: Row[Any]) -> Draft | None:
    """What a message of the log says now; None if there is nothing to say. Ends its reads."""
    kind = MessageKind(message.kind)
    draft = _DRAFTS[kind](kind, message)
    end_read()
    return draft


def _about(kind: MessageKind, view: BookingView, papers: Papers = tuple, **facts: Any) -> Draft:
    shared = {
        "b": view,
        "name": view.name,
        "link": _link(view),
        "page": f"{settings.base_url.rstrip('/')}/bookings/{quote(view.code)}",
        "base_url": settings.base_url,
        "seats": _names(view),
    }
    return Draft(kind, view.email, view.name, {**shared, **facts}, papers, view.phone, view.code)


def _names(view: BookingView) -> str:
    """The seats; those of a group, told like others', would fill a page."""
    labels = [ticket.seat for ticket in view.tickets]
    return in_runs(labels) if len(labels) > MANY else ", ".join(labels)


def _link(view: BookingView) -> str:
    return booking_link(settings.base_url, settings.secret_key, view.code)


def _tickets_of(view: BookingView) -> Papers:
    """The PDF, drawn if nobody has yet, and the calendar file."""

    def papers() -> Sequence[Attachment]:
        pdf = tickets_pdf(view.show_id, view.id) or render_tickets(view.show_id, view.id)
        end_read()
        calendar = Attachment(f"{view.code}.ics", "text/calendar", booking_calendar(view, _link(view)))
        return [Attachment(f"tickets-{view.code}.pdf", "application/pdf", pdf), calendar] if pdf else []

    return papers


def _confirmation(kind: MessageKind, message: Row[Any]) -> Draft | None:
    view = booking_view(message.show_id, message.booking_id)
    if view.state != BookingState.CONFIRMED or not view.tickets:
        return None
    return _about(kind, view, _tickets_of(view), paid=queries.paid_by(view.show_id, view.id))


def _payment_failed(kind: MessageKind, message: Row[Any]) -> Draft | None:
    """Not needed once the booking is paid."""
    view = booking_view(message.show_id, message.booking_id)
    if view.state in (BookingState.CONFIRMED, BookingState.CANCELLED):
        return None
    asked = queries.asked_minor(message.show_id, message.subject_id)
    return _about(kind, view, kept=_kept(view), kept_until=_until(view), asked_minor=asked)


def _kept(view: BookingView) -> bool:
    """Whether its seats are still kept to be paid."""
    return view.state in LIVE_BOOKING and view.expires_at > clock.now()


def _until(view: BookingView) -> dt.datetime:
    """The end of its time, on the cinema's clocks."""
    return view.expires_at.astimezone(view.starts_at.tzinfo)


def _late_payment(kind: MessageKind, message: Row[Any]) -> Draft | None:
    """Not needed where nothing arrived that could go back."""
    view = booking_view(message.show_id, message.booking_id)
    try:
        refund = refund_of(message.show_id, message.subject_id)
    except NotFound:
        return None
    stands = view.state == BookingState.CONFIRMED
    kept = refund.reason == RefundReason.WRONG_AMOUNT and _kept(view)
    return _about(kind, view, refund=refund, stands=stands, kept=kept, kept_until=_until(view))


def _cancellation(kind: MessageKind, message: Row[Any]) -> Draft | None:
    view = booking_view(message.show_id, message.booking_id)
    back = queries.given_back(message.show_id, message.subject_id)
    stands = view.state == BookingState.CONFIRMED and bool(view.tickets)
    tickets = _tickets_of(view) if stands else tuple
    return _about(kind, view, lambda: [*tickets(), *_note_of(message)], back=back, stands=stands)


def _show_cancelled(kind: MessageKind, message: Row[Any]) -> Draft | None:
    view = booking_view(message.show_id, message.booking_id)
    why, back = queries.called_off(message.show_id, message.booking_id)
    return _about(kind, view, lambda: _note_of(message), why=why, back=back)


def _reminder(kind: MessageKind, message: Row[Any]) -> Draft | None:
    """Not needed for who does not come, and once the show has begun."""
    view = booking_view(message.show_id, message.booking_id)
    coming = view.state == BookingState.CONFIRMED and view.show_state == "published" and bool(view.tickets)
    if not coming or view.starts_at <= clock.now():
        return None
    return _about(kind, view)


def _refund_sent(kind: MessageKind, message: Row[Any]) -> Draft | None:
    """Not needed once it is done, which is told by a mail of its own."""
    refund = queries.refund_facts(message.facts["refund_show_id"], message.subject_id)
    return None if refund.state == RefundState.DONE else _of_refund(kind, message, refund)


def _refund_done(kind: MessageKind, message: Row[Any]) -> Draft | None:
    refund = queries.refund_facts(message.facts["refund_show_id"], message.subject_id)
    return _of_refund(kind, message, refund)


def _of_refund(kind: MessageKind, message: Row[Any], refund: queries.RefundFacts) -> Draft:
    if message.gift_card_id is None:
        return _about(kind, booking_view(message.show_id, message.booking_id), refund=refund)
    return _about_card(kind, queries.gift_card_facts(message.gift_card_id), refund=refund)


def _gift_card(kind: MessageKind, message: Row[Any]) -> Draft | None:
    """The code is made for this mail and stored nowhere."""
    from app.services.gift_cards import card_code

    card = queries.gift_card_facts(message.gift_card_id)
    if card.state != "active":
        return None
    draft = _to_receiver(kind, card, gift_code=_in_fours(card_code(card.id)))
    return replace(draft, facts={**draft.facts, "link": f"{draft.facts['link']}/balance"})


def _to_receiver(kind: MessageKind, card: queries.GiftCardFacts, **facts: Any) -> Draft:
    to = (card.recipient_email, card.recipient_name) if card.recipient_email else (card.email, card.name)
    draft = _about_card(kind, card, giver=card.name, **facts)
    return Draft(kind, *to, {**draft.facts, "name": to[1]})


def _gift_card_void(kind: MessageKind, message: Row[Any]) -> Draft | None:
    card = queries.gift_card_facts(message.gift_card_id)
    return _to_receiver(kind, card) if card.state == GiftCardState.VOID else None


def _gift_card_to_wallet(kind: MessageKind, message: Row[Any]) -> Draft | None:
    draft = _about_card(kind, queries.gift_card_facts(message.gift_card_id), back_minor=message.facts["back_minor"])
    return replace(draft, facts={**draft.facts, "link": f"{settings.base_url.rstrip('/')}/account"})


def _in_fours(code: str) -> str:
    """As people read a code aloud: ABCD-EFGH-JKMN-PQRS."""
    letters = code.replace("-", "")
    return "-".join(letters[place : place + 4] for place in range(0, len(letters), 4))


def _gift_card_receipt(kind: MessageKind, message: Row[Any]) -> Draft | None:
    return _about_card(kind, queries.gift_card_facts(message.gift_card_id))


def _about_card(kind: MessageKind, card: queries.GiftCardFacts, **facts: Any) -> Draft:
    page = f"{settings.base_url.rstrip('/')}/gift-cards"
    shared = {"card": card, "b": None, "name": card.name, "link": page, "page": page, "base_url": settings.base_url}
    return Draft(kind, card.email, card.name, {**shared, **facts})


def _group(kind: MessageKind, message: Row[Any]) -> Draft | None:
    """What concerns a group and no booking of it: the request came, it is declined, the offer is taken back."""
    group = group_of(message.subject_id)
    states = {MessageKind.GROUP_WITHDRAWN: Standing.NEW, MessageKind.GROUP_DECLINED: Standing.DECLINED}
    if group.standing is not states.get(kind, group.standing):
        return None
    page = f"{settings.base_url.rstrip('/')}/groups"
    facts = {"group": group, "b": None, "name": group.name, "link": page, "page": page, "base_url": settings.base_url}
    return Draft(kind, group.email, group.name, facts, _notes_to(group.id) if kind in states else tuple)


def _notes_to(group_id: int) -> Papers:
    """The credit notes for what has just ended."""
    return lambda: _files(last_notes(group_papers(group_id)))


def _note_of(message: Row[Any]) -> list[Attachment]:
    """A paid group's credit note for what came back; others have none."""
    return _files(notes_of(message.show_id, message.subject_id))


def _files(papers: Sequence[Paper]) -> list[Attachment]:
    return [Attachment(paper.file_name, "application/pdf", paper_pdf(paper)) for paper in papers]


def _group_offer(kind: MessageKind, message: Row[Any]) -> Draft | None:
    """Not needed once it is paid or over, or something else is offered."""
    group = group_of(message.subject_id)
    offer = group.offer
    if offer is None or not group.stands or (offer.show_id, offer.booking_id) != (message.show_id, message.booking_id):
        return None
    view = booking_view(offer.show_id, offer.booking_id)
    link = group_link(settings.base_url, settings.secret_key, group.id)

    def papers() -> Sequence[Attachment]:
        return _files(of_last_offer(group_papers(group.id)))

    draft = _about(kind, view, papers, group=group, offer=offer)
    return Draft(kind, view.email, view.name, {**draft.facts, "link": link, "page": link}, papers)


def _group_ended(kind: MessageKind, message: Row[Any]) -> Draft | None:
    """Not needed where late money has brought the seats after all, or something else is offered."""
    group, view = group_of(message.subject_id), booking_view(message.show_id, message.booking_id)
    offer = group.offer
    same = offer is not None and (offer.show_id, offer.booking_id) == (message.show_id, message.booking_id)
    if not same or group.standing is not Standing.ENDED:
        return None
    why, _ = queries.called_off(message.show_id, message.booking_id)
    page = f"{settings.base_url.rstrip('/')}/groups"
    draft = _about(kind, view, _notes_to(group.id), group=group, offer=offer, why=why)
    return replace(draft, facts={**draft.facts, "link": page, "page": page})


_DRAFTS: dict[MessageKind, Callable[[MessageKind, Row[Any]], Draft | None]] = {
    MessageKind.CONFIRMATION: _confirmation,
    MessageKind.PAYMENT_FAILED: _payment_failed,
    MessageKind.LATE_PAYMENT: _late_payment,
    MessageKind.CANCELLATION: _cancellation,
    MessageKind.REFUND_SENT: _refund_sent,
    MessageKind.REFUND_DONE: _refund_done,
    MessageKind.REMINDER: _reminder,
    MessageKind.GIFT_CARD: _gift_card,
    MessageKind.GIFT_CARD_RECEIPT: _gift_card_receipt,
    MessageKind.GIFT_CARD_VOID: _gift_card_void,
    MessageKind.GIFT_CARD_TO_WALLET: _gift_card_to_wallet,
    MessageKind.SHOW_CANCELLED: _show_cancelled,
    MessageKind.GROUP_REQUEST: _group,
    MessageKind.GROUP_WITHDRAWN: _group,
    MessageKind.GROUP_DECLINED: _group,
    MessageKind.GROUP_EXPIRED: _group_ended,
    MessageKind.GROUP_SHOW_CANCELLED: _group_ended,
    MessageKind.GROUP_OFFER: _group_offer,
    MessageKind.GROUP_REMINDER: _group_offer,
}
