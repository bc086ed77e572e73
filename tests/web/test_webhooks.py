"""Messages from outside: believed only when signed and fresh, taken once, and asked for again when we fail."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from app import clock
from app.db import db
from app.errors import SeatsTaken
from app.sandbox_gateway.signing import HEADER, signature_header
from app.services import payments
from tests.builders import a_hold, a_show, a_started_payment, the_booking

SECRET = "s" * 32


@pytest.fixture
def payment(app):
    return a_started_payment(a_hold(a_show()))


def message(payment, kind: str = "payment.captured", **data) -> dict:
    return {
        "id": "evt_1",
        "type": kind,
        "data": {
            "session": payment.provider_ref,
            "amount": payment.amount_minor,
            "currency": payment.currency,
            "metadata": {"show_id": payment.show_id, "payment_id": payment.id},
            **data,
        },
    }


def send(client, body, secret: str = SECRET, age: int = 0, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    seconds = int(clock.now().timestamp()) - age
    headers = {HEADER: signature_header(secret, seconds, raw), **headers}
    return client.post("/webhooks/sandbox", data=raw, content_type="application/json", headers=headers)


def stored() -> list[str]:
    found = db.session.execute(text("SELECT outcome FROM gateway_events")).scalars().all()
    db.session.commit()
    return list(found)


def booking_state(payment) -> str:
    return the_booking(payment.show_id, payment.booking_id).state


def refused(answer, payment) -> None:
    assert answer.status_code == 400
    assert stored() == []
    assert booking_state(payment) == "awaiting_payment"


def test_a_signed_message_confirms_the_booking(client, payment):
    answer = send(client, message(payment))
    assert (answer.status_code, answer.get_data(as_text=True)) == (200, "confirmed\n")
    assert booking_state(payment) == "confirmed"


def test_a_gateway_needs_no_token_no_cookie_and_no_origin_of_ours(client, payment):
    answer = send(client, message(payment), Origin="https://gateway.example", **{"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_a_message_signed_with_another_secret_is_refused_and_not_stored(client, payment):
    refused(send(client, message(payment), secret="x" * 32), payment)


def test_a_message_altered_on_its_way_is_refused(client, payment):
    raw = json.dumps(message(payment)).encode()
    header = signature_header(SECRET, int(clock.now().timestamp()), raw)
    altered = raw.replace(b"captured", b"declined")
    refused(client.post("/webhooks/sandbox", data=altered, headers={HEADER: header}), payment)


def test_a_message_signed_for_another_time_is_refused(client, payment):
    raw = json.dumps(message(payment)).encode()
    seconds = int(clock.now().timestamp())
    header = signature_header(SECRET, seconds, raw).replace(str(seconds), str(seconds + 1))
    refused(client.post("/webhooks/sandbox", data=raw, headers={HEADER: header}), payment)


@pytest.mark.parametrize("age", [301, 86_400 * 3, -301])
def test_a_message_outside_the_window_is_refused(client, payment, age):
    refused(send(client, message(payment), age=age), payment)


@pytest.mark.parametrize("age", [290, -290])
def test_a_message_within_the_window_is_taken(client, payment, age):
    assert send(client, message(payment), age=age).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "t=,v1=",
        "t=1",
        "v1=abc",
        "t=now,v1=abc",
        "t=-5,v1=abc",
        "t=²,v1=abc",
        "t=99999999999999999999,v1=abc",
        "t=1,v1=é",
        ",,,=,=",
        "t=1;v1=2",
    ],
)
def test_a_signature_that_is_none_is_refused(client, payment, header):
    headers = {} if header is None else {HEADER: header.encode().decode("latin-1")}
    refused(client.post("/webhooks/sandbox", data=json.dumps(message(payment)), headers=headers), payment)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b'"text"',
        b"{}",
        b"{",
        b"\xff\xfe\x00",
        b'{"id": 7, "type": "payment.captured", "data": {"session": "s"}}',
        b'{"id": "e", "type": "payment.captured", "data": null}',
        b'{"id": "e", "type": "payment.captured", "data": {"session": null}}',
        b'{"id": "e", "type": "payment.captured", "data": {"session": "s", "metadata": 7}}',
        b'{"id": "e", "type": "payment.captured", "data": {"session": "s", "amount": -1}}',
        b'{"id": "e", "type": "payment.captured", "data": {"session": "s", "amount": 1.5}}',
        b'{"id": "e", "type": "payment.captured", "data": {"session": "s", "amount": true}}',
        b'{"id": "e", "type": "payment.captured", "data": {"session": "s", "amount": NaN}}',
        b'{"id": "e", "type": "payment.captured", "data": {"session": "s", "amount": 99999999999}}',
        b'{"id": "e", "type": "payment.captured", "data": {"session": "s", "currency": "POUND"}}',
        b'{"id": "e", "type": "x", "data": {"session": "s", "metadata": {"show_id": 99999999999999999999}}}',
        b'{"id": "e\\u0000", "type": "x", "data": {"session": "s"}}',
        b'{"id": "\\ud800", "type": "x", "data": {"session": "s"}}',
        b'{"id": "e", "type": "x", "data": {"session": "s"}, "more": Infinity}',
        b'{"id": "' + b"e" * 300 + b'", "type": "x", "data": {"session": "s"}}',
        b"[" * 30_000,
    ],
    ids=range(24),
)
def test_a_signed_body_that_is_no_message_is_refused_not_an_error(client, payment, body):
    refused(send(client, body), payment)


def test_a_message_sent_ten_times_is_taken_each_time_and_has_one_effect(client, payment):
    answers = [send(client, message(payment)) for _ in range(10)]
    assert [answer.status_code for answer in answers] == [200] * 10
    assert [answer.get_data(as_text=True) for answer in answers] == ["confirmed\n", *["repeated\n"] * 9]
    assert stored() == ["confirmed"]


def test_a_step_told_after_the_end_changes_nothing(client, payment):
    send(client, message(payment))
    late = {**message(payment, "payment.processing"), "id": "evt_0"}
    assert send(client, late).get_data(as_text=True) == "noted\n"
    assert booking_state(payment) == "confirmed"


def test_a_wrong_amount_is_taken_and_goes_back(client, payment):
    assert send(client, message(payment, amount=payment.amount_minor - 1)).status_code == 200
    assert stored() == ["refunded: wrong amount"]
    assert booking_state(payment) == "awaiting_payment"


@pytest.mark.parametrize(
    "metadata",
    [{"show_id": 0, "payment_id": 0}, {"show_id": 2**63 - 1, "payment_id": 2**63 - 1}, {}],
    ids=["zero", "the largest", "none"],
)
def test_an_authentic_message_about_nothing_we_know_is_stored_and_staff_is_told(client, payment, metadata):
    answer = send(client, message(payment, session="never-heard-of", metadata=metadata))
    assert answer.status_code == 200
    assert stored() == ["unknown"]
    assert db.session.execute(text("SELECT kind FROM alerts")).scalars().all() == ["unknown_payment"]


def test_a_kind_of_message_nobody_knows_is_noted(client, payment):
    assert send(client, message(payment, "payment.dreamt_of")).status_code == 200
    assert stored() == ["noted"]
    assert booking_state(payment) == "awaiting_payment"


@pytest.mark.parametrize("problem", [ZeroDivisionError, SeatsTaken], ids=["a bug", "a refusal of the rules"])
def test_a_failure_while_settling_asks_for_the_message_again(client, payment, monkeypatch, problem):
    def failing(*_):
        raise problem

    told = message(payment)
    with monkeypatch.context() as broken:
        broken.setattr(payments, "confirm", failing)
        assert send(client, told).status_code == 500
    assert stored() == []
    assert send(client, told).get_data(as_text=True) == "confirmed\n"


def test_a_gateway_we_dont_have_is_not_found(client, app):
    assert client.post("/webhooks/stripe", data=b"{}").status_code == 404


def test_a_message_larger_than_any_is_refused(client, payment):
    assert send(client, {**message(payment), "padding": "x" * 70_000}).status_code == 413
    assert stored() == []


def test_looking_at_the_address_changes_nothing(client, app):
    assert client.get("/webhooks/sandbox").status_code == 405
