"""The rules by which new shows get their prices: added, changed, put into another order, taken away, carried out.

A change names the revision of the rules that was seen, and is refused if somebody changed them since: rules are read
together, and one moved under somebody's hands means something else.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import clock
from app.db import transaction
from app.domain import price_rules as rules
from app.domain.audit import Action
from app.domain.price_rules import in_words
from app.domain.staff import By
from app.domain.week_times import EVERY_DAY
from app.errors import Invalid, NotFound
from app.models import Cinema, PriceList, PricePlan, PriceRule, Screen
from app.queries.price_lists import price_picker
from app.services.audit import audit
from app.services.holds import again_if_locked
from app.services.price_lists import lock_plan
from app.services.price_moves import Along, MovedShows, give_lists
from app.services.seen import check_seen

MOST_RULES = 50
_REPLACED = text("SELECT EXISTS (SELECT FROM price_lists WHERE replaces_id = :id)")


def add_rule(by: By, cinema_id: int, revision: int, rule: rules.PriceRule) -> int:
    """Add a rule after all others; gives its id. New shows are picked by it, those that are there keep what they have.

    Raises ConcurrentModification, Invalid (`fields`), NotFound. Locks the price plan, like all here.
    """
    with transaction() as session:
        plan = _lock(session, cinema_id, revision)
        others = _all(session, cinema_id)
        if len(others) >= MOST_RULES:
            raise Invalid(f"{MOST_RULES} rules are enough for anybody to read. Take one away first.")
        row = PriceRule(cinema_id=cinema_id, position=(others[-1].position if others else 0) + 1)
        _write(session, row, rule)
        session.add(row)
        session.flush()
        plan.revision += 1
        audit(session, by, Action.PRICE_RULE_ADDED, row.id, cinema_id=cinema_id, after=_facts(session, row))
    return row.id


def change_rule(by: By, rule_id: int, revision: int, rule: rules.PriceRule) -> None:
    """Raises as add_rule()."""
    with transaction() as session:
        plan, row = _lock_rule(session, rule_id, revision)
        before = _facts(session, row)
        _write(session, row, rule)
        session.flush()
        plan.revision += 1
        after = _facts(session, row)
        audit(session, by, Action.PRICE_RULE_CHANGED, row.id, cinema_id=row.cinema_id, before=before, after=after)


def shift_rule(by: By, rule_id: int, revision: int, up: bool) -> None:
    """Let the rule change places with the one before it, or after it. The first stays the first. Raises as add_rule()."""
    with transaction() as session:
        plan, row = _lock_rule(session, rule_id, revision)
        ordered = _all(session, row.cinema_id)
        place = ordered.index(row)
        other_place = place - 1 if up else place + 1
        if not 0 <= other_place < len(ordered):
            return
        other = ordered[other_place]
        row.position, other.position = other.position, row.position
        session.flush()
        plan.revision += 1
        places = ({"place": place + 1}, {"place": other_place + 1})
        audit(session, by, Action.PRICE_RULE_MOVED, row.id, cinema_id=row.cinema_id, before=places[0], after=places[1])


def remove_rule(by: By, rule_id: int, revision: int) -> None:
    """Raises as add_rule()."""
    with transaction() as session:
        plan, row = _lock_rule(session, rule_id, revision)
        before = _facts(session, row)
        session.delete(row)
        session.flush()
        plan.revision += 1
        audit(session, by, Action.PRICE_RULE_REMOVED, row.id, cinema_id=row.cinema_id, before=before)


def choose_default(by: By, cinema_id: int, revision: int, price_list_id: int) -> None:
    """Choose the list for shows that no rule fits. Raises as add_rule()."""
    with transaction() as session:
        plan = _lock(session, cinema_id, revision)
        chosen = _offered(session, cinema_id, price_list_id)
        old = session.get(PriceList, plan.default_list_id) if plan.default_list_id else None
        plan.default_list_id = chosen.id
        plan.revision += 1
        before, after = {"name": old.name if old else None}, {"name": chosen.name}
        audit(session, by, Action.PRICES_BY_DEFAULT, cinema_id, cinema_id=cinema_id, before=before, after=after)


def _lock(session: Session, cinema_id: int, revision: int) -> PricePlan:
    plan = lock_plan(session, cinema_id)
    check_seen(plan.revision, revision, "the rules")
    return plan


def _lock_rule(session: Session, rule_id: int, revision: int) -> tuple[PricePlan, PriceRule]:
    found = session.get(PriceRule, rule_id)
    if found is None:
        raise NotFound("There is no such rule any more.")
    plan = _lock(session, found.cinema_id, revision)
    session.refresh(found)
    return plan, found


def _all(session: Session, cinema_id: int) -> list[PriceRule]:
    wanted = select(PriceRule).where(PriceRule.cinema_id == cinema_id).order_by(PriceRule.position)
    return list(session.execute(wanted.execution_options(populate_existing=True)).scalars())


def _offered(session: Session, cinema_id: int, price_list_id: int) -> PriceList:
    """The list, if it is this cinema's and new shows may get it."""
    found = session.get(PriceList, price_list_id, populate_existing=True)
    if found is None or found.cinema_id != cinema_id:
        raise Invalid("Choose one of the lists.", fields=["price_list_id"])
    if found.archived_at is not None or session.execute(_REPLACED, {"id": price_list_id}).scalar_one():
        raise Invalid(f"{found.name} is not offered in this version any more. Choose again.", fields=["price_list_id"])
    currency = session.get_one(Cinema, cinema_id).currency
    if found.currency != currency:
        raise Invalid(f"{found.name} is in {found.currency}, the cinema sells in {currency}.", fields=["price_list_id"])
    return found


def _write(session: Session, row: PriceRule, rule: rules.PriceRule) -> None:
    """Judge a rule and put it into its row."""
    _offered(session, row.cinema_id, rule.price_list_id)
    if not rule.weekdays or not rule.weekdays <= EVERY_DAY:
        raise Invalid("Choose at least one day.", fields=["weekdays"])
    if rule.from_time is not None and rule.from_time == rule.until_time:
        raise Invalid("From and until are the same. Leave both empty for the whole day.", fields=["until_time"])
    if rule.first_day and rule.last_day and rule.last_day < rule.first_day:
        raise Invalid("The last day is before the first.", fields=["last_day"])
    if rule.screen_id is not None:
        screen = session.get(Screen, rule.screen_id)
        if screen is None or screen.cinema_id != row.cinema_id:
            raise Invalid("Choose one of the screens.", fields=["screen_id"])
    row.price_list_id, row.weekdays, row.screen_id = rule.price_list_id, sorted(rule.weekdays), rule.screen_id
    row.from_time, row.until_time, row.first_day, row.last_day = (
        rule.from_time, rule.until_time, rule.first_day, rule.last_day,
    )  # fmt: skip


def as_rule(row: Any) -> rules.PriceRule:
    """A row as the domain knows it."""
    return rules.PriceRule(
        row.price_list_id, frozenset(row.weekdays), row.from_time, row.until_time, row.first_day, row.last_day,
        row.screen_id,
    )  # fmt: skip


def _facts(session: Session, row: PriceRule) -> dict[str, str]:
    """For the audit."""
    screen = session.get(Screen, row.screen_id).name if row.screen_id else ""  # type: ignore[union-attr]
    return {"when": in_words(as_rule(row), screen), "list": session.get_one(PriceList, row.price_list_id).name}


_COMING = text("""
SELECT s.id, s.layout_id, s.price_list_id, s.screen_id, s.starts_at FROM shows s
WHERE s.cinema_id = :cinema_id AND s.state <> 'cancelled' AND s.starts_at > :now ORDER BY s.id FOR NO KEY UPDATE
""")


def carry_out_rules(by: By, cinema_id: int, revision: int, reason: str) -> MovedShows:
    """Give coming shows of which nothing is held or sold the prices that a new show at their time would get.

    Raises ConcurrentModification, NotFound, Busy. Locks the price plan, then what services/price_moves.py says.
    """
    return again_if_locked(lambda: _carry_out(by, cinema_id, revision, reason))


def _carry_out(by: By, cinema_id: int, revision: int, reason: str) -> MovedShows:
    with transaction() as session:
        _lock(session, cinema_id, revision)
        picker = price_picker(cinema_id)
        coming = session.execute(_COMING, {"cinema_id": cinema_id, "now": clock.now()}).all()
        lists = {row.id: picker.list_for(row.starts_at, row.screen_id) for row in coming}
        wanted = {row.id: new for row in coming if (new := lists[row.id]) is not None and new != row.price_list_id}
        shows = [row for row in coming if row.id in wanted]
        return give_lists(session, by, cinema_id, shows, wanted, Along.UNTOUCHED, reason)
