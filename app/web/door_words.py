"""The door's answers in words: what stands large, what beside it, and what the device is sent."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from app.domain.admission import Refusal, Verdict
from app.queries.door import TicketAtDoor, party_inside
from app.services.admission import Answer

_ON = {
    Refusal.UNREADABLE: ("This is no code of ours", "Scan again, or type the code under the QR code."),
    Refusal.FORGED: ("The signature is wrong", "Nobody here made this code. Ask to see the booking."),
    Refusal.UNKNOWN_KEY: ("Signed with no key of ours", "An old or a foreign ticket. Ask to see the booking."),
    Refusal.UNKNOWN: ("No ticket has this code", "Look at it once more, or ask to see the booking."),
    Refusal.WHICH: ("Add the seat's number", "This booking has several tickets: the code ends in -01, -02 and so on."),
}


@dataclass(frozen=True, slots=True)
class DoorAnswer:
    """What is shown. `kind` is admit, used, refused or unchecked; `word` stands largest, `show` and `screen` smallest."""

    kind: str
    word: str
    reason: str
    detail: str
    show: str = ""
    screen: str = ""
    seat: str = ""


def in_words(answer: Answer, zone: ZoneInfo, now: dt.datetime) -> DoorAnswer:
    """An answer for people. `zone` is the door's, which every time in it is told in, another cinema's apart."""
    ticket = answer.ticket
    if ticket is None:
        assert answer.refusal is not None
        return DoorAnswer("refused", answer.refusal.word, *_ON[answer.refusal])
    word, reason, detail = _said(answer, ticket, zone, now)
    return DoorAnswer(answer.verdict.value, word, reason, detail, _show(ticket), ticket.screen, ticket.seat)


def _said(answer: Answer, ticket: TicketAtDoor, zone: ZoneInfo, now: dt.datetime) -> tuple[str, str, str]:
    if answer.verdict is Verdict.REFUSED:
        assert answer.refusal is not None
        return answer.refusal.word, *_refused(answer.refusal, ticket, now)
    assert answer.admission is not None
    if answer.verdict is Verdict.ADMIT:
        return "Admit", ticket.place, f"{ticket.kind}. {_party(ticket)}"
    since = f"{answer.admission.at.astimezone(zone):%H:%M}"
    where = f"{since}, {answer.admission.door}" if answer.admission.door else since
    return "Already used", where, f"{ticket.place}. Ask to see the booking."


def _party(ticket: TicketAtDoor) -> str:
    if ticket.party < 2:
        return "Comes alone."
    return f"{party_inside(ticket.show_id, ticket.booking_code)} of {ticket.party} in."


def _refused(refusal: Refusal, ticket: TicketAtDoor, now: dt.datetime) -> tuple[str, str]:
    day, show = _day(ticket, now), _show(ticket)
    return {
        Refusal.CINEMA: (f"{ticket.cinema}, {ticket.city}", f"{show}. {day}."),
        Refusal.DAY: (day, f"{show}, {ticket.screen}."),
        Refusal.SHOW: (show, f"{ticket.screen}. {day}."),
        Refusal.TIME: (show, f"{ticket.screen}. {day}. To let them in all the same, choose that show."),
        Refusal.SHOW_CANCELLED: (show, "This show was called off. The money goes back by itself."),
        Refusal.CANCELLED: (ticket.place, "This seat was given back or changed for another. Ask for the newer ticket."),
        Refusal.UNPAID: (ticket.place, "The booking was not paid. Send them to the box office."),
    }[refusal]


def _show(ticket: TicketAtDoor) -> str:
    return f"{ticket.title} {ticket.starts_at:%H:%M}"


def _day(ticket: TicketAtDoor, now: dt.datetime) -> str:
    there = ticket.starts_at
    days = (there.date() - now.astimezone(there.tzinfo).date()).days
    return {0: "Today", 1: "Tomorrow", -1: "Yesterday"}.get(days) or f"{there:%A} {there.day} {there:%B}"
