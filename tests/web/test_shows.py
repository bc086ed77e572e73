"""The seat page, its poll, best seats, and the hold as a plain form sees them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from app.db import transaction
from app.domain.staff import COMMAND
from app.models import Show
from app.queries.layouts import LayoutFacts, SeatFacts
from app.queries.seat_map import forget_seat_map
from app.services.show_cancelling import cancel_show
from app.web.seat_cells import SeatCells
from tests.builders import a_hold, a_paid_booking, a_show, seat_ids
from tests.support.client import soup, words
from tests.web.buyer import Buyer, a_buyer, ticked, total, version

HTMX = {"HX-Request": "true"}


@pytest.fixture
def buyer(app: Flask) -> Buyer:
    return a_buyer(app)


@pytest.fixture
def other(app: Flask) -> Buyer:
    return a_buyer(app)


def cell(response: object, seat_id: int) -> str:
    found = soup(response).select_one(f"#s{seat_id}")  # type: ignore[arg-type]
    assert found is not None
    return str(found)


# The page


def test_every_seat_says_where_it_is_what_it_costs_and_whether_it_is_taken(buyer: Buyer) -> None:
    show = a_show(seats=30, layout={"kinds": {"A1": "premium"}})
    held, sold = a_hold(show, seats=seat_ids(show, "C1", "C2")), a_paid_booking(show, seats=seat_ids(show, "B1", "B2"))
    page = buyer.get(f"/shows/{show.id}")
    text_of = page.get_data(as_text=True)
    assert held.state == "held"
    assert sold.state == "confirmed"
    assert 'aria-label="Row A seat 1, premium, £14.75"' in text_of
    assert 'aria-label="Row C seat 1, standard, £10.75, someone is paying"' in text_of
    assert 'aria-label="Row B seat 2, standard, £10.75, taken"' in text_of
    assert "26 of 30 free" in words(page)


def test_a_taken_seat_can_take_focus_and_is_never_sent(buyer: Buyer) -> None:
    show = a_show(seats=30)
    a_paid_booking(show, seats=seat_ids(show, "B1", "B2"))
    markup = cell(buyer.get(f"/shows/{show.id}"), seat_ids(show, "B1")[0])
    assert 'aria-disabled="true"' in markup
    assert " disabled" not in markup.replace("aria-disabled", "")
    assert "name=" not in markup


def test_the_legend_shows_each_price_with_its_fee(buyer: Buyer) -> None:
    show = a_show(seats=30, layout={"kinds": {"A1": "premium", "B1": "wheelchair", "B2": "companion"}})
    legend = words(buyer.get(f"/shows/{show.id}"))
    assert "Standard £10.75" in legend
    assert "Premium £14.75" in legend
    assert "Companion seat free with it" in legend


def test_an_unknown_show_is_not_found(buyer: Buyer) -> None:
    assert buyer.get("/shows/999999").status_code == 404


def a_cancelled_show() -> Show:
    show = a_show()
    cancel_show(COMMAND, show.id, "The projector broke.")
    return show


@pytest.mark.parametrize("a_shut_show", [lambda: a_show(published=False), a_cancelled_show])
def test_a_show_that_is_not_on_sale_is_gone_and_the_page_leads_on(
    buyer: Buyer, a_shut_show: Callable[[], Show]
) -> None:
    show = a_shut_show()
    page = buyer.get(f"/shows/{show.id}")
    assert page.status_code == 410
    assert soup(page).select_one(f'a[href="/movies/{show.movie.slug}"]')
    assert buyer.hold(show, seat_ids(show, "A1", "A2")).status_code == 410


def test_a_past_show_is_gone(buyer: Buyer) -> None:
    show = a_show(starts_in=dt.timedelta(minutes=-5), sales_open_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    assert buyer.get(f"/shows/{show.id}").status_code == 410
    assert buyer.hold(show, seat_ids(show, "A1", "A2")).status_code == 410


def test_hostile_names_come_out_escaped(buyer: Buyer) -> None:
    show = a_show(seats=10)
    with transaction() as session:
        session.execute(
            text("UPDATE seats SET number = :bad WHERE layout_id = :id AND label = 'A1'"),
            {"bad": '"><script>alert(1)</script>', "id": show.layout_id},
        )
    page = buyer.get(f"/shows/{show.id}").get_data(as_text=True)
    assert "<script>alert" not in page


def test_asked_for_seats_are_ticked_and_priced(buyer: Buyer) -> None:
    show = a_show()
    first, second = seat_ids(show, "A1", "A2")
    page = buyer.get(f"/shows/{show.id}?choose={first},{second}")
    assert ticked(page) == [first, second]
    assert total(page) == "£21.50"


def test_asked_for_seats_that_are_gone_are_named(buyer: Buyer) -> None:
    show = a_show()
    first, second = seat_ids(show, "A4", "A5")
    a_hold(show, seats=[second, *seat_ids(show, "A6")])
    page = buyer.get(f"/shows/{show.id}?choose={first},{second},junk,999999999")
    assert ticked(page) == [first]
    assert "A5 is no longer free" in words(page)


def test_the_list_offers_free_seats_only(buyer: Buyer) -> None:
    show = a_show(seats=20)
    a_hold(show, seats=seat_ids(show, "A1", "A2"))
    page = buyer.get(f"/shows/{show.id}?view=list")
    labels = [str(box["aria-label"]) for box in soup(page).select("#list input")]
    assert len(labels) == 18
    assert labels[0] == "Row A seat 3, standard, £10.75"


def test_a_sold_out_show_says_so_and_leads_to_other_times(buyer: Buyer) -> None:
    show = a_show(seats=4, layout={"per_row": 4})
    a_paid_booking(show, seats=seat_ids(show))
    page = buyer.get(f"/shows/{show.id}")
    assert "Every seat is taken" in words(page)
    assert soup(page).select_one(f'main a[href="/movies/{show.movie.slug}"]')


def test_seats_with_long_names_are_named_whole(buyer: Buyer) -> None:
    show = a_show(seats=10)
    with transaction() as session:
        session.execute(
            text("UPDATE seats SET label = 'Balcony ' || number || ' bis' WHERE layout_id = :id"),
            {"id": show.layout_id},
        )
    first, second = seat_ids(show)[3:5]
    a_hold(show, seats=[first, second])
    page = buyer.get(f"/shows/{show.id}?choose={first},{second}")
    assert "Balcony 4 bis and Balcony 5 bis are no longer free" in words(page)


# The poll


def seen(buyer: Buyer, show: Show) -> str:
    return version(buyer.get(f"/shows/{show.id}"))


def test_a_poll_that_finds_nothing_is_empty(buyer: Buyer) -> None:
    show = a_show()
    answer = buyer.get(f"/shows/{show.id}/seats?v={seen(buyer, show)}")
    assert answer.status_code == 204
    assert not answer.data


def test_a_poll_brings_only_the_changed_seats_and_the_new_version(buyer: Buyer) -> None:
    show = a_show()
    before = seen(buyer, show)
    a_hold(show, seats=seat_ids(show, "A1", "A2"))
    answer = buyer.get(f"/shows/{show.id}/seats?v={before}")
    assert answer.status_code == 200
    assert len(re.findall("<td ", answer.get_data(as_text=True))) == 2
    assert buyer.get(f"/shows/{show.id}/seats?v={version(answer)}").status_code == 204


@pytest.mark.parametrize("unknown", ["", "0", "999999.0", "<script>"])
def test_an_unknown_version_brings_the_whole_grid_once(buyer: Buyer, unknown: str) -> None:
    show = a_show()
    answer = buyer.get(f"/shows/{show.id}/seats", query_string={"v": unknown})
    assert "<table hx-swap-oob=true" in answer.get_data(as_text=True)
    assert answer.get_data(as_text=True).count("<td id=") == 30


def test_a_hold_that_runs_out_is_a_change(buyer: Buyer, moved_clock: object) -> None:
    show = a_show()
    a_hold(show, seats=seat_ids(show, "A1", "A2"))
    before = seen(buyer, show)
    moved_clock.forward(minutes=11)  # type: ignore[attr-defined]
    forget_seat_map(show.id)
    answer = buyer.get(f"/shows/{show.id}/seats?v={before}")
    assert answer.get_data(as_text=True).count('name="seats"') == 2


def test_the_poll_is_the_same_for_everybody_and_small(buyer: Buyer) -> None:
    show = a_show(seats=60)
    mine = buyer.held(show, seat_ids(show, "A1", "A2"))
    assert mine
    before = seen(buyer, show)
    nothing = buyer.get(f"/shows/{show.id}/seats?v={before}")
    a_hold(show, seats=seat_ids(show, "C4", "C5", "C6"))
    three = buyer.get(f"/shows/{show.id}/seats?v={before}", headers={"Accept-Encoding": "gzip"})
    for answer, most in ((nothing, 360), (three, 1024)):
        assert answer.headers["Cache-Control"] == "public, max-age=1"
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
        frame = len("HTTP/1.1 204 NO CONTENT\r\nServer: gunicorn\r\nConnection: keep-alive\r\n") + 37
        assert frame + len(str(answer.headers)) + len(answer.data) <= most


def test_a_poll_for_an_unknown_show_is_not_found(buyer: Buyer) -> None:
    assert buyer.get("/shows/999999/seats?v=5.0").status_code == 404


# Best seats, and asking without holding


def test_best_seats_come_back_chosen(buyer: Buyer) -> None:
    show = a_show(seats=60)
    answer = buyer.post_form(f"/shows/{show.id}/best", {"party": "3"}, follow_redirects=True)
    assert len(ticked(answer)) == 3


def test_best_seats_for_the_script_are_ids_and_names(buyer: Buyer) -> None:
    show = a_show(seats=60)
    answer = buyer.get(f"/shows/{show.id}/best?seats=2", headers=HTMX).get_json()
    assert len(answer["seats"]) == 2
    assert answer["words"]


def test_more_people_than_seats_is_said(buyer: Buyer) -> None:
    show = a_show(seats=4, layout={"per_row": 4})
    answer = buyer.post_form(f"/shows/{show.id}/best", {"party": "6", "size": "9"}, follow_redirects=True)
    assert "There are no 9 such seats left" in words(answer)


def test_step_free_brings_a_wheelchair_space(buyer: Buyer) -> None:
    show = a_show(seats=30, layout={"kinds": {"B1": "wheelchair", "B2": "companion"}})
    answer = buyer.get(f"/shows/{show.id}/best?seats=2&step_free=1", headers=HTMX).get_json()
    assert sorted(answer["seats"]) == seat_ids(show, "B1", "B2")


def test_asking_whether_seats_are_free_keeps_nothing(buyer: Buyer) -> None:
    show = a_show()
    first, second, third = seat_ids(show, "A4", "A5", "A6")
    a_hold(show, seats=[second, third])
    page = buyer.get(f"/shows/{show.id}/check?seats={first}&seats={second}")
    assert "Not free: A5" in words(page)
    assert "Free: A4" in words(buyer.get(f"/shows/{show.id}/check?seats={first}"))
    assert buyer.get(f"/shows/{show.id}/check?seats=1,2").status_code == 422


# The hold


def test_a_hold_leads_to_checkout(buyer: Buyer) -> None:
    show = a_show()
    answer = buyer.hold(show, seat_ids(show, "A1", "A2"))
    assert answer.status_code == 303
    assert re.fullmatch(r"/bookings/[0-9A-Z]+/checkout", answer.location)


def test_a_hold_by_htmx_leads_the_whole_page_to_checkout(buyer: Buyer) -> None:
    show = a_show()
    answer = buyer.hold(show, seat_ids(show, "A1", "A2"), headers=HTMX)
    assert answer.headers["HX-Redirect"].endswith("/checkout")


def test_the_loser_is_told_which_seats_are_gone_and_keeps_the_others_chosen(buyer: Buyer) -> None:
    show = a_show(seats=60)
    first, second = seat_ids(show, "A4", "A5")
    a_hold(show, seats=[second, *seat_ids(show, "A6")])
    answer = buyer.hold(show, [first, second])
    assert answer.status_code == 409
    assert "A5 has just been taken. A4 is still chosen." in words(answer)
    assert ticked(answer) == [first]
    offered = soup(answer).select_one("#orphan button[name=instead]")
    assert offered is not None
    again = buyer.post_form(f"/shows/{show.id}/hold", {"seats": [first], "instead": str(offered["value"])})
    assert again.status_code == 303


def test_the_loser_by_htmx_gets_the_bar_and_the_seats_as_they_are(buyer: Buyer) -> None:
    show = a_show(seats=60)
    a_hold(show, seats=seat_ids(show, "A5", "A6"))
    answer = buyer.hold(show, seat_ids(show, "A4", "A5"), headers=HTMX)
    body = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "<html" not in body
    assert body.index('id="bar"') < body.index("<table hx-swap-oob=true")


def test_a_stranded_seat_is_refused_and_shifts_are_buttons(buyer: Buyer) -> None:
    show = a_show()
    answer = buyer.hold(show, seat_ids(show, "B2", "B3"))
    assert answer.status_code == 422
    assert "B1 would be left alone" in words(answer)
    assert "B1 B2" in [button.get_text() for button in soup(answer).select("#orphan button")]
    assert ticked(answer) == seat_ids(show, "B2", "B3")


@pytest.mark.parametrize(
    ("asked", "reason"),
    [([], "Choose at least one seat"), (["x"], "no seats"), (["1", "1"], "twice"), (["999999"], "not in this")],
)
def test_bad_seats_are_refused_with_the_reason(buyer: Buyer, asked: list[str], reason: str) -> None:
    answer = buyer.hold(a_show(), asked)
    assert answer.status_code == 422
    assert reason in words(answer)


def test_eleven_seats_and_seats_of_another_show_are_refused(buyer: Buyer) -> None:
    show, elsewhere = a_show(), a_show()
    assert buyer.hold(show, seat_ids(show)[:11]).status_code == 422
    assert buyer.hold(show, seat_ids(elsewhere, "A1", "A2")).status_code == 422


def test_a_hold_without_its_forms_token_is_refused(buyer: Buyer) -> None:
    show = a_show()
    assert buyer.post(f"/shows/{show.id}/hold", data={"seats": seat_ids(show, "A1")}).status_code == 403


def test_too_many_attempts_keep_the_choice_and_say_wait(buyer: Buyer, set_setting: object) -> None:
    set_setting(holds_per_minute=1)  # type: ignore[operator]
    show = a_show(seats=60)
    buyer.held(show, seat_ids(show, "A1", "A2"))
    answer = buyer.hold(show, seat_ids(show, "B1", "B2"))
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "60"
    assert ticked(answer) == seat_ids(show, "B1", "B2")


def test_your_held_seats_are_ticked_and_free_to_you_alone(buyer: Buyer, other: Buyer) -> None:
    show = a_show()
    mine = seat_ids(show, "A1", "A2")
    code = buyer.held(show, mine)
    forget_seat_map(show.id)
    page = buyer.get(f"/shows/{show.id}")
    assert ticked(page) == mine
    assert soup(page).select_one(f'a[href="/bookings/{code}/checkout"]')
    assert ticked(other.get(f"/shows/{show.id}")) == []


def test_a_new_choice_replaces_the_old_hold(buyer: Buyer) -> None:
    show = a_show()
    buyer.held(show, seat_ids(show, "A1", "A2"))
    buyer.held(show, seat_ids(show, "A2", "A3", "A1"))
    forget_seat_map(show.id)
    assert len(ticked(buyer.get(f"/shows/{show.id}"))) == 3


# Cells


def a_hall(*seats: SeatFacts) -> SeatCells:
    facts = LayoutFacts(1, "Hall", {"a": "Stalls", "b": "Circle", "c": "Box"}, seats)
    return SeatCells(facts, {(code, "adult"): price for code, price in (("a", 500), ("b", 900), ("c", 900))}, 50, "GBP")


def a_seat(seat_id: int, line: int, column: int, **values: object) -> SeatFacts:
    facts = {
        "label": f"{chr(65 + line)}{column + 1}",
        "level": "",
        "row": chr(65 + line),
        "number": str(column + 1),
        "kind": "standard",
        "category": "a",
        "x": column,
        "y": line,
        "row_index": line,
        "position": column,
        "run": line,
        "line": line,
        "column": column,
        "gap_before": False,
    }
    return SeatFacts(id=seat_id, **{**facts, **values})  # type: ignore[arg-type]


def test_the_grid_has_aisles_gaps_and_each_seat_in_its_place() -> None:
    cells = a_hall(a_seat(7, 0, 0), a_seat(3, 0, 2), a_seat(5, 1, 2, gap_before=True), a_seat(9, 1, 3))
    rows = re.findall("<tr.*?</tr>", cells.grid("fsfb"))
    first = re.sub(r"<input[^>]*>", "", rows[0])
    assert first.startswith('<tr><th scope="row">A</th><td id="s7" class="p1"></td><td class="x"></td><td id="s3"')
    assert first.endswith('class="p1 s"></td><td></td><td class="r" aria-hidden="true">A</td></tr>')
    assert rows[1].startswith('<tr class="cross">')


def test_the_same_price_has_one_cushion_and_one_line_in_the_legend() -> None:
    cells = a_hall(a_seat(1, 0, 0), a_seat(2, 0, 1, category="b"), a_seat(3, 0, 2, category="c"))
    assert [(row.css, row.words, row.price) for row in cells.key] == [("p1", "Stalls", 550), ("p2", "Circle, Box", 950)]


def test_a_seat_without_a_price_is_out_of_use() -> None:
    cells = a_hall(a_seat(1, 0, 0, category="d"))
    assert 'class="p1 b"' in cells.grid("f")


def test_the_level_is_said_where_there_are_several() -> None:
    cells = a_hall(a_seat(1, 0, 0, level="Stalls"), a_seat(2, 1, 0, level="Balcony", label="Balcony B1"))
    grid = cells.grid("ff")
    assert 'data-label="Balcony B1"' in grid
    assert 'aria-label="Balcony, row B seat 1, stalls, £5.50"' in grid


def test_a_first_visitor_whose_form_is_sent_twice_has_one_hold(buyer: Buyer) -> None:
    """The second request leaves before the first one's answer, and with it its cookie, is there."""
    show = a_show()
    token = buyer.token(f"/shows/{show.id}")
    cookie = buyer.get_cookie("session")
    form = {"seats": seat_ids(show, "B1", "B2"), "csrf_token": token}
    first = buyer.post(f"/shows/{show.id}/hold", data=form)
    buyer.set_cookie("session", cookie.value)
    second = buyer.post(f"/shows/{show.id}/hold", data=form)
    assert (first.status_code, second.status_code) == (303, 303)
    assert "Kept for you" in words(buyer.get(second.location))
