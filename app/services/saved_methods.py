"""Ways to pay that an account let its gateway remember: we keep the gateway's token, never a card (feature I5)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import text
from sqlalchemy.orm import Session

from app import clock
from app.adapters.payments import PaymentEvent, gateway, gateways
from app.db import db, end_read, transaction
from app.errors import NotFound
from app.services.outbox import Task, put

_CUSTOMER = text("""
INSERT INTO gateway_customers (user_id, provider, customer_ref) VALUES (:user_id, :provider, :ref)
ON CONFLICT (user_id, provider) DO UPDATE SET customer_ref = excluded.customer_ref
""")
_KEEP = text("""
INSERT INTO saved_methods (user_id, provider, token, brand, last4, expiry, created_at)
VALUES (:user_id, :provider, :token, :brand, :last4, :expiry, :now)
ON CONFLICT (user_id, provider, token) DO UPDATE SET forgotten_at = NULL, expiry = excluded.expiry
""")


def keep_method(session: Session, user_id: int | None, event: PaymentEvent, now: dt.datetime) -> None:
    """Note what a capture says its gateway now remembers for this account. Commits nothing."""
    card = event.saved
    if user_id is None or card is None:
        return
    whose = {"user_id": user_id, "provider": event.provider}
    if card.customer_ref:
        session.execute(_CUSTOMER, {**whose, "ref": card.customer_ref})
    values = {"token": card.token, "brand": card.brand, "last4": card.last4, "now": now}
    session.execute(_KEEP, {**whose, **values, "expiry": f"{card.exp_month:02}/{card.exp_year}"})


_MINE = text("""
SELECT id FROM saved_methods WHERE id = :id AND user_id = :user_id AND provider = :provider AND forgotten_at IS NULL
""")


def check_saved(session: Session, method_id: int, user_id: int | None, provider: str) -> None:
    """Raises NotFound unless this account may pay with this method at this gateway."""
    values = {"id": method_id, "user_id": user_id, "provider": provider}
    if session.execute(_MINE, values).one_or_none() is None:
        raise NotFound("This saved card is not there any more. Choose another way to pay.")


_FOR_ORDER = text("""
SELECT coalesce((SELECT token FROM saved_methods WHERE id = :method_id), '') AS token,
       coalesce((SELECT customer_ref FROM gateway_customers WHERE user_id = :user_id AND provider = :provider), '')
         AS customer_ref
""")


def remembered(session: Session, method_id: int | None, user_id: int | None, provider: str) -> tuple[str, str]:
    """The saved method's token and the gateway's own id of this account; empty where there is none."""
    values = {"method_id": method_id, "user_id": user_id, "provider": provider}
    row = session.execute(_FOR_ORDER, values).one()
    return row.token, row.customer_ref


_FORGET = text("""
UPDATE saved_methods SET forgotten_at = :now WHERE id = :id AND user_id = :user_id AND forgotten_at IS NULL
RETURNING id
""")


def forget_method(method_id: int, user_id: int) -> bool:
    """Remove a saved way to pay: from the account at once, at its gateway by the worker. False if it was gone."""
    with transaction() as session:
        now = clock.now()
        if session.execute(_FORGET, {"id": method_id, "user_id": user_id, "now": now}).one_or_none() is None:
            return False
        put(session, Task.FORGET_METHOD, now, 0, None, method_id)
    return True


_TOKEN = text("SELECT provider, token FROM saved_methods WHERE id = :id AND forgotten_at IS NOT NULL")
_DELETE = text("DELETE FROM saved_methods WHERE id = :id AND forgotten_at IS NOT NULL")


def forget_at_gateway(method_id: int) -> None:
    """Have the gateway forget the token, then forget it ourselves. Raises GatewayUnavailable, to be tried again."""
    row = db.session.execute(_TOKEN, {"id": method_id}).one_or_none()
    end_read()
    if row is None:
        return
    if row.provider in gateways():
        gateway(row.provider).forget_method(row.token)
    with transaction() as session:
        session.execute(_DELETE, {"id": method_id})
