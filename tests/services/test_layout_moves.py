"""Shows that follow their screen to a new version: nobody's seat vanishes, and whoever looks or buys meanwhile is told right."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from sqlalchemy import text

from app.db import db
from app.domain.staff import COMMAND
from app.errors import Conflict, Invalid, InvalidSeats
from app.models import Show
from app.queries.layout_drafts import drawing_of, other_shows
from app.queries.seat_map import fresh_seat_map, seat_map
from app.services import holds
from app.services.blocking import block_seats
from app.services.layout_moves import move_shows
from app.services.layouts_edit import change_draft, save_draft, use_draft
from tests.builders import a_cinema, a_hold, a_paid_booking, a_screen, a_show, seat_ids


@pytest.fixture
def show(app: Any) -> Show:
    """Thirty seats, rows A to C of ten."""
    return a_show(screen=a_screen(a_cinema(), 30, 10))


def new_version(show: Show, change: str, words: dict[str, str], *guids: str) -> int:
    screen_id = show.screen_id
    revision = drawing_of(screen_id).revision
    revision, _ = change_draft(COMMAND, screen_id, revision, change, words, guids)
    return use_draft(COMMAND, screen_id, revision, "new chairs")


def move(show: Show) -> str:
    """Why it did not move; empty if it did."""
    return move_shows(COMMAND, show.screen_id, [show.id], "new chairs").kept.get(show.id, "")


def again(show: Show) -> Show:
    found = db.session.get_one(Show, show.id, populate_existing=True)
    db.session.commit()
    return found


def sold_labels(show: Show) -> list[str]:
    rows = db.session.execute(
        text(
            "SELECT s.label FROM tickets t JOIN seats s ON s.id = t.seat_id JOIN show_seats z ON z.show_id = t.show_id "
            "AND z.seat_id = t.seat_id WHERE t.show_id = :show AND t.state = 'issued' AND z.state = 'sold' ORDER BY 1"
        ),
        {"show": show.id},
    )
    found = list(rows.scalars())
    db.session.commit()
    return found


def test_a_show_on_sale_keeps_its_seats_until_somebody_moves_it(show: Show):
    old = show.layout_id
    layout_id = new_version(show, "delete", {}, "C9", "C10")
    assert again(show).layout_id == old
    assert move(show) == ""
    assert again(show).layout_id == layout_id
    assert len(seat_map(show.id).states) == 28


def test_sold_and_blocked_seats_go_along(show: Show):
    a_paid_booking(show, seats=seat_ids(show, "A1", "A2"))
    block_seats(COMMAND, show.id, seat_ids(show, "B5"), "broken")
    new_version(show, "delete", {}, "C9", "C10")
    assert other_shows(show.screen_id, drawing_of(show.screen_id).layout_id)[0].why_not == ""
    assert move(show) == ""
    assert sold_labels(again(show)) == ["A1", "A2"]
    assert fresh_seat_map(show.id).states.count("b") == 1
    a_paid_booking(again(show), seats=seat_ids(again(show), "A5", "A6"))
    assert sold_labels(show) == ["A1", "A2", "A5", "A6"]


@pytest.mark.parametrize(
    ("change", "words", "guid", "told"),
    [
        ("delete", {}, "A1", "A1 would vanish"),
        ("rename-seat", {"number": "99"}, "A2", "A2 (to A99) would change the name"),
    ],
)
def test_a_sold_seat_can_not_vanish_or_change_its_name(
    show: Show, change: str, words: dict[str, str], guid: str, told: str
):
    a_paid_booking(show, seats=seat_ids(show, "A1", "A2"))
    old = show.layout_id
    new_version(show, change, words, guid)
    assert told in move(show)
    assert again(show).layout_id == old


def test_who_is_buying_does_not_lose_the_hall(show: Show):
    a_hold(show, seats=seat_ids(show, "A1", "A2"))
    new_version(show, "delete", {}, "C10")
    assert "being bought at this moment" in move(show)


def test_a_seat_that_was_given_back_stays_in_the_books(show: Show):
    holds.release_booking(show.id, a_hold(show, seats=seat_ids(show, "C9", "C10")).id)
    new_version(show, "delete", {}, "C9", "C10")
    assert "C9, C10 would vanish" in move(show)


def test_a_category_without_a_price_keeps_the_show_where_it_is(show: Show):
    revision, _ = change_draft(
        COMMAND, show.screen_id, drawing_of(show.screen_id).revision, "save-category", {"name": "Sofa"}, ()
    )
    revision, _ = change_draft(COMMAND, show.screen_id, revision, "category", {"category": "Sofa"}, ["C1"])
    use_draft(COMMAND, show.screen_id, revision, "sofas")
    assert "no adult price for sofa" in move(show)


def test_a_draft_show_just_gets_the_other_version(app: Any):
    show = a_show(screen=a_screen(a_cinema()), published=False)
    layout_id = new_version(show, "delete", {}, "C10")
    assert move(show) == ""
    assert again(show).layout_id == layout_id


def test_shows_of_other_screens_and_past_ones_are_left_alone(show: Show, moved_clock: Any):
    other = a_show()
    new_version(show, "delete", {}, "C10")
    assert "no such show" in move_shows(COMMAND, show.screen_id, [other.id], "x").kept[other.id]
    moved_clock.forward(days=2)
    assert move(show) == "It is over."


def test_a_browser_that_shows_the_old_hall_gets_the_whole_new_one(show: Show, client: Any):
    a_paid_booking(show, seats=seat_ids(show, "A1", "A2"))
    page = client.get(f"/shows/{show.id}")
    assert page.status_code == 200
    older = seat_map(show.id).version
    # As many seats as before: only the version can tell that they are others.
    revision, plan = change_draft(COMMAND, show.screen_id, drawing_of(show.screen_id).revision, "delete", {}, ["C10"])
    plan = copy.deepcopy(plan)
    seat = copy.deepcopy(plan["zones"][0]["rows"][1]["seats"][-1])
    seat |= {"seat_guid": "new", "seat_number": "11"}
    seat["position"]["x"] += 30
    plan["zones"][0]["rows"][1]["seats"].append(seat)
    revision = save_draft(COMMAND, show.screen_id, revision, plan)
    use_draft(COMMAND, show.screen_id, revision, "new chairs")
    assert move(show) == ""
    answer = client.get(f"/shows/{show.id}/seats?v={older}").get_data(as_text=True)
    new_ids = seat_ids(again(show))
    assert all(f'id="s{one}"' in answer for one in new_ids)
    assert len(fresh_seat_map(show.id).states) == 30


def test_a_wish_for_seats_of_the_old_hall_is_refused_and_for_the_new_ones_granted(show: Show):
    """This process remembers the old hall: other processes move shows too."""
    from app.queries import layouts
    from app.queries.layouts import terms_of_show

    old_seats = seat_ids(show, "B1", "B2")
    remembered = terms_of_show(show.id)
    db.session.commit()
    new_version(show, "delete", {}, "C10")
    assert move(show) == ""
    layouts._terms[show.id] = remembered  # type: ignore[assignment]
    new_seats = seat_ids(again(show), "B1", "B2")
    assert holds.hold_seats(show.id, new_seats, "s:somebody").booking_id
    with pytest.raises(InvalidSeats, match="not in this auditorium"):
        holds.hold_seats(show.id, old_seats, "s:another")


def test_two_versions_begun_from_one_do_not_swallow_each_other(show: Show):
    screen_id = show.screen_id
    seen = drawing_of(screen_id).revision
    new_version(show, "delete", {}, "C10")
    with pytest.raises(Conflict, match="put into use or thrown away"):
        change_draft(COMMAND, screen_id, seen, "delete", {}, ["C9"])


def test_the_same_plan_twice_makes_no_version(show: Show):
    new_version(show, "delete", {}, "C10")
    plan = drawing_of(show.screen_id)
    assert plan.document is not None
    revision = save_draft(COMMAND, show.screen_id, plan.revision, plan.document)
    with pytest.raises(Invalid, match="Nothing is different"):
        use_draft(COMMAND, show.screen_id, revision, "x")


def test_each_step_is_in_the_audit_once(show: Show):
    revision = drawing_of(show.screen_id).revision
    for number in ("21", "22", "23"):
        revision, _ = change_draft(COMMAND, show.screen_id, revision, "rename-seat", {"number": number}, ["C10"])
    use_draft(COMMAND, show.screen_id, revision, "one seat renamed")
    move(show)
    rows = db.session.execute(text("SELECT action, reason FROM audit_entries ORDER BY id")).all()
    assert ("screen.plan_put_into_use", "one seat renamed") in [tuple(row) for row in rows]
    assert ("show.moved_to_plan", "new chairs") in [tuple(row) for row in rows]
