"""Looking after the house: a promise that is broken becomes an alert, and staff settle alerts."""

from __future__ import annotations

from sqlalchemy import text

from app import clock
from app.db import transaction
from app.domain.audit import Action
from app.domain.staff import By
from app.errors import NotFound
from app.services.alerts import raise_alert
from app.services.audit import audit
from app.services.promises import check_promises

BROKEN = "promise_broken"
_OPEN = text("SELECT EXISTS (SELECT FROM alerts WHERE kind = :kind AND message = :message AND resolved_at IS NULL)")
_LOCK = text(
    "SELECT a.id, a.kind, a.message, a.resolved_at, s.cinema_id FROM alerts a LEFT JOIN shows s ON s.id = a.show_id "
    "WHERE a.id = :id FOR UPDATE OF a"
)
_RESOLVE = text("UPDATE alerts SET resolved_at = :now WHERE id = :id")


def watch_promises() -> int:
    """Look at every promise and raise an alert for each one that is broken, once while it stands open."""
    broken = {row.number: row.promise for row in check_promises()}
    with transaction() as session:
        for number, words in broken.items():
            message = f"Promise {number} is broken: {words}"
            if not session.execute(_OPEN, {"kind": BROKEN, "message": message}).scalar_one():
                raise_alert(session, BROKEN, 0, message)
    return len(broken)


def resolve_alert(by: By, alert_id: int, reason: str) -> bool:
    """Staff have settled what an alert told of; False if it was settled already. Locks the alert. Raises NotFound."""
    with transaction() as session:
        alert = session.execute(_LOCK, {"id": alert_id}).one_or_none()
        if alert is None:
            raise NotFound("There is no such alert.")
        if alert.resolved_at is not None:
            return False
        now = clock.now()
        session.execute(_RESOLVE, {"id": alert_id, "now": now})
        what = {"kind": alert.kind, "message": alert.message, "resolved": None}
        after = {**what, "resolved": now}
        audit(
            session,
            by,
            Action.ALERT_RESOLVED,
            alert_id,
            cinema_id=alert.cinema_id,
            before=what,
            after=after,
            reason=reason,
        )
    return True
