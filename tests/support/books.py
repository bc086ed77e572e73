"""What tests of money ask the books, and balances that people pay with."""

from __future__ import annotations

import itertools
from typing import Any

from sqlalchemy import text

from app import clock
from app.db import db, end_read, transaction
from app.domain.ledger import Account, Entry
from app.models import Wallet
from app.services.extras import code_hash
from app.services.ledger import post
from tests.support.cards import a_card_in_the_books

_numbers = itertools.count(1)


def rows(sql: str, **values: Any) -> list[Any]:
    found = db.session.execute(text(sql), values).all()
    end_read()
    return list(found)


def books(*accounts: Account) -> dict[str, int]:
    """What each account (or these) comes to in all, those at 0 left out."""
    sums = rows("SELECT account, sum(amount_minor) AS sum FROM ledger_entries GROUP BY account ORDER BY account")
    wanted = {account.value for account in accounts} or {row.account for row in sums}
    return {row.account: int(row.sum) for row in sums if row.sum and row.account in wanted}


def unbalanced() -> list[str]:
    """Movements whose entries don't sum to 0."""
    sql = "SELECT show_id, key FROM ledger_entries GROUP BY show_id, key, currency HAVING sum(amount_minor) <> 0"
    return [row.key for row in rows(sql)]


def a_gift_card(balance: int, currency: str = "GBP") -> str:
    """A paid gift card that holds this much; gives its code."""
    code = f"GIFT-{next(_numbers):04d}-TEST"
    a_card_in_the_books(balance, code, currency=currency)
    return code


def a_wallet(user_id: int, balance: int, currency: str = "GBP") -> None:
    with transaction() as session:
        session.add(Wallet(user_id=user_id, currency=currency, balance_minor=balance))
        _opening(session, f"opening-{user_id}", Account.WALLET_LIABILITY, balance, currency, str(user_id))


def _opening(session: Any, key: str, account: Account, amount: int, currency: str, party: str) -> None:
    entries = [Entry(Account.CASH_DRAWER, amount), Entry(account, -amount, party)]
    post(session, key, entries, currency, clock.now(), show_id=0, booking_id=None)


def card_balance(code: str) -> int:
    (row,) = rows("SELECT balance_minor FROM gift_cards WHERE code_hash = :hash", hash=code_hash(code))
    return int(row.balance_minor)


def wallet_balance(user_id: int) -> int:
    (row,) = rows("SELECT balance_minor FROM wallets WHERE user_id = :id", id=user_id)
    return int(row.balance_minor)
