"""Stripe: its Checkout page by default, an intent that we confirm where Checkout is not there or a card is saved.

The id of an attempt is the session's in Checkout and the intent's otherwise, whatever message tells of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import stripe
import structlog

from app.adapters.payments import PaymentEvent, PaymentOrder, PaymentRefused, PayMode, RefundAnswer, StartedSession
from app.adapters.payments.reading import UNREADABLE, header, message_of, unreadable
from app.adapters.payments.stripe_api import StripeApi, StripeRefusal, Thing
from app.adapters.payments.stripe_events import (
    CHECKOUT,
    INTENT,
    id_of,
    intent_event,
    intent_kind,
    read_event,
    received,
    refund_state,
    saved_card,
    session_event,
    session_kind,
)
from app.adapters.payments.stripe_rules import AMOUNTS, CARD, works_in
from app.errors import BadSignature, GatewayUnavailable

log = structlog.get_logger(__name__)
SIGNATURE = "Stripe-Signature"
PAGE_LIVES = dt.timedelta(minutes=31)
"""Stripe wants a session to live 30 minutes at least, counted from when it hears of it."""
TEST_CARD = "pm_card_visa"
FULL_INTENT = ["payment_intent", "payment_intent.payment_method"]


class StripeGateway:
    """Stripe as a Gateway. `methods` gives Stripe's own names for each mode on offer, joined by +."""

    name = "stripe"
    label = "Stripe"
    saves_methods = True

    def __init__(
        self,
        secret_key: str,
        webhook_secret: str,
        window_seconds: int,
        timeout_seconds: float,
        base_url: str = "",
        flow: str = CHECKOUT,
        methods: Mapping[str, str] | None = None,
    ) -> None:
        self._api = StripeApi(secret_key, base_url, timeout_seconds)
        self._webhook_secret = webhook_secret
        self._window = window_seconds
        self._flow = flow
        self._testing = secret_key.startswith(("sk_test_", "rk_test_"))
        offered = {"card": CARD} if methods is None else methods
        self._methods: dict[str, list[str]] = {mode.lower(): names.split("+") for mode, names in offered.items()}
        self.modes = self._offered()
        self.form_targets = _form_targets(flow, base_url)

    def _offered(self) -> tuple[PayMode, ...]:
        """A new card can be typed in on Stripe's own page only, so the other flow has cards for testing alone."""
        cards = self._flow == CHECKOUT or self._testing
        return tuple(mode for mode in PayMode if mode in self._methods and (mode is not PayMode.CARD or cards))

    def takes(self, currency: str, mode: PayMode | None = None) -> bool:
        wanted = self.modes if mode is None else (mode,)
        return AMOUNTS.takes(currency) and any(
            works_in(name, currency) for each in wanted for name in self._methods.get(each, [])
        )

    def start(self, order: PaymentOrder) -> StartedSession:
        """Opens a Checkout session, or confirms an intent; the latter may have taken the money when this returns."""
        amount = AMOUNTS.to_charge(order.amount_minor, order.currency)
        if self._flow == INTENT or order.saved_token:
            return self._start_intent(order, amount)
        session = self._api.post("/v1/checkout/sessions", self._session(order, amount), _key(order))
        return StartedSession(session["id"], session["url"])

    def _session(self, order: PaymentOrder, amount: int) -> Thing:
        """Nothing in it depends on the moment: the same order must be the same request, or Stripe refuses its key.

        So the page is open for 31 minutes past the hold. What is late is closed by cancel(), and settled if it paid.
        """
        price = {
            "currency": order.currency.lower(),
            "unit_amount": amount,
            "product_data": {"name": order.description},
        }
        intent: Thing = {"metadata": _metadata(order, CHECKOUT), "description": _description(order)}
        session: Thing = {
            "mode": "payment",
            "client_reference_id": order.booking_code,
            "line_items": [{"quantity": 1, "price_data": price}],
            "payment_method_types": self._names(order),
            "metadata": _metadata(order, CHECKOUT),
            "payment_intent_data": intent,
            "success_url": order.return_url,
            "cancel_url": order.cancel_url or order.return_url,
            "expires_at": int((order.expires_at + PAGE_LIVES).timestamp()),
        }
        if order.save_method:
            intent["setup_future_usage"] = "on_session"
        if order.customer_ref:
            return {**session, "customer": order.customer_ref}
        if order.save_method:
            session["customer_creation"] = "always"
        return {**session, "customer_email": order.email} if order.email else session

    def _start_intent(self, order: PaymentOrder, amount: int) -> StartedSession:
        intent = self._api.post("/v1/payment_intents", self._intent(order, amount), _key(order))
        there = (intent.get("next_action") or {}).get("redirect_to_url") or {}
        return StartedSession(intent["id"], there.get("url") or order.return_url)

    def _intent(self, order: PaymentOrder, amount: int) -> Thing:
        intent: Thing = {
            "amount": amount,
            "currency": order.currency.lower(),
            "metadata": _metadata(order, INTENT),
            "confirm": True,
        }
        back = {"return_url": order.return_url, "description": _description(order)}
        if order.saved_token:
            saved = {"payment_method": order.saved_token, "customer": order.customer_ref}
            return {**intent, **back, **saved, "payment_method_types": [CARD]}
        name = self._names(order)[0]
        if name != CARD:
            method = {"type": name, "billing_details": {"email": order.email}} if order.email else {"type": name}
            return {**intent, **back, "payment_method_types": [name], "payment_method_data": method}
        if not self._testing:
            raise PaymentRefused("A new card can't be used here. Please choose another way to pay.")
        return {**intent, "payment_method_types": [name], "payment_method": TEST_CARD}

    def _names(self, order: PaymentOrder) -> list[str]:
        """Stripe's names of the methods asked for, those that work in the order's currency."""
        working = [name for name in self._methods.get(order.mode, []) if works_in(name, order.currency)]
        if not working:
            raise PaymentRefused(f"This way to pay does not work in {order.currency}. Please choose another one.")
        return working

    def fetch(self, show_id: int, payment_id: int, provider_ref: str | None) -> PaymentEvent | None:
        """An attempt whose id never reached us is searched for by its key, which Stripe finds within a minute."""
        ref = provider_ref or self._search(f"payment-{show_id}-{payment_id}")
        if ref is None:
            return None
        return self._session_now(ref) if _is_session(ref) else self._intent_now(ref)

    def _search(self, key: str) -> str | None:
        found = self._api.get("/v1/payment_intents/search", query=f"metadata['key']:'{key}'", limit=1)["data"]
        if not found or found[0]["metadata"].get("flow") != CHECKOUT:
            return found[0]["id"] if found else None
        sessions = self._api.get("/v1/checkout/sessions", payment_intent=found[0]["id"], limit=1)["data"]
        return sessions[0]["id"] if sessions else None

    def _session_now(self, ref: str) -> PaymentEvent | None:
        session = self._api.find(f"/v1/checkout/sessions/{ref}", expand=FULL_INTENT)
        if session is None:
            return None
        intent = session.get("payment_intent") or None
        kind = session_kind(session, intent)
        asked = {"asked": True, "state": session["status"], "paid": session["payment_status"]}
        return session_event(f"state:{ref}:{kind.value}", kind, session, asked, intent)

    def _intent_now(self, ref: str) -> PaymentEvent | None:
        intent = self._api.find(f"/v1/payment_intents/{ref}", expand=["payment_method"])
        if intent is None:
            return None
        kind = intent_kind(intent)
        return intent_event(f"state:{ref}:{kind.value}", kind, intent, {"asked": True, "state": intent["status"]})

    def cancel(self, provider_ref: str) -> None:
        """Expires the session, or cancels the intent. One that is over already stays as it is."""
        close = "checkout/sessions/{}/expire" if _is_session(provider_ref) else "payment_intents/{}/cancel"
        try:
            self._api.post(f"/v1/{close.format(provider_ref)}", {})
        except StripeRefusal as problem:
            log.info("nothing_to_cancel", gateway=self.name, reason=problem.reason)

    def refund(self, provider_ref: str, amount_minor: int, currency: str, key: str) -> RefundAnswer:
        """Refunds are looked through for the key first: Stripe itself remembers keys for a day only."""
        try:
            amount = AMOUNTS.to_refund(amount_minor, currency)
            intent = self._paid_intent(provider_ref)
            if intent is None or intent["currency"].upper() != currency:
                return RefundAnswer("failed", reason=f"Nothing was paid here in {currency}.")
            return self._give_back(intent, provider_ref, amount, key)
        except StripeRefusal as problem:
            return RefundAnswer("failed", reason=problem.words)
        except PaymentRefused as problem:
            return RefundAnswer("failed", reason=problem.message)

    def _paid_intent(self, ref: str) -> Thing | None:
        if not _is_session(ref):
            return self._api.find(f"/v1/payment_intents/{ref}")
        session = self._api.find(f"/v1/checkout/sessions/{ref}", expand=["payment_intent"])
        return session and session.get("payment_intent")

    def _give_back(self, intent: Thing, ref: str, amount: int, key: str) -> RefundAnswer:
        refunds = self._api.get("/v1/refunds", payment_intent=intent["id"], limit=100)["data"]
        ours = [refund for refund in refunds if refund["metadata"].get("key") == key]
        alive = [refund for refund in refunds if refund_state(refund) != "failed"]
        for refund in ours:
            if refund in alive:
                return _answer(refund) if refund["amount"] == amount else _taken()
        left = received(intent) - sum(refund["amount"] for refund in alive)
        if amount > left:
            return RefundAnswer("failed", reason="This is more than is left of what was paid.")
        about = {name: intent["metadata"].get(name, "") for name in ("show_id", "payment_id")}
        made = self._api.post(
            "/v1/refunds",
            {"payment_intent": intent["id"], "amount": amount, "metadata": {**about, "key": key, "ref": ref}},
            f"{key}-{len(ours) + 1}-{intent['id']}",
        )
        return _answer(made)

    def verify_event(self, body: bytes, headers: Mapping[str, str], now: dt.datetime) -> PaymentEvent:
        self._check(body, header(headers, SIGNATURE), now)
        try:
            event = read_event(message_of(body), self._ask_intent)
            return self._with_card(event)
        except UNREADABLE as problem:
            raise unreadable() from problem

    def _check(self, body: bytes, signature: str, now: dt.datetime) -> None:
        """The library checks who signed; when, we check by our own clock, and in both directions."""
        try:
            self._api.check_signature(body, signature, self._webhook_secret)
            sent = int(dict(part.strip().partition("=")[::2] for part in signature.split(","))["t"])
        except (stripe.SignatureVerificationError, *UNREADABLE) as problem:
            raise BadSignature from problem
        if abs(now.timestamp() - sent) > self._window:
            raise BadSignature("This message is too old to be believed.")

    def _ask_intent(self, intent_id: str) -> Thing | None:
        return self._api.find(f"/v1/payment_intents/{intent_id}", expand=["payment_method"])

    def _with_card(self, event: PaymentEvent) -> PaymentEvent:
        """A message has the card's id at most. Money comes first: if Stripe can't be asked, the card is not kept."""
        thing = event.raw["data"]["object"]
        if event.kind.value != "captured" or event.saved or (thing.get("metadata") or {}).get("save") != "yes":
            return event
        intent_id = id_of(thing.get("payment_intent")) or thing["id"]
        try:
            intent = self._ask_intent(intent_id)
        except GatewayUnavailable as problem:
            log.warning("card_not_saved", gateway=self.name, payment_id=event.payment_id, problem=problem.code)
            return event
        return replace(event, saved=saved_card(intent) if intent else None)

    def forget_method(self, token: str) -> None:
        try:
            self._api.post(f"/v1/payment_methods/{token}/detach", {})
        except StripeRefusal as problem:
            log.info("method_unknown", gateway=self.name, reason=problem.reason)

    def close(self) -> None:
        """Let go of the connections."""
        self._api.close()


def _form_targets(flow: str, base_url: str) -> tuple[str, ...]:
    """Stripe's pages. Who confirms an intent is sent on to banks of whom nobody has a list."""
    stand_in = urlsplit(base_url)
    other = (f"{stand_in.scheme}://{stand_in.netloc}",) if base_url else ()
    banks = ("https:",) if flow == INTENT else ("https://checkout.stripe.com", "https://hooks.stripe.com")
    return (*banks, *other)


def _key(order: PaymentOrder) -> str:
    """The order's key and its booking's code, which no other house that uses this account has."""
    return f"{order.key}-{order.booking_code}"


def _metadata(order: PaymentOrder, flow: str) -> dict[str, str]:
    return {
        "show_id": str(order.show_id),
        "payment_id": str(order.payment_id),
        "booking": order.booking_code,
        "key": order.key,
        "flow": flow,
        "save": "yes" if order.save_method else "no",
    }


def _description(order: PaymentOrder) -> str:
    return f"{order.description} ({order.booking_code})"


def _is_session(ref: str) -> bool:
    return ref.startswith("cs_")


def _answer(refund: dict[str, Any]) -> RefundAnswer:
    return RefundAnswer(refund_state(refund), refund["id"], refund.get("failure_reason") or "")


def _taken() -> RefundAnswer:
    return RefundAnswer("failed", reason="Another refund has this key.")
