"""The audit: what staff did, written in the transaction that does it. Nobody changes it, the application included."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app import clock
from app.domain.audit import Action, differences, plain
from app.domain.staff import By
from app.errors import Forbidden
from app.services.once import note_made

_ROLES_THERE = text("""
SELECT id FROM staff_roles WHERE user_id = :user_id AND revoked_at IS NULL
  AND (cinema_id IS NULL OR CAST(:cinema_id AS bigint) IS NULL OR cinema_id = :cinema_id)
FOR SHARE
""")
_INSERT = text("""
INSERT INTO audit_entries (at, user_id, address, cinema_id, action, subject, subject_id, before, after, reason)
VALUES (:at, :user_id, :address, :cinema_id, :action, :subject, :subject_id,
        CAST(:before AS jsonb), CAST(:after AS jsonb), :reason)
""")


def audit(
    session: Session,
    by: By,
    action: Action,
    subject_id: int | None,
    *,
    cinema_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write down what is being done, by whom, to what; of `before` and `after` only what differs is kept.

    Raises Forbidden if the person has no role at that cinema any more: what is done stays within what they may.
    Locks the person's roles there (shared), so that none is taken away before this is committed.
    """
    _still_there(session, by, cinema_id)
    session.execute(_INSERT, _row(by, action, subject_id, cinema_id, before, after, reason))
    note_made(session, subject_id)


def audit_many(
    session: Session, by: By, action: Action, done: Iterable[tuple[int, Mapping[str, Any], Mapping[str, Any]]]
) -> None:
    """The same for many things of the whole house at once: each its id, before and after. Raises Forbidden, locks the roles."""
    rows = [_row(by, action, subject_id, None, before, after, "") for subject_id, before, after in done]
    _still_there(session, by, None)
    if rows:
        session.execute(_INSERT, rows)


def _still_there(session: Session, by: By, cinema_id: int | None) -> None:
    if by.user_id is not None:
        there = session.execute(_ROLES_THERE, {"user_id": by.user_id, "cinema_id": cinema_id}).all()
        if not there:
            raise Forbidden("You have no role at this cinema any more.")


def _row(
    by: By,
    action: Action,
    subject_id: int | None,
    cinema_id: int | None,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    reason: str,
) -> dict[str, Any]:
    was, became = differences(plain(before or {}), plain(after or {}))
    return {
        "at": clock.now(),
        "user_id": by.user_id,
        "address": by.address[:45],
        "cinema_id": cinema_id,
        "action": action.value,
        "subject": action.subject,
        "subject_id": subject_id,
        "before": json.dumps(was),
        "after": json.dumps(became),
        "reason": reason.strip(),
    }
