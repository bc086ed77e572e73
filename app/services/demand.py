"""Prices that follow demand: the rules of each cinema, and what they make of its coming shows, minute by minute.

Judging reads how much is sold without locks and writes only the shows whose prices change; a hold judges for itself
that what it was priced by still stands (services/holding.py), so neither waits for the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from app import clock
from app.db import db, end_read, on_commit, transaction
from app.domain.audit import Action
from app.domain.demand import Limits, Rule, which_words
from app.domain.staff import By
from app.errors import Invalid, NotFound
from app.models import DemandLimits, DemandRule
from app.queries.browse_cache import browse_changed
from app.queries.demand import Change, as_rule, coming_shows, limits_of, rules_of
from app.services.audit import audit
from app.services.seen import check_seen

log = structlog.get_logger(__name__)
MOST_RULES = 30
"""In use at one cinema: more than anybody keeps in mind."""

_WITH_RULES = text("SELECT DISTINCT cinema_id FROM demand_rules ORDER BY cinema_id")
_LOCK_SHOWS = text(
    "SELECT id FROM shows WHERE id = ANY(:ids) AND state = 'published' ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"
)
_CHANGE = text(
    "UPDATE shows SET demand_percent = :percent, demand_step = :step_minor, demand_reason = :reason WHERE id = :id"
)


def judge_demand() -> int:
    """Put the prices of all coming shows to what the rules make of them now; gives how many changed.

    Also where every rule was switched off, so that prices come back. One transaction for each cinema. What is held,
    being paid or sold keeps its price. Locks the shows that change; one that somebody works on waits a minute.
    """
    cinemas = db.session.execute(_WITH_RULES).scalars().all()
    end_read()
    return sum(judge_cinema(cinema_id) for cinema_id in cinemas)


def judge_cinema(cinema_id: int) -> int:
    """The same for one cinema."""
    with transaction() as session:
        changes = _changes(cinema_id)
        found = session.execute(_LOCK_SHOWS, {"ids": list(changes)}).scalars().all() if changes else []
        for show_id in found:
            session.execute(_CHANGE, {"id": show_id, **changes[show_id]._asdict()})
        if found:
            on_commit(browse_changed)
    if found:
        log.info("demand_changed_prices", cinema_id=cinema_id, shows=len(found))
    return len(found)


def _changes(cinema_id: int) -> dict[int, Change]:
    """Show id → what its prices are to become, for shows where that differs."""
    rules, (limits, _) = _rules_in_use(cinema_id), limits_of(cinema_id)
    now = clock.now()
    judged = {show: show.becomes(rules, limits, now) for show in coming_shows(cinema_id, now)}
    return {show.id: change for show, change in judged.items() if change != show.change}


def _rules_in_use(cinema_id: int) -> list[Rule]:
    return [row.rule for row in rules_of(cinema_id) if row.active]


# What managers do. The cinema's row is locked first: at one cinema one change after the other.

_LOCK_CINEMA = text("SELECT id FROM cinemas WHERE id = :id FOR NO KEY UPDATE")


def _lock_cinema(session: Session, cinema_id: int) -> None:
    if session.execute(_LOCK_CINEMA, {"id": cinema_id}).one_or_none() is None:
        raise NotFound("There is no such cinema.")


_IN_USE = text("SELECT count(*) FROM demand_rules WHERE cinema_id = :cinema_id AND active")


def _check_room(session: Session, cinema_id: int) -> None:
    if session.execute(_IN_USE, {"cinema_id": cinema_id}).scalar_one() >= MOST_RULES:
        raise Invalid(f"At most {MOST_RULES} rules are in use at one cinema. Switch one off first.")


def add_rule(by: By, cinema_id: int, rule: Rule) -> int:
    """A new rule, in use at once; gives its id. Raises NotFound, Invalid (too many; the same one is in use: a form sent
    twice must not raise prices twice). Locks the cinema."""
    with transaction() as session:
        _lock_cinema(session, cinema_id)
        _check_room(session, cinema_id)
        if rule in _rules_in_use(cinema_id):
            raise Invalid("This very rule is in use already. Two of them would count twice.")
        row = DemandRule(cinema_id=cinema_id, **_columns(rule))
        session.add(row)
        session.flush()
        audit(session, by, Action.DEMAND_RULE_MADE, row.id, cinema_id=cinema_id, after=_facts(session, rule))
    return row.id


def change_rule(by: By, rule_id: int, revision: int, rule: Rule, reason: str) -> None:
    """Let a rule say something else from the next minute on.

    Raises NotFound, ConcurrentModification if it changed since `revision`. Locks the cinema, then the rule.
    """
    with transaction() as session:
        row = _locked_rule(session, rule_id, revision)
        before = _facts(session, as_rule(row))
        for name, value in _columns(rule).items():
            setattr(row, name, value)
        _written(session, by, Action.DEMAND_RULE_CHANGED, row, before, _facts(session, rule), reason)


def _columns(rule: Rule) -> dict[str, Any]:
    """Of its row."""
    plain, times = {name: getattr(rule, name) for name in _PLAIN}, rule.times
    return {
        **plain,
        "movie_id": rule.movie_id,
        "formats": sorted(rule.formats),
        "weekdays": sorted(times.weekdays),
        "from_time": times.from_time,
        "until_time": times.until_time,
    }


_PLAIN = ("reason", "percent", "full_from", "full_to", "hours_from", "hours_to")
_TITLE = text("SELECT title FROM movies WHERE id = :id")


def _facts(session: Session, rule: Rule) -> dict[str, Any]:
    """For the audit."""
    film = session.execute(_TITLE, {"id": rule.movie_id}).scalar_one() if rule.movie_id else ""
    return {**{name: getattr(rule, name) for name in _PLAIN}, "shows": which_words(rule, film)}


def switch_rule(by: By, rule_id: int, revision: int, active: bool, reason: str) -> None:
    """Use a rule, or no longer: prices follow within a minute. Raises as change_rule() does, and Invalid (too many)."""
    with transaction() as session:
        row = _locked_rule(session, rule_id, revision)
        if row.active == active:
            return
        if active:
            _check_room(session, row.cinema_id)
        action = Action.DEMAND_RULE_SWITCHED_ON if active else Action.DEMAND_RULE_SWITCHED_OFF
        before, row.active = {"active": row.active}, active
        _written(session, by, action, row, before, {"active": active}, reason)


_CINEMA_OF_RULE = text("SELECT cinema_id FROM demand_rules WHERE id = :id")


def _locked_rule(session: Session, rule_id: int, revision: int) -> DemandRule:
    cinema_id = session.execute(_CINEMA_OF_RULE, {"id": rule_id}).scalar_one_or_none()
    if cinema_id is None:
        raise NotFound("There is no such rule.")
    _lock_cinema(session, cinema_id)
    row = session.get_one(DemandRule, rule_id, with_for_update=True, populate_existing=True)
    check_seen(row.revision, revision, "this rule")
    return row


def _written(
    session: Session,
    by: By,
    action: Action,
    row: DemandRule,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    reason: str,
) -> None:
    row.revision += 1
    session.flush()
    audit(session, by, action, row.id, cinema_id=row.cinema_id, before=before, after=after, reason=reason)


def set_limits(by: By, cinema_id: int, revision: int, limits: Limits, reason: str) -> None:
    """How far the rules of a cinema may go. Raises NotFound, ConcurrentModification. Locks the cinema."""
    with transaction() as session:
        _lock_cinema(session, cinema_id)
        row = session.get(DemandLimits, cinema_id, populate_existing=True)
        check_seen(row.revision if row else 0, revision, "how far rules may go")
        before = asdict(limits_of(cinema_id)[0])
        if row is None:
            row = DemandLimits(cinema_id=cinema_id, revision=0)
            session.add(row)
        row.lowest, row.highest, row.step_minor = limits.lowest, limits.highest, limits.step_minor
        row.revision = revision + 1
        session.flush()
        audit(
            session,
            by,
            Action.DEMAND_LIMITS_CHANGED,
            cinema_id,
            cinema_id=cinema_id,
            before=before,
            after=asdict(limits),
            reason=reason,
        )
