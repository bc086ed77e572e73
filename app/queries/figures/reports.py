"""The reports: each is one statement over the figures and the columns that it shows."""

# ruff: noqa: S608  the statements are made of our own words; what a person asks for is bound
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.db import db, end_read
from app.domain.pricing import TYPE_NAMES, TicketType
from app.queries.figures.wanted import Wanted

TEXT, NUMBER, MONEY, PERCENT = "text", "num", "money", "percent"
INCOME = (
    ("Tickets, net", MONEY),
    ("Fees, net", MONEY),
    ("Tax", MONEY),
    ("Discounts", MONEY),
    ("Kept of cancelled", MONEY),
    ("Gross", MONEY),
)


@dataclass(frozen=True, slots=True)
class Table:
    """A report that was asked for: columns as (words, kind), rows with the currency first, and how to draw it."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Any, ...], ...]
    """Each row: currency, then a cell for every column; amounts in minor units."""
    sums: tuple[tuple[Any, ...], ...]
    """The same per currency, where columns can be added up; None where they can't."""
    drawn: int | None = None
    """Which column is drawn as bars beside the first."""


@dataclass(frozen=True, slots=True)
class Report:
    key: str
    words: str
    about: str
    run: Callable[[Wanted], Table]
    of_shows: bool = True
    """Whether film and screen can be asked for."""


_SUMS = (
    "sum(f.sold), sum(f.back), sum(f.net_minor), sum(f.fee_minor), sum(f.tax_minor + f.kept_tax_minor), "
    "-sum(f.discount_minor), sum(f.kept_minor), "
    "sum(f.net_minor + f.fee_minor + f.tax_minor - f.discount_minor + f.kept_minor + f.kept_tax_minor)"
)
_BY: dict[str, tuple[str, str, str, str, str]] = {
    "day": ("Revenue by day", "Day", "f.day", "", "1"),
    "cinema": ("Revenue by cinema", "Cinema", "c.name", "JOIN cinemas c ON c.id = f.cinema_id", "10 DESC"),
    "film": ("Revenue by film", "Film", "m.title", "JOIN movies m ON m.id = f.movie_id", "10 DESC"),
    "screen": (
        "Revenue by screen",
        "Screen",
        "c.name || ', ' || r.name",
        "JOIN screens r ON r.id = f.screen_id JOIN cinemas c ON c.id = f.cinema_id",
        "10 DESC",
    ),
    "category": ("Revenue by price category", "Category", "f.category", "", "10 DESC"),
    "type": ("Revenue by ticket type", "Ticket type", "f.ticket_type", "", "10 DESC"),
    "channel": ("Revenue by channel", "Channel", "f.channel", "", "10 DESC"),
}
"""Key → title, head, expression, join, order (as columns: 1 is the name, 10 the gross)."""
_CHANNELS = {"web": "Web", "box_office": "Box office", "group": "Groups", "": "Not known"}


def _revenue(key: str) -> Callable[[Wanted], Table]:
    _, head, name, join, order = _BY[key]

    def run(wanted: Wanted) -> Table:
        found = _rows(
            f"SELECT {name}, f.currency, {_SUMS} FROM {_sales(wanted, key)} f {join} "
            f"WHERE {wanted.conditions().replace('s.', 'f.')} GROUP BY 1, 2 ORDER BY f.currency, {order}, 1",
            wanted,
        )
        rows = tuple((row[1], _named(key, row[0]), *map(int, row[2:])) for row in found)
        columns = ((head, TEXT), ("Sold", NUMBER), ("Given back", NUMBER), *INCOME)
        return _table(columns, rows, drawn=8)

    return run


def _sales(wanted: Wanted, key: str) -> str:
    """Where sales are read: by show if only some shows count, else the days' sums, which are far fewer, under the same
    names."""
    if wanted.of_shows:
        return "figures_sales"
    by = key if key in ("film", "screen", "category", "type") else "channel"
    return (
        "(SELECT *, thing_id AS movie_id, thing_id AS screen_id, name AS category, name AS ticket_type, "
        f"name AS channel FROM figures_sales_daily WHERE by = '{by}')"
    )


def _money(wanted: Wanted) -> tuple[str, str]:
    """Where movements of money are read, as `f`, and which of them count."""
    if wanted.of_shows:
        shows = "figures_money f JOIN shows s ON s.id = f.show_id"
        return shows, f"{wanted.conditions()} AND f.show_id <> 0"
    return "figures_money_daily f", wanted.conditions()


def _named(key: str, name: Any) -> Any:
    if key == "type":
        return TYPE_NAMES[TicketType(name)] if name in set(TicketType) else "Not known"
    if key == "channel":
        return _CHANNELS.get(name, name)
    return (name.capitalize() or "Not known") if key == "category" else name


def _rows(statement: str, wanted: Wanted) -> Sequence[Any]:
    rows = db.session.execute(text(statement), wanted.values).all()
    end_read()
    return rows


def _table(columns: Sequence[tuple[str, str]], rows: Sequence[tuple[Any, ...]], drawn: int | None = None) -> Table:
    currencies = list(dict.fromkeys(row[0] for row in rows))
    sums = tuple(_sum(currency, columns, [row for row in rows if row[0] == currency]) for currency in currencies)
    return Table(tuple(columns), tuple(rows), sums, drawn)


def _sum(currency: str, columns: Sequence[tuple[str, str]], rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    added = (
        sum(row[place] for row in rows) if kind in (NUMBER, MONEY) else None
        for place, (_, kind) in enumerate(columns, 1)
    )
    return (currency, *added)


TENDERS = {
    "gateway_clearing": "Gateway",
    "cash_drawer": "Cash",
    "card_terminal": "Card terminal",
    "gift_card_liability": "Gift card",
    "wallet_liability": "Wallet",
}

_NAMES = ", ".join(f"'{name}'" for name in TENDERS)


def _tenders(wanted: Wanted) -> Table:
    """What came in and went out by each way to pay. Selling a gift card or filling a wallet is the other side of it."""
    source, conditions = _money(wanted)
    found = _rows(
        f"SELECT f.account, f.party, f.currency, sum(f.debit_minor), sum(f.credit_minor) FROM {source} "
        f"WHERE {conditions} AND f.account IN ({_NAMES}) GROUP BY 1, 2, 3 ORDER BY 3, 1, 2",
        wanted,
    )
    rows = tuple(
        (row[2], f"{TENDERS[row[0]]} {row[1]}".strip(), int(row[3]), int(row[4]), int(row[3] - row[4])) for row in found
    )
    return _table((("Tender", TEXT), ("In", MONEY), ("Out", MONEY), ("Left", MONEY)), rows, drawn=1)


def _accounts(wanted: Wanted) -> Table:
    source, conditions = _money(wanted)
    found = _rows(
        f"SELECT a.code, a.name, f.currency, sum(f.debit_minor), sum(f.credit_minor) FROM {source} "
        f"JOIN ledger_accounts a ON a.code = f.account WHERE {conditions} GROUP BY 1, 2, 3 ORDER BY 3, 1",
        wanted,
    )
    rows = tuple((row[2], row[0], row[1], int(row[3]), int(row[4]), int(row[3] - row[4])) for row in found)
    columns = (("Account", TEXT), ("What it holds", TEXT), ("Debit", MONEY), ("Credit", MONEY), ("Balance", MONEY))
    return _table(columns, rows)


def _refunds(wanted: Wanted) -> Table:
    found = _rows(
        "SELECT f.reason, f.currency, sum(f.times), sum(f.seats), sum(f.kept_minor), sum(f.returned_minor) "
        f"FROM figures_refunds f JOIN shows s ON s.id = f.show_id WHERE {wanted.conditions()} "
        "GROUP BY 1, 2 ORDER BY 2, 6 DESC, 1",
        wanted,
    )
    rows = tuple((row[1], row[0].replace("_", " ").capitalize(), *map(int, row[2:])) for row in found)
    columns = (("Reason", TEXT), ("Times", NUMBER), ("Seats", NUMBER), ("Kept", MONEY), ("Given back", MONEY))
    return _table(columns, rows, drawn=4)


def _coupons(wanted: Wanted) -> Table:
    found = _rows(
        "SELECT coalesce(o.code, ''), coalesce(o.name, 'No coupon'), f.currency, sum(f.uses), sum(f.given_minor), "
        "sum(f.back_minor), sum(f.given_minor - f.back_minor) FROM figures_coupons f JOIN shows s ON s.id = f.show_id "
        f"LEFT JOIN coupons o ON o.id = f.coupon_id WHERE {wanted.conditions()} GROUP BY 1, 2, 3 ORDER BY 3, 7 DESC, 1",
        wanted,
    )
    rows = tuple((row[2], row[0], row[1], *map(int, row[3:])) for row in found)
    columns = (
        ("Code", TEXT),
        ("Name", TEXT),
        ("Uses", NUMBER),
        ("Given", MONEY),
        ("Taken back", MONEY),
        ("Cost", MONEY),
    )
    return _table(columns, rows, drawn=5)


_SHOWN = (
    "s.starts_at >= (CAST(:start AS timestamp) - interval '1 day') AT TIME ZONE 'UTC' "
    "AND s.starts_at < (CAST(:end AS timestamp) + interval '2 days') AT TIME ZONE 'UTC'"
)
"""Somewhere on Earth the show is on one of these days: what an index finds, before the cinema's own clock is asked."""
_LOCAL = "(s.starts_at AT TIME ZONE c.timezone)"


def _occupancy(wanted: Wanted) -> Table:
    """By film, over the shows of these days that were not cancelled."""
    conditions = wanted.conditions("s.starts_at").replace("f.cinema_id", "s.cinema_id")
    conditions = conditions.replace(
        "s.starts_at BETWEEN :start AND :end", f"{_SHOWN} AND {_LOCAL}::date BETWEEN :start AND :end"
    )
    found = _rows(
        "SELECT m.title, count(*), sum(coalesce(f.seats, l.seat_count)), sum(coalesce(f.sold, 0)), "
        "sum(coalesce(f.admitted, 0)) FROM shows s JOIN cinemas c ON c.id = s.cinema_id "
        "JOIN movies m ON m.id = s.movie_id JOIN layouts l ON l.id = s.layout_id "
        f"LEFT JOIN figures_shows f ON f.show_id = s.id WHERE {conditions} AND s.state = 'published' "
        "GROUP BY m.id, m.title ORDER BY 4 DESC, 1",
        wanted,
    )
    rows = tuple(
        ("", row[0], int(row[1]), int(row[2]), int(row[3]), int(row[4]), round(1000 * row[3] / row[2]) / 10)
        for row in found
    )
    columns = (
        ("Film", TEXT),
        ("Shows", NUMBER),
        ("Seats", NUMBER),
        ("Sold", NUMBER),
        ("Came", NUMBER),
        ("Filled", PERCENT),
    )
    return _table(columns, rows, drawn=6)


def _funnel(wanted: Wanted) -> Table:
    """The channels side by side; what a channel has no step for stays empty."""
    ways = funnel(wanted)
    names = dict.fromkeys(step.name for way in ways for step in way.steps)
    found = [{step.name: step for step in way.steps} for way in ways]
    rows = tuple(("", name, *(cell for steps in found for cell in _cells(steps.get(name)))) for name in names)
    columns = [((way.words, NUMBER), (f"{way.words}, went on", PERCENT)) for way in ways]
    return Table((("Step", TEXT), *(one for pair in columns for one in pair)), rows, (), drawn=1)


def _cells(step: FunnelStep | None) -> tuple[int | None, float | None]:
    return (step.count, step.went_on) if step else (None, None)


@dataclass(frozen=True, slots=True)
class FunnelStep:
    name: str
    count: int
    went_on: float | None
    """Percent of the step before; None for the first, and where more came than there were."""


@dataclass(frozen=True, slots=True)
class Funnel:
    """From looking to being let in, in one channel."""

    words: str
    steps: tuple[FunnelStep, ...]

    @property
    def empty(self) -> bool:
        return not any(step.count for step in self.steps)


STEPS = {
    "seen": "Saw the seats",
    "held": "Kept seats",
    "began": "Began to pay",
    "confirmed": "Confirmed",
    "admitted": "Came",
}
_AT_THE_COUNTER = ("held", "confirmed", "admitted")
"""Whoever sells shows no map, and money in the hand is there at once."""
_STEPS_OF = {"web": tuple(STEPS), "box_office": _AT_THE_COUNTER, "group": ("held", "began", "confirmed", "admitted")}


def funnel(wanted: Wanted) -> list[Funnel]:
    """One for each channel, all of them always."""
    counted = {
        row.channel: row
        for row in _rows(
            "SELECT f.channel, sum(f.held) AS held, sum(f.began) AS began, sum(f.confirmed) AS confirmed, "
            "sum(f.admitted) AS admitted FROM figures_days f JOIN shows s ON s.id = f.show_id "
            f"WHERE {wanted.conditions()} GROUP BY 1",
            wanted,
        )
    }
    conditions = wanted.conditions("(f.hour AT TIME ZONE c.timezone)::date").replace("f.cinema_id", "s.cinema_id")
    ((seen,),) = _rows(
        "SELECT coalesce(sum(f.seen), 0) FROM show_views f JOIN shows s ON s.id = f.show_id "
        f"JOIN cinemas c ON c.id = s.cinema_id WHERE {conditions}",
        wanted,
    )
    return [
        Funnel(_CHANNELS[channel], _steps([(name, _count(counted.get(channel), name, seen)) for name in names]))
        for channel, names in _STEPS_OF.items()
    ]


def _count(row: Any, name: str, seen: int) -> int:
    return int(seen if name == "seen" else getattr(row, name, 0))


def _steps(counts: Sequence[tuple[str, int]]) -> tuple[FunnelStep, ...]:
    before = (0, *(count for _, count in counts))
    return tuple(
        FunnelStep(STEPS[name], count, 100.0 * count / was if was >= count and was else None)
        for (name, count), was in zip(counts, before, strict=False)
    )


REPORTS = {
    report.key: report
    for report in (
        *(
            Report(key, words[0], "What was sold and given back on these days.", _revenue(key))
            for key, words in _BY.items()
        ),
        Report("tender", "Ways to pay", "What came in and went out on these days, by tender.", _tenders),
        Report("accounts", "Accounts", "Every account of the ledger on these days.", _accounts),
        Report("refunds", "Refunds", "Seats given back, and captures that were of no use.", _refunds),
        Report("coupons", "Coupons", "What coupons took off, and what cancellations took back.", _coupons),
        Report("occupancy", "Occupancy", "How full the shows of these days are or were.", _occupancy),
        Report(
            "funnel",
            "From looking to coming",
            "Bookings by channel, each step on the day when it was taken. Nobody at a counter is shown the map first.",
            _funnel,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What the fields of the filters offer: id and name."""

    films: tuple[tuple[int, str], ...]
    screens: tuple[tuple[int, str], ...]


def choices(wanted: Wanted) -> Choices:
    """The films that something was sold of on these days, or that are shown, and the screens of the cinema."""
    reach = "true" if wanted.where.everywhere else "cinema_id = ANY(:ids)"
    one = "" if wanted.cinema_id is None else f" AND cinema_id = {int(wanted.cinema_id)}"
    films = _rows(
        "SELECT id, title FROM movies WHERE id IN (SELECT thing_id FROM figures_sales_daily WHERE by = 'film' "
        f"AND day BETWEEN :start AND :end AND {reach}{one} UNION SELECT movie_id FROM shows s WHERE {_SHOWN} AND {reach}{one}) "
        "ORDER BY title, id",
        wanted,
    )
    screens = _rows(f"SELECT id, name FROM screens WHERE {reach}{one} ORDER BY name, id LIMIT 200", wanted)
    return Choices(tuple((row[0], row[1]) for row in films), tuple((row[0], row[1]) for row in screens))
