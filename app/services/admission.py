"""Letting people in: a ticket admits once, whichever door is asked first. A manager may take it back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app import clock
from app.config import settings
from app.db import transaction
from app.domain.admission import LONGEST_TYPED, Door, Opening, Outcome, Refusal, Verdict, believed, judge, readings
from app.domain.audit import Action
from app.domain.staff import By
from app.domain.states import TicketState, check_move
from app.domain.ticket_payload import BadTicket, read_keyring, verify
from app.errors import Invalid, NotAdmissible, NotFound
from app.queries.door import TicketAtDoor, end_looking, ticket_at_door
from app.services.audit import audit


@dataclass(frozen=True, slots=True)
class AtDoor:
    """How somebody came to be let in: `key` is the device's own number for it, `at` its time if it was offline."""

    key: str
    door: str = ""
    device: str = ""
    offline: bool = False
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether the ticket let someone in just now; and where and when it did so the first time."""

    admitted: bool
    at: dt.datetime
    door: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a door is told. `ticket` is None where the code names none of ours."""

    verdict: Verdict
    refusal: Refusal | None = None
    ticket: TicketAtDoor | None = None
    admission: Admission | None = None


_LOCK = text("""
SELECT t.state, t.issued_at, t.admitted_at, s.cinema_id FROM tickets t, shows s
WHERE t.show_id = :show_id AND t.id = :ticket_id AND s.id = t.show_id FOR UPDATE OF t
""")
_ADMIT = text("""
WITH ticket AS (
  UPDATE tickets SET state = 'admitted', admitted_at = :at WHERE show_id = :show_id AND id = :ticket_id
)
INSERT INTO state_changes (show_id, subject, subject_id, before, after, at, actor)
VALUES (:show_id, 'admission', :ticket_id, :before, 'admitted', :at, :actor)
""")
_REPORT = text("""
INSERT INTO admission_reports
  (show_id, ticket_id, key, outcome, reason, door, device, user_id, at, received_at, offline)
VALUES (:show_id, :ticket_id, :key, :outcome, :reason, :door, :device, :user_id, :at, :now, :offline)
""")
_REPORTED = text("""
SELECT outcome, reason, at, door, undone_at FROM admission_reports
WHERE show_id = :show_id AND ticket_id = :ticket_id AND key = :key
""")
_STANDING = text("""
SELECT id, at, door, device FROM admission_reports
WHERE show_id = :show_id AND ticket_id = :ticket_id AND outcome = 'admitted' AND undone_at IS NULL
""")


def scan(words: str, door: Door, by: By, key: str) -> Answer:
    """What the door answers to this code, typed or read from a ticket; it lets in who may come in. Bad codes raise
    nothing: they are answers too. The same key gets the same answer again. Locks the ticket and nothing else.
    """
    found = identify(words)
    if isinstance(found, Refusal):
        return Answer(Verdict.REFUSED, found)
    opening = Opening(
        dt.timedelta(minutes=settings.door_before_minutes), dt.timedelta(minutes=settings.door_after_minutes)
    )
    wrong = judge(found.occasion, door, opening, clock.now())
    if wrong:
        return Answer(Verdict.REFUSED, wrong, found)
    try:
        admission = admit_ticket(found.show_id, found.ticket_id, by, AtDoor(key, door.name, door.device))
    except NotAdmissible as refusal:
        return Answer(Verdict.REFUSED, refusal.details["refusal"], found)
    return Answer(Verdict.ADMIT if admission.admitted else Verdict.USED, None, found, admission)


def identify(words: str) -> TicketAtDoor | Refusal:
    """The ticket that a code names, or why it names none. A QR code's signature is checked."""
    found = _typed(words) if len(words.strip()) <= LONGEST_TYPED else _read(words)
    end_looking()
    return found


def _typed(words: str) -> TicketAtDoor | Refusal:
    meant = readings(words)
    for reading in meant:
        found = ticket_at_door(reading.show_id, reading.code, reading.number)
        if found:
            return found[0] if len(found) == 1 else Refusal.WHICH
    return Refusal.UNKNOWN if meant else Refusal.UNREADABLE


def _read(words: str) -> TicketAtDoor | Refusal:
    try:
        named = verify(words, read_keyring(settings.ticket_signing_keys).public_keys)
    except BadTicket as problem:
        return Refusal(problem.reason)
    found = ticket_at_door(named.show_id, named.booking_code, named.number)
    same = [one for one in found if one.seat_id == named.seat_id]
    return same[0] if same else Refusal.UNKNOWN


def admit_ticket(show_id: int, ticket_id: int, by: By, how: AtDoor) -> Admission:
    """Let the holder of this ticket in, once; asked again it says where and when that was. Locks the ticket only.

    Raises NotFound for a ticket we don't know, NotAdmissible for one that is cancelled or not paid; its
    details["refusal"] says which. Who was let in without a connection is reported by door_sync instead.
    """
    with transaction() as session:
        ticket = lock_ticket(session, show_id, ticket_id)
        before = reported(session, show_id, ticket_id, how.key)
        if before:
            # This very scan was answered, and the answer lost on the way. If it was undone since, it is no new one.
            return Admission(before.undone_at is None, before.at.astimezone(dt.UTC), before.door)
        if ticket.state == TicketState.ADMITTED:
            return standing(session, show_id, ticket_id, ticket.admitted_at)
        wrong = not_admissible(ticket)
        if wrong:
            raise NotAdmissible(_SENTENCES[wrong], refusal=wrong)
        return let_in(session, show_id, ticket_id, ticket, by, how)


def lock_ticket(session: Session, show_id: int, ticket_id: int) -> Row[Any]:
    """Its state, and when it let somebody in. Raises NotFound."""
    ticket = session.execute(_LOCK, {"show_id": show_id, "ticket_id": ticket_id}).one_or_none()
    if ticket is None:
        raise NotFound("There is no such ticket.")
    return ticket


def reported(session: Session, show_id: int, ticket_id: int, key: str) -> Row[Any] | None:
    """What was noted of this ticket under this key of a device."""
    values = {"show_id": show_id, "ticket_id": ticket_id, "key": key}
    return session.execute(_REPORTED, values).one_or_none()


def standing(session: Session, show_id: int, ticket_id: int, admitted_at: dt.datetime) -> Admission:
    """Where and when the ticket let somebody in."""
    row = session.execute(_STANDING, {"show_id": show_id, "ticket_id": ticket_id}).one_or_none()
    return Admission(False, admitted_at.astimezone(dt.UTC), row.door if row else "")


_SENTENCES = {Refusal.CANCELLED: "This ticket was cancelled.", Refusal.UNPAID: "This ticket is not paid."}


def not_admissible(ticket: Row[Any]) -> Refusal | None:
    """Why a ticket that let nobody in yet lets nobody in now."""
    if ticket.state == TicketState.VOID:
        return Refusal.CANCELLED if ticket.issued_at else Refusal.UNPAID
    return Refusal.UNPAID if ticket.state == TicketState.RESERVED else None


def let_in(session: Session, show_id: int, ticket_id: int, ticket: Row[Any], by: By, how: AtDoor) -> Admission:
    """Move the locked ticket, and note who did so where."""
    now = clock.now()
    at = believed(how.at, ticket.issued_at, now)
    check_move(TicketState(ticket.state), TicketState.ADMITTED)
    values = {"show_id": show_id, "ticket_id": ticket_id, "before": ticket.state, "at": at, "actor": by.actor}
    session.execute(_ADMIT, values)
    note(session, show_id, ticket_id, by, how, Outcome.ADMITTED, at, now)
    _write_down(session, Action.TICKET_ADMITTED, ticket_id, ticket.cinema_id, by, how)
    return Admission(True, at, how.door)


def note(
    session: Session,
    show_id: int,
    ticket_id: int,
    by: By,
    how: AtDoor,
    outcome: Outcome,
    at: dt.datetime,
    now: dt.datetime,
    reason: str = "",
) -> None:
    """A report: this device let somebody in by this ticket."""
    facts = {"key": how.key, "door": how.door, "device": how.device, "offline": how.offline}
    row = {"show_id": show_id, "ticket_id": ticket_id, "user_id": by.user_id, "outcome": outcome.value}
    session.execute(_REPORT, {**facts, **row, "reason": reason, "at": at, "now": now})


def _write_down(session: Session, action: Action, ticket_id: int, cinema_id: int, by: By, how: AtDoor) -> None:
    after = {"state": "admitted", "door": how.door, "device": how.device, "offline": how.offline}
    audit(session, by, action, ticket_id, cinema_id=cinema_id, before={"state": "issued"}, after=after)


# Taken back

_ONE = text("""
SELECT ticket_id, at, door, device FROM admission_reports
WHERE show_id = :show_id AND id = :report_id AND outcome = 'admitted'
""")
_STILL = text("SELECT undone_at FROM admission_reports WHERE show_id = :show_id AND id = :report_id FOR UPDATE")
_UNDO = text("""
WITH ticket AS (
  UPDATE tickets SET state = 'issued', admitted_at = NULL WHERE show_id = :show_id AND id = :ticket_id
), report AS (
  UPDATE admission_reports SET undone_at = :now, undone_by = :user_id, undone_why = :reason
  WHERE show_id = :show_id AND id = :report_id
)
INSERT INTO state_changes (show_id, subject, subject_id, before, after, at, actor)
VALUES (:show_id, 'admission', :ticket_id, 'admitted', 'issued', :now, :actor)
""")


def undo_admission(by: By, show_id: int, report_id: int, reason: str) -> bool:
    """Take back that a ticket let somebody in, so that it lets in once more. False if that was done already.

    Raises Invalid without a reason, NotFound for what is no admission, NotAdmissible if the show was cancelled since.
    Locks the ticket, then the report.
    """
    if not reason.strip():
        raise Invalid("Write in a few words why.")
    with transaction() as session:
        key = {"show_id": show_id, "report_id": report_id}
        report = session.execute(_ONE, key).one_or_none()
        if report is None:
            raise NotFound("There is no such admission.")
        ticket = lock_ticket(session, show_id, report.ticket_id)
        if session.execute(_STILL, key).scalar_one() is not None:
            return False
        if ticket.state != TicketState.ADMITTED:
            raise NotAdmissible("This ticket was cancelled since; there is nothing to take back.")
        check_move(TicketState.ADMITTED, TicketState.ISSUED)
        values = {"ticket_id": report.ticket_id, "user_id": by.user_id, "actor": by.actor, "reason": reason.strip()}
        session.execute(_UNDO, {**key, **values, "now": clock.now()})
        before = {"state": "admitted", "at": report.at, "door": report.door, "device": report.device}
        _audit_undo(session, by, report.ticket_id, ticket.cinema_id, before, reason)
        return True


def _audit_undo(session: Session, by: By, ticket_id: int, cinema_id: int, before: dict[str, Any], reason: str) -> None:
    after = {"state": "issued"}
    audit(
        session, by, Action.ADMISSION_UNDONE, ticket_id, cinema_id=cinema_id, before=before, after=after, reason=reason
    )
