"""Accounts in the browser: forms, sessions that are new or dead, redirects that stay at home, throttles."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.services.accounts import register
from app.web.identity import link_key
from app.web.links import local_path
from tests.builders import a_hold, a_paid_booking, a_show, the_booking
from tests.support.client import PageClient, soup, words

PASSWORD = "correct horse"
ADA = {"email": "ada@example.org", "password": PASSWORD}
NEW = {"name": "Ada", **ADA}


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    app.test_client_class = PageClient
    return app.test_client()


@pytest.fixture
def other(app: Flask) -> FlaskClient:
    app.test_client_class = PageClient
    return app.test_client()


def log_in(visitor: Any, **values: str) -> TestResponse:
    return visitor.post_form("/login", {**ADA, **values})


def sign_out(visitor: Any) -> TestResponse:
    return visitor.post_form("/logout", page="/account")


def a_guest(visitor: FlaskClient, key: str = "s:guest") -> str:
    with visitor.session_transaction() as session:
        session["guest"] = key
    return key


# Making one


def test_an_account_is_made_and_logged_in(visitor: FlaskClient) -> None:
    answer = visitor.post_form("/register", NEW, page="/register")
    assert (answer.status_code, answer.location) == (303, "/account/bookings")
    page = words(visitor.get("/account"))
    assert "ada@example.org" in page
    assert "Your account is ready, Ada." in page


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", " \u200b ", "Write your name."),
        ("name", "x" * 101, "That name is too long"),
        ("email", "", "Write your e-mail address."),
        ("email", "ada.example.org", "This is not an e-mail address"),
        ("email", "ada@example.org\r\nBcc: all@example.org", "This is not an e-mail address"),
        ("password", "short", "at least 8 characters"),
        ("password", "x" * 201, "at most 200 characters"),
    ],
)
def test_what_is_wrong_is_said_and_entries_are_kept(
    visitor: FlaskClient, field: str, value: str, sentence: str
) -> None:
    answer = visitor.post_form("/register", {**NEW, field: value}, page="/register")
    page = soup(answer)
    assert answer.status_code == 422
    summary = page.select_one("#summary")
    assert summary
    assert sentence in summary.get_text()
    assert summary["tabindex"] == "-1"
    wrong = page.select_one(f"input[name={field}]")
    assert wrong
    assert wrong["aria-invalid"] == "true"
    assert summary.select_one("a")["href"] == f"#{wrong['id']}"  # type: ignore[index]
    kept = "email" if field == "name" else "name"
    assert page.select_one(f"input[name={kept}]")["value"] == NEW[kept]  # type: ignore[index]
    assert not page.select_one("input[name=password]").get("value")  # type: ignore[union-attr]


def test_an_address_in_use_is_said_beside_the_field(visitor: FlaskClient) -> None:
    register("Ada", "ada@example.org", PASSWORD)
    answer = visitor.post_form("/register", NEW, page="/register")
    assert answer.status_code == 422
    assert "There is already an account with this e-mail address" in words(answer)


def test_forms_tell_browsers_what_to_fill_in(visitor: FlaskClient) -> None:
    made, entered = soup(visitor.get("/register")), soup(visitor.get("/login"))
    fills = [field["autocomplete"] for field in made.select("input[autocomplete]")]
    assert fills == ["name", "username", "new-password"]
    fills = [field["autocomplete"] for field in entered.select("input[autocomplete]")]
    assert fills == ["username", "current-password"]


def test_only_the_forms_fields_count(visitor: FlaskClient, other: FlaskClient) -> None:
    other.post_form("/register", NEW, page="/register")
    extra = {"id": "1", "role": "admin", "created_at": "2000-01-01", "password_hash": "x"}
    answer = visitor.post_form("/register", {**NEW, "email": "eve@example.org", **extra}, page="/register")
    assert answer.status_code == 303
    sign_out(visitor)
    assert log_in(visitor, email="eve@example.org").status_code == 303


# In and out


def test_logging_in_and_out(visitor: FlaskClient) -> None:
    register("Ada", "ada@example.org", PASSWORD)
    assert "Sign in" in words(visitor.get("/help"))
    assert log_in(visitor, email=" Ada@Example.org ").status_code == 303
    assert "Account" in words(visitor.get("/help"))
    assert sign_out(visitor).location == "/"
    assert "Sign in" in words(visitor.get("/help"))


def test_a_wrong_password_and_no_account_look_the_same(visitor: FlaskClient) -> None:
    register("Ada", "ada@example.org", PASSWORD)
    pages = []
    for email in ("ada@example.org", "bob@example.org"):
        answer = log_in(visitor, email=email, password="wrong password")
        assert answer.status_code == 422
        page = soup(answer)
        for field in page.select("input[name=csrf_token], input[name=email]"):
            field.decompose()
        pages.append(str(page))
    assert pages[0] == pages[1]
    assert "don't belong together" in pages[0]


def test_a_copied_cookie_is_dead_after_logging_out(visitor: FlaskClient, other: FlaskClient) -> None:
    register("Ada", "ada@example.org", PASSWORD)
    log_in(visitor)
    cookie = visitor.get_cookie("session")
    assert cookie
    other.set_cookie("session", cookie.value)
    assert other.get("/account").status_code == 200
    sign_out(visitor)
    assert other.get("/account").status_code == 303


def test_logging_in_again_ends_the_log_in_before(visitor: FlaskClient, other: FlaskClient) -> None:
    register("Ada", "ada@example.org", PASSWORD)
    token = visitor.token("/login")  # type: ignore[attr-defined]
    visitor.post("/login", data={**ADA, "csrf_token": token})
    cookie = visitor.get_cookie("session")
    assert cookie
    other.set_cookie("session", cookie.value)
    token = visitor.token("/cities")  # type: ignore[attr-defined]
    visitor.post("/login", data={**ADA, "csrf_token": token})
    assert visitor.get("/account").status_code == 200
    assert other.get("/account").status_code == 303


def test_a_guests_session_is_new_but_its_holds_stay(visitor: FlaskClient) -> None:
    register("Ada", "ada@example.org", PASSWORD)
    key = a_guest(visitor)
    booking = a_hold(a_show(), owner=key)
    with visitor.session_transaction() as session:
        session["planted"] = "by somebody else"
    log_in(visitor)
    with visitor.session_transaction() as session:
        assert "planted" not in session
        assert session["guest"] == key
    assert booking.code[-4:] in words(visitor.get("/account/bookings"))


def test_logging_out_leaves_nothing_to_the_next_visitor(visitor: FlaskClient) -> None:
    register("Ada", "ada@example.org", PASSWORD)
    a_hold(a_show(), owner=a_guest(visitor))
    log_in(visitor)
    sign_out(visitor)
    assert "No tickets here yet" in words(visitor.get("/account/bookings"))


def test_logging_out_needs_a_form(visitor: FlaskClient) -> None:
    register("Ada", "ada@example.org", PASSWORD)
    log_in(visitor)
    assert visitor.get("/logout").status_code == 405
    assert visitor.post("/logout").status_code == 403
    assert visitor.get("/account").status_code == 200


def test_a_form_of_another_site_is_refused(visitor: FlaskClient) -> None:
    register("Ada", "ada@example.org", PASSWORD)
    data = {**ADA, "csrf_token": visitor.token("/login")}  # type: ignore[attr-defined]
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert visitor.post("/login", data=data, headers=headers).status_code == 403


def test_the_account_page_leads_to_the_log_in_and_back(visitor: FlaskClient) -> None:
    register("Ada", "ada@example.org", PASSWORD)
    answer = visitor.get("/account")
    assert (answer.status_code, answer.location) == (303, "/login?next=/account")
    form = soup(visitor.get(answer.location)).select_one("input[name=next]")
    assert form
    assert form["value"] == "/account"
    assert log_in(visitor, next="/account").location == "/account"
    assert visitor.get("/login?next=/cinemas").location == "/cinemas"


# Redirects


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil",
        "https://evil.example",
        "javascript:alert(1)",
        "evil",
        "/%2fevil.example",
        "/%5cevil.example",
        "/%252f%252fevil",
        "/\tevil",
        "/ /evil",
        "/\n/evil",
        "/%09/evil",
        "///evil",
        "",
        None,
    ],
)
def test_addresses_of_elsewhere_become_the_home_page(address: str | None) -> None:
    assert local_path(address) == "/"


@pytest.mark.parametrize(
    "address", ["/", "/shows/12", "/?q=caf%C3%A9&need=captions", "/search?q=100%25", "/search?q=a b"]
)
def test_our_own_paths_stay(address: str) -> None:
    assert local_path(address) == address


def test_logging_in_never_leads_away(visitor: FlaskClient) -> None:
    register("Ada", "ada@example.org", PASSWORD)
    assert log_in(visitor, next="//evil.example/x").location == "/"


# Throttles


def test_too_many_tries_from_an_address_wait(visitor: FlaskClient, set_setting: Any) -> None:
    set_setting(logins_per_minute=3)
    token = visitor.token("/login")  # type: ignore[attr-defined]
    tries = [
        visitor.post("/login", data={"email": f"{n}@example.org", "password": "wrong one", "csrf_token": token})
        for n in range(4)
    ]
    assert [answer.status_code for answer in tries] == [422, 422, 422, 429]
    assert tries[-1].headers["Retry-After"]


def test_a_stranger_who_guesses_does_not_lock_the_owner_out(
    visitor: FlaskClient, other: FlaskClient, set_setting: Any
) -> None:
    register("Ada", "ada@example.org", PASSWORD)
    log_in(visitor)
    sign_out(visitor)
    set_setting(logins_per_minute=3)
    token = other.token("/login")  # type: ignore[attr-defined]
    for n in range(4):
        guess = other.post(
            "/login",
            data={**ADA, "password": "wrong one", "csrf_token": token},
            environ_base={"REMOTE_ADDR": f"192.0.2.{n}"},
        )
    assert guess.status_code == 429
    assert log_in(visitor).status_code == 303


def test_making_accounts_is_throttled_too(visitor: FlaskClient, set_setting: Any) -> None:
    register("Ada", "ada@example.org", PASSWORD)
    set_setting(logins_per_minute=2)
    tries = [visitor.post_form("/register", NEW, page="/register").status_code for _ in range(3)]
    assert tries == [422, 422, 429]


# From a booking


def test_an_account_made_from_a_booking_takes_it_along(visitor: FlaskClient, other: FlaskClient) -> None:
    key = a_guest(visitor)
    booking, second = a_paid_booking(a_show(), owner=key), a_paid_booking(a_show(), owner=key)
    page = soup(visitor.get(f"/register?booking={booking.code}"))
    assert page.select_one("input[name=name]")["value"] == "Ada Byron"  # type: ignore[index]
    assert page.select_one("input[name=email]")["value"] == "ada@example.org"  # type: ignore[index]
    answer = visitor.post_form("/register", {**NEW, "booking": booking.code}, page="/register")
    assert answer.status_code == 303
    log_in(other)
    there = words(other.get("/account/bookings"))
    assert booking.code[-4:] in there
    assert second.code[-4:] in there


def test_a_booking_of_a_stranger_gives_nothing_away(visitor: FlaskClient) -> None:
    booking = a_paid_booking(a_show(), owner="s:stranger")
    page = visitor.get(f"/register?booking={booking.code}").get_data(as_text=True)
    assert "Ada Byron" not in page
    visitor.post_form("/register", {**NEW, "email": "eve@example.org", "booking": booking.code}, page="/register")
    assert the_booking(booking.show_id, booking.id).user_id is None


def test_a_mailed_link_takes_its_own_booking_only(visitor: FlaskClient, app: Flask) -> None:
    booking, second = a_paid_booking(a_show(), owner="s:home"), a_paid_booking(a_show(), owner="s:home")
    visitor.get(f"/register?booking={booking.code}&key={link_key(booking.code)}")
    visitor.post_form("/register", {**NEW, "booking": booking.code}, page="/register")
    assert the_booking(booking.show_id, booking.id).user_id is not None
    assert the_booking(second.show_id, second.id).user_id is None


# My tickets


def test_guests_see_what_this_browser_booked(visitor: FlaskClient, other: FlaskClient) -> None:
    booking = a_paid_booking(a_show(), owner=a_guest(visitor))
    answer = visitor.get("/account/bookings")
    assert soup(answer).find("a", href=f"/bookings/{booking.code}")
    assert "Booked and paid" in words(answer)
    assert "Sign in" in words(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "No tickets here yet" in words(other.get("/account/bookings"))


def test_a_held_booking_leads_back_to_its_checkout(visitor: FlaskClient) -> None:
    booking = a_hold(a_show(), owner=a_guest(visitor))
    page = soup(visitor.get("/account/bookings"))
    assert page.find("a", href=f"/bookings/{booking.code}/checkout")
    assert "Kept for you, not paid yet" in page.get_text()


def test_names_are_only_text(visitor: FlaskClient) -> None:
    visitor.post_form("/register", {**NEW, "name": "<script>alert(1)</script>{{7*7}}"}, page="/register")
    page = visitor.get("/account").get_data(as_text=True)
    assert "<script>alert" not in page
    assert "{{7*7}}" in page
