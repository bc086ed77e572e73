"""Calls to Stripe through its library: with a timeout, with its refusals sorted, with dropped connections tried again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import requests
import stripe
import structlog

from app.adapters.payments import PaymentRefused
from app.errors import GatewayUnavailable

log = structlog.get_logger(__name__)
Thing = dict[str, Any]
TRIES = 2
NOT_THERE = 404


class StripeRefusal(PaymentRefused):
    """Stripe said no; `reason` is its own code for why, `words` its own sentence, `unknown` = it has no such thing."""

    def __init__(self, problem: stripe.StripeError) -> None:
        self.reason = problem.code or ""
        self.unknown = problem.http_status == NOT_THERE
        self.words = problem.user_message or "no reason given"
        super().__init__(f"Your bank said no: {self.words}" if isinstance(problem, stripe.CardError) else None)


class StripeApi:
    """Stripe's REST interface, giving plain dicts. Raises GatewayUnavailable, and StripeRefusal where it says no.

    Every POST carries an idempotency key, ours or one of the library's, or is by nature the same twice. So a connection
    that breaks is tried once more; a timeout is not, because the caller has waited long enough.
    """

    def __init__(self, secret_key: str, base_url: str, timeout_seconds: float) -> None:
        self._http = stripe.RequestsClient(timeout=timeout_seconds)
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses=cast(Any, {"api": base_url} if base_url else {}),
            http_client=self._http,
            max_network_retries=0,
        )

    def get(self, path: str, **params: Any) -> Thing:
        return self._ask("get", path, params, "")

    def find(self, path: str, **params: Any) -> Thing | None:
        """As get(); None where Stripe has no such thing."""
        try:
            return self.get(path, **params)
        except StripeRefusal as problem:
            if problem.unknown:
                return None
            raise

    def post(self, path: str, params: Thing, key: str = "") -> Thing:
        """`key` is the idempotency key. The same key with other parameters is refused."""
        return self._ask("post", path, params, key)

    def check_signature(self, body: bytes, header: str, secret: str) -> None:
        """Raises stripe.SignatureVerificationError or ValueError. The time in the header is judged by the caller."""
        self._client.construct_event(body, header, secret, tolerance=0)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def _ask(self, method: str, path: str, params: Thing, key: str) -> Thing:
        options = {"idempotency_key": key} if key else {}
        return _sorted(lambda: cast(Thing, self._client.raw_request(method, path, **params, **options).data))


def _sorted(call: Callable[[], Thing]) -> Thing:
    """The answer of a call, or what its failure means to us."""
    for attempt in range(1, TRIES + 1):
        try:
            return call()
        except stripe.APIConnectionError as problem:
            if attempt == TRIES or not _dropped(problem.__cause__):
                raise GatewayUnavailable from problem
        except (stripe.AuthenticationError, stripe.PermissionError) as problem:
            log.error("gateway_refuses_our_key", gateway="stripe", status=problem.http_status)
            raise GatewayUnavailable from problem
        except (stripe.CardError, stripe.InvalidRequestError, stripe.IdempotencyError) as problem:
            raise StripeRefusal(problem) from problem
        except stripe.StripeError as problem:
            raise GatewayUnavailable from problem
    raise AssertionError("the last try gives an answer or raises")


def _dropped(cause: BaseException | None) -> bool:
    """A connection that broke, as kept ones do when the other side is restarted; not one that took too long."""
    broke = isinstance(cause, requests.exceptions.ConnectionError)
    return broke and not isinstance(cause, requests.exceptions.Timeout)
