"""Who works in the house: roles, where they hold, who may give them, and who is behind a change."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody does. Everyone without a role is a customer."""

    BOX_OFFICE = "box_office"
    SCANNER = "scanner"
    MANAGER = "manager"
    ADMIN = "admin"

    @property
    def words(self) -> str:
        return ROLE_WORDS[self]


ROLE_WORDS = {
    Role.BOX_OFFICE: "box office",
    Role.SCANNER: "scanner",
    Role.MANAGER: "manager",
    Role.ADMIN: "administrator",
}
GIVEN_BY_MANAGERS = frozenset({Role.BOX_OFFICE, Role.SCANNER})
"""What a manager gives and takes away, at their own cinemas. Everything else is an admin's."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One role at one cinema; without a cinema it holds everywhere, which only an admin's does."""

    role: Role
    cinema_id: int | None

    def holds_at(self, cinema_id: int) -> bool:
        return self.cinema_id is None or self.cinema_id == cinema_id


@dataclass(frozen=True, slots=True)
class Reach:
    """The cinemas that somebody may touch for one purpose: all of them, or these."""

    everywhere: bool
    cinema_ids: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.cinema_ids)

    def __contains__(self, cinema_id: int) -> bool:
        return self.everywhere or cinema_id in self.cinema_ids


def reach(grants: Iterable[Grant], roles: Collection[Role]) -> Reach:
    """Where any of these roles is held. An admin may do what every other role may."""
    held = [grant for grant in grants if grant.role in roles or grant.role is Role.ADMIN]
    everywhere = any(grant.cinema_id is None for grant in held)
    return Reach(everywhere, frozenset(grant.cinema_id for grant in held if grant.cinema_id is not None))


def may_give(giver: Iterable[Grant], role: Role, cinema_id: int | None) -> bool:
    """Whether somebody with these roles may give, or take away, this one."""
    if reach(giver, ()):
        return True
    return role in GIVEN_BY_MANAGERS and cinema_id is not None and cinema_id in reach(giver, {Role.MANAGER})


def may_manage(manager: Iterable[Grant], person: Iterable[Grant], once: Iterable[Grant] = ()) -> bool:
    """Whether the whole account of a person is theirs to deactivate and reactivate: every role it has is theirs to give.

    `once` are roles the person had; they count when there are none any more.
    """
    grants = [*person] or [*once]
    kept = [*manager]
    return bool(reach(kept, ())) or (bool(grants) and all(may_give(kept, g.role, g.cinema_id) for g in grants))


class FactorRule(StrEnum):
    """Whether a role needs a second factor: what STAFF_TOTP says of it."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


def factor_rule(grants: Iterable[Grant], rules: dict[str, str]) -> FactorRule:
    """The strictest rule of all roles that somebody has. `rules` has role names in capitals; unnamed is optional."""
    strictness = list(FactorRule)
    named = [FactorRule(rules.get(grant.role.value.upper(), FactorRule.OPTIONAL)) for grant in grants]
    return max(named, key=strictness.index, default=FactorRule.OPTIONAL)


@dataclass(frozen=True, slots=True)
class By:
    """Who is behind a change, and from which address. A command of the house has no user."""

    user_id: int | None
    address: str = ""

    @property
    def actor(self) -> str:
        """As state_changes writes it."""
        return f"user:{self.user_id}" if self.user_id is not None else "command"


COMMAND = By(None)
