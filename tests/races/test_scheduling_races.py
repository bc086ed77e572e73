"""Many who schedule on one screen at one instant, and changes of a show in the instant of a hold: one order of things."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app import clock
from app.config import Settings
from app.db import db
from app.domain.staff import COMMAND
from app.embedded import Urls, connect
from app.errors import Conflict, DomainError, ScreenBusy
from app.models import Screen, Show
from app.services import scheduling
from app.services.holding import Hold, Seen
from app.services.holds import hold_seats
from app.services.scheduling import Made, NewShow, publish_shows, schedule_shows
from app.services.show_changes import delete_draft, move_show, unpublish_show
from tests.builders import a_cinema, a_movie, a_price_list, a_screen, a_show, seat_ids
from tests.races.conftest import app_for_a_crowd
from tests.support.crowd import together

SCHEDULERS = 50
ROUNDS = 25
HOUR = dt.timedelta(hours=1)


@pytest.fixture(scope="module")
def many(settings: Settings, no_deadlocks: None) -> Iterator[Flask]:
    """The application with a connection for each of fifty."""
    with app_for_a_crowd(settings, SCHEDULERS) as made:
        yield made


@pytest.fixture
def screen(app: Flask) -> Screen:
    return a_screen(a_cinema())


def soon() -> dt.datetime:
    return (clock.now() + 5 * HOUR).replace(second=0, microsecond=0)


def scheduler(screen: Screen, *starts: dt.datetime) -> Callable[[], Made]:
    """Wants these shows of a film of 85 minutes, 100 with the cleaning, or none."""
    film, prices = a_movie(runtime_minutes=85).id, a_price_list_of(screen)
    wanted = [NewShow(film, screen.id, prices, at, cleaning_minutes=15) for at in starts]
    return lambda: schedule_shows(COMMAND, screen.cinema_id, wanted)


def a_price_list_of(screen: Screen) -> int:
    found = db.session.execute(
        text("SELECT min(id) FROM price_lists WHERE cinema_id = :id"), {"id": screen.cinema_id}
    ).scalar_one()
    db.session.commit()
    return int(found or a_price_list(a_cinema_of(screen)).id)


def a_cinema_of(screen: Screen) -> Any:
    from app.models import Cinema

    return db.session.get_one(Cinema, screen.cinema_id)


def overlaps() -> int:
    found = db.session.execute(
        text(
            "SELECT count(*) FROM shows a JOIN shows b ON b.screen_id = a.screen_id AND b.id > a.id "
            "AND b.starts_at < a.ends_at AND a.starts_at < b.ends_at"
        )
    ).scalar_one()
    db.session.commit()
    return int(found)


def made(results: list[Any]) -> int:
    assert not [one for one in results if not isinstance(one, Made | ScreenBusy)], "nobody meets a deadlock or a wait"
    return sum(isinstance(one, Made) for one in results)


def test_of_fifty_who_want_one_time_one_has_it_and_the_others_are_told_by_name(many, screen, no_deadlocks):
    results = together(many, [scheduler(screen, soon() + dt.timedelta(minutes=one)) for one in range(SCHEDULERS)])
    assert made(results) == 1
    assert overlaps() == 0
    refused = [str(one) for one in results if isinstance(one, ScreenBusy)]
    assert all(" is on Screen " in one for one in refused), "the sentence of the database alone names nobody"


def test_of_fifty_who_want_fifty_times_all_have_theirs(many, screen, no_deadlocks):
    results = together(many, [scheduler(screen, soon() + one * dt.timedelta(minutes=100)) for one in range(SCHEDULERS)])
    assert made(results) == SCHEDULERS
    assert overlaps() == 0


def test_ten_times_wanted_by_five_each_are_had_by_one_each(many, screen, no_deadlocks):
    starts = [soon() + (one % 10) * dt.timedelta(minutes=100) for one in range(SCHEDULERS)]
    results = together(many, [scheduler(screen, at) for at in starts])
    assert made(results) == 10
    assert overlaps() == 0


def test_two_screens_wanted_in_opposite_orders_lock_nobody_out(many, screen, no_deadlocks):
    other = a_screen(a_cinema_of(screen))
    film, prices = a_movie(runtime_minutes=85).id, a_price_list_of(screen)

    def both(number: int) -> Callable[[], Made]:
        at = soon() + (number // 2) * dt.timedelta(minutes=100)
        wanted = [NewShow(film, one.id, prices, at) for one in (screen, other)]
        return lambda: schedule_shows(COMMAND, screen.cinema_id, wanted[:: 1 if number % 2 else -1])

    results = together(many, [both(number) for number in range(SCHEDULERS)])
    assert made(results) == SCHEDULERS // 2
    assert overlaps() == 0


def test_those_who_schedule_and_those_who_move_meet_on_one_screen(many, screen, no_deadlocks):
    moving = [a_show(screen=a_screen(a_cinema_of(screen)), published=False) for _ in range(10)]
    tasks: list[Callable[[], Any]] = [
        lambda show=show: move_show(COMMAND, show.id, screen.id, show.starts_at) for show in moving
    ]
    results = together(many, [*tasks, *(scheduler(screen, moving[0].starts_at) for _ in range(10))])
    assert not [one for one in results if not (one is None or isinstance(one, Made | ScreenBusy))]
    assert sum(not isinstance(one, ScreenBusy) for one in results) == 1
    assert overlaps() == 0


# Controls: the same crowd with lines of defence taken away.


def without_judging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks what is on the screen: the database alone is left."""
    monkeypatch.setattr(scheduling, "busy_on", lambda *_, **__: [])


def test_without_looking_the_database_lets_one_win(many, screen, monkeypatch):
    without_judging(monkeypatch)
    results = together(many, [scheduler(screen, soon()) for _ in range(SCHEDULERS)])
    assert made(results) == 1
    assert {str(one) for one in results if isinstance(one, ScreenBusy)} == {ScreenBusy.default}


@pytest.fixture
def without_exclusion(urls: Urls, app: Flask) -> Iterator[None]:
    name = "ex_shows_screen_during"
    with connect(urls.migration_database_url) as owner:
        found = owner.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", (name,)
        ).fetchone()
        assert found is not None
        owner.execute(f"ALTER TABLE shows DROP CONSTRAINT {name}")
        yield
        owner.execute("DELETE FROM shows")
        owner.execute(f"ALTER TABLE shows ADD CONSTRAINT {name} {found[0]}")


def test_without_looking_and_without_the_constraint_a_screen_shows_two_films(
    many, screen, monkeypatch, without_exclusion
):
    without_judging(monkeypatch)
    results = together(many, [scheduler(screen, soon()) for _ in range(SCHEDULERS)])
    assert made(results) > 1
    assert overlaps() > 0, "this crowd can be lost to"


def test_without_the_constraint_the_lock_alone_lets_one_win(many, screen, without_exclusion):
    results = together(many, [scheduler(screen, soon()) for _ in range(SCHEDULERS)])
    assert made(results) == 1
    assert overlaps() == 0


# A hold of the same instant


CHANGES: dict[str, Callable[[Show], Any]] = {
    "moved": lambda show: move_show(COMMAND, show.id, show.screen_id, show.starts_at + HOUR, "projector"),
    "to another screen": lambda show: move_show(COMMAND, show.id, other_screen(show), show.starts_at, "projector"),
    "taken off sale": lambda show: unpublish_show(COMMAND, show.id, "projector"),
}
OTHERS: dict[int, int] = {}


def other_screen(show: Show) -> int:
    return OTHERS[show.id]


@pytest.mark.parametrize("change", CHANGES)
def test_a_hold_or_the_change_wins_and_never_both(crowd, no_deadlocks, change):
    seen: Counter[str] = Counter()
    for place in range(ROUNDS):
        show = a_show()
        OTHERS[show.id] = a_screen(a_cinema_of_show(show)).id
        before, begins = (show.starts_at, show.screen_id), show.starts_at
        seats = seat_ids(show, "B3", "B4")
        tasks: list[Callable[[], Any]] = [
            lambda s=show.id, w=seats, at=begins: hold_seats(s, w, "s:buyer", seen=Seen(starts_at=at)),
            lambda s=show: CHANGES[change](s),
        ]
        results = together(crowd, tasks if place % 2 else tasks[::-1])
        held, changed = results if place % 2 else results[::-1]
        now = db.session.get_one(Show, show.id, populate_existing=True)
        same = (now.starts_at, now.screen_id, now.state) == (*before, "published")
        db.session.commit()
        if isinstance(changed, Conflict):
            assert "being made" in str(changed)
            assert isinstance(held, Hold), held
            assert same
            seen["held"] += 1
        else:
            assert changed is None, changed
            assert not same
            assert isinstance(held, DomainError), held
            seen["changed"] += 1
    assert sum(seen.values()) == ROUNDS


def a_cinema_of_show(show: Show) -> Any:
    from app.models import Cinema

    return db.session.get_one(Cinema, show.cinema_id)


def test_publishing_and_throwing_away_at_one_instant_leaves_one_of_the_two(crowd, no_deadlocks):
    for _ in range(ROUNDS):
        show = a_show(published=False)
        show_id = show.id
        tasks: list[Callable[[], Any]] = [
            lambda cinema_id=show.cinema_id, one=show_id: publish_shows(COMMAND, cinema_id, [one]),
            lambda one=show_id: delete_draft(COMMAND, one),
        ]
        published, deleted = together(crowd, tasks)
        there = db.session.get(Show, show_id, populate_existing=True)
        db.session.commit()
        if published.ids:
            assert isinstance(deleted, Conflict), deleted
            assert there is not None
        else:
            assert deleted is None
            assert there is None
