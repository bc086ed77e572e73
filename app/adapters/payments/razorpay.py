"""Razorpay: an order for each attempt, paid on Razorpay's own page, which a plain form on a page of ours leads to.

The id of an attempt is the order's, whatever message tells of it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeSerializer

from app.adapters.payments import (
    PaymentEvent,
    PaymentOrder,
    PaymentRefused,
    PayMode,
    RefundAnswer,
    StartedSession,
)
from app.adapters.payments.razorpay_api import RazorpayApi, RazorpayRefusal, Thing
from app.adapters.payments.razorpay_events import (
    CLOSED,
    is_about,
    is_closed,
    notes_of,
    read_event,
    refund_state,
    state_event,
    taken_payment,
)
from app.adapters.payments.razorpay_rules import AMOUNTS, HOME, METHODS, works_in
from app.adapters.payments.reading import UNREADABLE, header, message_of, unreadable, whole, words
from app.errors import BadSignature, NotFound

SIGNATURE, EVENT_ID = "X-Razorpay-Signature", "X-Razorpay-Event-Id"
TELLS_AGAIN = dt.timedelta(hours=24)
"""Razorpay repeats a message it got no 200 for so long, with the time of the first one in it."""
PAGE, HOSTED = "/pay/razorpay/", "/v1/checkout/embedded"
MAX_NOTE = 256


@dataclass(frozen=True, slots=True)
class PayPage:
    """What our page in front of Razorpay's shows. `fields` is empty where there is nothing to pay any more."""

    action: str
    fields: dict[str, str]
    amount_minor: int
    currency: str
    description: str
    back: str
    """Where the buyer goes on: a path of ours."""
    paid: bool


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the address of our page says: the order, and where its buyer goes afterwards, or after turning back."""

    order_id: str
    back: str
    turned_back: str


class RazorpayGateway:
    """Razorpay as a Gateway. `currencies` are those that the account is approved for."""

    name = "razorpay"
    label = "Razorpay"
    modes = tuple(METHODS)
    saves_methods = False

    def __init__(
        self,
        key_id: str,
        key_secret: str,
        webhook_secret: str,
        window_seconds: int,
        timeout_seconds: float,
        signing_key: str,
        base_url: str = "",
        currencies: tuple[str, ...] = (HOME,),
    ) -> None:
        self._api = RazorpayApi(key_id, key_secret, base_url, timeout_seconds)
        self._webhook_secret = webhook_secret
        self._window = dt.timedelta(seconds=window_seconds)
        self._signer = URLSafeSerializer(signing_key, salt="pay/razorpay")
        self._currencies = frozenset(currencies)
        there = urlsplit(self._api.base_url)
        self.form_targets: tuple[str, ...] = (f"{there.scheme}://{there.netloc}",)

    def takes(self, currency: str, mode: PayMode | None = None) -> bool:
        approved = currency in self._currencies and AMOUNTS.takes(currency)
        return approved and (mode is None or works_in(mode, currency))

    def start(self, order: PaymentOrder) -> StartedSession:
        """Makes an order and leads to our page in front of it. Razorpay knows no idempotency for orders.

        So one with our receipt is looked for before, and after too: of two that came at once both take the older.
        """
        amount = AMOUNTS.to_charge(order.amount_minor, order.currency)
        if order.mode not in METHODS or not self.takes(order.currency, PayMode(order.mode)):
            raise PaymentRefused(f"This way to pay does not work in {order.currency}. Please choose another one.")
        found = self._orders_for(order, amount)
        if not found:
            made = self._api.make_order(_order(order, amount))
            found = [*self._orders_for(order, amount), made]
        back = urlsplit(order.return_url)
        token = self._token(found[0]["id"], order)
        return StartedSession(found[0]["id"], f"{back.scheme}://{back.netloc}{PAGE}{token}")

    def _orders_for(self, order: PaymentOrder, amount: int) -> list[Thing]:
        """Orders made for this very payment; another house may use the same account and count from one as well."""
        wanted = (amount, order.currency, order.booking_code)
        return [
            found
            for found in self._api.orders_with(order.key)
            if is_about(found, order.show_id, order.payment_id)
            and (found["amount"], found["currency"], notes_of(found).get("booking")) == wanted
        ]

    def _token(self, order_id: str, order: PaymentOrder) -> str:
        paths = [urlsplit(url)._replace(scheme="", netloc="").geturl() for url in (order.return_url, order.cancel_url)]
        return str(self._signer.dumps([order_id, paths[0], paths[1] or paths[0]]))

    def ticket(self, token: str) -> Ticket:
        """What we signed into the address of our page. Raises NotFound for one that we did not make."""
        try:
            return Ticket(*self._signer.loads(token))
        except (BadData, TypeError):
            raise NotFound from None

    def pay_page(self, token: str, site_name: str, callback_url: str) -> PayPage:
        """Our page in front of Razorpay's. Raises NotFound, GatewayUnavailable."""
        ticket = self.ticket(token)
        order = self._api.order(ticket.order_id)
        if order is None:
            raise NotFound
        notes, paid = notes_of(order), order["status"] == "paid"
        return PayPage(
            action=self._api.base_url + HOSTED,
            fields={} if paid or is_closed(order) else self._fields(order, site_name, callback_url),
            amount_minor=AMOUNTS.from_there(order["amount"], order["currency"]),
            currency=order["currency"],
            description=notes.get("description", ""),
            back=ticket.back,
            paid=paid,
        )

    def _fields(self, order: Thing, site_name: str, callback_url: str) -> dict[str, str]:
        notes = notes_of(order)
        return {
            "key_id": self._api.key_id,
            "order_id": order["id"],
            "amount": str(order["amount"]),
            "currency": order["currency"],
            "name": site_name,
            "description": notes.get("description", ""),
            "prefill[email]": notes.get("email", ""),
            "prefill[method]": METHODS[PayMode(notes.get("mode", PayMode.CARD))],
            "callback_url": callback_url,
            "cancel_url": callback_url,
        }

    def came_back(self, token: str, brought: Mapping[str, str]) -> str:
        """The path of ours to go on to, for a buyer whom Razorpay sends back. Raises NotFound, BadSignature.

        What the browser brings is checked and then not used: how the payment stands, Razorpay itself is asked.
        """
        ticket = self.ticket(token)
        payment_id = brought.get("razorpay_payment_id", "")
        if payment_id:
            order_id, signature = brought.get("razorpay_order_id", ""), brought.get("razorpay_signature", "")
            if order_id != ticket.order_id:
                raise BadSignature
            self._api.check_callback(order_id, payment_id, signature)
            return ticket.back
        return ticket.back if "error[code]" in brought else ticket.turned_back

    def fetch(self, show_id: int, payment_id: int, provider_ref: str | None) -> PaymentEvent | None:
        order = self._api.order(provider_ref) if provider_ref else self._order_of(show_id, payment_id)
        if order is None:
            return None
        return state_event(order, self._api.payments(order["id"]))

    def _order_of(self, show_id: int, payment_id: int) -> Thing | None:
        """By receipt: the id never reached us."""
        found = self._api.orders_with(f"payment-{show_id}-{payment_id}")
        return next((order for order in found if is_about(order, show_id, payment_id)), None)

    def cancel(self, provider_ref: str) -> None:
        """Razorpay can't close an order: what closes is our page in front of it, by a note that fetch() reads too.

        Who has Razorpay's own page open can still pay there. That money is late, and settled as such.
        """
        order = self._api.order(provider_ref)
        if order is not None and order["status"] != "paid" and not is_closed(order):
            self._api.note(provider_ref, {**notes_of(order), CLOSED: "yes"})

    def refund(self, provider_ref: str, amount_minor: int, currency: str, key: str) -> RefundAnswer:
        """Refunds are looked through for the key first; the header stops two that come at once."""
        try:
            amount = AMOUNTS.to_refund(amount_minor, currency)
            payment = taken_payment(self._api.payments(provider_ref))
            if payment is None or payment["currency"] != currency:
                return RefundAnswer("failed", reason=f"Nothing was paid here in {currency}.")
            return self._give_back(payment, provider_ref, amount, key)
        except RazorpayRefusal as problem:
            return RefundAnswer("failed", reason=problem.words)
        except PaymentRefused as problem:
            return RefundAnswer("failed", reason=problem.message)

    def _give_back(self, payment: Thing, ref: str, amount: int, key: str) -> RefundAnswer:
        refunds = self._api.refunds(payment["id"])
        ours = [refund for refund in refunds if notes_of(refund).get("key") == key]
        alive = [refund for refund in refunds if refund_state(refund) != "failed"]
        for refund in ours:
            if refund in alive:
                same = refund["amount"] == amount
                return _answer(refund) if same else RefundAnswer("failed", reason="Another refund has this key.")
        if amount > payment["amount"] - sum(refund["amount"] for refund in alive):
            return RefundAnswer("failed", reason="This is more than is left of what was paid.")
        again = f"{key}-{len(ours) + 1}"
        order = self._api.order(ref) or {}
        notes = {name: notes_of(order).get(name, "") for name in ("show_id", "payment_id")}
        wanted = {"amount": amount, "speed": "normal", "notes": {**notes, "key": key}}
        return _answer(self._api.make_refund(payment["id"], wanted, f"{again}-{payment['id']}"))

    def verify_event(self, body: bytes, headers: Mapping[str, str], now: dt.datetime) -> PaymentEvent:
        """Razorpay signs no time of sending, and repeats a message for a day: older than that is not believed."""
        self._api.check_webhook(body, header(headers, SIGNATURE), self._webhook_secret)
        try:
            message = message_of(body)
            age = now - dt.datetime.fromtimestamp(whole(message["created_at"], 2**35), dt.UTC)
            if age > TELLS_AGAIN + self._window or age < -self._window:
                raise BadSignature("This message is too old to be believed.")
            # The header is not signed. Without it the body itself is what makes the message the same one.
            event_id = header(headers, EVENT_ID) or hashlib.sha256(body).hexdigest()
            return read_event(words(event_id, 200), message, self._api.order)
        except UNREADABLE as problem:
            raise unreadable() from problem

    def forget_method(self, token: str) -> None:
        """Razorpay remembers cards for its own customers, not for us."""

    def close(self) -> None:
        """Let go of this thread's connections."""
        self._api.close()


def _order(order: PaymentOrder, amount: int) -> Thing:
    return {
        "amount": amount,
        "currency": order.currency,
        "receipt": order.key,
        "payment_capture": 1,
        "notes": {
            "show_id": str(order.show_id),
            "payment_id": str(order.payment_id),
            "booking": order.booking_code,
            "description": order.description[:MAX_NOTE],
            "email": order.email[:MAX_NOTE],
            "mode": order.mode,
        },
    }


def _answer(refund: Thing) -> RefundAnswer:
    return RefundAnswer(refund_state(refund), refund["id"])
