"""What each movement of money books."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.domain import ledger
from app.domain.ledger import Account, Entry, SeatMoney
from app.domain.pricing import contained_tax
from app.domain.shares import allocate


@st.composite
def seats(draw):
    """Seats as a quote leaves them: shares of fee and discount, and a tax that their sum contains."""
    prices = draw(st.lists(st.integers(0, 5000), min_size=1, max_size=10))
    fee = draw(st.integers(0, 300))
    cuts = [draw(st.integers(0, price)) for price in prices]
    values = [price + fee - cut for price, cut in zip(prices, cuts, strict=True)]
    taxes = allocate(contained_tax(sum(values), draw(st.sampled_from([0, 2, 5, 20]))), values)
    return [SeatMoney(*money) for money in zip(prices, [fee] * len(prices), cuts, taxes, strict=True)]


def total(entries: list[Entry]) -> int:
    return sum(entry.amount_minor for entry in entries)


def by_account(entries: list[Entry]) -> dict[Account, int]:
    sums: dict[Account, int] = {}
    for entry in entries:
        sums[entry.account] = sums.get(entry.account, 0) + entry.amount_minor
    return {account: amount for account, amount in sums.items() if amount}


def test_every_account_is_in_the_chart():
    assert set(ledger.CHART) == set(Account)
    assert {kind for kind, _ in ledger.CHART.values()} == {"asset", "liability", "income", "expense"}


@given(st.integers(1, 10**9))
def test_a_capture_a_return_and_a_refund_balance_and_end_where_they_began(amount):
    steps = [ledger.captured(amount, "sandbox"), ledger.sent_back(amount), ledger.refunded(amount, "sandbox")]
    assert [total(step) for step in steps] == [0, 0, 0]
    assert by_account([entry for step in steps for entry in step]) == {}


@given(seats())
def test_a_sale_balances_and_turns_the_deposit_into_revenue_fee_and_tax(rows):
    entries = ledger.sold(rows)
    sums = by_account(entries)
    assert total(entries) == 0
    assert sums.get(Account.DEPOSITS, 0) == sum(row.value_minor for row in rows)
    assert -sums.get(Account.TAX_PAYABLE, 0) == sum(row.tax_minor for row in rows)
    assert sums.get(Account.DISCOUNTS, 0) == sum(row.discount_minor for row in rows)
    assert sums.get(Account.FEE_REVENUE, 0) <= 0


@given(seats(), st.data())
def test_seats_given_back_in_any_parts_leave_nothing_of_the_sale(rows, data):
    sale = ledger.sold(rows)
    left, books = list(rows), list(sale)
    while left:
        part = [left.pop() for _ in range(data.draw(st.integers(1, len(left))))]
        value = sum(row.value_minor for row in part)
        books += ledger.given_back(part, 0, 0, [Entry(Account.REFUNDS_PAYABLE, -value)])
    expected = {Account.DEPOSITS: sum(row.value_minor for row in rows)}
    expected[Account.REFUNDS_PAYABLE] = -expected[Account.DEPOSITS]
    assert by_account(books) == {account: amount for account, amount in expected.items() if amount}


@given(seats(), st.data())
def test_what_is_kept_is_income_with_its_tax(rows, data):
    value, tax = sum(row.value_minor for row in rows), sum(row.tax_minor for row in rows)
    kept = data.draw(st.integers(0, value))
    kept_tax = data.draw(st.integers(0, min(tax, kept)))
    entries = ledger.given_back(rows, kept, kept_tax, [Entry(Account.REFUNDS_PAYABLE, kept - value)])
    sums = by_account(ledger.sold(rows) + entries)
    assert total(entries) == 0
    assert sums.get(Account.CANCELLATION_REVENUE, 0) == kept_tax - kept
    assert sums.get(Account.TAX_PAYABLE, 0) == -kept_tax
    assert Account.TICKET_REVENUE not in sums
    assert Account.FEE_REVENUE not in sums


def test_entries_of_one_account_and_party_become_one_and_nothing_is_booked_as_nothing():
    entries = [
        Entry(Account.DEPOSITS, 5),
        Entry(Account.DEPOSITS, -5),
        Entry(Account.WALLET_LIABILITY, 2, "1"),
        Entry(Account.WALLET_LIABILITY, 3, "1"),
        Entry(Account.WALLET_LIABILITY, 1, "2"),
    ]
    assert ledger.merged(entries) == [
        Entry(Account.WALLET_LIABILITY, 5, "1"),
        Entry(Account.WALLET_LIABILITY, 1, "2"),
    ]
