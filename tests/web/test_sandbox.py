"""The sandbox provider: its pay page, its messages, its refunds; and the whole way from start to confirmed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from sqlalchemy import text

from app import clock, create_app
from app.adapters.payments import PaymentOrder, TransactionOpen, gateway
from app.adapters.payments.sandbox import SandboxGateway
from app.db import db, transaction
from app.sandbox_gateway import messenger
from app.sandbox_gateway.messenger import deliver_due_messages, next_attempt
from app.services import checkout, holds, payments
from app.services.refunds import send_refund
from tests.builders import A_BUYER, a_hold, a_show, the_booking
from tests.support.client import soup, words


class Paying:
    """A booking on its way through the sandbox, and what the worker would do meanwhile."""

    def __init__(self, client, mode: str = "card") -> None:
        self.client = client
        self.booking = a_hold(a_show())
        begun = checkout.start_payment(
            self.booking.show_id,
            self.booking.id,
            A_BUYER,
            {},
            provider="sandbox",
            mode=mode,
            return_url=f"http://localhost:8123/bookings/{self.booking.code}/return",
        )
        self.url = begun.redirect_url.removeprefix("http://localhost:8123")
        self.sent: list[bytes] = []
        self.statuses: list[int] = []

    def press(self, button: str, **wishes: str):
        return self.client.post_form(self.url, {"do": button, **wishes}, page=self.url)

    def work(self) -> int:
        """One round of the messenger, straight into our webhook."""
        return deliver_due_messages(post=self._post)

    def _post(self, url, body, headers, timeout) -> int:
        self.sent.append(body)
        answer = self.client.post("/webhooks/sandbox", data=body, headers=headers)
        self.statuses.append(answer.status_code)
        return answer.status_code

    def come_back(self) -> str:
        return payments.refresh_booking_payment(self.booking.show_id, self.booking.id)

    @property
    def state(self) -> str:
        return the_booking(self.booking.show_id, self.booking.id).state

    @property
    def session_id(self) -> str:
        return self.url.rpartition("/")[2]


def rows(sql: str):
    found = db.session.execute(text(sql)).all()
    db.session.commit()
    return found


def outcomes() -> list[str]:
    return [row.outcome for row in rows("SELECT outcome FROM gateway_events ORDER BY received_at")]


@pytest.fixture
def paying(client) -> Paying:
    return Paying(client)


def test_the_pay_page_is_on_the_port_the_buyer_came_from_and_says_what_is_paid(client):
    paying = Paying(client, mode="upi")
    assert paying.url == f"/pay/sandbox/{paying.session_id}"
    page = client.get(paying.url)
    assert page.status_code == 200
    assert "£21.50" in words(page)
    assert "ada@example.org" in words(page)
    modes = {tag["value"]: tag.has_attr("checked") for tag in soup(page).find_all("input", {"name": "mode"})}
    assert modes == {"card": False, "upi": True, "net_banking": False, "wallet": False}
    buttons = [tag["value"] for tag in soup(page).find_all("button", {"name": "do"})]
    assert buttons == ["pay", "decline", "leave", "late", "silent"]
    assert not soup(page).find_all("script")


def test_paying_leads_back_and_the_redirect_confirms(paying):
    answer = paying.press("pay", mode="wallet")
    assert answer.status_code == 303
    assert answer.location == f"http://localhost:8123/bookings/{paying.booking.code}/return"
    assert paying.come_back() == "confirmed"
    assert paying.state == "confirmed"
    assert paying.work() == 1
    assert outcomes() == ["confirmed", "repeated"]


def test_the_message_alone_confirms_when_the_buyer_never_comes_back(paying):
    paying.press("pay")
    assert paying.work() == 1
    assert paying.state == "confirmed"
    assert paying.come_back() == "repeated"
    assert paying.work() == 0


def test_paying_twice_takes_the_money_once(paying):
    paying.press("pay")
    page = paying.client.get(paying.url)
    assert "Paid" in words(page)
    token = paying.client.token(paying_page(paying))
    paying.client.post(paying.url, data={"do": "pay", "csrf_token": token})
    assert len(rows("SELECT id FROM sandbox_messages")) == 1


def paying_page(paying: Paying) -> str:
    """The pay page of another booking: it has the form that a paid one shows no more."""
    return Paying(paying.client).url


@pytest.mark.parametrize(
    ("button", "outcome", "title"), [("decline", "failed", "Declined"), ("leave", "cancelled", "Cancelled")]
)
def test_a_payment_that_was_not_made_leaves_the_seats_and_a_new_try(paying, button, outcome, title):
    assert paying.press(button).status_code == 303
    assert paying.come_back() == outcome
    assert paying.state == "awaiting_payment"
    assert title in words(paying.client.get(paying.url))
    paying.work()
    assert outcomes() == [outcome, "too late"]
    again = checkout.start_payment(
        paying.booking.show_id,
        paying.booking.id,
        A_BUYER,
        {},
        provider="sandbox",
        mode="card",
        return_url="http://localhost:8123/back",
    )
    paying.url = again.redirect_url.removeprefix("http://localhost:8123")
    paying.press("pay")
    assert paying.come_back() == "confirmed"


def test_paying_late_captures_after_the_cap_and_confirms_while_the_seats_are_free(paying, moved_clock):
    assert paying.press("late").status_code == 303
    assert paying.come_back() == "pending"
    paying.work()
    assert outcomes() == ["noted"]
    moved_clock.forward(minutes=31)
    assert holds.expire_booking(paying.booking.show_id, paying.booking.id)
    payment_id = rows("SELECT id FROM payments")[0].id
    payments.cancel_gateway_session(paying.booking.show_id, payment_id)
    assert rows("SELECT state FROM sandbox_sessions")[0].state == "processing"
    paying.work()
    assert paying.state == "expired"
    moved_clock.forward(minutes=5)
    assert paying.work() == 1
    assert outcomes() == ["noted", "confirmed late"]


def test_paying_late_for_seats_that_are_gone_goes_back_through_the_sandbox(paying, moved_clock):
    paying.press("late")
    moved_clock.forward(minutes=16)
    holds.expire_booking(paying.booking.show_id, paying.booking.id)
    seats = [row.seat_id for row in rows("SELECT seat_id FROM tickets ORDER BY number")]
    moved_clock.forward(minutes=20)
    holds.hold_seats(paying.booking.show_id, seats, "s:another")
    paying.work()
    assert "refunded: seats gone" in outcomes()
    (refund,) = rows("SELECT show_id, id FROM refunds")
    assert send_refund(refund.show_id, refund.id) == "done"
    assert [tuple(row) for row in rows("SELECT captured_minor, refunded_minor FROM sandbox_sessions")] == [(2150, 2150)]
    paying.work()
    assert outcomes()[-1] == "repeated"
    assert rows("SELECT state FROM payments")[0].state == "refunded"


def test_paying_and_never_telling_is_found_by_reconciliation(paying, moved_clock):
    answer = paying.press("silent")
    assert answer.location == paying.url
    page = paying.client.get(paying.url)
    assert "is not told" in words(page)
    link = soup(page).find("a", string="Look at the booking")
    assert link["href"] == f"http://localhost:8123/bookings/{paying.booking.code}"
    assert paying.work() == 0
    assert paying.sent == []
    moved_clock.forward(minutes=6)
    assert payments.reconcile_payments() == 1
    assert paying.state == "confirmed"


def test_a_wrong_amount_is_captured_told_and_sent_back(paying):
    paying.press("pay", short="1")
    assert paying.work() == 1
    assert outcomes() == ["refunded: wrong amount"]
    (refund,) = rows("SELECT show_id, id, amount_minor FROM refunds")
    assert refund.amount_minor == 2149
    assert send_refund(refund.show_id, refund.id) == "done"


def test_messages_sent_twice_have_one_effect(paying):
    paying.press("pay", twice="1")
    assert paying.work() == 2
    assert paying.sent[0] == paying.sent[1]
    assert outcomes() == ["confirmed"]


def test_messages_in_the_wrong_order_have_the_right_effect(paying):
    paying.press("pay", shuffled="1", twice="1")
    assert paying.work() == 4
    kinds = [body.split(b'"type": "')[1].split(b'"')[0] for body in paying.sent]
    assert kinds == [b"payment.captured"] * 2 + [b"payment.processing"] * 2
    assert outcomes() == ["confirmed", "noted"]


def test_slow_money_keeps_the_booking_waiting_until_it_is_there(paying, moved_clock):
    paying.press("pay", slow="1")
    assert paying.come_back() == "pending"
    assert "On its way" in words(paying.client.get(paying.url))
    moved_clock.forward(seconds=21)
    assert paying.come_back() == "confirmed"
    paying.work()
    assert outcomes() == ["confirmed", "noted", "repeated"]


# The page as an address


def test_a_session_nobody_opened_is_not_found(client, app):
    assert client.get("/pay/sandbox/sb_nothing").status_code == 404


def test_a_press_without_the_forms_token_is_refused(paying):
    assert paying.client.post(paying.url, data={"do": "pay"}).status_code == 403
    assert rows("SELECT state FROM sandbox_sessions")[0].state == "open"


def test_a_button_that_is_not_on_the_page_is_refused(paying):
    assert paying.press("give me money").status_code == 400
    assert rows("SELECT state FROM sandbox_sessions")[0].state == "open"


def test_a_way_to_pay_that_is_not_offered_is_ignored(paying):
    assert paying.press("pay", mode="<script>").status_code == 303
    assert rows("SELECT mode FROM sandbox_sessions")[0].mode == "card"


def test_the_sandbox_has_no_address_when_another_gateway_is_configured(settings):
    other = create_app(dataclasses.replace(settings, gateways=()))
    addresses = {rule.endpoint.partition(".")[0] for rule in other.url_map.iter_rules()}
    assert "webhooks" in addresses
    assert "sandbox" not in addresses
    assert other.test_client().post("/webhooks/sandbox", data=b"{}").status_code == 404


# As a Gateway


def an_order(number: int = 1) -> PaymentOrder:
    return PaymentOrder(
        show_id=7,
        payment_id=number,
        booking_code="ABC",
        amount_minor=1000,
        currency="GBP",
        mode="card",
        description="Metropolis, 1 seat",
        email="ada@example.org",
        return_url="https://cinema.example/bookings/ABC/return",
        expires_at=clock.now(),
    )


@pytest.fixture
def sandbox(app) -> SandboxGateway:
    found = gateway("sandbox")
    assert isinstance(found, SandboxGateway)
    return found


def test_the_same_order_twice_is_one_session(sandbox):
    first = sandbox.start(an_order())
    assert sandbox.start(an_order()) == first
    assert sandbox.start(an_order(2)) != first
    assert first.redirect_url == f"https://cinema.example/pay/sandbox/{first.provider_ref}"


def test_no_gateway_is_handed_out_inside_a_transaction(app):
    with transaction(), pytest.raises(TransactionOpen):
        gateway("sandbox")


def test_a_session_is_found_by_its_order_when_its_id_was_never_heard(sandbox):
    started = sandbox.start(an_order())
    assert sandbox.fetch(7, 1, None).provider_ref == started.provider_ref
    assert sandbox.fetch(7, 2, None) is None


def test_asking_twice_gives_the_same_event(paying, sandbox):
    paying.press("pay")
    (payment,) = rows("SELECT show_id, id, provider_ref FROM payments")
    first, second = (sandbox.fetch(payment.show_id, payment.id, payment.provider_ref) for _ in range(2))
    assert first == second
    assert first.event_id == f"state:{paying.session_id}:captured"
    assert (first.amount_minor, first.currency) == (2150, "GBP")


def test_a_cancelled_session_takes_no_money(paying, sandbox):
    page = paying.client.get(paying.url)
    token = soup(page).find("input", {"name": "csrf_token"})["value"]
    sandbox.cancel(paying.session_id)
    sandbox.cancel(paying.session_id)
    assert paying.client.post(paying.url, data={"do": "pay", "csrf_token": token}).status_code == 303
    assert paying.come_back() == "cancelled"


def test_cancelling_changes_nothing_about_what_is_paid(paying, sandbox):
    paying.press("pay")
    sandbox.cancel(paying.session_id)
    sandbox.cancel("sb_nothing")
    assert paying.come_back() == "confirmed"


def test_refunds_are_one_per_key_and_never_more_than_was_captured(paying, sandbox):
    assert sandbox.refund(paying.session_id, 1, "GBP", "early").state == "failed"
    paying.press("pay")
    first = sandbox.refund(paying.session_id, 2000, "GBP", "a")
    assert first.state == "done"
    assert sandbox.refund(paying.session_id, 2000, "GBP", "a") == first
    assert sandbox.refund(paying.session_id, 100, "GBP", "a").state == "failed"
    assert sandbox.refund(paying.session_id, 151, "GBP", "b").state == "failed"
    assert sandbox.refund(paying.session_id, 150, "EUR", "b").state == "failed"
    assert sandbox.refund(paying.session_id, 0, "GBP", "b").state == "failed"
    assert sandbox.refund("sb_nothing", 1, "GBP", "c").state == "failed"
    assert sandbox.refund(paying.session_id, 150, "GBP", "b").state == "done"
    assert rows("SELECT refunded_minor FROM sandbox_sessions")[0].refunded_minor == 2150
    paying.come_back()
    assert paying.work() == 3
    assert paying.statuses == [200, 200, 200]
    assert outcomes()[-2:] == ["unknown", "unknown"]


# The messenger


def test_a_message_that_was_not_taken_is_repeated_with_growing_pauses(paying, moved_clock):
    paying.press("pay")
    moved_clock.stop_at(clock.now())
    statuses = iter([500, 503, 302, 200])
    tries = []

    def refuse(url, body, headers, timeout) -> int:
        tries.append(clock.now())
        return next(statuses)

    for _ in range(60):
        deliver_due_messages(post=refuse)
        moved_clock.forward(seconds=1)
    pauses = [round((later - earlier).total_seconds()) for earlier, later in itertools.pairwise(tries)]
    assert pauses == [5, 10, 20]
    assert rows("SELECT failure FROM sandbox_messages WHERE taken_at IS NOT NULL")[0].failure is None


def test_a_message_is_repeated_for_a_day_and_then_given_up():
    written = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
    due, attempts, pauses = written, 0, []
    while True:
        attempts += 1
        again = next_attempt(written, due, attempts)
        if again is None:
            break
        pauses.append((again - due).total_seconds())
        due = again
    assert pauses == sorted(pauses)
    assert dt.timedelta(hours=12) < due - written <= dt.timedelta(days=1)


def test_each_attempt_is_signed_at_its_own_time(paying, moved_clock):
    paying.press("pay")
    deliver_due_messages(post=lambda *_: 500)
    moved_clock.forward(hours=3)
    assert paying.work() == 1
    assert paying.statuses == [200]


def test_nobody_at_home_stops_the_round_and_loses_nothing(paying, moved_clock):
    paying.press("pay", twice="1")
    calls = []

    def unreachable(*arguments) -> int:
        calls.append(arguments)
        raise ConnectionRefusedError("nobody")

    assert deliver_due_messages(post=unreachable) == 0
    assert len(calls) == 1
    moved_clock.forward(seconds=6)
    assert paying.work() == 2


def test_a_message_whose_worker_died_is_sent_by_another_one_later(paying, moved_clock):
    paying.press("pay")
    assert messenger._claim() is not None
    assert paying.work() == 0
    moved_clock.forward(minutes=2, seconds=1)
    assert paying.work() == 1


def test_messages_go_over_http_to_the_address_in_the_settings(paying, set_setting):
    got = []

    class Shop(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, body, dict(self.headers)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Shop) as shop:
        threading.Thread(target=shop.handle_request, daemon=True).start()
        set_setting(sandbox_webhook_url=f"http://127.0.0.1:{shop.server_port}/hooks/in")
        paying.press("pay")
        assert deliver_due_messages() == 1
    path, body, headers = got[0]
    assert path == "/hooks/in"
    event = gateway("sandbox").verify_event(body, headers, clock.now())
    assert (event.kind, event.amount_minor) == ("captured", 2150)


def test_without_a_setting_messages_go_to_our_own_address(app, set_setting):
    set_setting(base_url="https://cinema.example/")
    assert messenger.webhook_url() == "https://cinema.example/webhooks/sandbox"


def test_a_payment_wakes_the_worker_at_once(app, paying):
    paying.press("pay")
    assert messenger_jobs(app) == 1


def messenger_jobs(app) -> int:
    return sum(job.func_name.endswith("deliver_due_messages") for job in app.extensions["queue"].jobs)
