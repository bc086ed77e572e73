"""A form that is sent twice (Back and again, a double click, a browser that repeats itself) does its work once.

Each such form carries a key of its own. The first use case that it leads to writes the key down before all else, in
its own transaction: a second sending waits for the first and finds the key there, or the first failed and it is free.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app import clock
from app.db import beginning_with, db, transaction
from app.domain.staff import By
from app.errors import Invalid

KEY = re.compile(r"[A-Za-z0-9_-]{16,40}", re.ASCII)
LENGTH = 40
"""What is kept of the hash of address and key."""
KEPT = dt.timedelta(days=30)
"""How long a page may lie open, or in a browser's history, and still be known as sent."""
_CLAIM = "marquee_sent_form"


class SentBefore(Exception):
    """This very form did its work already; `made` is the id of what it made or changed, where that was one thing."""

    def __init__(self, made: int | None) -> None:
        super().__init__()
        self.made = made


@dataclass(slots=True)
class _Claim:
    """What note_made() writes to, once."""

    user_id: int | None
    key: str
    noted: bool = False


_INSERT = text("""
INSERT INTO sent_forms (user_id, key, sent_at) VALUES (:user_id, :key, :now) ON CONFLICT DO NOTHING RETURNING key
""")
_MADE = text("SELECT made_id FROM sent_forms WHERE user_id = :user_id AND key = :key")
_NOTE = text("UPDATE sent_forms SET made_id = :made WHERE user_id = :user_id AND key = :key")
_FREE = text("DELETE FROM sent_forms WHERE user_id = :user_id AND key = :key")
_FORGET = text("DELETE FROM sent_forms WHERE sent_at < :before")


@contextmanager
def sent_once(by: By, address: str, key: str) -> Iterator[None]:
    """Within this, the first use case that commits keeps the key of the form with what it does.

    A key is good for one person and one address: what another form made is never taken for what this one did. Raises
    SentBefore out of a use case whose form did its work already; nothing is written then. Waits for one that
    does it at this moment. Raises Invalid for what is no key.
    """
    if not KEY.fullmatch(key):
        raise Invalid("This form could not be read. Open its page again and repeat it.")
    own = hashlib.sha256(f"{address} {key}".encode()).hexdigest()[:LENGTH]
    with beginning_with(lambda session: _claim(session, by.user_id, own)):
        try:
            yield
        finally:
            db.session().info.pop(_CLAIM, None)


def _claim(session: Session, user_id: int | None, key: str) -> None:
    named = {"user_id": user_id, "key": key}
    if session.execute(_INSERT, {**named, "now": clock.now()}).one_or_none() is None:
        raise SentBefore(session.execute(_MADE, named).scalar_one())
    session.info[_CLAIM] = _Claim(user_id, key)


def note_made(session: Session, made_id: int | None) -> None:
    """Keep with the form what it made, once: audit() says it of the first thing that it writes, who makes something else
    says it before."""
    claim: _Claim | None = session.info.get(_CLAIM)
    if claim is None or claim.noted or made_id is None:
        return
    claim.noted = True
    session.execute(_NOTE, {"made": made_id, "user_id": claim.user_id, "key": claim.key})


def nothing_done(session: Session) -> None:
    """What this transaction keeps is not the form's work, a wrong code, say: the form may be sent again."""
    claim: _Claim | None = session.info.pop(_CLAIM, None)
    if claim is not None:
        session.execute(_FREE, {"user_id": claim.user_id, "key": claim.key})


def forget_sent_forms() -> int:
    """Delete the keys of forms that were sent long ago; gives how many."""
    with transaction() as session:
        gone: Any = session.execute(_FORGET, {"before": clock.now() - KEPT})
    return int(gone.rowcount)
