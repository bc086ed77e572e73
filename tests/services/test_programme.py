"""Shows put on, moved, edited, taken off sale, thrown away and copied by people of the staff."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app import clock
from app.db import db, transaction
from app.domain.film_week import week_of
from app.domain.local_time import programme_day
from app.domain.marks import mark
from app.domain.programme import Wish, candidates, judge
from app.domain.staff import COMMAND, Role
from app.errors import ConcurrentModification, Conflict, Forbidden, Invalid, NotFound, ScreenBusy, ShowMoved
from app.models import Cinema, Movie, Screen, Show, ShowCancellation
from app.queries.programme import busy_on
from app.services.blocking import block_seats
from app.services.films import archive_film
from app.services.holding import Seen
from app.services.holds import hold_seats, release_booking
from app.services.promises import check_promises
from app.services.scheduling import NewShow, publish_shows, schedule_shows, told
from app.services.screens import close_screen
from app.services.show_changes import (
    Wanted,
    copy_week,
    delete_draft,
    edit_show,
    move_show,
    unpublish_show,
)
from tests.builders import (
    a_cinema,
    a_hold,
    a_movie,
    a_paid_booking,
    a_person,
    a_price_list,
    a_screen,
    a_show,
    a_started_payment,
    seat_ids,
)
from tests.support.staff import by

HOUR = dt.timedelta(hours=1)


def later(hours: float) -> dt.datetime:
    return (clock.now() + dt.timedelta(hours=hours)).replace(second=0, microsecond=0)


def new(screen: Screen, movie: Movie, prices: int, hours: float, **values: Any) -> NewShow:
    return NewShow(movie.id, screen.id, prices, later(hours), **values)


def again(show_id: int) -> Show | None:
    found = db.session.get(Show, show_id, populate_existing=True)
    db.session.commit()
    return found


def audited(action: str) -> list[Any]:
    found = db.session.execute(
        text("SELECT user_id, subject_id, before, after, reason FROM audit_entries WHERE action = :a ORDER BY id"),
        {"a": action},
    ).all()
    db.session.commit()
    return list(found)


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def hall(regent: Cinema) -> tuple[Screen, Movie, int]:
    return a_screen(regent), a_movie("Metropolis", runtime_minutes=100), a_price_list(regent).id


def test_many_are_made_at_once_with_their_facts_and_told_to_the_audit(regent, hall):
    ruth = a_person(Role.MANAGER, regent)
    wanted = [new(*hall, hours, cleaning_minutes=20, close_minutes=10, note="35 mm") for hours in (3, 6, 9)]
    made = schedule_shows(by(ruth), regent.id, wanted)
    assert len(made.ids) == 3
    show = again(made.ids[0])
    assert show.state == "draft"
    assert show.ends_at - show.starts_at == dt.timedelta(minutes=120)
    assert show.sales_close_at - show.starts_at == dt.timedelta(minutes=10)
    assert show.note == "35 mm"
    rows = audited("show.scheduled")
    assert [row.subject_id for row in rows] == list(made.ids)
    assert rows[0].user_id == ruth.id
    assert rows[0].after["starts_at"] == show.starts_at.isoformat()


def test_all_or_none_names_the_film_and_the_time_in_the_way(regent, hall):
    schedule_shows(COMMAND, regent.id, [new(*hall, 3)])
    with pytest.raises(
        ScreenBusy, match=r"Metropolis is on Screen \d+ from \d\d:\d\d to \d\d:\d\d on .* Nothing was made"
    ):
        schedule_shows(COMMAND, regent.id, [new(*hall, 8), new(*hall, 4)])
    assert len(busy_on([hall[0].id], later(0), later(24))) == 1


def test_what_collides_is_left_out_when_that_was_chosen(regent, hall):
    schedule_shows(COMMAND, regent.id, [new(*hall, 3)])
    made = schedule_shows(COMMAND, regent.id, [new(*hall, 8), new(*hall, 4), new(*hall, 9)], leave_out=True)
    assert len(made.ids) == 1
    reasons = [why for _, why in made.left_out]
    assert "Metropolis is on Screen" in reasons[0]
    assert "by this same list" in reasons[1]


def test_nothing_is_made_in_the_past_of_an_archived_film_or_elsewhere(regent, hall):
    screen, movie, prices = hall
    with pytest.raises(Invalid, match="passed already"):
        schedule_shows(COMMAND, regent.id, [new(*hall, -1)])
    other = a_cinema()
    for wrong in ((a_screen(other), movie, prices), (screen, movie, a_price_list(other).id)):
        with pytest.raises(NotFound):
            schedule_shows(COMMAND, regent.id, [new(*wrong, 3)])
    with pytest.raises(Invalid, match="at least one"):
        schedule_shows(COMMAND, regent.id, [])
    with transaction() as session:
        session.get_one(Movie, movie.id).archived_at = clock.now()
    with pytest.raises(Invalid, match="archived"):
        schedule_shows(COMMAND, regent.id, [new(*hall, 3)])


def test_who_lost_the_role_meanwhile_makes_nothing(regent, hall):
    stranger = a_person(Role.MANAGER, a_cinema())
    with pytest.raises(Forbidden):
        schedule_shows(by(stranger), regent.id, [new(*hall, 3)])
    assert not busy_on([hall[0].id], later(0), later(24))


def test_those_that_can_be_are_published_and_the_others_told(regent, hall):
    screen, movie, _ = hall
    bad = a_price_list(regent, {("premium", "adult"): 900}).id
    made = schedule_shows(COMMAND, regent.id, [new(*hall, 3), new(screen, movie, bad, 6)])
    foreign = a_show(published=False)
    done = publish_shows(COMMAND, regent.id, [*made.ids, foreign.id])
    assert done.ids == made.ids[:1]
    assert "no adult price for standard" in done.kept[made.ids[1]]
    assert "no such show at this cinema" in done.kept[foreign.id]
    assert again(foreign.id).state == "draft"
    assert publish_shows(COMMAND, regent.id, made.ids[:1]).kept == {made.ids[0]: "It is on sale already."}


def test_a_show_is_moved_with_its_booking_window(regent, hall):
    screen, *_ = hall
    show = a_show(screen=screen, close_minutes=10)
    ends, other = show.ends_at, a_screen(regent, 40)
    move_show(COMMAND, show.id, other.id, show.starts_at + HOUR, "projector", mark(told(show)))
    moved = again(show.id)
    assert (moved.screen_id, moved.layout_id, moved.ends_at) == (other.id, other.layout_id, ends + HOUR)
    assert moved.sales_close_at - moved.starts_at == dt.timedelta(minutes=10)
    assert hold_seats(show.id, seat_ids(moved, "A1", "A2"), "s:buyer")
    row = audited("show.moved")[-1]
    assert row.before["screen_id"] == screen.id
    assert row.after["screen_id"] == other.id
    assert row.reason == "projector"


def test_one_that_is_on_sale_needs_a_reason_and_a_draft_none(regent, hall):
    show = a_show(screen=hall[0])
    with pytest.raises(Invalid, match="why it changes"):
        move_show(COMMAND, show.id, show.screen_id, show.starts_at + HOUR)
    draft = a_show(cinema=regent, published=False)
    move_show(COMMAND, draft.id, draft.screen_id, draft.starts_at + HOUR)
    assert again(draft.id).starts_at == draft.starts_at


@pytest.mark.parametrize("what", ["held", "paying", "sold"])
def test_what_somebody_has_seats_of_stays_where_it_is(app, what):
    show = a_show()
    booking = a_paid_booking(show) if what == "sold" else a_hold(show)
    if what == "paying":
        a_started_payment(booking)
    for act in (
        lambda: move_show(COMMAND, show.id, show.screen_id, show.starts_at + HOUR, "projector"),
        lambda: unpublish_show(COMMAND, show.id, "projector"),
        lambda: edit_show(COMMAND, show.id, as_it_is(show, movie_id=a_movie().id), "other film"),
        lambda: edit_show(COMMAND, show.id, as_it_is(show, price_list_id=a_price_list(cinema_of(show)).id), "dearer"),
        lambda: delete_draft(COMMAND, show.id),
    ):
        with pytest.raises(Conflict, match="sold|on sale" if what == "sold" else "being made|on sale"):
            act()
    assert again(show.id).state == "published"


def cinema_of(show: Show) -> Cinema:
    return db.session.get_one(Cinema, show.cinema_id)


def as_it_is(show: Show, sales_close_at: dt.datetime | None = None, **changed: Any) -> Wanted:
    """The form as it was filled in, with some fields changed."""
    runtime = db.session.get_one(Movie, show.movie_id).runtime_minutes
    facts = told(show)
    cleaning = round((show.ends_at - show.starts_at).total_seconds() / 60) - runtime
    closes = facts.pop("sales_close_at")
    facts.pop("ends_at")
    return Wanted(NewShow(**{**facts, "cleaning_minutes": cleaning, **changed}), sales_close_at or closes)


def test_note_marks_and_window_of_a_sold_show_may_change(app):
    show = a_show()
    a_paid_booking(show)
    closes = show.starts_at - HOUR
    edit_show(COMMAND, show.id, as_it_is(show, closes, note="With live organ", captions=True), "organist found")
    changed = again(show.id)
    assert (changed.note, changed.captions, changed.sales_close_at) == ("With live organ", True, closes)
    assert audited("show.changed")[-1].after == {
        "note": "With live organ", "captions": True, "sales_close_at": closes.isoformat(),
    }  # fmt: skip


def test_a_draft_is_edited_freely_and_the_length_follows_the_film(regent, hall):
    show = a_show(screen=hall[0], published=False)
    long = a_movie("Napoleon", runtime_minutes=330)
    edit_show(COMMAND, show.id, as_it_is(show, movie_id=long.id, cleaning_minutes=30))
    changed = again(show.id)
    assert changed.ends_at - changed.starts_at == dt.timedelta(hours=6)
    with pytest.raises(Invalid, match="open before they close"):
        edit_show(COMMAND, show.id, as_it_is(changed, changed.sales_open_at - HOUR))


def test_the_second_of_two_who_edit_is_told(app):
    show = a_show(published=False)
    seen = mark(told(show))
    edit_show(COMMAND, show.id, as_it_is(show, note="first"), seen=seen)
    with pytest.raises(ConcurrentModification, match="nothing of yours was kept"):
        edit_show(COMMAND, show.id, as_it_is(show, note="second"), seen=seen)
    assert again(show.id).note == "first"


def test_moving_onto_another_show_is_refused_by_name_and_onto_itself_not(regent, hall):
    screen, movie, _ = hall
    show = a_show(screen=screen, movie=movie, published=False)
    a_show(screen=screen, movie=a_movie("Nosferatu"), starts_in=dt.timedelta(hours=10))
    with pytest.raises(ScreenBusy, match="Nosferatu is on Screen"):
        move_show(COMMAND, show.id, screen.id, later(9))
    move_show(COMMAND, show.id, screen.id, show.starts_at + dt.timedelta(minutes=5))
    with pytest.raises(Invalid, match="passed already"):
        move_show(COMMAND, show.id, screen.id, later(-1))
    with pytest.raises(NotFound):
        move_show(COMMAND, show.id, a_screen(a_cinema()).id, later(9))


def test_who_unpublishes_makes_a_draft_that_sells_nothing_and_goes_on_sale_again(regent, hall):
    show = a_show(screen=hall[0])
    block_seats(COMMAND, show.id, seat_ids(show, "C1"), "broken")
    booking = a_hold(show)
    release_booking(show.id, booking.id)
    unpublish_show(COMMAND, show.id, "wrong week")
    assert again(show.id).state == "draft"
    assert list(check_promises()) == []
    with pytest.raises(Exception, match=r"not on sale|no such"):
        hold_seats(show.id, seat_ids(show, "A1", "A2"), "s:late")
    with pytest.raises(Conflict, match="on record"):
        delete_draft(COMMAND, show.id)
    with pytest.raises(Conflict, match="were held for this show"):
        move_show(COMMAND, show.id, a_screen(regent).id, show.starts_at)
    assert publish_shows(COMMAND, regent.id, [show.id]).ids == (show.id,)
    assert hold_seats(show.id, seat_ids(show, "A1", "A2"), "s:late")
    assert audited("show.taken_off_sale")[0].reason == "wrong week"


def test_seats_out_of_use_keep_a_show_on_its_screen(regent, hall):
    show = a_show(screen=hall[0])
    block_seats(COMMAND, show.id, seat_ids(show, "C1"), "broken")
    with pytest.raises(Conflict, match="1 seat of this show"):
        move_show(COMMAND, show.id, a_screen(regent).id, show.starts_at, "projector")


def test_what_was_paid_for_once_keeps_its_time_because_late_money_may_come(app):
    show = a_show()
    booking = a_hold(show)
    a_started_payment(booking)
    release_booking(show.id, booking.id)
    with pytest.raises(Conflict, match="being paid for before"):
        move_show(COMMAND, show.id, show.screen_id, show.starts_at + HOUR, "projector")


def test_a_draft_is_thrown_away_and_the_audit_keeps_what_it_was(app):
    show = a_show(published=False)
    delete_draft(COMMAND, show.id)
    assert again(show.id) is None
    assert audited("show.deleted")[0].before["movie_id"] == show.movie_id
    with pytest.raises(NotFound):
        delete_draft(COMMAND, show.id)


def test_a_draft_that_something_else_names_is_kept_and_that_is_told(app):
    show = a_show(published=False)
    with transaction() as session:
        session.add(ShowCancellation(show_id=show.id, started_at=clock.now(), actor="test", bookings=0))
    with pytest.raises(Conflict, match="Something else still belongs"):
        delete_draft(COMMAND, show.id)
    assert again(show.id) is not None
    with transaction() as session:
        session.delete(session.get_one(ShowCancellation, show.id))


def test_a_week_is_copied_with_what_can_be(regent, hall, moved_clock):
    zone = ZoneInfo(regent.timezone)
    schedule_shows(COMMAND, regent.id, [new(*hall, 3), new(*hall, 9, note="35 mm", cleaning_minutes=25)])
    week = week_of(programme_day(zone, clock.now() + 3 * HOUR)).after
    done = copy_week(COMMAND, regent.id, week)
    assert len(done.ids) >= 1
    for show_id in done.ids:
        copied = again(show_id)
        assert copied.state == "draft"
        before = copied.starts_at.astimezone(zone).replace(tzinfo=None) - dt.timedelta(days=7)
        assert before in {one.astimezone(zone).replace(tzinfo=None) for one in (later(3), later(9))}
    assert again(done.ids[-1]).note in ("", "35 mm")
    second = copy_week(COMMAND, regent.id, week)
    assert second.ids == ()
    assert len(second.left_out) == len(done.ids)
    with pytest.raises(Invalid, match="nothing to copy"):
        copy_week(COMMAND, regent.id, week.after.after.after)


def test_an_archived_film_and_a_closed_screen_do_not_keep_the_rest_of_a_week_from_being_copied(regent, moved_clock):
    gone, shut, good = (a_show(cinema=regent) for _ in range(3))
    week = week_of(programme_day(ZoneInfo(regent.timezone), gone.starts_at))
    moved_clock.forward(days=1)
    archive_film(COMMAND, gone.movie_id)
    close_screen(COMMAND, shut.screen_id, "The roof leaks")
    done = copy_week(COMMAND, regent.id, week.after)
    assert [again(show_id).movie_id for show_id in done.ids] == [good.movie_id]
    whys = sorted(why for _, why in done.left_out)
    assert whys[0].endswith("is archived.")
    assert "is closed. Reopen it" in whys[1]


START = dt.datetime(2027, 3, 26, 6, tzinfo=dt.UTC)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    days=st.sets(st.integers(0, 4), min_size=1, max_size=3),
    times=st.sets(st.integers(0, 24 * 12 - 1), min_size=1, max_size=4),
    there=st.lists(st.integers(0, 5 * 24 * 12), max_size=5),
    minutes=st.integers(30, 200),
    cleaning=st.integers(0, 40),
)
def test_what_the_preview_shows_is_what_is_written(app, days, times, there, minutes, cleaning):
    """In the nights around a change of the clocks in London (28 March 2027), on two screens."""
    cinema = a_cinema()
    screens = [a_screen(cinema, 10), a_screen(cinema, 10)]
    prices, movie = a_price_list(cinema).id, a_movie(runtime_minutes=minutes)
    other = a_movie(runtime_minutes=90)
    already = [
        NewShow(other.id, screens[place % 2].id, prices, START + dt.timedelta(minutes=5 * at))
        for place, at in enumerate(there)
    ]
    if already:
        schedule_shows(COMMAND, cinema.id, already, leave_out=True)
    clocks = tuple(dt.time(*divmod(5 * one, 60)) for one in times)
    wish = Wish(
        tuple(one.id for one in screens),
        tuple(START.date() + dt.timedelta(days=one) for one in days),
        clocks,
        minutes,
        cleaning,
    )
    found = [one.slot for one in candidates(wish, ZoneInfo(cinema.timezone)) if one.slot]
    if not found:
        return
    busy = busy_on(wish.screen_ids, min(one.starts_at for one in found), max(one.ends_at for one in found))
    verdicts = judge([(one, movie.title) for one in found], busy, clock.now())
    good = [slot for slot, verdict in zip(found, verdicts, strict=True) if not verdict]
    wanted = [NewShow(movie.id, one.screen_id, prices, one.starts_at, cleaning_minutes=cleaning) for one in found]
    made = schedule_shows(COMMAND, cinema.id, wanted, leave_out=True)
    written = [again(show_id) for show_id in made.ids]
    assert [(one.screen_id, one.starts_at, one.ends_at) for one in written] == [
        (one.screen_id, one.starts_at, one.ends_at) for one in good
    ]


def test_who_saw_the_old_time_is_told_and_keeps_nothing(app):
    show = a_show()
    old, seats = show.starts_at, seat_ids(show, "A1", "A2")
    move_show(COMMAND, show.id, show.screen_id, old + HOUR, "projector")
    with pytest.raises(ShowMoved, match="another time now"):
        hold_seats(show.id, seats, "s:late", seen=Seen(starts_at=old))
    assert hold_seats(show.id, seats, "s:fresh", seen=Seen(starts_at=old + HOUR))
