"""A stand-in for Stripe that speaks its REST shapes: sessions, intents, refunds, idempotency keys, signed webhooks."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import itertools
import json
import re
from typing import Any
from urllib.parse import unquote

from app import clock
from tests.support.gateway_server import Asked, GatewayServer, Message, Refused

SECRET = "whsec_of_the_tests"
CARDS = {"pm_card_visa": "4242", "pm_card_saved": "4242", "pm_card_declined": "0002", "pm_card_asks_bank": "3184"}
Thing = dict[str, Any]


class StripeServer(GatewayServer):
    """`pay`, `decline` and the like are what the buyer does; each gives the webhooks that Stripe would send of it."""

    def __init__(self) -> None:
        self.sessions: dict[str, Thing] = {}
        self.intents: dict[str, Thing] = {}
        self.refunds: dict[str, Thing] = {}
        self.detached: list[str] = []
        self.refund_status = "succeeded"
        self._kept: dict[str, tuple[Any, int, Thing]] = {}
        self._numbers = itertools.count(1)
        super().__init__()

    # What the shop asks

    def answer(self, asked: Asked) -> Thing:
        if not asked.headers.get("authorization", "").startswith("Bearer sk_test_"):
            raise Refused(401, self.error(401, "Invalid API Key provided"))
        key = asked.headers.get("idempotency-key")
        if asked.method != "POST" or not key:
            return self._do(asked)
        wanted = (asked.path, sorted(asked.values))
        if key not in self._kept:
            self._kept[key] = (wanted, *self._tried(asked))
        known, status, answer = self._kept[key]
        if known != wanted:
            raise Refused(
                400,
                _error(
                    "Keys for idempotent requests can only be used with the same parameters", kind="idempotency_error"
                ),
            )
        if status != 200:
            raise Refused(status, answer)
        return answer

    def error(self, status: int, words: str) -> Thing:
        return _error(words, kind="api_error")

    def _tried(self, asked: Asked) -> tuple[int, Thing]:
        try:
            return 200, json.loads(json.dumps(self._do(asked)))
        except Refused as refusal:
            return refusal.status, refusal.answer

    def _do(self, asked: Asked) -> Thing:
        values = nested(asked.values)
        for method, pattern, do in (
            ("POST", "/v1/checkout/sessions", self._make_session),
            ("GET", "/v1/checkout/sessions", self._list_sessions),
            ("GET", "/v1/checkout/sessions/(cs_[^/]+)", self._show_session),
            ("POST", "/v1/checkout/sessions/(cs_[^/]+)/expire", self._expire),
            ("POST", "/v1/payment_intents", self._make_intent),
            ("GET", "/v1/payment_intents/search", self._search),
            ("GET", "/v1/payment_intents/([^/]+)", self._show_intent),
            ("POST", "/v1/payment_intents/([^/]+)/cancel", self._cancel),
            ("GET", "/v1/refunds", self._list_refunds),
            ("POST", "/v1/refunds", self._make_refund),
            ("POST", "/v1/payment_methods/([^/]+)/detach", self._detach),
        ):
            found = re.fullmatch(pattern, asked.path)
            if found and asked.method == method:
                return do(values, *(unquote(part) for part in found.groups()))
        raise Refused(404, _error(f"Unrecognized request URL ({asked.method}: {asked.path})"))

    def _make_session(self, values: Thing) -> Thing:
        now, end = clock.now(), dt.datetime.fromtimestamp(int(values["expires_at"]), dt.UTC)
        if not now + dt.timedelta(minutes=30) <= end <= now + dt.timedelta(hours=24):
            raise Refused(
                400,
                _error(
                    "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.",
                    "expires_at",
                ),
            )
        if values.get("customer") and values.get("customer_email"):
            raise Refused(400, _error("You may only specify one of these parameters: customer, customer_email."))
        price = values["line_items"][0]["price_data"]
        ref = self._id("cs_test")
        session = {
            "id": ref,
            "object": "checkout.session",
            "amount_total": int(price["unit_amount"]),
            "cancel_url": values["cancel_url"],
            "client_reference_id": values["client_reference_id"],
            "currency": price["currency"],
            "customer": values.get("customer"),
            "customer_email": values.get("customer_email"),
            "expires_at": int(values["expires_at"]),
            "livemode": False,
            "metadata": values["metadata"],
            "mode": values["mode"],
            "payment_intent": None,
            "payment_method_types": values["payment_method_types"],
            "payment_status": "unpaid",
            "status": "open",
            "success_url": values["success_url"],
            "url": f"{self.url}/c/pay/{ref}",
        }
        self.sessions[ref] = {
            **session,
            "_intent": values["payment_intent_data"],
            "_customer": values.get("customer_creation"),
        }
        return session

    def _list_sessions(self, values: Thing) -> Thing:
        found = [one for one in self.sessions.values() if one["payment_intent"] == values["payment_intent"]]
        return _list([_public(one) for one in found])

    def _show_session(self, values: Thing, ref: str) -> Thing:
        session = _public(_found(self.sessions, ref))
        if "payment_intent" in values.get("expand", []) and session["payment_intent"]:
            full = "payment_intent.payment_method" in values["expand"]
            session["payment_intent"] = self._intent(self.intents[session["payment_intent"]], full)
        return session

    def _expire(self, values: Thing, ref: str) -> Thing:
        session = _found(self.sessions, ref)
        if session["status"] != "open":
            raise Refused(400, _error('Only Checkout Sessions with a status in ["open"] can be expired.'))
        session["status"], session["url"] = "expired", None
        return _public(session)

    def _make_intent(self, values: Thing) -> Thing:
        assert values["confirm"] == "true"
        kind = values["payment_method_types"][0]
        method = values.get("payment_method")
        intent = self._new_intent(values, method, int(values["amount"]), values["currency"])
        if method == "pm_card_declined":
            raise Refused(402, {"error": self._fail(intent)})
        if kind != "card" or method == "pm_card_asks_bank":
            where = {"url": f"{self.url}/authorize/{intent['id']}", "return_url": values["return_url"]}
            intent.update(status="requires_action", next_action={"type": "redirect_to_url", "redirect_to_url": where})
        else:
            self._succeed(intent)
        return self._intent(intent)

    def _new_intent(self, values: Thing, method: str | None, amount: int, currency: str) -> Thing:
        intent = {
            "id": self._id("pi"),
            "object": "payment_intent",
            "amount": amount,
            "amount_received": 0,
            "client_secret": f"secret_{next(self._numbers)}",
            "currency": currency,
            "customer": values.get("customer"),
            "last_payment_error": None,
            "livemode": False,
            "metadata": values["metadata"],
            "next_action": None,
            "payment_method": method,
            "status": "requires_payment_method",
        }
        self.intents[intent["id"]] = intent
        return intent

    def _intent(self, intent: Thing, full: bool = False) -> Thing:
        method = intent["payment_method"]
        if full and method in CARDS:
            card = {"brand": "visa", "last4": CARDS[method], "exp_month": 12, "exp_year": 2034}
            return {
                **intent,
                "payment_method": {"id": method, "object": "payment_method", "type": "card", "card": card},
            }
        return dict(intent)

    def _search(self, values: Thing) -> Thing:
        (key,) = re.findall(r"^metadata\['key'\]:'([^']+)'$", values["query"])
        found = [self._intent(intent) for intent in self.intents.values() if intent["metadata"].get("key") == key]
        return {"object": "search_result", "data": found, "has_more": False, "url": "/v1/payment_intents/search"}

    def _show_intent(self, values: Thing, ref: str) -> Thing:
        return self._intent(_found(self.intents, ref), "payment_method" in values.get("expand", []))

    def _cancel(self, values: Thing, ref: str) -> Thing:
        intent = _found(self.intents, ref)
        if intent["status"] in ("succeeded", "canceled", "processing"):
            raise Refused(
                400, _error(f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.")
            )
        intent.update(status="canceled", next_action=None)
        return self._intent(intent)

    def _list_refunds(self, values: Thing) -> Thing:
        found = [refund for refund in self.refunds.values() if refund["payment_intent"] == values["payment_intent"]]
        return _list(found[::-1])

    def _make_refund(self, values: Thing) -> Thing:
        intent, amount = _found(self.intents, values["payment_intent"]), int(values["amount"])
        if amount > intent["amount_received"] - sum(self.given_back(intent["id"])):
            raise Refused(400, _error("Refund amount is greater than unrefunded amount on charge."))
        refund = {
            "id": self._id("re"),
            "object": "refund",
            "amount": amount,
            "currency": intent["currency"],
            "failure_reason": None,
            "metadata": values["metadata"],
            "payment_intent": intent["id"],
            "status": self.refund_status,
        }
        self.refunds[refund["id"]] = refund
        return dict(refund)

    def _detach(self, values: Thing, ref: str) -> Thing:
        if ref not in CARDS:
            raise Refused(404, _error(f"No such PaymentMethod: '{ref}'", code="resource_missing"))
        self.detached.append(ref)
        return {"id": ref, "object": "payment_method", "customer": None}

    # What the buyer does, and the bank

    def pay(self, ref: str, method: str = "pm_card_visa", delayed: bool = False) -> list[Message]:
        """On Stripe's page or the bank's: paid, or with `delayed` under way."""
        session = self.sessions.get(ref)
        intent = self._intent_of_session(session, method) if session else self.intents[ref]
        if session:
            session["status"] = "complete"
            if session["_customer"] == "always":
                session["customer"] = intent["customer"] = self._id("cus")
        if delayed:
            intent["status"] = "processing"
            return [self.tell("payment_intent.processing", intent), *self._of_session("completed", session)]
        return [*self._succeed(intent), *self._of_session("completed", session, paid=True)]

    def arrive(self, ref: str) -> list[Message]:
        """A delayed payment has come."""
        session = self.sessions[ref]
        messages = self._succeed(self.intents[session["payment_intent"]])
        return [*messages, *self._of_session("async_payment_succeeded", session, paid=True)]

    def bounce(self, ref: str) -> list[Message]:
        """A delayed payment has failed."""
        session = self.sessions[ref]
        intent = self.intents[session["payment_intent"]]
        self._fail(intent)
        return [self.tell("payment_intent.payment_failed", intent), *self._of_session("async_payment_failed", session)]

    def decline(self, ref: str) -> list[Message]:
        """The bank says no. In Checkout the buyer may try another card, so the session goes on."""
        session = self.sessions.get(ref)
        intent = self._intent_of_session(session, "pm_card_declined") if session else self.intents[ref]
        self._fail(intent)
        return [self.tell("payment_intent.payment_failed", intent)]

    def run_out(self, ref: str) -> list[Message]:
        """Nobody paid in time."""
        session = self.sessions[ref]
        session["status"] = "expired"
        return self._of_session("expired", session)

    def fail_refund(self, refund_id: str) -> Message:
        self.refunds[refund_id].update(status="failed", failure_reason="lost_or_stolen_card")
        return self.tell("refund.failed", self.refunds[refund_id])

    def given_back(self, intent_id: str) -> list[int]:
        """Amounts of the refunds of an intent that stand."""
        ours = [one for one in self.refunds.values() if one["payment_intent"] == intent_id]
        return [one["amount"] for one in ours if one["status"] != "failed"]

    def tell(self, kind: str, thing: Thing, at: dt.datetime | None = None, secret: str = SECRET) -> Message:
        """A webhook, signed."""
        event = {
            "id": self._id("evt"),
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": int(clock.now().timestamp()),
            "data": {"object": _public(thing)},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        body = json.dumps(event, indent=2).encode()
        return Message(body, signed(body, at, secret), kind)

    def _intent_of_session(self, session: Thing, method: str) -> Thing:
        if session["payment_intent"]:
            intent = self.intents[session["payment_intent"]]
            intent["payment_method"] = method
            return intent
        values = {**session["_intent"], "customer": session["customer"]}
        intent = self._new_intent(values, method, session["amount_total"], session["currency"])
        session["payment_intent"] = intent["id"]
        return intent

    def _succeed(self, intent: Thing) -> list[Message]:
        intent.update(status="succeeded", amount_received=intent["amount"], next_action=None, last_payment_error=None)
        charge = {**intent, "id": self._id("ch"), "object": "charge", "payment_intent": intent["id"]}
        return [self.tell("charge.succeeded", charge), self.tell("payment_intent.succeeded", intent)]

    def _fail(self, intent: Thing) -> Thing:
        error = {"type": "card_error", "code": "card_declined", "message": "Your card was declined."}
        intent.update(status="requires_payment_method", last_payment_error=error, next_action=None, payment_method=None)
        return error

    def _of_session(self, what: str, session: Thing | None, paid: bool = False) -> list[Message]:
        if session is None:
            return []
        if paid:
            session["payment_status"] = "paid"
        return [self.tell(f"checkout.session.{what}", session)]

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._numbers):06}"


def signed(body: bytes, at: dt.datetime | None = None, secret: str = SECRET) -> dict[str, str]:
    sent = int((at or clock.now()).timestamp())
    digest = hmac.new(secret.encode(), b"%d." % sent + body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "Stripe-Signature": f"t={sent},v1={digest}"}


def nested(values: list[tuple[str, str]]) -> Thing:
    """a[b][0][c]=1 as {"a": {"b": [{"c": "1"}]}}."""
    tree: Thing = {}
    for name, value in values:
        parts = re.findall(r"[^\[\]]+", name)
        place = tree
        for part in parts[:-1]:
            place = place.setdefault(part, {})
        place[parts[-1]] = value
    return _lists(tree)


def _lists(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    if tree and all(name.isdigit() for name in tree):
        return [_lists(tree[name]) for name in sorted(tree, key=int)]
    return {name: _lists(value) for name, value in tree.items()}


def _found(shelf: dict[str, Thing], ref: str) -> Thing:
    if ref not in shelf:
        raise Refused(404, _error(f"No such object: '{ref}'", "id", "resource_missing"))
    return shelf[ref]


def _public(thing: Thing) -> Thing:
    return {name: value for name, value in thing.items() if not name.startswith("_")}


def _list(data: list[Thing]) -> Thing:
    return {"object": "list", "data": data, "has_more": False, "url": "/v1/list"}


def _error(words: str, param: str = "", code: str = "", kind: str = "invalid_request_error") -> Thing:
    return {"error": {"type": kind, "message": words, "param": param or None, "code": code or None}}
