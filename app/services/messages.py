"""Sending what services/telling.py queued: each message is written when it goes out, and the log says what came of it.

Its outbox item tries again. A crash between sending and noting sends a mail twice, with the same Message-ID.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, text

from app import clock
from app.adapters.mail import Letter, MailNotSent, send
from app.adapters.templates import write_letter, write_short
from app.adapters.texts import TextNotSent, send_push, send_sms
from app.config import settings
from app.db import transaction
from app.domain.links import push_topic
from app.domain.messages import Channel, mobile_number
from app.domain.states import MessageState
from app.failpoints import failpoint
from app.services.drafts import Draft, draft_of

_BEGIN = text("""
UPDATE messages SET attempts = attempts + 1
WHERE show_id = :show_id AND id = :id AND state NOT IN ('sent', 'not_needed')
RETURNING show_id, id, kind, channel, booking_id, gift_card_id, subject_id, language, facts
""")
_NOTE = text("""
UPDATE messages SET state = :state, detail = :detail, sent_at = :sent_at, recipient = coalesce(:recipient, recipient)
WHERE show_id = :show_id AND id = :id AND state <> 'sent'
""")


def send_message(show_id: int, message_id: int) -> None:
    """Write one queued message and send it; what came of it is noted in the delivery log.

    Raises MailNotSent and TextNotSent, to be tried again, and whatever else went wrong on the way.
    """
    with transaction() as session:
        message = session.execute(_BEGIN, {"show_id": show_id, "id": message_id}).one_or_none()
    if message is None:
        return
    try:
        recipient = _send(message)
    except Exception as problem:
        known = isinstance(problem, MailNotSent | TextNotSent)
        _note(message, MessageState.FAILED, str(problem) if known else f"{type(problem).__name__}: {problem}")
        raise
    failpoint("message-sent-before-noted")
    _note(message, MessageState.SENT if recipient else MessageState.NOT_NEEDED, recipient=recipient)


def _send(message: Row[Any]) -> str | None:
    """Whom it went to; None if there was nothing to say, or nobody to say it to."""
    draft = draft_of(message)
    return _SENDERS[Channel(message.channel)](message, draft) if draft else None


def _note(message: Row[Any], state: MessageState, detail: str = "", recipient: str | None = None) -> None:
    values = {
        "show_id": message.show_id,
        "id": message.id,
        "state": state.value,
        "detail": detail[:1000],
        "sent_at": clock.now() if state is MessageState.SENT else None,
        "recipient": recipient,
    }
    with transaction() as session:
        session.execute(_NOTE, values)


def _by_mail(message: Row[Any], draft: Draft) -> str | None:
    if not draft.to:
        return None
    papers = tuple(draft.papers())
    words = write_letter(draft.template, message.language, draft.facts)
    key = f"{draft.kind.value}.{message.show_id}.{message.id}"
    send(Letter(key, draft.to, draft.name, words.subject, words.text, words.html, papers))
    return draft.to


def _by_sms(message: Row[Any], draft: Draft) -> str | None:
    """The words and the signed link: a phone is as much the buyer's own as a mailbox."""
    phone = mobile_number(draft.phone)
    if not phone or not settings.sms_url:
        return None
    _, words = write_short(draft.template, message.language, draft.facts)
    send_sms(phone, f"{settings.site_name}: {words} {draft.facts['link']}")
    return phone


def _by_push(message: Row[Any], draft: Draft) -> str | None:
    """The address without its key: what is pushed passes through a service that others run."""
    if not settings.push_url:
        return None
    title, words = write_short(draft.template, message.language, draft.facts)
    send_push(push_topic(settings.secret_key, draft.code), title, f"{words} {draft.facts['page']}")
    return draft.code


_SENDERS = {Channel.EMAIL: _by_mail, Channel.SMS: _by_sms, Channel.PUSH: _by_push}
