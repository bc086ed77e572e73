"""The books: what is read from them, what does not add up, and what `flask ledger-check` says of both."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text

from app import clock
from app.db import db, transaction
from app.domain.ledger import Account, Entry, Unbalanced
from app.domain.staff import COMMAND
from app.embedded import Urls, connect
from app.models import Booking
from app.queries.ledger import AccountBalance, entries_of_booking, trial_balance
from app.services import payments
from app.services.ledger import post
from app.services.show_cancelling import cancel_show, refund_show
from tests.builders import a_cinema, a_city, a_hold, a_paid_booking, a_show, a_started_payment, an_event
from tests.support.money import a_gift_card


def balances() -> dict[tuple[str, str], int]:
    return {(row.currency, row.account): row.balance_minor for row in trial_balance()}


def test_a_sale_is_revenue_fee_and_tax_and_its_money_is_at_the_gateway(app: Flask) -> None:
    a_paid_booking(a_show())
    assert balances() == {
        ("GBP", "gateway_clearing"): 2150,
        ("GBP", "deposits"): 0,
        ("GBP", "tax_payable"): -358,
        ("GBP", "fee_revenue"): -126,
        ("GBP", "ticket_revenue"): -1666,
    }


def test_the_trial_balance_is_by_currency_and_its_sides_are_equal(app: Flask) -> None:
    a_paid_booking(a_show())
    a_paid_booking(a_show(cinema=a_cinema(a_city("Rennes", "Europe/Paris", "EUR", "FR"))))
    a_gift_card(1000)
    rows = trial_balance()
    for currency in ("EUR", "GBP"):
        own = [row for row in rows if row.currency == currency]
        assert sum(row.debit_minor for row in own) == sum(row.credit_minor for row in own) > 0
    kinds = [row.kind for row in rows if row.currency == "GBP"]
    assert kinds == sorted(kinds, key=["asset", "liability", "income", "expense"].index)


def test_a_cancelled_show_leaves_no_revenue(app: Flask) -> None:
    show = a_show()
    for _ in range(3):
        a_paid_booking(show)
    cancel_show(COMMAND, show.id, "The projector broke.")
    refund_show(show.id, 0)
    left = {account: minor for (_, account), minor in balances().items() if minor}
    assert left == {"gateway_clearing": 6450, "refunds_payable": -6450}


def test_the_entries_of_a_booking_tell_its_story_in_order(app: Flask) -> None:
    booking = a_paid_booking(a_show())
    a_paid_booking(a_show())
    lines = entries_of_booking(booking.show_id, booking.id)
    keys = list(dict.fromkeys(line.key.partition("-")[0] for line in lines))
    assert keys == ["capture", "sale"]
    assert sum(line.amount_minor for line in lines) == 0
    assert {line.currency for line in lines} == {"GBP"}


def test_what_does_not_balance_is_not_written(app: Flask) -> None:
    wrong = [Entry(Account.DEPOSITS, 1), Entry(Account.TICKET_REVENUE, -2)]
    with transaction() as session, pytest.raises(Unbalanced):
        post(session, "wrong", wrong, "GBP", clock.now(), show_id=0, booking_id=None)
    assert trial_balance() == []


def test_a_balance_is_debits_less_credits() -> None:
    assert AccountBalance("GBP", "deposits", "liability", "", 100, 350).balance_minor == -250


def run(app: Flask, *args: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=list(args))
    return result.exit_code, result.output


def test_the_check_of_an_empty_house_says_so(app: Flask) -> None:
    assert run(app, "ledger-check") == (0, "Nothing is booked yet.\nThe books add up.\n")


def test_the_check_prints_a_table_whose_columns_stand_in_line(app: Flask) -> None:
    for _ in range(3):
        a_paid_booking(a_show(), n=4)
    code, said = run(app, "ledger-check")
    table = said.split("\n\n")[0].split("\n")
    assert code == 0
    assert table[0].split() == ["ACCOUNT", "KIND", "WHAT", "IT", "HOLDS", "DEBIT", "CREDIT"]
    assert table[-1].split() == ["GBP", "Sum", "£129.00", "£129.00"]
    ends = {len(line) for line in table if line.endswith(("CREDIT", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"))}
    assert len(ends) == 2, "debits end in one column, credits in another"
    assert said.endswith("The books add up.\n")


def test_the_check_names_the_key_of_what_does_not_add_up_and_exits_1(app: Flask, urls: Urls) -> None:
    booking = a_paid_booking(a_show())
    with connect(urls.migration_database_url) as owner:
        wrong = "UPDATE ledger_entries SET amount_minor = amount_minor + {} WHERE account = 'fee_revenue'"
        owner.execute(wrong.format(1))
        code, said = run(app, "ledger-check")
        owner.execute(wrong.format(-1))
    assert code == 1
    assert f"key=sale-{booking.id} currency=GBP off_by=1" in said


def test_the_check_looks_at_balances_too(app: Flask, urls: Urls) -> None:
    a_gift_card(700)
    with connect(urls.migration_database_url) as owner:
        owner.execute("UPDATE gift_cards SET balance_minor = 699")
        code, said = run(app, "ledger-check")
        owner.execute("UPDATE gift_cards SET balance_minor = 700")
    assert code == 1
    assert "gift card's balance" in said
    assert "One thing in the books does not add up." in said


def test_the_entries_of_a_booking_can_be_printed(app: Flask) -> None:
    booking = a_paid_booking(a_show())
    code, said = run(app, "booking-ledger", booking.code.lower())
    assert code == 0
    assert "ticket_revenue" in said
    held = a_hold(a_show())
    assert run(app, "booking-ledger", held.code) == (0, "Nothing is booked for it.\n")
    assert run(app, "booking-ledger", "NONSENSE")[0] == 1


def test_the_same_movement_is_booked_once(app: Flask) -> None:
    booking = a_hold(a_show())
    event = an_event(a_started_payment(booking))
    for _ in range(3):
        payments.settle_payment(event)
    db.session.expire_all()
    assert db.session.get_one(Booking, (booking.show_id, booking.id)).state == "confirmed"
    keys = db.session.execute(text("SELECT DISTINCT key FROM ledger_entries")).scalars().all()
    assert len(keys) == 2
