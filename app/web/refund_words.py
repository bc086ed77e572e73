"""A refund policy in words: as a table of steps, as the one sentence of checkout, and for the page about refunds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.adapters.payments import PayMode
from app.domain.ledger import Account
from app.domain.refund_policy import RefundStep, ends_at, step_at
from app.domain.states import RefundState
from app.domain.tenders import AT_THE_COUNTER, VOID_CARD, TenderKind
from app.money import format_money
from app.queries.cancel_page import MoneyBack
from app.web.filters import clock_time, day

NOT_AT_ALL = "These tickets can’t be given back."
WAYS: dict[str, str] = {
    "cash": "you, in cash at the cinema’s counter",
    "terminal": "your card, at the cinema’s counter",
    PayMode.CARD: "your card",
    PayMode.UPI: "your UPI account",
    PayMode.NET_BANKING: "your bank account",
    PayMode.WALLET: "the app you paid from",
}


@dataclass(frozen=True, slots=True)
class StepRow:
    """One line of the policy's table."""

    until: str
    back: str
    over: bool
    current: bool


def policy_rows(
    steps: Sequence[RefundStep], starts_at: dt.datetime, zone: str, currency: str, now: dt.datetime
) -> list[StepRow]:
    """Every step with its end on the cinema's clocks, and what holds after the last."""
    current = step_at(steps, starts_at, now)
    rows = [
        StepRow(
            f"until {when(step, starts_at, zone)}",
            back(step, currency),
            now > ends_at(step, starts_at),
            step is current,
        )
        for step in steps
    ]
    return [*rows, StepRow("after that", "nothing", False, current is None)] if rows else []


def policy_sentence(
    steps: Sequence[RefundStep], starts_at: dt.datetime, zone: str, currency: str, now: dt.datetime
) -> str:
    """What a buyer should know before paying: the steps still ahead."""
    ahead = [step for step in steps if now <= ends_at(step, starts_at) and step.percent]
    if not ahead:
        return NOT_AT_ALL
    first, *later = [(when(step, starts_at, zone), back(step, currency)) for step in ahead]
    words = f"Cancel until {first[0]} and {first[1]}{_pause(first[1])} comes back"
    return f"{words}{''.join(f'; until {until}, {share}' for until, share in later)}. After that, nothing does."


def in_force(step: RefundStep, starts_at: dt.datetime, zone: str, currency: str) -> str:
    """Why this much: e.g. until Sat 21 Nov, 17:30, 90 % comes back."""
    share = back(step, currency)
    return f"Until {when(step, starts_at, zone)}, {share}{_pause(share)} comes back."


def policy_in_hours(steps: Sequence[RefundStep]) -> str:
    """A policy without a show: e.g. until 24 hours before and all, until 2 hours before and 90 %."""
    parts = [f"until {_before(step.minutes_before)} and {_part(step.percent)}" for step in steps if step.percent]
    return ", ".join(parts)


def policy_by_steps(steps: Sequence[RefundStep], currency: str) -> str:
    """A policy without a show, for those who set it: all until 24 hours before; 90 %, less £0.50 a seat, until 2 hours before."""
    parts = []
    for step in steps:
        share = back(step, currency).replace("all of it", "all")
        parts.append(f"{share}{_pause(share)} until {_before(step.minutes_before)}")
    return "; ".join(parts) or "nothing"


def difference_back(step: RefundStep | None, currency: str) -> str:
    """What a change for cheaper seats gives back: the difference goes back the way you paid; 90 % of the difference …"""
    if step is None or (step.percent == 100 and not step.seat_fee_minor):
        return "the difference goes back the way you paid"
    if not step.percent:
        return "nothing comes back any more"
    share = back(step, currency).replace("all of it", "all")
    words = f"{share}{_pause(share)} of the difference goes back the way you paid"
    return f"{words}, as of cancelled seats"


def when(step: RefundStep, starts_at: dt.datetime, zone: str) -> str:
    end = ends_at(step, starts_at)
    return f"{day(end, zone)}, {clock_time(end, zone)}"


def back(step: RefundStep, currency: str) -> str:
    """all of it · 90 % · 90 %, less £0.50 a seat · nothing."""
    if not step.percent:
        return "nothing"
    fee = f", less {format_money(step.seat_fee_minor, currency)} a seat" if step.seat_fee_minor else ""
    return _share(step.percent) + fee


def _pause(share: str) -> str:
    return "," if "," in share else ""


def _share(percent: Decimal) -> str:
    return "all of it" if percent == 100 else _part(percent)


def _part(percent: Decimal) -> str:
    return "all" if percent == 100 else f"{percent.normalize():f} %"


def _before(minutes: int) -> str:
    if minutes == 0:
        return "the beginning"
    hours, rest = divmod(minutes, 60)
    parts = [_count(hours, "hour")] if hours else []
    parts += [_count(rest, "minute")] if rest else []
    return f"{' and '.join(parts)} before"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def way_words(kind: TenderKind | Account, detail: str) -> str:
    """Where money goes: what a payment's mode, a gift card's last letters, a wallet or new seats mean to their owner."""
    if kind in (TenderKind.PAYMENT, Account.REFUNDS_PAYABLE) and detail == VOID_CARD:
        return "what paid for the gift card, which is void now"
    if kind in (TenderKind.PAYMENT, Account.REFUNDS_PAYABLE):
        return WAYS[detail]
    if kind in (TenderKind.GIFT_CARD, Account.GIFT_CARD_LIABILITY):
        return f"the gift card ending {detail}"
    return "your new seats" if kind is Account.EXCHANGES else "your wallet"


def customer_way(kind: TenderKind, detail: str) -> str:
    """The same as the staff read it: out of the drawer, back on the card terminal, to the customer’s card."""
    at_counter = {"cash": "out of the drawer", "terminal": "back on the card terminal"}
    if kind is TenderKind.PAYMENT and detail in at_counter:
        return at_counter[detail]
    return f"to {way_words(kind, detail)}".replace("you paid", "they paid").replace("your", "the customer’s")


def state_words(part: MoneyBack) -> str:
    """How far a part of the money has come."""
    if part.given_up:
        return "the bank refused it; our staff sees to it and writes to you"
    if part.account is Account.REFUNDS_PAYABLE and part.detail in AT_THE_COUNTER:
        return "handed out" if part.state is RefundState.DONE else "waits for you there"
    return {
        RefundState.REQUESTED: "goes out within minutes",
        RefundState.SENT: "sent; banks take up to ten days",
        RefundState.DONE: "there"
        if part.account is not Account.REFUNDS_PAYABLE
        else "sent back; banks take up to ten days",
        RefundState.FAILED: "the bank refused it; we are trying again",
    }[part.state]
