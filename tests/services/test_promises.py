"""The promises can be broken: each row written behind the application's back is found by its number.

It is written as the owner of the tables, in a transaction that is taken back: the owner may also drop the constraints
that stand before most promises, and change what may only grow.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from app.adapters.payments import EventKind
from app.db import db
from app.domain.staff import COMMAND, By, Role
from app.embedded import Urls, connect
from app.embedded.databases import role_of
from app.services import extras, payments, promises
from app.services.blocking import block_screen, block_seats
from app.services.promises import PROMISES, check_promises
from app.services.show_cancelling import cancel_show, refund_show
from tests.builders import (
    a_cinema,
    a_group,
    a_hold,
    a_paid_booking,
    a_person,
    a_show,
    a_started_payment,
    an_event,
    an_offer,
    seat_ids,
)
from tests.support import kept
from tests.support.money import a_coupon, a_gift_card, an_account, money_in_wallet


class Break(NamedTuple):
    """Which promise, what is said of it, and how it is broken: statements, in order."""

    number: int
    says: str
    statements: tuple[str, ...]


def by(number: int, says: str, *statements: str) -> Break:
    return Break(number, says, statements)


def without(table: str, constraint: str) -> str:
    return f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{constraint}"


CONFIRMED = "(SELECT id FROM bookings WHERE state = 'confirmed' ORDER BY id LIMIT 1)"
A_PAYMENT = "(SELECT id FROM payments WHERE applied_at IS NOT NULL ORDER BY id LIMIT 1)"
SECOND_CAPTURE = """
INSERT INTO payments (show_id, booking_id, provider, provider_ref, mode, state, amount_minor, currency,
                      captured_minor, captured_currency, captured_at, applied_at, created_at)
SELECT show_id, booking_id, provider, 'another-' || id, mode, state, amount_minor, currency,
       captured_minor, captured_currency, captured_at, applied_at, created_at FROM payments
"""
ENTRY = """
INSERT INTO ledger_entries (show_id, key, account, party, amount_minor, currency, booking_id, at)
SELECT show_id, 'wrong', '{}', '{}', 1, currency, {}, at FROM ledger_entries LIMIT 1
"""
BREAKS = (
    by(32, "without a gap", "UPDATE invoices SET number = number + 1"),
    by(32, "without a gap", "UPDATE invoice_counters SET last = last + 1"),
    by(32, "without a gap", "DELETE FROM invoices"),
    by(32, "papers ask for", "UPDATE invoices SET total_minor = total_minor + 1"),
    by(
        1,
        "two live tickets",
        "DROP INDEX uq_tickets_live_seat",
        "UPDATE tickets t SET seat_id = (SELECT min(seat_id) FROM tickets o WHERE o.show_id = t.show_id) "
        "WHERE state = 'issued'",
    ),
    by(2, "sold to it", "UPDATE bookings SET state = 'cancelled' WHERE state = 'confirmed'"),
    by(
        3,
        "outside its show's layout",
        "UPDATE seats SET layout_id = (SELECT max(id) FROM layouts), guid = 'moved', line = 99 "
        "WHERE id = (SELECT min(seat_id) FROM tickets)",
    ),
    by(4, "layout's seats", "UPDATE layouts SET seat_count = seat_count + 1"),
    by(4, "says why", "UPDATE seat_block_seats SET lifted_at = now()"),
    by(4, "says why", "UPDATE show_seats SET state = 'blocked' WHERE state = 'free'"),
    by(4, "block names is free", "UPDATE show_seats SET state = 'free' WHERE state = 'blocked'"),
    by(5, "same end", "UPDATE bookings SET expires_at = expires_at - interval '1 minute' WHERE state = 'held'"),
    by(
        5, "same end", "UPDATE show_seats SET state = 'free', held_until = NULL, booking_id = NULL WHERE state = 'held'"
    ),
    by(
        6,
        "hard cap",
        without("bookings", "within_cap"),
        "UPDATE bookings SET expires_at = cap_at + interval '1 second' WHERE state = 'confirmed'",
    ),
    by(
        7,
        "more seats than allowed",
        """
        INSERT INTO tickets (show_id, booking_id, seat_id, number, ticket_type, price_minor, state)
        SELECT s.show_id, (SELECT id FROM bookings b WHERE b.show_id = s.show_id AND b.state = 'confirmed'), s.seat_id,
               50 + row_number() OVER (), 'adult', 0, 'issued'
        FROM show_seats s WHERE s.state = 'free' AND EXISTS (
          SELECT FROM bookings b WHERE b.show_id = s.show_id AND b.state = 'confirmed')
        """,
    ),
    by(7, "is its last offer", "UPDATE group_requests SET seats = seats + 1"),
    by(7, "is what it was offered", "UPDATE bookings SET channel = 'web' WHERE owner_key LIKE 'group:%'"),
    by(8, "exactly the seats", "UPDATE bookings SET seat_count = seat_count + 1"),
    by(9, "version rises", "UPDATE show_seats SET version = 0"),
    by(10, "before sales open", "UPDATE bookings SET held_at = held_at - interval '9 days'"),
    by(11, "sum to 0", "UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE account = 'deposits'"),
    by(12, "captured less", "UPDATE payments SET captured_minor = captured_minor + 1"),
    by(12, "captured less", "DELETE FROM ledger_entries WHERE key LIKE 'refund-%' OR key LIKE 'capture-%'"),
    by(12, "What a shift took", ENTRY.format("cash_drawer", "999", "NULL")),
    by(
        12,
        "A closed shift expected",
        "INSERT INTO shifts (cinema_id, user_id, currency, float_minor, opened_at, closed_at, expected_minor, counted_minor) "
        "SELECT (SELECT min(id) FROM cinemas), min(id), 'GBP', 5000, now(), now(), 4900, 4900 FROM users",
    ),
    by(
        12,
        "missing or over when a shift was counted",
        "INSERT INTO shifts (cinema_id, user_id, currency, float_minor, opened_at, closed_at, expected_minor, counted_minor) "
        "SELECT (SELECT min(id) FROM cinemas), min(id), 'GBP', 5000, now(), now(), 5000, 4900 FROM users",
    ),
    by(12, "gift card's balance", "UPDATE gift_cards SET balance_minor = 1 WHERE balance_minor = 0"),
    by(12, "gift card's balance", ENTRY.format("gift_card_liability", 999, "NULL")),
    by(12, "wallet's balance", "UPDATE wallets SET balance_minor = balance_minor + 1"),
    by(12, "Deposits are used up", ENTRY.format("deposits", "", CONFIRMED)),
    by(12, "Deposits are used up", "UPDATE booking_credits SET amount_minor = amount_minor + 1"),
    by(12, "Refunds payable", "UPDATE refunds SET state = 'done'"),
    by(12, "Refunds payable", "DELETE FROM ledger_entries WHERE account = 'refunds_payable'"),
    by(12, "arrives where it went", ENTRY.format("exchanges", "1-1", "NULL")),
    by(12, "sale of a booking", "DELETE FROM ledger_entries WHERE key LIKE 'sale-%'"),
    by(12, "What a cancellation", "UPDATE cancellations SET kept_minor = 1, returned_minor = returned_minor - 1"),
    by(12, "What a cancellation", "UPDATE tickets SET cancellation_id = NULL"),
    by(13, "used, or its refund", "UPDATE payments SET applied_at = NULL"),
    by(13, "used, or its refund", "UPDATE bookings SET state = 'released' WHERE state = 'confirmed'"),
    by(13, "used, or its refund", SECOND_CAPTURE),
    by(14, "never exceed", "UPDATE refunds SET amount_minor = amount_minor + 1"),
    by(14, "never exceed", "UPDATE refunds SET currency = 'EUR'"),
    by(
        14,
        "never exceed",
        without("payments", "refunds_within_capture"),
        "UPDATE payments SET credited_minor = captured_minor WHERE refunded_minor > 0",
    ),
    by(14, "payment's state", "UPDATE payments SET state = 'partly_refunded' WHERE state = 'captured'"),
    by(14, "payment's state", "UPDATE refunds SET state = 'done'"),
    by(
        14,
        "gets back more",
        without("booking_credits", "returned_within_amount"),
        "UPDATE booking_credits SET returned_minor = amount_minor + 1",
    ),
    by(
        15,
        "id is unique",
        "ALTER TABLE payments DROP CONSTRAINT uq_payments_show_id_provider_provider_ref",
        "UPDATE payments SET provider_ref = 'the same'",
    ),
    by(16, "stored quote", f"UPDATE payments SET captured_minor = captured_minor - 1 WHERE id = {A_PAYMENT}"),
    by(16, "stored quote", f"UPDATE payments SET captured_currency = 'EUR' WHERE id = {A_PAYMENT}"),
    by(16, "stored quote", "UPDATE booking_lines SET amount_minor = amount_minor + 1 WHERE kind = 'fee'"),
    by(16, "stored quote", "UPDATE booking_lines SET kind = 'fee' WHERE kind = 'discount'"),
    by(16, "The tickets of a booking", "UPDATE tickets SET price_minor = price_minor + 1 WHERE state = 'issued'"),
    by(16, "The tickets of a booking", "UPDATE tickets SET tax_minor = tax_minor + 1 WHERE state = 'issued'"),
    by(16, "What credits pay", "UPDATE booking_credits SET state = 'given_back'"),
    by(17, "without money", "UPDATE payments SET applied_at = NULL"),
    by(17, "without money", "UPDATE bookings SET credit_minor = 0"),
    by(17, "without money", "UPDATE state_changes SET actor = 'guest' WHERE subject = 'payment'"),
    by(18, "can change or take away", "SELECT 1"),  # the owner can
    by(18, "never a name", "UPDATE state_changes SET actor = 'Ada Byron' WHERE after = 'confirmed'"),
    by(
        19,
        "none is negative",
        without("tickets", "price_not_negative"),
        without("tickets", "discount_within_price"),
        "UPDATE tickets SET price_minor = -1",
    ),
    by(19, "none is negative", "UPDATE booking_lines SET amount_minor = -1 WHERE kind = 'ticket'"),
    by(19, "whole numbers only", "ALTER TABLE wallets ALTER balance_minor TYPE numeric"),
    by(
        20,
        "no more often",
        without("coupons", "used_within_limit"),
        "UPDATE coupons SET total_limit = 1, used = 2",
    ),
    by(
        20,
        "no more often",
        "UPDATE coupons SET person_limit = 1",
        """
        INSERT INTO coupon_uses (show_id, booking_id, coupon_id, state, email, entered_at)
        SELECT b.show_id, b.id, u.coupon_id, 'taken', u.email, u.entered_at FROM coupon_uses u
        JOIN bookings b ON b.id <> u.booking_id
        """,
    ),
    by(20, "count of uses", "UPDATE coupons SET used = used + 1"),
    by(
        21,
        "one effect",
        """
        INSERT INTO state_changes (show_id, subject, subject_id, before, after, at, actor)
        SELECT show_id, subject, subject_id, before, after, at, actor FROM state_changes WHERE after = 'confirmed'
        """,
    ),
    by(21, "what came of it", "UPDATE gateway_events SET outcome = 'taken'"),
    by(
        22,
        "drawn arrows",
        """
        INSERT INTO state_changes (show_id, subject, subject_id, before, after, at, actor)
        SELECT show_id, 'booking', id, 'expired', 'held', held_at, 'test' FROM bookings
        """,
    ),
    by(23, "has its row", "UPDATE payments SET state = 'failed'"),
    by(23, "has its row", "DELETE FROM state_changes WHERE subject = 'gift_card'"),
    by(23, "has its row", "DELETE FROM state_changes WHERE after = 'awaiting_payment'"),
    by(23, "has its row", "DELETE FROM state_changes WHERE subject = 'booking' AND before IS NULL"),
    by(24, "asked for is noted", "DELETE FROM outbox WHERE kind = 'render_tickets'"),
    by(24, "asked for is noted", "DELETE FROM outbox WHERE kind = 'send_refund'"),
    by(24, "asked for is noted", "DELETE FROM outbox WHERE kind = 'refund_show'"),
    by(24, "asked for is noted", "DELETE FROM messages WHERE kind = 'show_cancelled'"),
    by(24, "asked for is noted", "DELETE FROM messages WHERE kind = 'confirmation'"),
    by(26, "survives", "UPDATE payments SET booking_id = 987654"),
    by(
        26,
        "survives",
        """
        INSERT INTO state_changes (show_id, subject, subject_id, after, at, actor)
        SELECT show_id, 'booking', 987654, 'held', at, actor FROM state_changes LIMIT 1
        """,
    ),
    by(27, "One live ticket", "UPDATE tickets SET state = 'reserved' WHERE state = 'issued'"),
    by(28, "admits once", "UPDATE tickets SET state = 'admitted' WHERE state = 'issued'"),
    by(28, "admits once", "UPDATE tickets SET admitted_at = issued_at WHERE state = 'issued'"),
    by(
        28,
        "admits once",
        """
        INSERT INTO state_changes (show_id, subject, subject_id, before, after, at, actor)
        SELECT show_id, 'admission', id, 'issued', 'admitted', issued_at, 'test' FROM tickets, generate_series(1, 2)
        WHERE issued_at IS NOT NULL
        """,
    ),
    by(29, "cancelled show", "UPDATE shows SET state = 'cancelled'"),
    by(29, "cancelled show", "UPDATE bookings SET state = 'confirmed' WHERE state = 'cancelled'"),
    by(29, "cancelled show", "UPDATE show_cancellations SET finished_at = NULL", "DELETE FROM outbox"),
    by(
        29,
        "cancelled show",
        "UPDATE cancellations SET kept_minor = 100, returned_minor = returned_minor - 100",
    ),
    by(29, "cancelled show", "DELETE FROM show_cancellations"),
    by(29, "cancelled show", "UPDATE tickets SET cancellation_id = NULL", "DELETE FROM cancellations"),
    by(
        30,
        "only their cinemas",
        """
        INSERT INTO audit_entries (at, user_id, address, action, subject, before, after, reason)
        SELECT created_at, id, '', 'role.grant', 'user', '{}', '{}', '' FROM users
        """,
    ),
    by(
        30,
        "Staff touch only their cinemas",
        "INSERT INTO audit_entries (at, user_id, cinema_id, action, subject) "
        "SELECT now(), r.user_id, c.id, 'show.moved', 'show' FROM staff_roles r, cinemas c",
    ),
    by(
        31,
        "price that demand changed",
        "UPDATE bookings SET demand_percent = 15, demand_reason = 'Popular' WHERE state = 'confirmed'",
    ),
    by(
        31,
        "price that demand changed",
        "UPDATE bookings SET demand_percent = -10, demand_step = 5, demand_reason = 'Quiet' WHERE state = 'held'",
    ),
)


@pytest.fixture
def a_busy_house(app: Flask) -> None:
    """Something of everything: paid with coupon, gift card and wallet, held, refunded, called off."""
    show = a_show()
    booking = a_hold(show)
    _, code = a_gift_card(500)
    a_coupon(total_limit=5, person_limit=3)
    extras.add_coupon(show.id, booking.id, "TENOFF")
    extras.add_gift_card(show.id, booking.id, code)
    payments.settle_payment(an_event(a_started_payment(booking)))
    a_hold(show)
    waiting = a_hold(show)
    extras.add_gift_card(show.id, waiting.id, a_gift_card(500)[1])
    a_started_payment(waiting)
    money_in_wallet(an_account(), 300)
    over = a_show()
    a_paid_booking(over)
    payment = a_started_payment(a_hold(over))
    cancel_show(COMMAND, over.id, "The projector broke.")
    refund_show(over.id, 0)
    payments.settle_payment(an_event(payment))
    declined = a_started_payment(a_hold(show))
    payments.settle_payment(an_event(declined, EventKind.FAILED))
    block_seats(COMMAND, show.id, seat_ids(show, "C9"), "The chair is broken.")
    block_screen(COMMAND, show.screen_id, seat_ids(show, "A1", "C10"), "A leak in the roof.")
    cinema = a_cinema()
    staff, evening = By(a_person(Role.MANAGER, cinema).id), a_show(cinema=cinema)
    an_offer(a_group(cinema), staff, evening, seat_ids(evening)[:12])


@pytest.fixture
def owner(a_busy_house: None, urls: Urls, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """The promises are checked in a transaction of the tables' owner, which never commits."""
    assert list(check_promises()) == []
    db.session.rollback()
    engine = create_engine(urls.migration_database_url)
    with Session(engine) as session:
        monkeypatch.setattr(promises, "db", SimpleNamespace(session=session))
        monkeypatch.setattr(promises, "end_read", lambda: None)
        yield session
        session.rollback()
    monkeypatch.undo()
    engine.dispose()


def test_what_breaks_a_promise_is_found(owner: Session, subtests: pytest.Subtests) -> None:
    """By check_promises(), which tells the rows, and by the one statement that all tests end with."""
    before = {(row.number, row.promise) for row in check_promises()}
    assert {number for number, _ in before} == {18} == broken_numbers(owner), (
        "the owner alone is no guard against changes"
    )
    for broken in BREAKS:
        with subtests.test(f"{broken.number}: {broken.says}"), taken_back(owner):
            for statement in broken.statements:
                owner.execute(text(statement))
            new = {(row.number, row.promise) for row in check_promises()} - (before if broken.number != 18 else set())
            assert any(number == broken.number and broken.says in promise for number, promise in new)
            assert broken.number in broken_numbers(owner)


@contextmanager
def taken_back(session: Session) -> Iterator[None]:
    savepoint = session.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()


def broken_numbers(session: Session) -> set[int]:
    return kept.broken_numbers(session.connection().connection.dbapi_connection)


def test_every_query_of_every_promise_is_shown_to_fail() -> None:
    shown = {(one.number, check.says) for one in BREAKS for check in _checks(one.number) if one.says in check.says}
    every = {(promise.number, check.says) for promise in PROMISES for check in promise.checks}
    assert every == shown


def _checks(number: int) -> tuple[promises.Check, ...]:
    return next(promise.checks for promise in PROMISES if promise.number == number)


def test_a_right_to_change_the_books_is_told_at_once(app: Flask, urls: Urls) -> None:
    role = role_of(urls.database_url)
    with connect(urls.migration_database_url) as tables:
        tables.execute(f"GRANT DELETE ON ledger_entries TO {role}")
        try:
            assert [row.row for row in check_promises({18})] == ["name=ledger_entries privilege=DELETE"]
        finally:
            tables.execute(f"REVOKE DELETE ON ledger_entries FROM {role}")
    assert list(check_promises({18})) == []


def test_promises_have_numbers_of_their_own() -> None:
    numbers = [promise.number for promise in PROMISES]
    assert numbers == sorted(set(numbers))


def test_some_promises_can_be_looked_at_alone(app: Flask) -> None:
    booking = a_hold(a_show())
    with db.engine.begin() as connection:
        moved = "UPDATE bookings SET seat_count = seat_count + :by WHERE id = :id"
        connection.execute(text(moved), {"id": booking.id, "by": 1})
        assert list(check_promises({1, 2})) == []
    assert {row.number for row in check_promises({8})} == {8}
    with db.engine.begin() as connection:
        connection.execute(text(moved), {"id": booking.id, "by": -1})
