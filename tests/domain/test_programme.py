"""Times on a cinema's clocks, wishes that become slots, and the lanes of the planner."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from app.domain.local_time import day_start, instants_of, programme_day
from app.domain.planner_grid import cells, hours_needed
from app.domain.programme import Busy, Slot, Wish, candidates, in_the_way, judge

LONDON = ZoneInfo("Europe/London")
SPRING, AUTUMN = dt.date(2027, 3, 28), dt.date(2027, 10, 31)
NOW = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


def test_a_time_that_the_clocks_leap_over_is_no_instant_and_one_they_show_twice_is_two():
    assert instants_of(LONDON, SPRING, dt.time(1, 30)) == ()
    assert [one.hour for one in instants_of(LONDON, AUTUMN, dt.time(1, 30))] == [0, 1]
    assert len(instants_of(LONDON, SPRING, dt.time(19, 30))) == 1


def test_a_day_of_the_programme_runs_from_six_to_six_and_has_23_or_25_hours():
    def hours(day: dt.date) -> float:
        return (day_start(LONDON, day + dt.timedelta(days=1)) - day_start(LONDON, day)).total_seconds() / 3600

    assert hours(SPRING - dt.timedelta(days=1)) == 23
    assert hours(AUTUMN - dt.timedelta(days=1)) == 25
    late = dt.datetime(2027, 5, 8, 0, 30, tzinfo=LONDON)
    assert programme_day(LONDON, late) == dt.date(2027, 5, 7)


def wish(days: list[dt.date], times: list[dt.time], minutes: int = 90) -> Wish:
    return Wish((7,), tuple(days), tuple(times), minutes, 10)


def test_a_late_time_belongs_to_the_night_after_its_day():
    (one,) = candidates(wish([dt.date(2027, 5, 7)], [dt.time(0, 30)]), LONDON)
    assert one.day == dt.date(2027, 5, 8)
    both = candidates(wish([dt.date(2027, 5, 7)], [dt.time(0, 30), dt.time(23)], 30), LONDON)
    assert [one.time.hour for one in both] == [23, 0], "in the order in which they are shown"


def test_the_nights_when_the_clocks_change_are_told():
    (lost,) = candidates(wish([SPRING - dt.timedelta(days=1)], [dt.time(1, 30)]), LONDON)
    assert lost.slot is None
    first, second = candidates(wish([AUTUMN - dt.timedelta(days=1)], [dt.time(1, 30)]), LONDON)
    assert (first.again, second.again) == (False, True)
    assert second.slot.starts_at - first.slot.starts_at == dt.timedelta(hours=1)


def at(hour: float, length: int = 100) -> Slot:
    start = NOW + dt.timedelta(hours=hour)
    return Slot(7, start, start + dt.timedelta(minutes=length))


def test_the_first_of_two_that_collide_gets_the_screen_and_back_to_back_is_fine():
    busy = [Busy(7, at(10).starts_at, at(10).ends_at, "Charade", "Screen 1", 3)]
    verdicts = judge([(at(-1), "M"), (at(1), "M"), (at(2), "M"), (at(2 + 2 / 3), "M"), (at(9), "M")], busy, NOW)
    assert verdicts[0] == "This time has passed already."
    assert verdicts[1] == ""
    assert "M is there by this same list" in in_the_way(verdicts[2], LONDON)
    assert verdicts[3] == ""
    assert in_the_way(verdicts[4], LONDON).startswith("Charade is on Screen 1 from 10:00 to 11:40")


@dataclass(frozen=True)
class Show:
    starts_at: dt.datetime
    film_ends_at: dt.datetime
    ends_at: dt.datetime


@st.composite
def lanes(draw):
    shows, at = [], NOW + dt.timedelta(minutes=draw(st.integers(-120, 60)))
    for _ in range(draw(st.integers(0, 12))):
        at += dt.timedelta(minutes=draw(st.integers(0, 200)))
        film = at + dt.timedelta(minutes=draw(st.integers(1, 200)))
        end = film + dt.timedelta(minutes=draw(st.integers(0, 40)))
        shows.append(Show(at, film, end))
        at = end
    return shows


@given(lanes(), st.integers(1, 300))
def test_a_lane_is_exactly_as_wide_as_the_table_whatever_is_on_it(shows, columns):
    lane = cells(shows, NOW, columns)
    assert sum(cell.span for cell in lane) == columns
    assert all(cell.span > 0 for cell in lane)
    assert [cell.show for cell in lane if cell.show] == shows[: len([cell for cell in lane if cell.show])]


@given(lanes())
def test_a_show_stands_within_five_minutes_of_its_time(shows):
    wide = [one for one in shows if one.starts_at >= NOW and (one.film_ends_at - one.starts_at).seconds > 600]
    column = 0
    for cell in cells(wide, NOW, 3000):
        if cell.show:
            assert abs((cell.show.starts_at - NOW).total_seconds() - column * 300) <= 300
        column += cell.span


def test_the_table_shows_the_usual_hours_and_more_where_shows_need_them():
    assert hours_needed([]) == (4, 18)
    assert hours_needed([(2.5, 4.2), (17, 20.1)]) == (2, 21)
