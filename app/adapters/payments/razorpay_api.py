"""Calls to Razorpay through its library: with a timeout, with its refusals sorted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import razorpay
import requests
import structlog
from razorpay import errors

from app.adapters.payments import PaymentRefused
from app.errors import BadSignature, GatewayUnavailable

log = structlog.get_logger(__name__)
Thing = dict[str, Any]
BASE_URL = "https://api.razorpay.com"
TOO_MANY, BUSY_WITH_IT = 429, 409
NOT_OURS = (401, 403)
UNKNOWN = "does not exist"


class RazorpayRefusal(PaymentRefused):
    """Razorpay said no; `words` is its own sentence."""

    def __init__(self, problem: Exception) -> None:
        self.words = str(problem) or "no reason given"
        super().__init__()


class _Session(requests.Session):
    """The library knows no timeout, hides the status, and prints what goes wrong: so all of it is judged before it."""

    def __init__(self, timeout_seconds: float) -> None:
        super().__init__()
        self._timeout = timeout_seconds

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]
        """Raises GatewayUnavailable. What only asks is asked again where the connection broke, and then only."""
        options.setdefault("timeout", self._timeout)
        try:
            try:
                answer = super().request(method, url, **options)
            except requests.exceptions.ConnectionError as problem:
                if method.lower() != "get" or isinstance(problem, requests.exceptions.Timeout):
                    raise
                answer = super().request(method, url, **options)
            return _usable(answer)
        except (requests.exceptions.RequestException, ValueError) as problem:
            raise GatewayUnavailable from problem


def _usable(answer: requests.Response) -> requests.Response:
    """The answer if the library can make sense of it. Raises GatewayUnavailable, or ValueError for what is no JSON."""
    if answer.status_code in NOT_OURS:
        log.error("gateway_refuses_our_key", gateway="razorpay", status=answer.status_code)
    if answer.status_code >= 500 or answer.status_code in (TOO_MANY, BUSY_WITH_IT, *NOT_OURS):
        raise GatewayUnavailable
    if not isinstance(answer.json(), dict):
        raise ValueError("no JSON object")
    return answer


class RazorpayApi:
    """Razorpay's orders, payments and refunds as plain dicts. Raises GatewayUnavailable, and RazorpayRefusal at a no."""

    def __init__(self, key_id: str, key_secret: str, base_url: str, timeout_seconds: float) -> None:
        self.key_id, self._key_secret = key_id, key_secret
        self.base_url = base_url or BASE_URL
        self._timeout = timeout_seconds
        self._own = threading.local()

    def orders_with(self, receipt: str) -> list[Thing]:
        """Every order that has this receipt, the oldest first."""
        found = _sorted(lambda: self._client.order.all({"receipt": receipt, "count": 100}))["items"]
        return sorted(found, key=lambda order: (order["created_at"], order["id"]))

    def make_order(self, order: Thing) -> Thing:
        return _sorted(lambda: self._client.order.create(order))

    def order(self, order_id: str) -> Thing | None:
        """None where Razorpay has no such order."""
        try:
            return _sorted(lambda: self._client.order.fetch(order_id))
        except RazorpayRefusal as problem:
            if UNKNOWN in problem.words:
                return None
            raise

    def note(self, order_id: str, notes: Mapping[str, str]) -> Thing:
        """Replace the notes of an order: all that can be changed of one."""
        return _sorted(lambda: self._client.order.edit(order_id, {"notes": dict(notes)}))

    def payments(self, order_id: str) -> list[Thing]:
        """What was tried on an order, the oldest first."""
        found = _sorted(lambda: self._client.order.payments(order_id))["items"]
        return sorted(found, key=lambda payment: payment["created_at"])

    def refunds(self, payment_id: str) -> list[Thing]:
        return list(_sorted(lambda: self._client.payment.fetch_multiple_refund(payment_id, {"count": 100}))["items"])

    def make_refund(self, payment_id: str, refund: Thing, key: str) -> Thing:
        headers = {"X-Refund-Idempotency": key}
        return _sorted(lambda: self._client.payment.refund(payment_id, refund, headers=headers))

    def check_webhook(self, body: bytes, signature: str, secret: str) -> None:
        """Raises BadSignature."""
        try:
            self._client.utility.verify_webhook_signature(body.decode(), signature, secret)
        except (errors.SignatureVerificationError, TypeError, ValueError) as problem:
            raise BadSignature from problem

    def check_callback(self, order_id: str, payment_id: str, signature: str) -> None:
        """What a buyer's browser brings back from Razorpay's page. Raises BadSignature."""
        brought = {
            "razorpay_order_id": order_id,
            "razorpay_payment_id": payment_id,
            "razorpay_signature": signature,
        }
        try:
            self._client.utility.verify_payment_signature(brought)
        except (errors.SignatureVerificationError, TypeError, ValueError) as problem:
            raise BadSignature from problem

    def close(self) -> None:
        """Let go of this thread's connections."""
        if hasattr(self._own, "client"):
            self._own.client.session.close()
            del self._own.client

    @property
    def _client(self) -> Any:
        """One a thread: what the library holds is not made to be shared."""
        if not hasattr(self._own, "client"):
            session = _Session(self._timeout)
            auth = (self.key_id, self._key_secret)
            self._own.client = razorpay.Client(session=session, auth=auth, base_url=self.base_url)
        return self._own.client


def _sorted(call: Callable[[], Thing]) -> Thing:
    """The answer of a call, or what its failure means to us."""
    try:
        return call()
    except errors.BadRequestError as problem:
        raise RazorpayRefusal(problem) from problem
    except (errors.GatewayError, errors.ServerError) as problem:
        raise GatewayUnavailable from problem
