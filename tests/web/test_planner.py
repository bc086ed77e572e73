"""The programme on the staff pages: the week, new shows with their preview, one show moved and changed, the script's answers."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from app import clock
from app.db import db
from app.domain.film_week import week_of
from app.domain.local_time import programme_day
from app.domain.staff import COMMAND, Role
from app.models import Cinema, Movie, Screen, Show
from app.services.show_cancelling import cancel_show
from tests.builders import a_cinema, a_hold, a_movie, a_paid_booking, a_person, a_price_list, a_screen, a_show
from tests.support.client import PageClient, soup, words
from tests.support.queries import counted_queries
from tests.support.staff import signed_in

PLANNER, NEW = "/staff/planner", "/staff/shows/new"


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def ruth(app: Flask, regent: Cinema) -> PageClient:
    return signed_in(app, a_person(Role.MANAGER, regent))


@pytest.fixture
def film(app: Flask) -> Movie:
    return a_movie("Metropolis", runtime_minutes=150)


@pytest.fixture
def screen(regent: Cinema) -> Screen:
    a_price_list(regent)
    return a_screen(regent)


def zone(cinema: Cinema) -> ZoneInfo:
    return ZoneInfo(cinema.timezone)


def coming(cinema: Cinema, days: int = 3) -> dt.date:
    return programme_day(zone(cinema), clock.now()) + dt.timedelta(days=days)


def wish(screen: Screen, film: Movie, day: dt.date, times: str = "14:00, 19:30", **more: Any) -> dict[str, Any]:
    return {
        "movie_id": film.id,
        "screens": [screen.id],
        "first_day": day.isoformat(),
        "times": times,
        "format": "2D",
        "price_list_id": 0,
        **more,
    }


def boxes(answer: Any) -> list[str]:
    return [str(box["value"]) for box in soup(answer).find_all("input", attrs={"name": "slot"})]


def shows() -> list[Show]:
    found = list(db.session.query(Show).order_by(Show.starts_at).populate_existing())
    db.session.commit()
    return found


def again(show: Show) -> Show:
    return next(one for one in shows() if one.id == show.id)


@pytest.mark.parametrize(("asked", "offered"), [(-3, 0), (0, 0), (4, 4)])
def test_new_shows_are_not_offered_for_a_day_that_is_over(
    ruth: PageClient, regent: Cinema, screen: Screen, film: Movie, asked: int, offered: int
) -> None:
    page = ruth.get(f"{NEW}?day={coming(regent, asked)}")
    field = soup(page).select_one("#first_day")
    assert field is not None
    assert field["value"] == f"{coming(regent, offered)}"


def test_an_empty_cinema_says_what_to_do_next(ruth: PageClient, regent: Cinema):
    assert "No screen yet" in words(ruth.get(PLANNER))
    assert "No film yet" in words(ruth.get(NEW))
    a_movie()
    assert "No screen with seats yet" in words(ruth.get(NEW))
    a_screen(regent)
    assert "No prices yet" in words(ruth.get(NEW))
    assert "Nothing planned" in words(ruth.get(PLANNER))


def test_a_week_is_planned_previewed_made_and_published(ruth: PageClient, regent: Cinema, screen: Screen, film: Movie):
    day = coming(regent)
    sent = wish(
        screen, film, day, last_day=(day + dt.timedelta(days=1)).isoformat(), cleaning_minutes="20", note="35 mm"
    )
    preview = ruth.post_form(NEW, sent, page=NEW)
    assert preview.status_code == 200
    assert "4 of 4 can be made" in words(preview)
    assert "16:50" in words(preview), "14:00, 150 minutes and 20 of cleaning"
    assert shows() == []
    made = ruth.post_form("/staff/shows", {**sent, "slot": boxes(preview)}, page=NEW)
    assert made.status_code == 303
    assert [one.starts_at.astimezone(zone(regent)).strftime("%H:%M") for one in shows()] == ["14:00", "19:30"] * 2
    assert {one.note for one in shows()} == {"35 mm"}
    week = words(ruth.get(made.location))
    assert "Metropolis" in week
    assert "draft" in week
    ids = [str(one.id) for one in shows()]
    done = ruth.post_form("/staff/planner/publish", {"week": day.isoformat(), "show": ids}, page=PLANNER)
    assert "4 shows are on sale now." in words(ruth.get(done.location))
    assert {one.state for one in shows()} == {"published"}


def test_what_is_in_the_way_stands_in_the_preview_and_is_refused_if_it_is_sent(ruth, regent, screen, film):
    day = coming(regent)
    sent = wish(screen, film, day, "14:00, 15:00, 22:00")
    preview = ruth.post_form(NEW, sent, page=NEW)
    assert "2 of 3 can be made" in words(preview)
    assert "Metropolis is there by this same list from 14:00" in words(preview)
    ruth.post_form("/staff/shows", {**sent, "slot": boxes(preview)}, page=NEW)
    refused = ruth.post_form("/staff/shows", {**sent, "slot": boxes(preview)}, page=NEW)
    assert refused.status_code == 409
    assert f"Metropolis is on {screen.name} from 14:00" in words(refused)
    free = f"{screen.id}@{(shows()[0].starts_at - dt.timedelta(hours=3)).isoformat()}"
    some = ruth.post_form("/staff/shows", {**sent, "slot": [*boxes(preview), free], "if_taken": "others"}, page=NEW)
    page = words(ruth.get(some.location))
    assert "1 draft was made." in page
    assert "2 shows were left out." in page
    assert len(shows()) == 3


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("times", "25:00", "“25:00” is no time"),
        ("times", "", "Write at least one time"),
        ("screens", [], "Choose at least one screen"),
        ("first_day", "", "Choose the first day"),
        ("last_day", "2020-01-01", "comes before the first"),
        ("cleaning_minutes", "-5", "Cleaning takes 0 to 240"),
        ("cleaning_minutes", "ten", "whole number"),
        ("note", "x" * 121, "at most 120"),
        ("movie_id", "999999", "valid choice"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_entries_are_kept(ruth, regent, screen, film, field, value, told):
    answer = ruth.post_form(NEW, {**wish(screen, film, coming(regent), language="Welsh"), field: value}, page=NEW)
    assert answer.status_code == 422
    assert told in words(answer)
    assert soup(answer).find("input", attrs={"name": "language"})["value"] == "Welsh"
    made = ruth.post_form("/staff/shows", {**wish(screen, film, coming(regent)), field: value}, page=NEW)
    assert made.status_code == 422


def test_nights_when_the_clocks_change_are_shown(ruth: PageClient, regent: Cinema, screen: Screen, film: Movie):
    """Of London: on 28 March 2027 one hour is missing, on 31 October one comes twice."""
    lost = ruth.post_form(NEW, wish(screen, film, dt.date(2027, 3, 27), "01:30"), page=NEW)
    assert "The clocks leap over this time in that night." in words(lost)
    assert boxes(lost) == []
    twice = ruth.post_form(NEW, wish(screen, film, dt.date(2027, 10, 30), "01:30"), page=NEW)
    assert "The clocks show this time twice" in words(twice) or "by this same list" in words(twice)
    assert len(soup(twice).find_all("input", attrs={"name": "slot", "checked": True})) == 1
    ruth.post_form(
        "/staff/shows", {**wish(screen, film, dt.date(2027, 10, 30), "01:30"), "slot": boxes(twice)}, page=NEW
    )
    page = ruth.get(f"{PLANNER}?week=2027-10-30")
    assert "The clocks change in the night after Sat 30 Oct" in words(page)
    widths = {sum(int(cell.get("colspan", 1)) for cell in row.find_all("td")) for row in soup(page).select("tr.lane")}
    assert widths == {int(soup(page).select_one("table.week")["data-columns"])}


def test_the_week_shows_what_is_on_and_in_which_state(ruth: PageClient, regent: Cinema, screen: Screen, film: Movie):
    show = a_show(screen=screen, movie=film, seats=30)
    a_paid_booking(show)
    gone = a_show(cinema=regent, movie=a_movie("Nosferatu"))
    cancel_show(COMMAND, gone.id, "no projector")
    here = week_of(programme_day(zone(regent), show.starts_at)).start
    page = ruth.get(f"{PLANNER}?week={here.isoformat()}")
    assert "2 sold" in words(page)
    assert "Nosferatu" in soup(page).select_one(".week-gone").get_text()
    assert "cancelled" in soup(page).select_one(".week-list").get_text()
    assert ruth.get(f"{PLANNER}?week=nonsense").status_code == 200
    assert ruth.get(f"{PLANNER}?week=9999-12-31").status_code == 200


def test_the_statements_of_the_planner_do_not_grow_with_its_shows(ruth, regent, screen, film):
    prices = a_price_list(regent)
    assert prices

    def count() -> int:
        with counted_queries() as seen:
            ruth.get(PLANNER)
        return len(seen)

    ruth.get(PLANNER)
    few = count()
    for number in range(6):
        a_show(cinema=regent, movie=a_movie(f"Film {number}"), starts_in=dt.timedelta(hours=1 + number))
    assert count() == few


def test_last_week_is_copied_and_told(ruth: PageClient, regent: Cinema, screen: Screen, film: Movie):
    show = a_show(screen=screen, movie=film)
    week = week_of(programme_day(zone(regent), show.starts_at)).after
    sent = {"week": week.start.isoformat()}
    done = ruth.post_form("/staff/planner/copy", sent, page=PLANNER)
    assert "1 draft was made." in words(ruth.get(done.location))
    assert len(shows()) == 2
    done = ruth.post_form("/staff/planner/copy", sent, page=PLANNER)
    assert "1 show was left out." in words(ruth.get(done.location))
    empty = ruth.post_form("/staff/planner/copy", {"week": "2030-01-01"}, page=PLANNER)
    assert "nothing to copy" in words(ruth.get(empty.location))


def page_of(show: Show) -> str:
    return f"/staff/shows/{show.id}"


def fields(client: PageClient, show: Show, form: str) -> dict[str, Any]:
    """What the form of the page would send as it stands."""
    found: dict[str, Any] = {}
    for field in soup(client.get(page_of(show))).select(f'form[action="{page_of(show)}{form}"] [name]'):
        name = str(field["name"])
        if field.name == "select":
            chosen = field.select_one("option[selected]")
            found[name] = chosen["value"] if chosen else field.select_one("option")["value"]
        elif field.get("type") != "checkbox" or field.has_attr("checked"):
            found[name] = field.get("value", "")
    found.pop("csrf_token", None)
    return found


def test_a_show_is_moved_by_its_form(ruth: PageClient, regent: Cinema, screen: Screen):
    show = a_show(screen=screen, published=False)
    other = a_screen(regent)
    to = show.starts_at + dt.timedelta(hours=2)
    sent = {**fields(ruth, show, "/move"), "screen_id": other.id}
    sent["starts_at"] = to.astimezone(zone(regent)).strftime("%Y-%m-%dT%H:%M")
    done = ruth.post_form(f"{page_of(show)}/move", sent, page=page_of(show))
    assert done.status_code == 303
    assert "is moved to" in words(ruth.get(done.location))
    assert (again(show).screen_id, again(show).starts_at) == (other.id, to)
    late = ruth.post_form(f"{page_of(show)}/move", sent, page=page_of(show))
    assert late.status_code == 409
    assert "Somebody has changed this show" in words(late)


def test_a_show_on_sale_asks_why_and_tells_it_at_the_field(ruth: PageClient, regent: Cinema, screen: Screen):
    show = a_show(screen=screen)
    sent = {**fields(ruth, show, "/move"), "starts_at": "2030-05-05T20:00"}
    answer = ruth.post_form(f"{page_of(show)}/move", sent, page=page_of(show))
    assert answer.status_code == 422
    assert "write in a few words why" in soup(answer).select_one("#move-reason-why").get_text()
    assert (
        ruth.post_form(f"{page_of(show)}/move", {**sent, "reason": "premiere"}, page=page_of(show)).status_code == 303
    )


def test_a_form_sent_as_it_stands_changes_nothing_and_a_change_is_kept(
    ruth: PageClient, regent: Cinema, screen: Screen
):
    show = a_show(screen=screen, language="Welsh", captions=True)
    before = {name: value for name, value in vars(again(show)).items() if not name.startswith("_")}
    done = ruth.post_form(page_of(show), fields(ruth, show, ""), page=page_of(show))
    assert done.status_code == 303
    assert {name: value for name, value in vars(again(show)).items() if not name.startswith("_")} == before
    ends = show.ends_at
    sent = {**fields(ruth, show, ""), "note": "With live organ", "reason": "organist found", "cleaning_minutes": "40"}
    ruth.post_form(page_of(show), sent, page=page_of(show))
    changed = again(show)
    assert (changed.note, changed.captions, changed.ends_at - ends) == (
        "With live organ",
        True,
        dt.timedelta(minutes=25),
    )


def test_a_show_with_seats_sold_offers_and_takes_only_what_may_change(ruth: PageClient, regent: Cinema, screen: Screen):
    show = a_show(screen=screen)
    a_hold(show)
    page = ruth.get(page_of(show))
    assert "2 seats are sold or being bought" in words(page)
    sent = {**fields(ruth, show, ""), "note": "Late", "reason": "x", "movie_id": a_movie().id, "relaxed": "y"}
    assert ruth.post_form(page_of(show), sent, page=page_of(show)).status_code == 303
    assert (again(show).note, again(show).movie_id, again(show).relaxed) == ("Late", show.movie_id, True)
    assert ruth.post_form(f"{page_of(show)}/unpublish", {"reason": "x"}, page=page_of(show)).status_code == 409


def test_a_show_goes_on_sale_comes_off_and_is_thrown_away(ruth: PageClient, regent: Cinema, screen: Screen):
    show = a_show(screen=screen, published=False)
    ruth.post_form(f"{page_of(show)}/publish", page=page_of(show))
    assert again(show).state == "published"
    assert ruth.post_form(f"{page_of(show)}/unpublish", {"reason": ""}, page=page_of(show)).status_code == 422
    ruth.post_form(f"{page_of(show)}/unpublish", {"reason": "wrong week"}, page=page_of(show))
    assert again(show).state == "draft"
    done = ruth.post_form(f"{page_of(show)}/delete", page=page_of(show))
    assert "is thrown away" in words(ruth.get(done.location))
    assert shows() == []


def test_the_script_makes_a_draft_and_moves_it_and_is_told_in_a_sentence(ruth, regent, screen, film):
    at = (clock.now() + dt.timedelta(days=2)).replace(second=0, microsecond=0)
    sent = {"dragged": "1", "movie_id": film.id, "slot": f"{screen.id}@{at.isoformat()}"}
    made = ruth.post_form("/staff/shows", sent, page=PLANNER)
    assert made.status_code == 200, made.json
    show = again(shows()[0])
    assert (show.starts_at, show.movie_id, show.state) == (at, film.id, "draft")
    refused = ruth.post_form("/staff/shows", sent, page=PLANNER)
    assert refused.status_code == 409
    assert refused.json["error"]["message"].startswith(f"Metropolis is on {screen.name} from")
    there = {"dragged": "1", "was": f"{screen.id}@{int(at.timestamp())}", "screen_id": screen.id}
    later = at + dt.timedelta(minutes=35)
    moved = ruth.post_form(f"{page_of(show)}/move", {**there, "at": later.isoformat()}, page=PLANNER)
    assert "Metropolis is moved to" in moved.json["words"]
    assert again(show).starts_at == later
    second = ruth.post_form(f"{page_of(show)}/move", {**there, "at": later.isoformat()}, page=PLANNER)
    assert second.status_code == 409
    for wrong in ({"at": "yesterday"}, {"screen_id": "0", "at": at.isoformat()}):
        answer = ruth.post_form(
            f"{page_of(show)}/move", {**there, "was": f"{screen.id}@{int(later.timestamp())}", **wrong}, page=PLANNER
        )
        assert answer.status_code == 422
        assert answer.json["error"]["message"].endswith(".")


def test_another_cinemas_screens_and_lists_do_not_exist(ruth: PageClient, regent: Cinema, screen: Screen, film: Movie):
    other = a_cinema()
    theirs, at = a_screen(other), clock.now() + dt.timedelta(days=2)
    sent = {"dragged": "1", "movie_id": film.id, "slot": f"{theirs.id}@{at.isoformat()}"}
    assert ruth.post_form("/staff/shows", sent, page=PLANNER).status_code == 404
    mine = {**sent, "slot": f"{screen.id}@{at.isoformat()}", "price_list_id": a_price_list(other).id}
    assert ruth.post_form("/staff/shows", mine, page=PLANNER).status_code == 404
    foreign = a_show(cinema=other, published=False)
    ruth.post_form("/staff/planner/publish", {"show": [foreign.id]}, page=PLANNER)
    assert again(foreign).state == "draft"
    assert f"/staff/shows/{foreign.id}" not in ruth.get(PLANNER).get_data(as_text=True)


def test_a_buyer_with_an_old_page_is_told_that_the_show_was_moved(ruth: PageClient, regent: Cinema, client: Any):
    show = a_show(cinema=regent)
    page = soup(client.get(f"/shows/{show.id}"))
    seats = [str(one["value"]) for one in page.select('#hold [name="seats"]')][:2]
    assert len(seats) == 2
    sent = {"seats": seats, "starts": page.select_one('#hold [name="starts"]')["value"]}
    moved = {**fields(ruth, show, "/move"), "starts_at": "2030-05-05T20:00", "reason": "premiere"}
    assert ruth.post_form(f"{page_of(show)}/move", moved, page=page_of(show)).status_code == 303
    answer = client.post_form(f"/shows/{show.id}/hold", sent, page=f"/shows/{show.id}")
    assert answer.status_code == 409
    assert "This show has another time now." in words(answer)


def test_a_show_thrown_away_meanwhile_is_told_when_the_week_is_put_on_sale(app: Flask) -> None:
    cinema = a_cinema()
    client = signed_in(app, a_person(Role.MANAGER, cinema))
    answer = client.post_form(
        "/staff/planner/publish", {"show": "999999999"}, page="/staff/planner", follow_redirects=True
    )
    assert answer.status_code == 200
    assert "A show: " in answer.get_data(as_text=True)
