"""Reading Razorpay: its orders, payments and refunds as our events. Pure; what has to be asked is asked by the caller.

Who pays can write into the notes of a payment. So which payment of ours it is, only the notes of an order (or of a
refund) say, and those were written by us alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.adapters.payments import EventKind, PaymentEvent
from app.adapters.payments.razorpay_rules import AMOUNTS
from app.adapters.payments.reading import MAX_AMOUNT, number_in, whole, words

PROVIDER = "razorpay"
CLOSED = "closed"
Thing = dict[str, Any]
AskOrder = Callable[[str], Thing | None]

_KINDS = {
    "payment.captured": EventKind.CAPTURED,
    "order.paid": EventKind.CAPTURED,
    "payment.failed": EventKind.FAILED,
    "refund.processed": EventKind.REFUND_DONE,
    "refund.failed": EventKind.REFUND_FAILED,
}
_TAKEN = ("captured", "refunded")
_REFUND_STATES = {"processed": "done", "failed": "failed"}


def read_event(event_id: str, message: Thing, ask_order: AskOrder) -> PaymentEvent:
    """A verified webhook as an event; `ask_order` fetches an order by id. Raises one of reading.UNREADABLE."""
    name, payload = words(message["event"], 100), message["payload"]
    payment, order, refund = (_entity(payload, part) for part in ("payment", "order", "refund"))
    kind = _KINDS.get(name, EventKind.PENDING)
    order_id = words(payment.get("order_id") or order.get("id") or "", 200)
    if refund:
        return _refund_event(event_id, kind, refund, payment, order_id, message, ask_order)
    about = order or (order_id and ask_order(order_id)) or {}
    return PaymentEvent(
        provider=PROVIDER,
        event_id=event_id,
        kind=kind,
        provider_ref=order_id or words(payment.get("id") or event_id, 200),
        raw=message,
        detail=_why(payment) if kind is EventKind.FAILED else "",
        **_ours(about),
        **_amount(payment if kind is EventKind.CAPTURED else {}),
    )


def state_event(order: Thing, payments: Sequence[Thing]) -> PaymentEvent:
    """How an order stands, told as an event whose id names the state."""
    payment, kind = _taken_from(payments), EventKind.PENDING
    if payment:
        kind = EventKind.CAPTURED
    elif not any(tried["status"] in ("created", "authorized") for tried in payments):
        kind = EventKind.FAILED if payments else kind
        kind = EventKind.CANCELLED if is_closed(order) else kind
    last = payments[-1] if payments else {}
    return PaymentEvent(
        provider=PROVIDER,
        event_id=f"state:{order['id']}:{kind.value}",
        kind=kind,
        provider_ref=words(order["id"], 200),
        raw={"asked": True, "state": order["status"], "payments": [tried["status"] for tried in payments]},
        detail=_why(last) if kind is EventKind.FAILED else "",
        **_ours(order),
        **_amount(payment),
    )


def taken_payment(payments: Sequence[Thing]) -> Thing | None:
    """The one payment of an order that brought money, given back since or not."""
    return _taken_from(payments) or None


def is_closed(order: Thing) -> bool:
    """Whether we have closed it ourselves."""
    return notes_of(order).get(CLOSED) == "yes"


def is_about(order: Thing, show_id: int, payment_id: int) -> bool:
    """Whether it was made for this payment."""
    notes = notes_of(order)
    return (notes.get("show_id"), notes.get("payment_id")) == (str(show_id), str(payment_id))


def refund_state(refund: Thing) -> str:
    """done, failed or sent."""
    return _REFUND_STATES.get(refund.get("status") or "", "sent")


def notes_of(thing: Thing) -> Thing:
    """Notes, which are an empty list where there are none."""
    found = thing.get("notes")
    return found if isinstance(found, dict) else {}


def _refund_event(
    event_id: str, kind: EventKind, refund: Thing, payment: Thing, order_id: str, message: Thing, ask_order: AskOrder
) -> PaymentEvent:
    """A refund names its payment in our notes; of one that somebody made elsewhere, its order does.

    What Razorpay gives back by itself it had never captured: nothing of ours.
    """
    notes = notes_of(refund)
    ours = refund if "key" in notes else (order_id and ask_order(order_id)) or {}
    never_ours = "key" not in notes and payment.get("captured") is False
    return PaymentEvent(
        provider=PROVIDER,
        event_id=event_id,
        kind=EventKind.PENDING if never_ours else kind,
        provider_ref=order_id or words(refund["id"], 200),
        raw=message,
        refund_key=words(notes.get("key") or "", 80),
        **_ours(ours),
        **_amount(refund),
    )


def _taken_from(payments: Sequence[Thing]) -> Thing:
    return next((payment for payment in payments if payment["status"] in _TAKEN), {})


def _entity(payload: Thing, part: str) -> Thing:
    found = (payload.get(part) or {}).get("entity") or {}
    if not isinstance(found, dict):
        raise ValueError(f"{part} is no object")
    return found


def _ours(thing: Thing) -> dict[str, Any]:
    notes = notes_of(thing)
    return {"show_id": number_in(notes.get("show_id")), "payment_id": number_in(notes.get("payment_id")) or None}


def _amount(thing: Thing) -> dict[str, Any]:
    if not thing:
        return {}
    currency = words(thing["currency"], 3).upper()
    return {
        "amount_minor": AMOUNTS.from_there(whole(thing["amount"], MAX_AMOUNT), currency),
        "currency": currency,
    }


def _why(payment: Thing) -> str:
    return words(payment.get("error_description") or "The payment was declined.", 2000)[:500]
