"""Stripe's adapter against a server that other people wrote: localstripe, as a process of its own.

It has no Checkout, no idempotency keys and no messages about refunds, and it gives back more than was paid. So this
shows that our requests are ones that others understand; what we promise is shown by the contract.
"""

from __future__ import annotations

import http.client
import json
import queue
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from app import clock
from app.adapters.payments import EventKind, PaymentRefused
from app.adapters.payments.stripe import StripeGateway
from app.embedded.process import free_port
from app.errors import BadSignature
from tests.support.gateway_server import Message
from tests.support.sides import StripeIntentSide
from tests.support.stripe_server import SECRET

PATIENCE_SECONDS = 20
START = (
    "from localstripe import resources, server; "
    "resources.Store.dump_to_disk = lambda self: None; "  # it would keep everything in a file for all
    "server.start()"
)


class Mailbox:
    """Receives webhooks on this machine."""

    def __init__(self) -> None:
        self.came: queue.Queue[Message] = queue.Queue()
        came = self.came

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                came.put(Message(body, dict(self.headers.items()), json.loads(body)["type"]))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Tests print nothing."""

        self.http = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/"

    def wait_for(self, kind: str) -> Message:
        while True:
            message = self.came.get(timeout=PATIENCE_SECONDS)
            if message.kind == kind:
                return message

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    port = free_port(None)
    command = [sys.executable, "-c", START, "--port", str(port), "--from-scratch"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "localstripe ended at once"
        try:
            ask(port, "DELETE", "/_config/data")
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("localstripe does not answer")


def ask(port: int, method: str, path: str, body: dict | None = None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    connection.request(method, path, json.dumps(body or {}), {"Content-Type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.fixture
def mailbox(port: int) -> Iterator[Mailbox]:
    box = Mailbox()
    assert ask(port, "POST", "/_config/webhooks/ours", {"url": box.url, "secret": SECRET}) == 200
    yield box
    box.close()


@pytest.fixture
def stripe(app, port: int) -> Iterator[StripeGateway]:
    gateway = StripeGateway("sk_test_12345", SECRET, 300, PATIENCE_SECONDS, f"http://127.0.0.1:{port}", "intent")
    yield gateway
    gateway.close()


def an_order(**changes):
    """A card's, which Stripe's own test card pays at once."""
    return StripeIntentSide.order(StripeIntentSide.__new__(StripeIntentSide), mode="card", **changes)


def test_a_payment_is_told_by_a_message_that_we_believe_and_by_asking(stripe, mailbox):
    order = an_order()
    ref = stripe.start(order).provider_ref
    message = mailbox.wait_for("payment_intent.succeeded")
    told = stripe.verify_event(message.body, message.headers, clock.now())
    asked = stripe.fetch(order.show_id, order.payment_id, ref)
    for event in (told, asked):
        assert (event.kind, event.provider_ref) == (EventKind.CAPTURED, ref)
        assert (event.show_id, event.payment_id) == (order.show_id, order.payment_id)
        assert (event.amount_minor, event.currency) == (2150, "EUR")


def test_a_message_of_theirs_that_was_altered_is_refused(stripe, mailbox):
    stripe.start(an_order())
    message = mailbox.wait_for("payment_intent.succeeded")
    with pytest.raises(BadSignature):
        stripe.verify_event(message.body.replace(b"2150", b"9150"), message.headers, clock.now())


def test_money_goes_back_in_parts_once_a_key_and_never_more_than_was_paid(stripe):
    ref = stripe.start(an_order()).provider_ref
    first = stripe.refund(ref, 650, "EUR", "refund-7-1-1")
    assert first.state == "done"
    assert stripe.refund(ref, 650, "EUR", "refund-7-1-1") == first
    assert stripe.refund(ref, 1501, "EUR", "refund-7-1-2").state == "failed"
    assert stripe.refund(ref, 1500, "EUR", "refund-7-1-3").state == "done"


def test_yen_and_dinars_are_understood(stripe):
    for currency, minor in (("JPY", 1800), ("KWD", 12_340)):
        order = an_order(currency=currency, amount_minor=minor)
        event = stripe.fetch(order.show_id, order.payment_id, stripe.start(order).provider_ref)
        assert (event.kind, event.amount_minor, event.currency) == (EventKind.CAPTURED, minor, currency)


def test_what_they_do_not_know_is_nothing_to_us(stripe):
    assert stripe.fetch(7, 1, "pi_unknown") is None
    stripe.cancel("pi_unknown")


def test_a_card_that_is_declined_is_refused_in_a_sentence(stripe, monkeypatch):
    monkeypatch.setattr("app.adapters.payments.stripe.TEST_CARD", "pm_card_chargeCustomerFail")
    with pytest.raises(PaymentRefused, match="Your bank said no"):
        stripe.start(an_order())
