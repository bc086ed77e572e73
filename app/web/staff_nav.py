"""The ways of the staff pages: what stands in the red bar and on the first page, for whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Flask

from app.domain.staff import Role
from app.web.staff import EVERY_ROLE, StaffHouse

MANAGERS = frozenset({Role.MANAGER})
SELLERS = frozenset({Role.BOX_OFFICE, Role.MANAGER})
AT_THE_DOOR = frozenset({Role.SCANNER, Role.BOX_OFFICE, Role.MANAGER})

PARTS = DAY, PROGRAMME, PRICES, HOUSE = "The day", "Programme", "Prices", "House"


@dataclass(frozen=True, slots=True)
class Way:
    """One part of the staff pages. `key` is what its pages set as nav_current; admins see every way."""

    key: str
    endpoint: str
    words: str
    about: str
    """One sentence on what can be done there."""
    roles: frozenset[Role]
    part: str
    """The head that it stands under on the first page and under "More"."""
    in_bar: bool = False
    """Used all day: it stands in the red bar, the others under "More"."""


WAYS = (
    Way(
        "dashboard", "staff.dashboard", "Today", "Today's houses and takings; what needs somebody.", MANAGERS, DAY, True
    ),
    Way("start", "staff.home", "Start", "Everything that you may do here.", EVERY_ROLE, DAY),
    Way(
        "counter",
        "staff.box_office",
        "Counter",
        "Sell seats for cash and cards, and print tickets.",
        SELLERS,
        DAY,
        True,
    ),
    Way(
        "bookings",
        "staff.bookings",
        "Bookings",
        "Find a booking; print, send, refund or change it.",
        SELLERS,
        DAY,
        True,
    ),
    Way("groups", "staff.groups", "Groups", "Answer groups' requests: seats, a price, a link to pay.", SELLERS, DAY),
    Way("shifts", "staff.shifts", "Shifts", "Open and cash up; what each shift took.", SELLERS, DAY, True),
    Way("door", "staff.scan", "Door", "Let people in by camera, scanner or typed code.", AT_THE_DOOR, DAY, True),
    Way(
        "shows",
        "staff.planner",
        "Shows",
        "The week of all screens: put on, move, put on sale.",
        MANAGERS,
        PROGRAMME,
        True,
    ),
    Way(
        "films",
        "staff.films",
        "Films",
        "Write films down, give them posters, take in tables.",
        MANAGERS,
        PROGRAMME,
        True,
    ),
    Way(
        "reports",
        "staff.reports",
        "Reports",
        "Revenue, refunds, occupancy, forecast, film returns.",
        MANAGERS,
        HOUSE,
        True,
    ),
    Way(
        "cinemas", "staff.cinemas", "Cinemas", "Screens, addresses, fees, refunds and ways to pay.", MANAGERS, PROGRAMME
    ),
    Way(
        "layouts",
        "staff.layouts",
        "Seats",
        "Draw the seats of each screen and put new versions into use.",
        MANAGERS,
        PROGRAMME,
    ),
    Way("prices", "staff.prices", "Prices", "Price lists, and which of them new shows get.", MANAGERS, PRICES),
    Way(
        "demand",
        "staff.demand",
        "Demand",
        "Prices that follow how full a show is and how soon it begins.",
        MANAGERS,
        PRICES,
    ),
    Way("coupons", "staff.coupons", "Coupons", "Make codes that lower a price; see who used them.", MANAGERS, PRICES),
    Way(
        "gift_cards",
        "staff.gift_cards",
        "Gift cards",
        "Find a card, mail it again, see what it paid.",
        MANAGERS,
        PRICES,
    ),
    Way("messages", "staff.messages", "Messages", "What was mailed to whom; send again what failed.", MANAGERS, HOUSE),
    Way(
        "people",
        "staff.people",
        "People",
        "Make accounts for the staff, give roles and take them away.",
        MANAGERS,
        HOUSE,
    ),
    Way("audit", "staff.audit_log", "Audit", "Who changed what, when and from where.", MANAGERS, HOUSE),
    Way("me", "staff.me", "Your sign-in", "Password, second factor and recovery codes.", EVERY_ROLE, HOUSE),
)
"""In the order of bar, menu and first page. A new part adds one line."""


def ways_for(house: StaffHouse) -> list[Way]:
    """The ways that this person may go at the cinema they look at."""
    return [way for way in WAYS if house.may(*way.roles)]


def in_parts(ways: Iterable[Way]) -> list[tuple[str, list[Way]]]:
    """The same under their heads; a head without a way is left out."""
    ways = list(ways)
    parts = [(part, [way for way in ways if way.part == part]) for part in PARTS]
    return [(part, its) for part, its in parts if its]


def init_staff_nav(app: Flask) -> None:
    app.jinja_env.globals["staff_ways"] = ways_for
    app.jinja_env.filters["in_parts"] = in_parts
