"""Reading Stripe: its sessions, intents and refunds as our events. Pure; what has to be asked is asked by the caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.adapters.payments import EventKind, PaymentEvent, SavedCard
from app.adapters.payments.reading import MAX_AMOUNT, number_in, whole, words
from app.adapters.payments.stripe_rules import AMOUNTS

PROVIDER = "stripe"
CHECKOUT, INTENT = "checkout", "intent"
"""The two flows, as `flow` in the metadata of an intent names them."""
Thing = dict[str, Any]

_SESSION_KINDS = {
    "checkout.session.async_payment_succeeded": EventKind.CAPTURED,
    "checkout.session.async_payment_failed": EventKind.FAILED,
    "checkout.session.expired": EventKind.CANCELLED,
}
_INTENT_KINDS = {
    "payment_intent.succeeded": EventKind.CAPTURED,
    "payment_intent.payment_failed": EventKind.FAILED,
    "payment_intent.canceled": EventKind.CANCELLED,
}
_REFUND_KINDS = {
    "succeeded": EventKind.REFUND_DONE,
    "failed": EventKind.REFUND_FAILED,
    "canceled": EventKind.REFUND_FAILED,
}
_REFUND_STATES = {"succeeded": "done", "failed": "failed", "canceled": "failed"}


def read_event(message: Thing, ask_intent: Callable[[str], Thing | None]) -> PaymentEvent:
    """A verified webhook as an event; `ask_intent` fetches an intent by id. Raises one of reading.UNREADABLE.

    Of a payment in Checkout the session alone tells, so that one attempt has one id; its intent's messages are noted.
    """
    kind, thing = words(message["type"], 100), message["data"]["object"]
    event_id, raw = words(message["id"], 200), _without_secret(message)
    if kind.startswith("checkout.session."):
        return session_event(event_id, _SESSION_KINDS.get(kind) or session_kind(thing, None), thing, raw)
    if kind.startswith("payment_intent."):
        return intent_event(event_id, _intent_message(kind, thing), thing, raw)
    refund = _refund_in(kind, thing)
    if refund is not None:
        return refund_event(event_id, refund, raw, ask_intent)
    return _about(event_id, EventKind.PENDING, words(thing.get("id") or event_id, 200), thing, raw)


def session_kind(session: Thing, intent: Thing | None) -> EventKind:
    """How a Checkout session stands; the intent tells a delayed payment that failed from one still under way."""
    if session["payment_status"] in ("paid", "no_payment_required"):
        return EventKind.CAPTURED
    if session["status"] == "expired":
        return EventKind.CANCELLED
    failed = intent is not None and intent["status"] in ("requires_payment_method", "canceled")
    return EventKind.FAILED if session["status"] == "complete" and failed else EventKind.PENDING


def intent_kind(intent: Thing) -> EventKind:
    """How an intent stands that we confirmed ourselves."""
    if intent["status"] == "succeeded":
        return EventKind.CAPTURED
    if intent["status"] == "canceled":
        return EventKind.CANCELLED
    failed = intent["status"] == "requires_payment_method" and intent.get("last_payment_error")
    return EventKind.FAILED if failed else EventKind.PENDING


def session_event(
    event_id: str, kind: EventKind, session: Thing, raw: Thing, intent: Thing | None = None
) -> PaymentEvent:
    amount = session["amount_total"] if kind is EventKind.CAPTURED else 0
    detail = "" if kind is not EventKind.FAILED else _why(intent or {})
    saved = saved_card(intent) if intent and kind is EventKind.CAPTURED else None
    return _about(event_id, kind, words(session["id"], 200), session, raw, amount, detail, saved=saved)


def intent_event(event_id: str, kind: EventKind, intent: Thing, raw: Thing) -> PaymentEvent:
    captured = kind is EventKind.CAPTURED
    amount = received(intent) if captured else 0
    detail = _why(intent) if kind is EventKind.FAILED else ""
    saved = saved_card(intent) if captured else None
    return _about(event_id, kind, words(intent["id"], 200), intent, raw, amount, detail, saved=saved)


def refund_event(event_id: str, refund: Thing, raw: Thing, ask_intent: Callable[[str], Thing | None]) -> PaymentEvent:
    """A refund names its payment in the metadata we gave it; of one that somebody made elsewhere, its intent does."""
    kind = _REFUND_KINDS.get(refund.get("status") or "", EventKind.PENDING)
    metadata = _metadata(refund)
    intent_id = id_of(refund.get("payment_intent"))
    ref, about = metadata.get("ref") or intent_id or refund["id"], refund
    if "key" not in metadata and intent_id:
        about = {**(ask_intent(intent_id) or {}), "currency": refund["currency"]}
    detail = refund.get("failure_reason") or ""
    return _about(event_id, kind, words(ref, 200), about, raw, refund["amount"], detail, key=metadata.get("key") or "")


def received(intent: Thing) -> int:
    """What an intent brought, in Stripe's units. Servers that stand in for Stripe may say only what was asked for."""
    return whole(intent.get("amount_received", intent["amount"]), MAX_AMOUNT)


def refund_state(refund: Thing) -> str:
    """done, failed or sent."""
    return _REFUND_STATES.get(refund.get("status") or "", "sent")


def saved_card(intent: Thing) -> SavedCard | None:
    """The card of an intent that was to be remembered, where its method is there in full."""
    method = intent.get("payment_method")
    if _metadata(intent).get("save") != "yes" or not isinstance(method, dict) or not method.get("card"):
        return None
    card = method["card"]
    return SavedCard(
        token=words(method["id"], 200),
        brand=words(card["brand"], 40),
        last4=words(card["last4"], 4),
        exp_month=whole(card["exp_month"], 12),
        exp_year=whole(card["exp_year"], 9999),
        customer_ref=id_of(intent.get("customer")),
    )


def id_of(value: Any) -> str:
    """The id of a thing that stands there by its id or in full; empty if nothing does."""
    found = value.get("id") if isinstance(value, dict) else value
    return words(found or "", 200)


def _intent_message(kind: str, intent: Thing) -> EventKind:
    if _metadata(intent).get("flow") == CHECKOUT:
        return EventKind.PENDING
    return _INTENT_KINDS.get(kind, EventKind.PENDING)


def _refund_in(kind: str, thing: Thing) -> Thing | None:
    if kind.startswith(("refund.", "charge.refund.")):
        return thing
    listed = (thing.get("refunds") or {}).get("data") if kind == "charge.refunded" else None
    return listed[0] if listed else None


def _about(
    event_id: str,
    kind: EventKind,
    ref: str,
    thing: Thing,
    raw: Thing,
    amount: int = 0,
    detail: str = "",
    key: str = "",
    saved: SavedCard | None = None,
) -> PaymentEvent:
    metadata = _metadata(thing)
    currency = words(thing.get("currency") or "", 3).upper()
    return PaymentEvent(
        provider=PROVIDER,
        event_id=event_id,
        kind=kind,
        provider_ref=ref,
        show_id=number_in(metadata.get("show_id")),
        payment_id=number_in(metadata.get("payment_id")) or None,
        amount_minor=AMOUNTS.from_there(whole(amount, MAX_AMOUNT), currency),
        currency=currency,
        refund_key=words(key, 80),
        detail=words(detail, 2000)[:500],
        raw=raw,
        saved=saved,
    )


def _metadata(thing: Thing) -> Thing:
    found = thing.get("metadata") or {}
    if not isinstance(found, dict):
        raise ValueError("metadata is no object")
    return found


def _why(intent: Thing) -> str:
    problem = intent.get("last_payment_error") or {}
    return problem.get("message") or "The payment was declined."


def _without_secret(message: Thing) -> Thing:
    """The message as it may be stored: whoever has an intent's client_secret can act on it."""
    thing = {name: value for name, value in message["data"]["object"].items() if name != "client_secret"}
    return {**message, "data": {**message["data"], "object": thing}}
