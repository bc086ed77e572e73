"""Putting shows on: no overlap on a screen, one seat row per seat, drafts stay unseen."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from sqlalchemy import text

from app import clock
from app.db import db
from app.errors import Invalid, ScreenBusy
from app.models import Screen
from app.services.scheduling import NewShow, publish_show, schedule_show
from tests.builders import a_cinema, a_movie, a_price_list, a_screen, a_show


def a_new_show(cinema, screen, hours: float = 5) -> NewShow:
    return NewShow(
        movie_id=a_movie().id,
        screen_id=screen.id,
        price_list_id=a_price_list(cinema).id,
        starts_at=clock.now() + dt.timedelta(hours=hours),
    )


def test_publishing_opens_every_seat_once(app):
    show = a_show(published=False)
    assert publish_show(show.id, "test")
    assert not publish_show(show.id, "test")
    seats = db.session.execute(
        text("SELECT count(*) FROM show_seats WHERE show_id = :id"), {"id": show.id}
    ).scalar_one()
    assert seats == 30


def test_a_screen_shows_one_film_at_a_time_cleaning_included(app):
    cinema = a_cinema()
    screen = a_screen(cinema)
    schedule_show(a_new_show(cinema, screen), "test")
    with pytest.raises(ScreenBusy):
        schedule_show(a_new_show(cinema, screen, hours=6.7), "test")
    assert schedule_show(a_new_show(cinema, screen, hours=6.8), "test")


def test_of_many_schedulers_of_one_slot_one_wins(app):
    cinema = a_cinema()
    screen = a_screen(cinema)
    new, outcomes = a_new_show(cinema, screen), []

    def schedule() -> None:
        with app.app_context():
            try:
                outcomes.append(schedule_show(new, "test"))
            except ScreenBusy:
                outcomes.append(None)

    for _ in range(5):
        threads = [threading.Thread(target=schedule) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(outcomes) == 25
    assert len([outcome for outcome in outcomes if outcome]) == 1


def test_a_screen_without_a_plan_shows_nothing(app):
    cinema = a_cinema()
    screen = a_screen(cinema)
    db.session.execute(text("UPDATE screens SET layout_id = NULL WHERE id = :id"), {"id": screen.id})
    db.session.commit()
    db.session.expire(db.session.get_one(Screen, screen.id))
    with pytest.raises(Invalid, match="no seating plan"):
        schedule_show(a_new_show(cinema, screen), "test")


def test_a_price_list_must_price_every_seat(app):
    show = a_show(published=False, prices={("premium", "adult"): 1500})
    with pytest.raises(Invalid, match="no adult price"):
        publish_show(show.id, "test")
