"""Our side of the built-in sandbox provider: orders out, verified events in."""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from app.adapters.payments import (
    EventKind,
    PaymentEvent,
    PaymentOrder,
    PayMode,
    RefundAnswer,
    SavedCard,
    StartedSession,
)
from app.adapters.payments.reading import (
    MAX_AMOUNT,
    MAX_ID,
    UNREADABLE,
    header,
    message_of,
    unreadable,
    whole,
    words,
)
from app.errors import BadSignature
from app.money import CURRENCIES
from app.sandbox_gateway.sessions import (
    NewSession,
    SandboxSession,
    SandboxState,
    cancel_session,
    find_session,
    open_session,
    refund_session,
    remembered_card,
)
from app.sandbox_gateway.signing import HEADER, signature

_KINDS = {
    "payment.captured": EventKind.CAPTURED,
    "payment.declined": EventKind.FAILED,
    "payment.cancelled": EventKind.CANCELLED,
    "refund.done": EventKind.REFUND_DONE,
    "refund.failed": EventKind.REFUND_FAILED,
}
_STATES = {
    SandboxState.OPEN: EventKind.PENDING,
    SandboxState.PROCESSING: EventKind.PENDING,
    SandboxState.CAPTURED: EventKind.CAPTURED,
    SandboxState.DECLINED: EventKind.FAILED,
    SandboxState.CANCELLED: EventKind.CANCELLED,
}


class SandboxGateway:
    """The sandbox as a Gateway. Messages older or newer than `window_seconds` are not believed."""

    name = "sandbox"
    label = "Sandbox (no money moves)"
    modes = tuple(PayMode)
    saves_methods = True
    form_targets: tuple[str, ...] = ()

    def __init__(self, secret: str, window_seconds: int) -> None:
        self._secret = secret
        self._window = window_seconds

    def takes(self, currency: str, mode: PayMode | None = None) -> bool:
        return currency in CURRENCIES

    def start(self, order: PaymentOrder) -> StartedSession:
        """The pay page is on the host and port that the buyer comes back to."""
        ref = open_session(
            NewSession(
                order_key=order.key,
                show_id=order.show_id,
                payment_id=order.payment_id,
                amount_minor=order.amount_minor,
                currency=order.currency,
                mode=order.mode,
                description=order.description,
                email=order.email,
                return_url=order.return_url,
                save_method=order.save_method,
                saved_token=order.saved_token,
            )
        )
        back = urlsplit(order.return_url)
        return StartedSession(ref, f"{back.scheme}://{back.netloc}/pay/sandbox/{ref}")

    def fetch(self, show_id: int, payment_id: int, provider_ref: str | None) -> PaymentEvent | None:
        session = find_session(provider_ref, f"payment-{show_id}-{payment_id}")
        return _as_event(session) if session else None

    def cancel(self, provider_ref: str) -> None:
        cancel_session(provider_ref)

    def refund(self, provider_ref: str, amount_minor: int, currency: str, key: str) -> RefundAnswer:
        result = refund_session(provider_ref, key, amount_minor, currency)
        if result.refused:
            return RefundAnswer("failed", reason=result.refused)
        return RefundAnswer("done", result.refund_id)

    def verify_event(self, body: bytes, headers: Mapping[str, str], now: dt.datetime) -> PaymentEvent:
        self._check_signature(body, headers, now)
        try:
            return _read(body)
        except UNREADABLE as problem:
            raise unreadable() from problem

    def forget_method(self, token: str) -> None:
        """Its cards are all one, and it holds none of them."""

    def _check_signature(self, body: bytes, headers: Mapping[str, str], now: dt.datetime) -> None:
        parts = dict(part.strip().partition("=")[::2] for part in header(headers, HEADER).split(","))
        sent, digest = parts.get("t", ""), parts.get("v1", "")
        if not (sent.isascii() and sent.isdigit() and len(sent) <= 12):
            raise BadSignature
        if not hmac.compare_digest(signature(self._secret, int(sent), body).encode(), digest.encode()):
            raise BadSignature
        if abs(now.timestamp() - int(sent)) > self._window:
            raise BadSignature("This message is too old to be believed.")


def _as_event(session: SandboxSession) -> PaymentEvent:
    """How a session stands, told as an event whose id names the state: asked twice, it is the same event."""
    state = SandboxState(session.state)
    return PaymentEvent(
        provider=SandboxGateway.name,
        event_id=f"state:{session.id}:{state.value}",
        kind=_STATES[state],
        provider_ref=session.id,
        show_id=session.show_id,
        payment_id=session.payment_id,
        amount_minor=session.captured_minor,
        currency=session.currency,
        detail=session.reason,
        raw={"asked": True, "state": state.value, "captured": session.captured_minor},
        saved=_saved(remembered_card(session)),
    )


def _read(body: bytes) -> PaymentEvent:
    """Raises one of UNREADABLE on what is no message, or can't be stored."""
    message = message_of(body)
    data, metadata = message["data"], message["data"].get("metadata", {})
    payment_id = metadata.get("payment_id")
    return PaymentEvent(
        provider=SandboxGateway.name,
        event_id=words(message["id"], 200),
        kind=_KINDS.get(words(message["type"], 60), EventKind.PENDING),
        provider_ref=words(data["session"], 200),
        show_id=whole(metadata.get("show_id", 0), MAX_ID),
        payment_id=None if payment_id is None else whole(payment_id, MAX_ID),
        amount_minor=whole(data.get("amount", 0), MAX_AMOUNT),
        currency=words(data.get("currency", ""), 3),
        refund_key=words(data.get("refund", {}).get("key", ""), 80),
        detail=words(data.get("reason", ""), 500),
        raw=message,
        saved=_saved(data.get("card")),
    )


def _saved(card: dict[str, Any] | None) -> SavedCard | None:
    """Raises one of UNREADABLE."""
    if card is None:
        return None
    month, year = whole(card["exp_month"], 12), whole(card["exp_year"], 9999)
    return SavedCard(words(card["token"], 200), words(card["brand"], 40), words(card["last4"], 4), month, year)
