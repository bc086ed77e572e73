"""Each gateway with the provider behind it, so that one test can be asked of all: what a shop does, and what happens."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import json
from typing import Any

from sqlalchemy import select

from app import clock
from app.adapters.payments import EventKind, Gateway, PaymentOrder
from app.adapters.payments.fake import HEADER, PASSWORD, FakeGateway
from app.adapters.payments.razorpay import RazorpayGateway
from app.adapters.payments.sandbox import SandboxGateway
from app.adapters.payments.stripe import StripeGateway
from app.db import db
from app.models import SandboxMessage, SandboxRefund
from app.sandbox_gateway import pay_page, signing
from tests.support import razorpay_server, stripe_server
from tests.support.gateway_server import GatewayServer, Message

WINDOW, PATIENCE = 300, 20.0
LITTLE_PATIENCE = 1.0
"""For a provider that does not answer at all: the wait is what the test is about."""
SANDBOX_SECRET = "s" * 32
STRIPE_KEY = "sk_test_of_the_tests"
_payments = itertools.count(1)


class Side:
    """A gateway and its provider's other side."""

    gateway: Gateway
    server: GatewayServer | None = None
    currency, mode = "GBP", "card"
    signature = ""

    def order(self, **changes: Any) -> PaymentOrder:
        """An ordinary order of this gateway, unlike all others."""
        number = next(_payments)
        values: dict[str, Any] = {
            "show_id": 7,
            "payment_id": number,
            "booking_code": f"7CODE{number:05}",
            "amount_minor": 2150,
            "currency": self.currency,
            "mode": self.mode,
            "description": "The General, 2 seats",
            "email": "ada@example.org",
            "return_url": f"http://localhost/bookings/7CODE{number:05}/return",
            "expires_at": clock.now() + dt.timedelta(minutes=15),
            **changes,
        }
        return PaymentOrder(**values)

    def begun(self, **changes: Any) -> tuple[PaymentOrder, str]:
        """An order whose buyer is on the provider's page, and its id there."""
        order = self.order(**changes)
        return order, self.gateway.start(order).provider_ref

    def paid(self, **changes: Any) -> tuple[PaymentOrder, str]:
        order, ref = self.begun(**changes)
        self.pay(ref)
        return order, ref

    def pay(self, ref: str) -> list[Message]:
        """The buyer pays. Gives the messages of it, the one that tells the capture last."""
        raise NotImplementedError

    def decline(self, ref: str) -> list[Message]:
        """The attempt fails for good. The last message tells so."""
        raise NotImplementedError

    def given_back(self, ref: str) -> list[int]:
        """The amounts of the refunds that stand, as the provider counts them."""
        raise NotImplementedError

    def refund_done(self, ref: str) -> Message:
        """What the provider tells of the last refund."""
        raise NotImplementedError

    def message(self, kind: str, at: dt.datetime | None = None, secret: str | None = None) -> Message:
        """An authentic message of this kind about nothing, or one that another secret signed."""
        raise NotImplementedError

    def signed(self, body: bytes) -> Message:
        """Any body, authentically signed."""
        raise NotImplementedError

    def close(self) -> None:
        if self.server:
            self.gateway.close()  # type: ignore[attr-defined]
            self.server.close()


class SandboxSide(Side):
    signature = signing.HEADER

    def __init__(self) -> None:
        self.gateway = SandboxGateway(SANDBOX_SECRET, WINDOW)

    def pay(self, ref: str) -> list[Message]:
        pay_page.pay(ref, pay_page.Manner(self.mode))
        return self._told(ref)

    def decline(self, ref: str) -> list[Message]:
        pay_page.decline(ref)
        return self._told(ref)

    def given_back(self, ref: str) -> list[int]:
        found = db.session.scalars(select(SandboxRefund).filter_by(session_id=ref)).all()
        db.session.commit()
        return [refund.amount_minor for refund in found]

    def refund_done(self, ref: str) -> Message:
        return self._told(ref)[-1]

    def message(self, kind: str, at: dt.datetime | None = None, secret: str | None = None) -> Message:
        body = json.dumps({"id": "evt_1", "type": kind, "data": {"session": "sb_1"}}).encode()
        return self._signed(body, at, secret or SANDBOX_SECRET)

    def signed(self, body: bytes) -> Message:
        return self._signed(body, None, SANDBOX_SECRET)

    def _signed(self, body: bytes, at: dt.datetime | None, secret: str) -> Message:
        seconds = int((at or clock.now()).timestamp())
        return Message(body, {signing.HEADER: signing.signature_header(secret, seconds, body)})

    def _told(self, ref: str) -> list[Message]:
        found = db.session.scalars(select(SandboxMessage).filter_by(session_id=ref).order_by(SandboxMessage.id)).all()
        db.session.commit()
        return [self.signed(message.body.encode()) for message in found]


class StripeSide(Side):
    """Stripe by its Checkout page."""

    signature = "Stripe-Signature"
    flow = "checkout"

    def __init__(self, **settings: Any) -> None:
        self.server: stripe_server.StripeServer = stripe_server.StripeServer()
        methods = {"CARD": "card", "NET_BANKING": "ideal"}
        values = {"flow": self.flow, "methods": methods, "timeout_seconds": PATIENCE, **settings}
        self.gateway = StripeGateway(
            STRIPE_KEY, stripe_server.SECRET, window_seconds=WINDOW, base_url=self.server.url, **values
        )

    def pay(self, ref: str) -> list[Message]:
        return self.server.pay(ref)

    def decline(self, ref: str) -> list[Message]:
        """A card that is declined is not the end of a session; a delayed payment that fails is."""
        return [*self.server.pay(ref, delayed=True), *self.server.bounce(ref)]

    def given_back(self, ref: str) -> list[int]:
        session = self.server.sessions.get(ref)
        return self.server.given_back(session["payment_intent"] if session else ref)

    def refund_done(self, ref: str) -> Message:
        return self.server.tell("refund.updated", list(self.server.refunds.values())[-1])

    def message(self, kind: str, at: dt.datetime | None = None, secret: str | None = None) -> Message:
        thing = {"id": "in_1", "object": "invoice", "metadata": {}}
        return self.server.tell(kind, thing, at, secret or stripe_server.SECRET)

    def signed(self, body: bytes) -> Message:
        return Message(body, stripe_server.signed(body))


class StripeIntentSide(StripeSide):
    """Stripe where Checkout is not there: a method that redirects."""

    flow = "intent"
    currency, mode = "EUR", "net_banking"

    def decline(self, ref: str) -> list[Message]:
        return self.server.decline(ref)


class RazorpaySide(Side):
    signature = "X-Razorpay-Signature"
    currency, mode = "INR", "upi"

    def __init__(self, **settings: Any) -> None:
        self.server: razorpay_server.RazorpayServer = razorpay_server.RazorpayServer()
        values = {"currencies": ("INR", "GBP", "JPY", "KWD"), "timeout_seconds": PATIENCE, **settings}
        self.gateway = RazorpayGateway(
            razorpay_server.KEY_ID,
            razorpay_server.KEY_SECRET,
            razorpay_server.WEBHOOK_SECRET,
            window_seconds=WINDOW,
            signing_key="k" * 32,
            base_url=self.server.url,
            **values,
        )

    def pay(self, ref: str) -> list[Message]:
        return self.server.pay(ref)

    def decline(self, ref: str) -> list[Message]:
        return self.server.decline(ref)

    def given_back(self, ref: str) -> list[int]:
        return self.server.given_back(ref)

    def refund_done(self, ref: str) -> Message:
        refund = list(self.server.refunds.values())[-1]
        payment = self.server.payments[refund["payment_id"]]
        return self.server.tell("refund.processed", refund=refund, payment=payment)

    def message(self, kind: str, at: dt.datetime | None = None, secret: str | None = None) -> Message:
        return self.server.tell(kind, at, secret or razorpay_server.WEBHOOK_SECRET, settlement={"id": "setl_1"})

    def signed(self, body: bytes) -> Message:
        return Message(body, razorpay_server.signed(body))


class FakeSide(Side):
    """The fake of the other tests, which must keep the same promises."""

    signature = HEADER

    def __init__(self) -> None:
        self.gateway: FakeGateway = FakeGateway()

    def pay(self, ref: str) -> list[Message]:
        return [self._happens(ref, EventKind.CAPTURED)]

    def decline(self, ref: str) -> list[Message]:
        return [self._happens(ref, EventKind.FAILED)]

    def given_back(self, ref: str) -> list[int]:
        return list(self.gateway.sessions[ref].refunds.values())

    def _happens(self, ref: str, kind: EventKind) -> Message:
        event = self.gateway.happens(ref, kind)
        return self.signed(json.dumps({"ref": ref, "id": event.event_id}).encode())

    def signed(self, body: bytes) -> Message:
        return Message(body, {HEADER: PASSWORD})


SIDES = {
    "sandbox": SandboxSide,
    "stripe": StripeSide,
    "stripe-intent": StripeIntentSide,
    "razorpay": RazorpaySide,
    "fake": FakeSide,
}


def verified(side: Side, message: Message) -> Any:
    """The event in a message that has just arrived."""
    return side.gateway.verify_event(message.body, message.headers, clock.now())


def without(message: Message, name: str) -> Message:
    return dataclasses.replace(message, headers={key: value for key, value in message.headers.items() if key != name})
