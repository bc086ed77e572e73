"""Where the parts of a chart stand: plain numbers that the macros of components/charts.html draw as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log10

from app.money import CURRENCIES, format_money
from app.queries.figures.hours import Hour, Takings
from app.queries.figures.reports import Funnel
from app.queries.figures.shows import Heat, HeatSeat

STEPS = 5
"""Shades of heat."""
LEAST_TALL = 3.0
"""Of a bar, units of the drawing."""


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the scale and its words."""

    at: float
    words: str


@dataclass(frozen=True, slots=True)
class HourChart:
    width: int
    height: int
    left: int
    foot: float
    zero: float
    """The line that what was taken stands on, and what was given back hangs from."""
    now: tuple[Bar, ...]
    before: tuple[Bar, ...]
    back: tuple[Bar, ...]
    back_before: tuple[Bar, ...]
    hours: tuple[Tick, ...]
    scale: tuple[Tick, ...]
    mark: float | None
    """Where now is."""


def hour_chart(takings: Takings, clock_hour: float, width: int = 720, height: int = 260) -> HourChart:
    """Bars of today, solid, and of last week, dashed, behind them; what was given back below the line."""
    hours, left, foot, head = takings.hours, 70, height - 26.0, 34.0
    ends = _range(hours)
    step = nice_step(max(ends), 10 ** CURRENCIES[takings.currency])
    lowest, top = (ceil(end / step) * step for end in ends)
    slot, scale = (width - left - 8) / len(hours), (foot - head) / (top + lowest)
    zero = round(foot - lowest * scale, 1)

    def bars(amounts: Sequence[int], shift: float) -> tuple[Bar, ...]:
        """Upwards from the line, or down where an amount is below 0. The smallest can still be seen."""
        talls = [max(LEAST_TALL, round(abs(minor) * scale, 1)) if minor else 0.0 for minor in amounts]
        places = [round(left + (place + shift) * slot, 1) for place in range(len(amounts))]
        return tuple(
            Bar(x, zero if minor < 0 else round(zero - tall, 1), round(slot * 0.6, 1), tall)
            for x, tall, minor in zip(places, talls, amounts, strict=True)
        )

    mark = left + (clock_hour - hours[0].hour) * slot
    return HourChart(
        width,
        height,
        left,
        foot,
        zero,
        bars([one.today.taken_minor for one in hours], 0.08),
        bars([one.before.taken_minor for one in hours], 0.3),
        bars([-one.today.back_minor for one in hours], 0.08),
        bars([-one.before.back_minor for one in hours], 0.3),
        tuple(Tick(round(left + (place + 0.5) * slot, 1), f"{one.hour:02}") for place, one in enumerate(hours)),
        tuple(
            Tick(round(zero - minor * scale, 1), _whole(minor, takings.currency))
            for minor in range(-lowest, top + 1, step)
        ),
        round(mark, 1) if left <= mark <= width else None,
    )


def _range(hours: Sequence[Hour]) -> tuple[int, int]:
    """How far the bars reach, down and up."""
    both = [sales for one in hours for sales in (one.today, one.before)]
    return max(0, *(one.back_minor for one in both)), max(1, *(one.taken_minor for one in both))


def _whole(minor: int, currency: str) -> str:
    """£1,200 or −£1,200, without the pence."""
    if minor < 0:
        return f"−{_whole(-minor, currency)}"
    written = format_money(minor, currency)
    return written.partition(".")[0] if CURRENCIES[currency] else written


def nice_step(highest: int, least: int = 1) -> int:
    """1, 2 or 5 times a power of ten, so that three to six steps reach the highest; a multiple of `least`."""
    units = max(1.0, highest / least / 4)
    power: int = 10 ** int(log10(units))
    return least * next(power * factor for factor in (1, 2, 5, 10) if power * factor >= units)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the funnel: the corners of its part of the beam, and where its words stand."""

    points: str
    x: float
    name: str
    count: int
    went_on: int | None
    """Percent of the step before."""


@dataclass(frozen=True, slots=True)
class Beam:
    """The funnel of one channel."""

    words: str
    width: int
    height: int
    steps: tuple[Step, ...]


def beam(funnel: Funnel, width: int = 480, height: int = 220) -> Beam:
    """A projector's beam that narrows with each step; it never closes, so that a small number is seen."""
    most = max(1, *(step.count for step in funnel.steps))
    slot = width / len(funnel.steps)
    tall = [max(24.0, height * step.count / most) for step in funnel.steps]
    ends = [*tall[1:], tall[-1] * 0.9]
    steps = tuple(
        Step(
            _corners(place * slot, slot - 5, tall[place], tall[place] + (ends[place] - tall[place]) * 0.9, height / 2),
            round(place * slot + 9, 1),
            step.name,
            step.count,
            None if step.went_on is None else round(step.went_on),
        )
        for place, step in enumerate(funnel.steps)
    )
    return Beam(funnel.words, width, height, steps)


def _corners(x: float, width: float, left: float, right: float, middle: float) -> str:
    corners = ((x, -left), (x + width, -right), (x + width, right), (x, left))
    return " ".join(f"{at:.1f},{middle + half / 2:.1f}" for at, half in corners)


@dataclass(frozen=True, slots=True)
class HeatCell:
    x: int
    y: int
    shade: int
    """0 = never sold, 1 to 5."""
    seat: HeatSeat


@dataclass(frozen=True, slots=True)
class HeatChart:
    width: int
    height: int
    cells: tuple[HeatCell, ...]
    rows: tuple[tuple[str, int], ...]
    """Row letters and where they stand."""
    steps: tuple[tuple[int, int, int], ...]
    """The shades in use: from how many to how many times."""


def heat_chart(heat: Heat) -> HeatChart:
    """The hall from above, the screen at the top, each seat in one of five shades and its number in words."""
    if not heat.seats:
        return HeatChart(0, 0, (), (), ())
    lines = sorted({seat.line for seat in heat.seats})
    gaps = {seat.line for seat in heat.seats if seat.gap_before}
    tops, y = {}, 34
    for line in lines:
        y += 8 if line in gaps else 0
        tops[line] = y
        y += 18
    most, first = max(seat.sold for seat in heat.seats), min(seat.column for seat in heat.seats)
    cells = tuple(
        HeatCell(34 + 20 * (seat.column - first), tops[seat.line], shade(seat.sold, most), seat) for seat in heat.seats
    )
    rows = tuple({seat.line: (seat.row, tops[seat.line] + 12) for seat in heat.seats}.values())
    steps = tuple(_steps(most))
    return HeatChart(max(cell.x for cell in cells) + 26, y + 6, cells, rows, steps)


def _steps(most: int) -> Iterator[tuple[int, int, int]]:
    for one in range(1, STEPS + 1):
        counts = [count for count in range(1, most + 1) if shade(count, most) == one]
        if counts:
            yield one, counts[0], counts[-1]


def shade(sold: int, most: int) -> int:
    """Which fifth of the most a number lies in; 0 for none."""
    return min(STEPS, ceil(STEPS * sold / most)) if sold and most else 0


@dataclass(frozen=True, slots=True)
class CurveChart:
    width: int
    height: int
    foot: int
    points: str
    days: tuple[Tick, ...]
    scale: tuple[Tick, ...]
    table: tuple[tuple[int, int, int], ...]
    """Days before, gained on that day, sold by its end."""


def curve_chart(
    gained: Mapping[int, int], seats: int, left_days: int, width: int = 720, height: int = 260
) -> CurveChart:
    """Sold seats by days before the show, from the first sale until `left_days` before it."""
    first = max([*gained, left_days + 1])
    table, sold = [], 0
    for day in range(first, left_days - 1, -1):
        sold += gained.get(day, 0)
        table.append((day, gained.get(day, 0), sold))
    left, foot, head = 48, height - 30, 14
    step = nice_step(max(1, seats))
    top = max(seats, 1)
    slot = (width - left - 16) / max(1, first)

    def at(day: int) -> float:
        return round(left + (first - day) * slot, 1)

    def tall(count: float) -> float:
        return round(foot - count * (foot - head) / top, 1)

    points, level = [f"{at(first)},{foot}"], 0
    for day, _, count in table:
        points += [f"{at(day)},{tall(level)}", f"{at(day)},{tall(count)}"]
        level = count
    every = max(1, first // 10)
    days = tuple(Tick(at(day), str(day)) for day in range(first, -1, -every))
    scale = tuple(Tick(tall(count), str(count)) for count in range(0, top + 1, step))
    return CurveChart(width, height, foot, " ".join(points), days, scale, tuple(table))
