"""A stand-in for Razorpay that speaks its REST shapes: orders, payments, refunds, signed webhooks and callbacks."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import itertools
import json
import re
from typing import Any

from app import clock
from tests.support.gateway_server import Asked, GatewayServer, Message, Refused

KEY_ID, KEY_SECRET, WEBHOOK_SECRET = "rzp_test_of_the_tests", "secret of the key", "secret of the webhook"
Thing = dict[str, Any]


class RazorpayServer(GatewayServer):
    """`pay`, `decline` and the like are what the buyer does; each gives the webhooks that Razorpay would send of it."""

    def __init__(self) -> None:
        self.orders: dict[str, Thing] = {}
        self.payments: dict[str, Thing] = {}
        self.refunds: dict[str, Thing] = {}
        self.refund_status = "processed"
        self._kept: dict[str, tuple[Any, Thing]] = {}
        self._numbers = itertools.count(1)
        super().__init__()

    # What the shop asks

    def answer(self, asked: Asked) -> Thing:
        wanted = base64.b64encode(f"{KEY_ID}:{KEY_SECRET}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {wanted}":
            raise Refused(401, self.error(401, "Authentication failed"))
        sent = json.loads(asked.body) if asked.body else dict(asked.values)
        for method, pattern, do in (
            ("POST", "/v1/orders", self._make_order),
            ("GET", "/v1/orders", self._list_orders),
            ("GET", "/v1/orders/([^/]+)", self._show_order),
            ("PATCH", "/v1/orders/([^/]+)", self._note),
            ("GET", "/v1/orders/([^/]+)/payments", self._list_payments),
            ("GET", "/v1/payments/([^/]+)/refunds", self._list_refunds),
        ):
            found = re.fullmatch(pattern, asked.path)
            if found and asked.method == method:
                return do(sent, *found.groups())
        refund = re.fullmatch("/v1/payments/([^/]+)/refund", asked.path)
        if refund and asked.method == "POST":
            return self._refund_once(sent, refund[1], asked.headers.get("x-refund-idempotency", ""))
        raise _refusal("The requested URL was not found on the server.")

    def error(self, status: int, words: str) -> Thing:
        return {"error": {"code": "SERVER_ERROR" if status >= 500 else "BAD_REQUEST_ERROR", "description": words}}

    def _make_order(self, sent: Thing) -> Thing:
        least = 100 if sent["currency"] == "INR" else 1
        if type(sent["amount"]) is not int or sent["amount"] < least:
            raise _refusal("Order amount less than minimum amount allowed")
        if len(sent["receipt"]) > 40 or any(len(note) > 256 for note in sent["notes"].values()):
            raise _refusal("The receipt may not be greater than 40 characters.")
        order = {
            "id": self._id("order"),
            "entity": "order",
            "amount": sent["amount"],
            "amount_paid": 0,
            "amount_due": sent["amount"],
            "currency": sent["currency"],
            "receipt": sent["receipt"],
            "status": "created",
            "attempts": 0,
            "notes": sent["notes"],
            "created_at": _seconds(),
        }
        self.orders[order["id"]] = order
        return dict(order)

    def _list_orders(self, sent: Thing) -> Thing:
        found = [order for order in self.orders.values() if order["receipt"] == sent["receipt"]]
        return _collection(found[::-1][: int(sent["count"])])

    def _show_order(self, sent: Thing, ref: str) -> Thing:
        if ref not in self.orders:
            raise _refusal("The id provided does not exist")
        return dict(self.orders[ref])

    def _note(self, sent: Thing, ref: str) -> Thing:
        self._show_order(sent, ref)
        self.orders[ref]["notes"] = sent["notes"]
        return dict(self.orders[ref])

    def _list_payments(self, sent: Thing, ref: str) -> Thing:
        self._show_order(sent, ref)
        return _collection([one for one in self.payments.values() if one["order_id"] == ref][::-1])

    def _list_refunds(self, sent: Thing, ref: str) -> Thing:
        return _collection([one for one in self.refunds.values() if one["payment_id"] == ref][::-1])

    def _refund_once(self, sent: Thing, ref: str, key: str) -> Thing:
        if not re.fullmatch("[A-Za-z0-9_-]{10,}", key):
            raise _refusal("The idempotency key is not valid")
        if key not in self._kept:
            self._kept[key] = (sent, self._make_refund(sent, ref))
        known, refund = self._kept[key]
        if known != sent:
            raise _refusal("Different request with the same idempotency key has already been processed.")
        return refund

    def _make_refund(self, sent: Thing, ref: str) -> Thing:
        payment = self.payments[ref]
        if sent["amount"] > payment["amount"] - sum(self.given_back(payment["order_id"])):
            raise _refusal("The total refund amount is greater than the refund payment amount")
        refund = {
            "id": self._id("rfnd"),
            "entity": "refund",
            "amount": sent["amount"],
            "currency": payment["currency"],
            "payment_id": ref,
            "notes": sent["notes"],
            "receipt": sent.get("receipt"),
            "status": self.refund_status,
            "created_at": _seconds(),
        }
        self.refunds[refund["id"]] = refund
        payment["amount_refunded"] = sum(self.given_back(payment["order_id"]))
        payment["status"] = "refunded" if payment["amount_refunded"] == payment["amount"] else "captured"
        return dict(refund)

    # What the buyer does, and the bank

    def pay(self, ref: str, notes: Thing | None = None) -> list[Message]:
        """On Razorpay's page; `notes` are what the browser sent along."""
        payment = self._try(ref, "captured", notes)
        order = self.orders[ref]
        order.update(status="paid", amount_paid=order["amount"], amount_due=0)
        authorized = {**payment, "status": "authorized", "captured": False}
        return [
            self.tell("payment.authorized", payment=authorized),
            self.tell("order.paid", payment=payment, order=order),
            self.tell("payment.captured", payment=payment),
        ]

    def authorize(self, ref: str) -> list[Message]:
        """The bank has said yes; nothing is captured yet."""
        return [self.tell("payment.authorized", payment=self._try(ref, "authorized"))]

    def decline(self, ref: str) -> list[Message]:
        payment = self._try(ref, "failed")
        payment.update(error_code="BAD_REQUEST_ERROR", error_description="Payment was declined by the bank.")
        return [self.tell("payment.failed", payment=payment)]

    def fail_refund(self, refund_id: str) -> Message:
        refund = self.refunds[refund_id]
        refund["status"] = "failed"
        payment = self.payments[refund["payment_id"]]
        payment["status"] = "captured"
        return self.tell("refund.failed", refund=refund, payment=payment)

    def callback(self, ref: str) -> dict[str, str]:
        """What the buyer's browser brings back after paying."""
        (payment,) = (one for one in self.payments.values() if one["order_id"] == ref)
        digest = hmac.new(KEY_SECRET.encode(), f"{ref}|{payment['id']}".encode(), hashlib.sha256).hexdigest()
        return {"razorpay_order_id": ref, "razorpay_payment_id": payment["id"], "razorpay_signature": digest}

    def given_back(self, ref: str) -> list[int]:
        """Amounts of the refunds of an order that stand."""
        ours = {one["id"] for one in self.payments.values() if one["order_id"] == ref}
        return [
            one["amount"] for one in self.refunds.values() if one["payment_id"] in ours and one["status"] != "failed"
        ]

    def tell(
        self, kind: str, at: dt.datetime | None = None, secret: str = WEBHOOK_SECRET, **entities: Thing
    ) -> Message:
        """A webhook, signed."""
        event = {
            "entity": "event",
            "account_id": "acc_of_the_tests",
            "event": kind,
            "contains": list(entities),
            "payload": {name: {"entity": thing} for name, thing in entities.items()},
            "created_at": int((at or clock.now()).timestamp()),
        }
        body = json.dumps(event).encode()
        return Message(body, {**signed(body, secret), "X-Razorpay-Event-Id": self._id("event")}, kind)

    def _try(self, ref: str, status: str, notes: Thing | None = None) -> Thing:
        order = self.orders[ref]
        order.update(status="attempted", attempts=order["attempts"] + 1)
        payment = {
            "id": self._id("pay"),
            "entity": "payment",
            "amount": order["amount"],
            "currency": order["currency"],
            "status": status,
            "order_id": ref,
            "method": "upi",
            "captured": status == "captured",
            "amount_refunded": 0,
            "email": "ada@example.org",
            "notes": notes or [],
            "error_code": None,
            "error_description": None,
            "created_at": _seconds() + len(self.payments),
        }
        self.payments[payment["id"]] = payment
        return payment

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._numbers):014}"


def signed(body: bytes, secret: str = WEBHOOK_SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Razorpay-Signature": digest}


def _seconds() -> int:
    return int(clock.now().timestamp())


def _collection(items: list[Thing]) -> Thing:
    return {"entity": "collection", "count": len(items), "items": items}


def _refusal(words: str) -> Refused:
    return Refused(400, {"error": {"code": "BAD_REQUEST_ERROR", "description": words}})
