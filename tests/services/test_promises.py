"""The promises can be broken: each row written behind the application's back is found by its number."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text

from app.db import db
from app.domain.staff import Role
from app.services.promises import PROMISES, check_promises
from tests.builders import a_cinema, a_hold, a_paid_booking, a_person, a_show

SECOND_CAPTURE = """
INSERT INTO payments (show_id, booking_id, provider, provider_ref, mode, state, amount_minor, currency,
                      captured_minor, captured_currency, captured_at, created_at)
SELECT show_id, booking_id, provider, 'another', mode, state, amount_minor, currency,
       captured_minor, captured_currency, captured_at, created_at FROM payments
"""
BREAKS = {
    2: "UPDATE bookings SET state = 'cancelled' WHERE state = 'confirmed'",
    5: "UPDATE bookings SET expires_at = expires_at - interval '1 minute' WHERE state = 'held'",
    8: "UPDATE bookings SET seat_count = seat_count + 1",
    9: "UPDATE show_seats SET version = 0",
    10: "UPDATE bookings SET held_at = held_at - interval '9 days'",
    13: SECOND_CAPTURE,
    16: "UPDATE payments SET captured_minor = captured_minor - 1",
    17: "UPDATE payments SET captured_at = NULL",
    22: "INSERT INTO state_changes (show_id, subject, subject_id, before, after, at, actor) "
    "SELECT show_id, 'booking', id, 'expired', 'held', held_at, 'test' FROM bookings",
    23: "UPDATE payments SET state = 'failed'",
    24: "DELETE FROM outbox",
    27: "UPDATE tickets SET state = 'reserved' WHERE state = 'issued'",
    30: "INSERT INTO audit_entries (at, user_id, cinema_id, action, subject) "
    "SELECT now(), u.id, c.id, 'show.moved', 'show' FROM users u, cinemas c",
}


@pytest.mark.parametrize("number", BREAKS)
def test_what_breaks_a_promise_is_found(app: Flask, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    show = a_show()
    a_paid_booking(show)
    a_hold(show)
    a_person(Role.MANAGER, a_cinema())
    monkeypatch.setattr("app.services.promises.end_read", lambda: None)  # it would commit what is rolled back here
    assert list(check_promises()) == []
    db.session.execute(text(BREAKS[number]))
    found = {broken.number for broken in check_promises()}
    db.session.rollback()
    assert number in found


def test_promises_have_numbers_of_their_own() -> None:
    numbers = [promise.number for promise in PROMISES]
    assert numbers == sorted(set(numbers))
