"""The audit's page: searched, paged, taken along as a file that no spreadsheet runs."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
from flask import Flask

from app.db import transaction
from app.domain.audit import Action
from app.domain.csv_lines import defused
from app.domain.staff import COMMAND, By, Role
from app.models import Cinema, User
from app.services.audit import audit
from app.web.csv_files import BOM
from tests.builders import a_cinema, a_movie, a_person
from tests.support.client import PageClient, soup, words
from tests.support.clock import MovedClock
from tests.support.staff import signed_in


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def sam(regent: Cinema) -> User:
    return a_person(Role.MANAGER, regent, name="Sam Hill", email="sam@example.org")


@pytest.fixture
def ruth(app: Flask, sam: User) -> PageClient:
    return signed_in(app, sam)


def note(by: By, cinema: Cinema | None, subject_id: int = 7, action: Action = Action.ROLE_GIVEN, **values: Any) -> None:
    with transaction() as session:
        audit(session, by, action, subject_id, cinema_id=cinema.id if cinema else None, **values)


def rows(client: PageClient, query: str = "") -> list[str]:
    page = client.get(f"/staff/audit{query}")
    assert page.status_code == 200
    return [" ".join(row.get_text(" ").split()) for row in soup(page).select(".rows tbody tr")]


def test_what_it_was_done_to_is_in_words_and_found_by_them(ruth: PageClient, regent: Cinema):
    note(COMMAND, regent, 12, Action.DEMAND_RULE_MADE, after={"percent": -15})
    (row,) = rows(ruth, "?subject=demand+rule&subject_id=12")
    assert "demand rule 12" in row
    assert "−15 %" in row
    assert rows(ruth, "?subject=demand_rule") == [row]


def test_an_entry_tells_who_what_from_where_and_why(ruth: PageClient, regent: Cinema, sam: User):
    changed = {"before": {"name": "Old", "rows": 3}, "after": {"name": "New", "rows": 3}}
    note(By(sam.id, "192.0.2.9"), regent, 12, reason="they asked", **changed)
    (row,) = rows(ruth)
    for part in ("Sam Hill (sam@example.org)", "192.0.2.9", "Person: role given", "person 12", "Name: Old New"):
        assert part in row
    assert "they asked The Regent" in row
    assert "Rows" not in row, "what did not change is not told"


def test_amounts_times_and_names_are_told_as_people_read_them(ruth: PageClient, regent: Cinema, sam: User):
    film, at = a_movie("Metropolis"), dt.datetime(2027, 7, 5, 18, 30, tzinfo=dt.UTC)
    changed = {"before": {"fee_minor": 50, "captions": False}, "after": {"fee_minor": 75, "captions": True}}
    note(By(sam.id), regent, action=Action.CINEMA_CHANGED, **changed)
    note(By(sam.id), regent, action=Action.SHOW_SCHEDULED, after={"movie_id": film.id, "starts_at": at, "new_odd": 5})
    show, cinema = rows(ruth)
    for part in ("Booking fee of a seat: £0.50 £0.75", "Captions: no yes"):
        assert part in cinema
    for part in ("Film: Metropolis", "Begins: 5 Jul 2027, 19:30", "New odd: 5"):
        assert part in show
    for name in ("fee_minor", "fee minor", "movie_id", "T18:30"):
        assert name not in show + cinema


def test_a_field_that_holds_something_else_than_its_id_does_not_stop_the_page(ruth: PageClient, regent: Cinema):
    """Entries stay for ever: one that was written otherwise must not hide all others."""
    note(COMMAND, regent, after={"show": [3, 4], "movie_id": {"title": "Metropolis"}, "name": "Odd"})
    (row,) = rows(ruth)
    for part in ("Show: number [3, 4]", "Film: number", "Name: Odd"):
        assert part in row


def test_it_is_searched_by_person_action_subject_day_and_cinema(app: Flask, regent: Cinema, moved_clock: MovedClock):
    alma, lantern = a_person(Role.ADMIN, name="Alma"), a_cinema(name="The Lantern")
    moved_clock.stop_at(dt.datetime(2027, 1, 5, 23, 30, tzinfo=dt.UTC))
    client = signed_in(app, alma)
    alma_again = a_person(Role.ADMIN, name="Second Admin", email="second@example.org")
    note(By(alma_again.id), regent, 1)
    moved_clock.forward(hours=1)
    note(By(alma_again.id), lantern, 2, Action.ROLE_TAKEN)
    note(COMMAND, None, 3)
    moved_clock.forward(hours=-1)
    for query, expected in {
        "": 3,
        "?person=SECOND%40": 2,
        "?person=nobody": 0,
        "?action=person.role_taken": 1,
        "?action=made.up": 3,
        "?subject=person&subject_id=1": 1,
        "?subject=show": 0,
        "?subject_id=x": 3,
        "?day=2027-01-05": 1,
        "?day=2027-01-06": 2,
        "?day=2027-01-05&to=2027-01-06": 3,
        "?day=yesterday": 3,
        "?day=9999-12-31": 3,
        f"?cinema={lantern.id}": 1,
        "?cinema=99999999999999999999999": 3,
    }.items():
        assert len(rows(client, query)) == expected, query


def test_a_day_is_the_cinemas_own(app: Flask, moved_clock: MovedClock):
    from tests.builders import a_city

    far = a_cinema(a_city(timezone="America/Manaus"))
    moved_clock.stop_at(dt.datetime(2027, 1, 6, 3, 30, tzinfo=dt.UTC))
    person = a_person(Role.MANAGER, far)
    client = signed_in(app, person)
    note(By(person.id), far)
    assert len(rows(client, "?day=2027-01-05")) == 1
    assert not rows(client, "?day=2027-01-06")


def test_a_manager_sees_their_cinemas_and_no_others(app: Flask, ruth: PageClient, regent: Cinema, sam: User):
    elsewhere = a_cinema()
    note(By(sam.id), regent, 1)
    note(COMMAND, elsewhere, 2)
    note(COMMAND, None, 3)
    assert len(rows(ruth)) == 1
    assert not rows(ruth, f"?cinema={elsewhere.id}")
    assert ruth.get("/staff/audit.csv").get_data(as_text=True).count("\r\n") == 2


def test_a_long_log_goes_on_below(ruth: PageClient, regent: Cinema, sam: User):
    for number in range(55):
        note(By(sam.id), regent, number + 1)
    first = soup(ruth.get("/staff/audit?subject=person"))
    older = first.select_one("a[rel=next]")
    assert older
    assert "subject=person" in str(older["href"])
    below = soup(ruth.get(str(older["href"])))
    assert (len(first.select(".rows tbody tr")), len(below.select(".rows tbody tr"))) == (50, 5)
    assert not below.select_one("a[rel=next]")


def test_nothing_found_leads_back(ruth: PageClient):
    assert "Nothing was changed yet" in words(ruth.get("/staff/audit"))
    assert "Show everything" in words(ruth.get("/staff/audit?person=zzz"))


def test_the_file_has_everything_that_is_found(ruth: PageClient, regent: Cinema, sam: User, monkeypatch: Any):
    monkeypatch.setattr("app.queries.audit.BATCH", 3)
    for number in range(8):
        note(By(sam.id), regent, number + 1, after={"name": "=1+1"}, reason="=HYPERLINK(1)")
    answer = ruth.get("/staff/audit.csv?subject=person")
    assert answer.mimetype == "text/csv"
    assert 'filename="audit.csv"' in answer.headers["Content-Disposition"]
    table = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix(BOM))))
    assert [row["subject id"] for row in table] == [str(number) for number in range(8, 0, -1)]
    assert {row["reason"] for row in table} == {"'=HYPERLINK(1)"}
    assert {row["after"] for row in table} == {'{"name": "=1+1"}'}


@pytest.mark.parametrize("words", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "＝1"])
def test_a_cell_that_would_run_is_defused(words: str):
    assert defused(words) == f"'{words}"


def test_other_cells_stay_as_they_are():
    at = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    assert [defused(one) for one in ("a=b", "", None, -5, 1.5, at)] == ["a=b", "", "", -5, 1.5, at.isoformat()]


def test_hostile_words_come_out_as_words(ruth: PageClient, regent: Cinema, sam: User):
    hostile = "<script>alert(1)</script>{{7*7}}"
    note(By(sam.id), regent, after={hostile: hostile}, reason=hostile)
    page = soup(ruth.get("/staff/audit"))
    assert not [tag for tag in page.find_all("script") if not tag.get("src")]
    assert hostile in page.get_text()
