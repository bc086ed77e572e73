"""The chart of accounts and what each movement of money books. Debits are positive, credits negative, sums are 0."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.domain.counter import CounterTender


class Account(StrEnum):
    """The accounts in use; each is a row of ledger_accounts with its kind and name."""

    GATEWAY_CLEARING = "gateway_clearing"
    CASH_DRAWER = "cash_drawer"
    CARD_TERMINAL = "card_terminal"
    DEPOSITS = "deposits"
    REFUNDS_PAYABLE = "refunds_payable"
    EXCHANGES = "exchanges"
    GIFT_CARD_LIABILITY = "gift_card_liability"
    WALLET_LIABILITY = "wallet_liability"
    TAX_PAYABLE = "tax_payable"
    TICKET_REVENUE = "ticket_revenue"
    FEE_REVENUE = "fee_revenue"
    CANCELLATION_REVENUE = "cancellation_revenue"
    DISCOUNTS = "discounts"
    CASH_DIFFERENCES = "cash_differences"


CHART: dict[Account, tuple[str, str]] = {
    Account.GATEWAY_CLEARING: ("asset", "Money at the payment gateways, by gateway"),
    Account.CASH_DRAWER: ("asset", "Cash in the drawers"),
    Account.CARD_TERMINAL: ("asset", "Money at the card terminals, by shift"),
    Account.DEPOSITS: ("liability", "Money received for what is not sold yet"),
    Account.REFUNDS_PAYABLE: ("liability", "Refunds promised and not yet sent back"),
    Account.EXCHANGES: ("liability", "Worth of exchanged seats on its way to the new booking"),
    Account.GIFT_CARD_LIABILITY: ("liability", "Unspent gift cards, by card"),
    Account.WALLET_LIABILITY: ("liability", "Unspent wallets, by account"),
    Account.TAX_PAYABLE: ("liability", "Tax contained in what was sold"),
    Account.TICKET_REVENUE: ("income", "Tickets, without tax"),
    Account.FEE_REVENUE: ("income", "Booking fees, without tax"),
    Account.CANCELLATION_REVENUE: ("income", "Kept of cancelled seats, without tax"),
    Account.DISCOUNTS: ("expense", "Coupons"),
    Account.CASH_DIFFERENCES: ("expense", "Cash missing from drawers, or over, by shift"),
}
"""Kind (asset, liability, income, expense) and name. More accounts may be added as rows and here; none is removed."""


class Unbalanced(RuntimeError):
    """Entries that don't sum to 0: a mistake in the code, refused before it is written."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a movement, in minor units; `party` is whose part of the account it is."""

    account: Account
    amount_minor: int
    party: str = ""


@dataclass(frozen=True, slots=True)
class SeatMoney:
    """What one sold seat contains: its price, its shares of fee and discount, and the tax inside."""

    price_minor: int
    fee_minor: int
    discount_minor: int
    tax_minor: int

    @property
    def value_minor(self) -> int:
        return self.price_minor + self.fee_minor - self.discount_minor


COUNTER_ACCOUNTS = {CounterTender.CASH: Account.CASH_DRAWER, CounterTender.TERMINAL: Account.CARD_TERMINAL}


def money_at(provider: str, amount: int, shift: int | None) -> Entry:
    """Where money is: with a gateway, or in the drawer or terminal of a shift."""
    if provider in set(CounterTender):
        return Entry(COUNTER_ACCOUNTS[CounterTender(provider)], amount, str(shift))
    return Entry(Account.GATEWAY_CLEARING, amount, provider)


def captured(amount: int, provider: str, shift: int | None = None) -> list[Entry]:
    """Money came in at a gateway or at the counter; it is a deposit until it is used."""
    return [money_at(provider, amount, shift), Entry(Account.DEPOSITS, -amount)]


def sent_back(amount: int) -> list[Entry]:
    """A capture that can't be used: its refund is owed."""
    return [Entry(Account.DEPOSITS, amount), Entry(Account.REFUNDS_PAYABLE, -amount)]


def refunded(amount: int, provider: str, shift: int | None = None) -> list[Entry]:
    """The gateway has sent a refund, or a shift has paid it out."""
    return [Entry(Account.REFUNDS_PAYABLE, amount), money_at(provider, -amount, shift)]


def cashed_up(difference: int, shift: int) -> list[Entry]:
    """A drawer held more (positive) or less than the ledger said when it was counted: from now on they agree."""
    party = str(shift)
    return merged([Entry(Account.CASH_DRAWER, difference, party), Entry(Account.CASH_DIFFERENCES, -difference, party)])


def credit_taken(account: Account, amount: int, party: str) -> list[Entry]:
    """A gift card, wallet or exchanged booking pays part of a booking. The other way round: negative amount."""
    return [Entry(account, amount, party), Entry(Account.DEPOSITS, -amount)]


def gift_card_sold(amount: int, party: str) -> list[Entry]:
    return [Entry(Account.DEPOSITS, amount), Entry(Account.GIFT_CARD_LIABILITY, -amount, party)]


def gift_card_voided(amount: int, party: str, target: Entry) -> list[Entry]:
    """What was left on a card goes to `target`: a deposit that is sent back, or a wallet."""
    return [Entry(Account.GIFT_CARD_LIABILITY, amount, party), target]


def sold(seats: Iterable[SeatMoney]) -> list[Entry]:
    """The deposit becomes revenue, fee and tax; what coupons took off is an expense."""
    rows = list(seats)
    return merged([Entry(Account.DEPOSITS, sum(seat.value_minor for seat in rows)), *_income(rows, -1)])


def given_back(
    seats: Iterable[SeatMoney], kept_minor: int, kept_tax_minor: int, returned: Iterable[Entry]
) -> list[Entry]:
    """Seats are cancelled: their sale is taken back, what is kept is income with its tax, the rest is `returned`.

    `returned` are credits (negative amounts) that sum to what comes back.
    """
    entries = _income(seats, 1)
    entries += [
        Entry(Account.CANCELLATION_REVENUE, kept_tax_minor - kept_minor),
        Entry(Account.TAX_PAYABLE, -kept_tax_minor),
    ]
    return merged([*entries, *returned])


def _income(seats: Iterable[SeatMoney], sign: int) -> list[Entry]:
    """What a sale credits (sign −1) or taking it back debits (+1), seat by seat, so that parts sum to the whole."""
    rows = list(seats)
    tax, fee_tax = sum(seat.tax_minor for seat in rows), sum(map(_fee_tax, rows))
    return [
        Entry(Account.TICKET_REVENUE, sign * (sum(seat.price_minor for seat in rows) - tax + fee_tax)),
        Entry(Account.FEE_REVENUE, sign * (sum(seat.fee_minor for seat in rows) - fee_tax)),
        Entry(Account.TAX_PAYABLE, sign * tax),
        Entry(Account.DISCOUNTS, -sign * sum(seat.discount_minor for seat in rows)),
    ]


def _fee_tax(seat: SeatMoney) -> int:
    """The part of a seat's tax that its fee bears, rounded down."""
    return seat.tax_minor * seat.fee_minor // seat.value_minor if seat.value_minor else 0


def merged(entries: Iterable[Entry]) -> list[Entry]:
    """The same with one entry for each account and party, and none of 0."""
    sums: dict[tuple[Account, str], int] = {}
    for entry in entries:
        key = (entry.account, entry.party)
        sums[key] = sums.get(key, 0) + entry.amount_minor
    return [Entry(account, amount, party) for (account, party), amount in sums.items() if amount]
