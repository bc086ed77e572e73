"""Whoever comes to a staff page: are they known, is their second factor shown, which cinema is it about, may they."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import Response, abort, g, redirect, request, session, url_for
from flask_login import current_user, login_user

from app import clock
from app.config import settings
from app.domain.staff import By, FactorRule, Grant, Reach, Role, factor_rule, reach
from app.errors import Forbidden
from app.queries.people import account_of_token
from app.queries.staff import PLACES, CinemaRef, StaffPerson, cinemas_within, staff_person
from app.services.staff import seen
from app.web.extensions import htmx
from app.web.render import htmx_redirect

CHOSEN = "cinema"
"""Where the session keeps the cinema that was chosen in the frame."""
SEEN_EVERY = dt.timedelta(minutes=5)
"""Noting each request would be a write for every one of them; idle hours need no more."""
EVERY_ROLE = frozenset(Role)


@dataclass(frozen=True, slots=True)
class StaffHouse:
    """What a staff view knows of who asks: the person, and where the roles of this page let them reach."""

    person: StaffPerson
    name: str
    email: str
    where: Reach
    """The cinemas that this page may touch. What a form names must be `in` it."""
    cinemas: tuple[CinemaRef, ...]
    """The same, by name."""
    cinema: CinemaRef | None
    """The one the address is about, else the one chosen in the frame; None if the house has no cinema yet."""
    by: By

    @property
    def grants(self) -> frozenset[Grant]:
        return self.person.grants

    def may(self, *roles: Role) -> bool:
        """Whether one of these roles is held at the cinema of this page."""
        where = reach(self.grants, roles)
        return bool(where) and (self.cinema is None or self.cinema.id in where)

    @property
    def is_admin(self) -> bool:
        return bool(reach(self.grants, ()))

    @property
    def role_words(self) -> str:
        """The most that they are at this cinema: "manager"."""
        here = [grant.role for grant in self.grants if self.cinema is None or grant.holds_at(self.cinema.id)]
        return max(here, key=list(Role).index).words if here else ""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.cinema.timezone if self.cinema else "UTC")

    @property
    def now(self) -> dt.datetime:
        """On the clocks of the cinema."""
        return clock.now().astimezone(self.zone)

    def the_cinema(self) -> CinemaRef:
        """The cinema, for pages that are nothing without one: admins are led to make it, others told whom to ask."""
        if self.cinema is None and self.is_admin:
            abort(_elsewhere(url_for("staff.new_cinema")))
        if self.cinema is None:
            raise Forbidden("There is no cinema yet. Ask an administrator to make one.")
        return self.cinema


def enter(roles: frozenset[Role], values: Mapping[str, Any], second_factor: bool) -> StaffHouse | Response:
    """Let somebody in, or say where they have to go first. Strangers find nothing (404); raises Forbidden."""
    if not current_user.is_authenticated:
        return _elsewhere(url_for("account.login", next=_here()))
    person = staff_person(current_user.id)
    if not person.grants:
        abort(404)
    g.is_staff = True  # whatever goes wrong from here on leads back to the staff pages
    missing = _missing_factor(person) if second_factor else None
    if missing:
        return _elsewhere(url_for(missing, next=_here()))
    where = reach(person.grants, roles)
    if not where:
        raise Forbidden(f"This page is for {_list(roles)}. Your role does not include it; ask a manager if it should.")
    house = _house(person, where, values)
    _note_that_they_are_here()
    g.house = house
    return house


def _elsewhere(address: str) -> Response:
    """Send the whole page there, also when a part of it was asked for."""
    return htmx_redirect(address) if htmx else cast(Response, redirect(address, 303))


def _here() -> str:
    """Where to come back to: this page, or the staff's own when it can't be asked for again."""
    return request.full_path.rstrip("?") if request.method == "GET" and not htmx else url_for("staff.home")


def _missing_factor(person: StaffPerson) -> str | None:
    """The page that has to come first, if the second factor is wanted and was not shown by this log-in."""
    rule = factor_rule(person.grants, settings.staff_totp)
    if rule is FactorRule.OFF or current_user.confirmed:
        return None
    if person.has_factor:
        return "staff.second_factor"
    return "staff.set_up" if rule is FactorRule.REQUIRED else None


def _list(roles: frozenset[Role]) -> str:
    names = [f"the role {role.words}" for role in Role if role in roles] or ["administrators"]
    return " or ".join(names)


def _house(person: StaffPerson, where: Reach, values: Mapping[str, Any]) -> StaffHouse:
    cinemas = cinemas_within(where)
    named = _named(values, where)
    known = {cinema.id: cinema for cinema in cinemas}
    wanted = [*sorted(named), session.get(CHOSEN)]
    cinema = next((known[one] for one in wanted if one in known), cinemas[0] if cinemas else None)
    by = By(current_user.id, request.remote_addr or "")
    return StaffHouse(person, current_user.name, current_user.email, where, cinemas, cinema, by)


def _named(values: Mapping[str, Any], where: Reach) -> frozenset[int]:
    """The cinemas that the address is about, if they are within reach; what is not does not exist here.

    Two things of one address have to be of one cinema.
    """
    found = [PLACES[name](value) for name, value in values.items() if name in PLACES]
    if any(places is None for places in found):
        abort(404)
    named = frozenset.intersection(*cast(list[frozenset[int]], found)) if found else frozenset()
    if found and not where.everywhere and not named & where.cinema_ids:
        abort(404)
    if len(found) > 1 and not named:
        abort(404)
    return named if where.everywhere else named & where.cinema_ids


def _note_that_they_are_here() -> None:
    if clock.now() - current_user.seen_at >= SEEN_EVERY:
        seen(current_user.token)


def go_on_as(token: str) -> None:
    """The log-in of this browser goes on under a new token."""
    login_user(account_of_token(token))


def choose_cinema(cinema_id: int) -> None:
    """Remember in this browser which cinema the staff pages are about."""
    session[CHOSEN] = cinema_id


def log_in_token() -> str:
    """The token of this browser's log-in."""
    return str(current_user.token)


def shown_factor() -> bool:
    """Whether this log-in has shown the second factor."""
    return bool(current_user.confirmed)
