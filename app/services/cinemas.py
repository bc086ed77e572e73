"""Cinemas made and changed. Pages and commands come in by the same two functions."""

from __future__ import annotations

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.adapters.payments import gateways
from app.db import on_commit, transaction
from app.domain.audit import Action
from app.domain.cinemas import CinemaFacts, problems
from app.domain.refund_policy import stored_steps
from app.domain.staff import By
from app.domain.text import fold
from app.errors import Invalid, NotFound
from app.models import Cinema, City
from app.queries.browse_cache import browse_changed
from app.queries.cinemas import bound, facts_of
from app.services.audit import audit
from app.services.film_rows import free_slug
from app.services.rollups import ask_for_rebuild
from app.services.seen import check_seen


def make_cinema(by: By, facts: CinemaFacts) -> int:
    """Make a cinema, and its city if that is new; gives its id. For admins: nobody else has a role at it yet.

    Raises Invalid with the fields, CinemaAddressTaken, Forbidden.
    """
    _refuse(problems(facts) | _wrong_ways(facts, ()))
    with transaction() as session:
        slug = facts.slug or free_slug(facts.name, set(session.scalars(select(Cinema.slug))))
        cinema = Cinema(slug=slug)
        _put(session, cinema, facts)
        session.add(cinema)
        session.flush()
        after = facts_of(session, cinema).words()
        audit(session, by, Action.CINEMA_MADE, cinema.id, cinema_id=cinema.id, after=after)
        on_commit(browse_changed)
    return cinema.id


def change_cinema(by: By, cinema_id: int, seen: str, facts: CinemaFacts, reason: str = "") -> bool:
    """Set a cinema's facts; False if nothing is different. `seen` names the state that was changed from.

    Bookings keep fee, tax and policy that they were made with. Raises ConcurrentModification if somebody changed it
    meanwhile, Invalid with the fields (a currency or time zone that is bound, no reason where money moves),
    CinemaAddressTaken, NotFound. Locks the cinema's row against whatever refers to it.
    """
    with transaction() as session:
        cinema = session.get(Cinema, cinema_id, with_for_update=True, populate_existing=True)
        if cinema is None:
            raise NotFound("There is no such cinema.")
        before = facts_of(session, cinema)
        check_seen(before.seen, seen, "this cinema", who=_last_hand(session, cinema_id))
        if facts.seen == seen:
            return False
        _refuse(_problems_of_change(session, cinema_id, before, facts, reason))
        _put(session, cinema, facts)
        session.flush()
        if facts.timezone != before.timezone:
            ask_for_rebuild(session)
        audit(
            session, by, Action.CINEMA_CHANGED, cinema_id,
            cinema_id=cinema_id, before=before.words(), after=facts_of(session, cinema).words(), reason=reason,
        )  # fmt: skip
        on_commit(browse_changed)
    return True


def _problems_of_change(
    session: Session, cinema_id: int, before: CinemaFacts, facts: CinemaFacts, reason: str
) -> dict[str, str]:
    found = problems(facts) | _wrong_ways(facts, before.pay_ways or ())
    if not facts.slug:
        found["slug"] = "Write its name in addresses."
    binds = bound(session, cinema_id)
    if binds.currency and facts.currency != before.currency:
        found["currency"] = binds.currency
    if binds.timezone and facts.timezone != before.timezone:
        found["timezone"] = binds.timezone
    if facts.moves_money(before) and not reason.strip():
        found["reason"] = "Write in a few words why fee, tax, refunds or ways to pay change."
    return found


def _wrong_ways(facts: CinemaFacts, kept: tuple[str, ...]) -> dict[str, str]:
    """Ways to pay that the house has not, or none that takes the cinema's money. Those offered before may stay."""
    if not facts.pay_ways:
        return {}
    house = {f"{name}:{mode.value}": (each, mode) for name, each in gateways().items() for mode in each.modes}
    strange = [way for way in facts.pay_ways if way not in house and way not in kept]
    if strange:
        return {"pay_ways": f"A way to pay is one of {', '.join(sorted(house))}; not {', '.join(strange)}."}
    chosen = [house[way] for way in facts.pay_ways if way in house]
    if not any(each.takes(facts.currency, mode) for each, mode in chosen):
        return {"pay_ways": f"None of these ways takes {facts.currency}: nobody could pay. Tick one that does."}
    return {}


def _refuse(found: dict[str, str]) -> None:
    if found:
        raise Invalid(" ".join(found.values()), fields=found)


def _put(session: Session, cinema: Cinema, facts: CinemaFacts) -> None:
    cinema.city_id = _city_id(session, facts)
    cinema.slug = facts.slug or cinema.slug
    cinema.refund_steps = None if facts.refund_steps is None else stored_steps(facts.refund_steps)
    cinema.pay_ways = None if facts.pay_ways is None else list(facts.pay_ways)
    cinema.facilities = list(facts.facilities)
    cinema.website = facts.website or None
    for name in (
        "name", "address", "postal_code", "latitude", "longitude", "timezone", "currency", "fee_minor", "tax_percent",
        "changes_in_full",
        "seller", "tax_number",
    ):  # fmt: skip
        setattr(cinema, name, getattr(facts, name))


def _city_id(session: Session, facts: CinemaFacts) -> int:
    """The city of this name, whatever its accents and capitals; made if nobody knows it."""
    there = session.scalars(select(City).where(City.country_code == facts.country_code).order_by(City.id))
    known = next((city for city in there if fold(city.name) == fold(facts.city)), None)
    if known is not None:
        return known.id
    city = City(
        slug=free_slug(facts.city, set(session.scalars(select(City.slug)))),
        name=facts.city,
        country_code=facts.country_code,
        timezone=facts.timezone,
        currency=facts.currency,
    )
    session.add(city)
    session.flush()
    return city.id


_LAST = text("""
SELECT u.name FROM audit_entries a JOIN users u ON u.id = a.user_id
WHERE a.subject = 'cinema' AND a.subject_id = :id ORDER BY a.id DESC LIMIT 1
""")


def _last_hand(session: Session, cinema_id: int) -> str:
    return session.execute(_LAST, {"id": cinema_id}).scalar() or "Somebody"
