"""Price lists: made, given new versions, renamed, put away and taken up again.

Whoever changes the lists or the rules of a cinema locks its price plan first, so all of it happens one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import clock
from app.db import transaction
from app.domain.audit import Action
from app.domain.price_lists import MOST_CATEGORIES, as_words, problems
from app.domain.pricing import PriceTable
from app.domain.staff import By
from app.errors import ConcurrentModification, Conflict, Invalid, NotFound
from app.models import Cinema, Price, PriceList, PricePlan
from app.services.audit import audit
from app.services.holds import again_if_locked
from app.services.once import note_made
from app.services.price_moves import Along, MovedShows, move_older_shows

LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class NewVersion:
    """The version that stands now, and what became of the shows that had an earlier one."""

    price_list_id: int
    version: int
    shows: MovedShows


_MAKE_PLAN = text("INSERT INTO price_plans (cinema_id) VALUES (:cinema_id) ON CONFLICT DO NOTHING")


def lock_plan(session: Session, cinema_id: int) -> PricePlan:
    """How the cinema picks its prices, locked; made if nobody has yet. Raises NotFound."""
    if session.get(Cinema, cinema_id, populate_existing=True) is None:
        raise NotFound("There is no such cinema.")
    session.execute(_MAKE_PLAN, {"cinema_id": cinema_id})
    return session.get_one(PricePlan, cinema_id, with_for_update=True, populate_existing=True)


def make_list(by: By, cinema_id: int, name: str, prices: PriceTable) -> int:
    """A new price list, in the cinema's currency; gives its id. The cinema's first serves where no rule fits.

    Raises Invalid: `fields` names "name" or the cells that are wrong. Locks the price plan, like all here.
    """
    with transaction() as session:
        plan = lock_plan(session, cinema_id)
        currency = session.get_one(Cinema, cinema_id).currency
        _judge_name(session, cinema_id, name)
        _judge(prices, currency)
        _keep_the_default(session, plan)
        made = PriceList(cinema_id=cinema_id, name=name, currency=currency, created_at=clock.now())
        _add(session, made, prices)
        plan.default_list_id = plan.default_list_id or made.id
        after = {"name": name, **as_words(prices, currency)}
        audit(session, by, Action.PRICES_MADE, made.id, cinema_id=cinema_id, after=after)
    return made.id


_ONLY_ONE = text("SELECT min(id) FROM price_lists WHERE cinema_id = :cinema_id HAVING count(*) = 1")


def _keep_the_default(session: Session, plan: PricePlan) -> None:
    """An only list serves for all shows without being chosen; a second one must not change that."""
    if plan.default_list_id is None:
        plan.default_list_id = session.execute(_ONLY_ONE, {"cinema_id": plan.cinema_id}).scalar()


def _judge_name(session: Session, cinema_id: int, name: str) -> None:
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid(f"Give the list a name of at most {LONGEST_NAME} letters.", fields=["name"])
    taken = select(PriceList.id).where(PriceList.cinema_id == cinema_id, PriceList.name == name).limit(1)
    if session.execute(taken).scalar() is not None:
        raise Invalid(f"There is a list called {name} already, perhaps among those put away.", fields=["name"])


def _judge(prices: PriceTable, currency: str) -> None:
    if not prices:
        raise Invalid("Write at least one price for adults.", fields=["prices"])
    if len({category for category, _ in prices}) > MOST_CATEGORIES:
        raise Invalid(f"A list has at most {MOST_CATEGORIES} categories.", fields=["prices"])
    if wrong := problems(prices, currency):
        raise Invalid(next(iter(wrong.values())), cells=wrong)


def _add(session: Session, made: PriceList, prices: PriceTable) -> None:
    session.add(made)
    session.flush()
    for (category, kind), minor in prices.items():
        session.add(Price(price_list_id=made.id, category=category, ticket_type=kind, amount_minor=minor))
    session.flush()


def change_list(by: By, price_list_id: int, prices: PriceTable, along: Along, reason: str) -> NewVersion:
    """New prices: a new version, which rules and new shows get from now on; coming shows that have an earlier version
    keep it or are taken along. Whoever has seats or is paying for them pays what they were told.

    Raises ConcurrentModification if somebody made another version since, Invalid, NotFound, Busy. Locks the price
    plan, then what services/price_moves.py says.
    """
    return again_if_locked(lambda: _change(by, price_list_id, prices, along, reason))


def _change(by: By, price_list_id: int, prices: PriceTable, along: Along, reason: str) -> NewVersion:
    with transaction() as session:
        plan, old = _lock_list(session, price_list_id)
        if old.archived_at is not None:
            raise Invalid("This list is put away. Take it up again first.")
        _judge(prices, old.currency)
        was = prices_in(session, old.id)
        if was == dict(prices):
            raise Invalid("These are the prices that stand already.", fields=["prices"])
        made = PriceList(
            cinema_id=old.cinema_id, name=old.name, currency=old.currency, created_at=clock.now(),
            version=old.version + 1, replaces_id=old.id,
        )  # fmt: skip
        _add(session, made, prices)
        note_made(session, made.id)  # the audit of the shows that go along comes first
        _put_in_place(session, plan, old.id, made.id)
        before, after = as_words(was, old.currency), as_words(prices, old.currency)
        versions = ({"version": old.version}, {"version": made.version})
        shows = move_older_shows(session, by, made, along, reason)
        audit(
            session, by, Action.PRICES_CHANGED, made.id, cinema_id=old.cinema_id,
            before={**versions[0], **before}, after={**versions[1], **after}, reason=reason,
        )  # fmt: skip
    return NewVersion(made.id, made.version, shows)


_RULES_GO_ALONG = text("UPDATE price_rules SET price_list_id = :made WHERE price_list_id = :old")


def _put_in_place(session: Session, plan: PricePlan, old_id: int, made_id: int) -> None:
    """What picked the old version picks the new one."""
    session.execute(_RULES_GO_ALONG, {"old": old_id, "made": made_id})
    if plan.default_list_id == old_id:
        plan.default_list_id = made_id


def _lock_list(session: Session, price_list_id: int) -> tuple[PricePlan, PriceList]:
    """The list as it stands, its cinema's plan locked. Raises NotFound, ConcurrentModification."""
    found = session.get(PriceList, price_list_id)
    if found is None:
        raise NotFound("There is no such price list.")
    plan = lock_plan(session, found.cinema_id)
    session.refresh(found)
    newer = session.execute(select(PriceList).where(PriceList.replaces_id == price_list_id)).scalar()
    if newer is not None:
        raise ConcurrentModification(
            f"{found.name} has got version {newer.version} meanwhile, and nothing of yours was kept. Look at that "
            f"version, and change it if it is not what you want."
        )
    return plan, found


def prices_in(session: Session, price_list_id: int) -> dict[tuple[str, str], int]:
    """As the transaction sees them, in minor units."""
    rows = session.execute(select(Price).where(Price.price_list_id == price_list_id)).scalars()
    return {(row.category, row.ticket_type): row.amount_minor for row in rows}


def take_shows_along(by: By, price_list_id: int, along: Along, reason: str) -> MovedShows:
    """Give coming shows that have an earlier version of this list the one that stands. Raises as change_list()."""
    return again_if_locked(lambda: _take_along(by, price_list_id, along, reason))


def _take_along(by: By, price_list_id: int, along: Along, reason: str) -> MovedShows:
    with transaction() as session:
        _, found = _lock_list(session, price_list_id)
        if found.archived_at is not None:
            raise Invalid("This list is put away. Take it up again first.")
        return move_older_shows(session, by, found, along, reason)


_RENAME = text("UPDATE price_lists SET name = :name WHERE cinema_id = :cinema_id AND name = :old")


def rename_list(by: By, price_list_id: int, name: str) -> None:
    """Another name, for all its versions. Raises Invalid, ConcurrentModification, NotFound."""
    with transaction() as session:
        _, found = _lock_list(session, price_list_id)
        if found.name == name:
            return
        _judge_name(session, found.cinema_id, name)
        old = found.name
        session.execute(_RENAME, {"cinema_id": found.cinema_id, "old": old, "name": name})
        names: tuple[Mapping[str, str], Mapping[str, str]] = ({"name": old}, {"name": name})
        audit(session, by, Action.PRICES_RENAMED, found.id, cinema_id=found.cinema_id, before=names[0], after=names[1])


_RULES_OF = text("SELECT count(*) FROM price_rules WHERE price_list_id = :price_list_id")


def archive_list(by: By, price_list_id: int) -> None:
    """Put the list away: no new show gets it, shows that have it keep it. Nothing happens if it is put away already.

    Raises Conflict while a rule names it or it serves where no rule fits, ConcurrentModification, NotFound.
    """
    with transaction() as session:
        plan, found = _lock_list(session, price_list_id)
        if found.archived_at is not None:
            return
        _keep_the_default(session, plan)
        if plan.default_list_id == found.id:
            raise Conflict(f"{found.name} serves where no rule fits. Choose another list for that first.")
        rules = session.execute(_RULES_OF, {"price_list_id": found.id}).scalar_one()
        if rules:
            words = "One rule names it" if rules == 1 else f"{rules} rules name it"
            raise Conflict(f"{found.name} is in use: {words.lower()}. Change the rules first.")
        found.archived_at = clock.now()
        audit(session, by, Action.PRICES_ARCHIVED, found.id, cinema_id=found.cinema_id, before={"name": found.name})


def restore_list(by: By, price_list_id: int) -> None:
    """Offer the list to new shows again. Raises ConcurrentModification, NotFound."""
    with transaction() as session:
        _, found = _lock_list(session, price_list_id)
        if found.archived_at is None:
            return
        found.archived_at = None
        audit(session, by, Action.PRICES_RESTORED, found.id, cinema_id=found.cinema_id, after={"name": found.name})
