"""A show that gets other seats at the instant somebody buys, gives back, or comes in: one order of things, nothing lost."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import text

from app.db import db
from app.domain.staff import COMMAND
from app.errors import ConcurrentModification, InvalidSeats
from app.models import Show
from app.queries.layout_drafts import drawing_of
from app.services.admission import AtDoor, admit_ticket
from app.services.cancelling import Cancelled, cancel_seats
from app.services.holds import hold_seats
from app.services.layout_moves import Moved, move_shows
from app.services.layouts_edit import change_draft, use_draft
from tests.builders import a_cinema, a_paid_booking, a_screen, a_show, seat_ids
from tests.support.crowd import together

ROUNDS = 25


def a_show_behind() -> Show:
    """On sale with an older version than its screen: the last seat has gone."""
    show = a_show(screen=a_screen(a_cinema(), 30, 10))
    revision = drawing_of(show.screen_id).revision
    revision, _ = change_draft(COMMAND, show.screen_id, revision, "delete", {}, ["C10"])
    use_draft(COMMAND, show.screen_id, revision, "new chairs")
    return show


def mover(show_id: int, screen_id: int):
    return lambda: move_shows(COMMAND, screen_id, [show_id], "new chairs")


def test_buyers_and_a_move_at_one_instant(crowd):
    seen: Counter[str] = Counter()
    for place in range(ROUNDS):
        show = a_show_behind()
        seats = seat_ids(show, "B3", "B4")
        tasks = [lambda s=show, w=seats: hold_seats(s.id, w, "s:buyer"), mover(show.id, show.screen_id)]
        results = together(crowd, tasks if place % 2 else tasks[::-1])
        bought, moved = results if place % 2 else results[::-1]
        assert isinstance(moved, Moved), moved
        if moved.shows:
            assert isinstance(bought, InvalidSeats), bought
        else:
            assert "being bought" in moved.kept[show.id]
            assert bought.booking_id
        seen["moved" if moved.shows else "bought"] += 1
    assert sum(seen.values()) == ROUNDS


def test_seats_given_back_or_used_while_the_show_moves_stay_right(crowd):
    for place in range(ROUNDS):
        show = a_show_behind()
        back, used = (a_paid_booking(show, seats=seat_ids(show, *labels)) for labels in (("A1", "A2"), ("A5", "A6")))
        ticket_id = db.session.execute(
            text("SELECT min(id) FROM tickets WHERE show_id = :show AND booking_id = :id"),
            {"show": show.id, "id": used.id},
        ).scalar_one()
        db.session.commit()
        tasks = [
            lambda s=show, b=back: cancel_seats(s.id, b.id, None, expected_minor=1935),
            lambda s=show, t=ticket_id: admit_ticket(s.id, t, COMMAND, AtDoor("scan-1")),
            mover(show.id, show.screen_id),
        ]
        cancelled, admitted, moved = together(crowd, tasks)
        assert isinstance(cancelled, Cancelled), cancelled
        assert admitted.admitted, admitted
        assert moved.shows == (show.id,), moved
        free = db.session.execute(
            text("SELECT count(*) FROM show_seats WHERE show_id = :show AND state = 'free'"), {"show": show.id}
        ).scalar_one()
        db.session.commit()
        assert free == 27, place


def test_of_many_who_draw_at_one_instant_one_is_kept(crowd):
    screen = a_screen(a_cinema())
    revision = drawing_of(screen.id).revision
    tasks = [
        lambda name=f"Plan {number}": change_draft(COMMAND, screen.id, revision, "rename", {"name": name}, ())
        for number in range(10)
    ]
    results = together(crowd, tasks)
    assert sum(isinstance(one, ConcurrentModification) for one in results) == 9
    assert sum(isinstance(one, tuple) for one in results) == 1
