"""Payment gateways behind one Protocol. Adapters talk to providers and never to our tables.

Amounts are minor units of the ISO currency; each adapter converts to what its provider counts in. Every call that can
move money carries an idempotency key; every call has a timeout, and is tried again only where twice is once. An adapter
refuses to work while a transaction is open.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from flask import current_app

from app.db import in_transaction
from app.errors import GatewayUnavailable, NotFound


class PayMode(StrEnum):
    CARD = "card"
    UPI = "upi"
    NET_BANKING = "net_banking"
    WALLET = "wallet"
    """A payment app of somebody else's, which gateways call a wallet; what accounts have with us is another thing."""


class EventKind(StrEnum):
    CAPTURED = "captured"
    FAILED = "failed"
    PENDING = "pending"
    CANCELLED = "cancelled"
    REFUND_DONE = "refund_done"
    REFUND_FAILED = "refund_failed"


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """What a gateway is asked to collect. `show_id` and `payment_id` travel in its metadata and come back."""

    show_id: int
    payment_id: int
    booking_code: str
    amount_minor: int
    currency: str
    mode: str
    description: str
    email: str
    return_url: str
    expires_at: dt.datetime
    cancel_url: str = ""
    """Where the buyer goes who turns back on the provider's page; empty = `return_url`."""
    customer_ref: str = ""
    """The provider's own id of this buyer, if it ever gave one."""
    save_method: bool = False
    """The buyer wants this way of paying remembered: by the provider, we keep its token."""
    saved_token: str = ""
    """Pay with what was remembered, without asking for a card again."""

    @property
    def key(self) -> str:
        """The idempotency key: the same order twice is one session."""
        return f"payment-{self.show_id}-{self.payment_id}"


@dataclass(frozen=True, slots=True)
class StartedSession:
    """The gateway's own id of the attempt, and where the buyer goes to pay."""

    provider_ref: str
    redirect_url: str


@dataclass(frozen=True, slots=True)
class SavedCard:
    """A way of paying that the provider remembers. `token` means something to it alone; no card number is in here."""

    token: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    customer_ref: str = ""


@dataclass(frozen=True, slots=True)
class PaymentEvent:
    """What a gateway says has happened, verified. `event_id` is the gateway's, unique per provider."""

    provider: str
    event_id: str
    kind: EventKind
    provider_ref: str
    show_id: int
    payment_id: int | None
    amount_minor: int = 0
    currency: str = ""
    refund_key: str = ""
    detail: str = ""
    raw: dict[str, Any] = field(default_factory=dict)
    saved: SavedCard | None = None
    """With a capture whose order asked to save the method."""


@dataclass(frozen=True, slots=True)
class RefundAnswer:
    """What came of asking for a refund: done at once, taken on (more by event), or refused with a reason."""

    state: str
    provider_ref: str = ""
    reason: str = ""


class PaymentRefused(GatewayUnavailable):
    """The provider answered, and said no: this amount, this currency, this card. Another way of paying may work."""

    code, status = "PAYMENT_REFUSED", 422
    default = "The payment service did not accept this payment. Nothing was charged; please choose another way to pay."


class Gateway(Protocol):
    """One payment provider.

    Every call raises GatewayUnavailable when there is no answer in time, and its child PaymentRefused when the answer is no.
    """

    name: str
    label: str
    modes: tuple[PayMode, ...]
    saves_methods: bool
    """Whether it can remember a way of paying and give us a token for it."""
    form_targets: tuple[str, ...]
    """Origins that a form of ours leads to, directly or by a redirect: the Content-Security-Policy must name them."""

    def takes(self, currency: str, mode: PayMode | None = None) -> bool:
        """Whether it can be paid in this currency, in this mode if one is given."""

    def start(self, order: PaymentOrder) -> StartedSession:
        """Open a session for this order; the same key gives the same session.

        Raises PaymentRefused for an amount or a currency that can't be charged, and for a saved card that is declined.
        """

    def fetch(self, show_id: int, payment_id: int, provider_ref: str | None) -> PaymentEvent | None:
        """What the gateway knows of an attempt now, as an event; None if it never heard of it."""

    def cancel(self, provider_ref: str) -> None:
        """Close the gateway's page, so that it takes no money for nothing. No effect on what is paid already."""

    def refund(self, provider_ref: str, amount_minor: int, currency: str, key: str) -> RefundAnswer:
        """Ask for money back; the same key is one refund. After one that failed, the same key asks again."""

    def verify_event(self, body: bytes, headers: Mapping[str, str], now: dt.datetime) -> PaymentEvent:
        """The event in a webhook's raw body. Raises BadSignature if it is forged, unreadable or older than the window.

        Where the message alone does not say which payment it is about, the gateway is asked.
        """

    def forget_method(self, token: str) -> None:
        """Have the provider forget a saved way of paying; one that it does not know is forgotten already."""


class TransactionOpen(RuntimeError):
    """A gateway was called inside a database transaction, which would hold row locks for seconds."""


def gateway(name: str) -> Gateway:
    """The configured gateway of this name. Raises NotFound; refuses to hand it out inside a transaction."""
    if in_transaction():
        raise TransactionOpen(name)
    try:
        return gateways()[name]
    except KeyError:
        raise NotFound("This way to pay is not on offer.") from None


def gateways() -> Mapping[str, Gateway]:
    """Every configured gateway by name, in the order of the setting."""
    found: Mapping[str, Gateway] = current_app.extensions["marquee_gateways"]
    return found
