"""Things that staff should look at, noted in the transaction that found them."""

from __future__ import annotations

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from app import clock

log = structlog.get_logger(__name__)

_INSERT = text("INSERT INTO alerts (kind, show_id, message, at) VALUES (:kind, :show_id, :message, :at)")


def raise_alert(session: Session, kind: str, show_id: int, message: str) -> None:
    session.execute(_INSERT, {"kind": kind, "show_id": show_id, "message": message, "at": clock.now()})
    log.warning("alert", kind=kind, show_id=show_id, message=message)
