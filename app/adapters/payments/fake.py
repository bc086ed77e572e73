"""A gateway in memory whose every answer a test decides: prompt, down, slow, silent. Used by tests only."""

from __future__ import annotations

import datetime as dt
import hmac
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.adapters.payments import (
    EventKind,
    PaymentEvent,
    PaymentOrder,
    PayMode,
    RefundAnswer,
    SavedCard,
    StartedSession,
)
from app.db import in_transaction
from app.errors import BadSignature, GatewayUnavailable

HEADER = "Fake-Signature"
PASSWORD = "only for tests"  # noqa: S105


@dataclass(slots=True)
class FakeSession:
    """One order at the fake, and what became of it."""

    ref: str
    order: PaymentOrder
    kind: EventKind = EventKind.PENDING
    amount_minor: int = 0
    currency: str = ""
    refunds: dict[str, int] = field(default_factory=dict)


class FakeGateway:
    """A Gateway. `trouble` is used up call by call: "down" = nothing happens, "slow" = it does, and nobody hears.

    `answers` are what the next refunds say ("sent", "failed"); after those each is "done".
    """

    label = "Fake"
    modes = tuple(PayMode)
    saves_methods = True
    form_targets: tuple[str, ...] = ()

    def __init__(self, name: str = "fake") -> None:
        self.name = name
        self.sessions: dict[str, FakeSession] = {}
        self.trouble: list[str] = []
        self.answers: list[str] = []
        self.cancelled: list[str] = []
        self.calls: list[str] = []
        self.forgotten: list[str] = []
        self._numbers = itertools.count(1)

    def takes(self, currency: str, mode: PayMode | None = None) -> bool:
        return True

    def start(self, order: PaymentOrder) -> StartedSession:
        slow = self._called("start")
        known = next((found for found in self.sessions.values() if found.order.key == order.key), None)
        session = known or FakeSession(f"{self.name}-{order.key}", order)
        self.sessions[session.ref] = session
        self._hang(slow)
        return StartedSession(session.ref, f"https://pay.example/{session.ref}")

    def fetch(self, show_id: int, payment_id: int, provider_ref: str | None) -> PaymentEvent | None:
        self._hang(self._called("fetch"))
        key = (show_id, payment_id)
        for session in self.sessions.values():
            if session.ref == provider_ref or (session.order.show_id, session.order.payment_id) == key:
                return replace(self._event(session), event_id=f"state:{session.ref}:{session.kind.value}")
        return None

    def cancel(self, provider_ref: str) -> None:
        slow = self._called("cancel")
        self.cancelled.append(provider_ref)
        session = self.sessions.get(provider_ref)
        if session is not None and session.kind is EventKind.PENDING:
            session.kind = EventKind.CANCELLED
        self._hang(slow)

    def refund(self, provider_ref: str, amount_minor: int, currency: str, key: str) -> RefundAnswer:
        slow = self._called("refund")
        answer = self.answers.pop(0) if self.answers else "done"
        if answer == "failed":
            return RefundAnswer("failed", reason="the bank said no")
        session = self.sessions[provider_ref]
        left = session.amount_minor - sum(session.refunds.values())
        if key not in session.refunds and (amount_minor > left or currency != session.currency):
            return RefundAnswer("failed", reason="more than was paid")
        if session.refunds.setdefault(key, amount_minor) != amount_minor:
            return RefundAnswer("failed", reason="another refund has this key")
        self._hang(slow)
        return RefundAnswer(answer, f"refund-{key}")

    def verify_event(self, body: bytes, headers: Mapping[str, str], now: dt.datetime) -> PaymentEvent:
        if not hmac.compare_digest(headers.get(HEADER, "").encode(), PASSWORD.encode()):
            raise BadSignature
        session = self.sessions[json.loads(body)["ref"]]
        return replace(self._event(session), event_id=json.loads(body)["id"])

    def forget_method(self, token: str) -> None:
        self._hang(self._called("forget_method"))
        self.forgotten.append(token)

    def happens(
        self, ref: str, kind: EventKind, amount_minor: int | None = None, currency: str | None = None
    ) -> PaymentEvent:
        """Something happens at the gateway; gives the event it would send. Silence is not passing it on."""
        session = self.sessions[ref]
        session.kind = kind
        session.amount_minor = session.order.amount_minor if amount_minor is None else amount_minor
        session.currency = currency or session.order.currency
        return self._event(session)

    def _event(self, session: FakeSession) -> PaymentEvent:
        return PaymentEvent(
            provider=self.name,
            event_id=f"{self.name}-event-{next(self._numbers)}",
            kind=session.kind,
            provider_ref=session.ref,
            show_id=session.order.show_id,
            payment_id=session.order.payment_id,
            amount_minor=session.amount_minor,
            currency=session.currency or session.order.currency,
            detail="card declined" if session.kind is EventKind.FAILED else "",
            saved=_saved(session),
        )

    def _called(self, name: str) -> bool:
        """Note the call; True if its answer will be lost. Raises GatewayUnavailable where it is down."""
        assert not in_transaction(), "a gateway was called inside a transaction"
        self.calls.append(name)
        trouble = self.trouble.pop(0) if self.trouble else ""
        if trouble == "down":
            raise GatewayUnavailable
        return trouble == "slow"

    def _hang(self, slow: bool) -> None:
        if slow:
            raise GatewayUnavailable("The payment service took too long to answer.")


def _saved(session: FakeSession) -> SavedCard | None:
    if not session.order.save_method or session.kind is not EventKind.CAPTURED:
        return None
    customer = session.order.customer_ref or f"customer-{session.order.key}"
    return SavedCard(f"card-{session.order.key}", "visa", "4242", 12, 2034, customer)
