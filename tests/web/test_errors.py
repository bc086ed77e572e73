"""Error pages: the board, a sentence, a way on; without the database too."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from app.db import db
from app.domain.staff import Role
from app.errors import SeatsTaken, TooManyRequests
from app.web.errors import TITLES, error_page
from tests.builders import a_cinema, a_customer, a_person
from tests.support.client import soup, words
from tests.support.staff import signed_in


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("SELECT 1", {}, Exception("the server is gone"))

    monkeypatch.setattr(type(db.session()), "execute", gone)


def test_a_wrong_address_is_a_board_with_its_fallen_letter(client: FlaskClient) -> None:
    answer = client.get("/no/such/page")
    page = soup(answer)
    assert answer.status_code == 404
    assert page.h1
    assert page.h1.select_one(".vh").get_text() == "Reel missing"
    assert page.select_one("i.fall")["data-c"] == "g"  # type: ignore[index]
    assert "Error 404" in page.get_text()
    assert [a["href"] for a in page.select(".error-words a")] == ["/", "/account/bookings"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_htmx_gets_the_sentence_without_the_page(client: FlaskClient) -> None:
    answer = client.get("/no/such/page", headers={"HX-Request": "true"})
    assert b"<html" not in answer.data
    assert "There is no page at this address." in words(answer)


@pytest.mark.parametrize("status", sorted(TITLES))
def test_every_error_has_a_board_and_a_sentence(app: Flask, no_database: None, status: int) -> None:
    with app.test_request_context("/"):
        answer = error_page(status, TITLES[status][1])
    assert answer.status_code == status
    page = answer.get_data(as_text=True)
    assert TITLES[status][0] in page
    assert "Tonight’s films" in page


def test_without_the_database_the_page_says_so_with_503(client: FlaskClient, no_database: None) -> None:
    answer = client.get("/cinemas")
    assert answer.status_code == 503
    assert "can't reach its books" in words(answer)
    assert answer.headers["Retry-After"]


def test_the_database_comes_back_without_a_restart(client: FlaskClient) -> None:
    with pytest.MonkeyPatch.context() as patch:

        def gone(*args: Any, **kwargs: Any) -> Any:
            raise OperationalError("SELECT 1", {}, Exception("gone"))

        patch.setattr(type(db.session()), "execute", gone)
        assert client.get("/cinemas").status_code == 503
    assert client.get("/cinemas").status_code == 200


def test_a_refusal_keeps_its_own_sentence_and_status(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context("/"):
        answer = app.make_response(app.handle_user_exception(SeatsTaken("Row C seat 5 is gone.")))
        late = app.make_response(app.handle_user_exception(TooManyRequests(retry_after=7)))
    assert answer.status_code == 409
    assert "Row C seat 5 is gone." in answer.get_data(as_text=True)
    assert (late.status_code, late.headers["Retry-After"]) == (429, "7")


def test_what_breaks_says_nothing_of_its_inside(app: Flask, client: FlaskClient, monkeypatch: Any, caplog: Any) -> None:
    def broken() -> None:
        raise ValueError("secret detail")

    caplog.set_level(logging.CRITICAL)
    monkeypatch.setitem(app.view_functions, "browse.cinemas", _public(broken))
    answer = client.get("/cinemas")
    assert answer.status_code == 500
    assert "secret detail" not in words(answer)
    assert "Film torn" in words(answer)


def test_what_breaks_at_the_counter_leads_back_there_and_a_stranger_learns_nothing(
    app: Flask, client: FlaskClient, monkeypatch: Any, caplog: Any
) -> None:
    def broken() -> None:
        raise ValueError

    caplog.set_level(logging.CRITICAL)
    maya = signed_in(app, a_person(Role.MANAGER, a_cinema()))
    for missing in ("/staff/shows/2147483647", "/staff/shifts/2147483647"):
        answer = maya.get(missing)
        assert (answer.status_code, "Back to the staff pages" in words(answer)) == (404, True)
    ada = signed_in(app, a_customer())
    assert "Back to the staff pages" not in words(ada.get("/staff/shows/2147483647"))
    monkeypatch.setitem(app.view_functions, "staff.box_office", _public(broken))
    answer = maya.get("/staff/box-office")
    assert (answer.status_code, "Back to the staff pages" in words(answer)) == (500, True)


def _public(view: Any) -> Any:
    view.guard = "public"
    return view


def test_a_sentence_is_only_text(app: Flask) -> None:
    with app.test_request_context("/"):
        page = error_page(422, "<script>alert(1)</script>").get_data(as_text=True)
    assert "<script>alert" not in page


@pytest.mark.parametrize("address", ["/movies/x%00y", "/cinemas/x%00y", "/pay/sandbox/%00", "/posters/x%00y-aa.svg"])
def test_an_address_that_no_text_can_hold_is_a_404(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404


def test_what_the_database_can_not_store_is_a_422_and_not_a_fault(client: FlaskClient) -> None:
    form = {"email": "a\0@example.org", "password": "x" * 12}
    assert client.post_form("/login", form, page="/login").status_code == 422


@pytest.mark.parametrize("typed", ["9" * 400, "9" * 25])
def test_a_number_beyond_all_numbers_is_a_422_and_not_a_fault(app: Flask, typed: str) -> None:
    cinema = a_cinema()
    ruth = signed_in(app, a_person(Role.MANAGER, cinema))
    page = f"/staff/cinemas/{cinema.id}/demand/rules/new"
    assert ruth.post_form(page, {"percent": typed, "reason": "Popular"}, page=page).status_code == 422
