"""The ways of the staff pages: what stands in the red bar and on the first page, for whom."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask

from app.domain.staff import Role
from app.web.staff import EVERY_ROLE, StaffHouse

MANAGERS = frozenset({Role.MANAGER})
SELLERS = frozenset({Role.BOX_OFFICE, Role.MANAGER})
AT_THE_DOOR = frozenset({Role.SCANNER, Role.BOX_OFFICE, Role.MANAGER})


@dataclass(frozen=True, slots=True)
class Way:
    """One part of the staff pages. `key` is what its pages set as nav_current; admins see every way."""

    key: str
    endpoint: str
    words: str
    about: str
    """One sentence on what can be done there."""
    roles: frozenset[Role]
    in_bar: bool = False
    """Used all day: it stands in the red bar, the others under "More"."""


WAYS = (
    Way(
        "dashboard", "staff.dashboard", "Today", "Today's houses and takings, and what needs somebody.", MANAGERS, True
    ),
    Way("start", "staff.home", "Start", "Everything that you may do here.", EVERY_ROLE),
    Way("counter", "staff.box_office", "Counter", "Sell seats for cash and cards, and print tickets.", SELLERS, True),
    Way("bookings", "staff.bookings", "Bookings", "Find a booking; print, send, refund or change it.", SELLERS, True),
    Way("groups", "staff.groups", "Groups", "Answer groups' requests: seats, a price, a link to pay.", SELLERS),
    Way("shifts", "staff.shifts", "Shifts", "Open and cash up; what each shift took.", SELLERS, True),
    Way("door", "staff.scan", "Door", "Let people in by camera, scanner or typed code.", AT_THE_DOOR, True),
    Way("reports", "staff.reports", "Reports", "Revenue, refunds, occupancy, forecast, film returns.", MANAGERS, True),
    Way("layouts", "staff.layouts", "Seats", "Draw the seats of each screen and put new versions into use.", MANAGERS),
    Way("people", "staff.people", "People", "Make accounts for the staff, give roles and take them away.", MANAGERS),
    Way("audit", "staff.audit_log", "Audit", "Who changed what, when and from where.", MANAGERS),
    Way("me", "staff.me", "Your sign-in", "Second factor and recovery codes.", EVERY_ROLE),
)
"""In the order of bar, menu and first page. A new part adds one line."""


def ways_for(house: StaffHouse) -> list[Way]:
    """The ways that this person may go at the cinema they look at."""
    return [way for way in WAYS if house.may(*way.roles)]


def init_staff_nav(app: Flask) -> None:
    app.jinja_env.globals["staff_ways"] = ways_for
