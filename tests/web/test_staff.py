"""The staff pages in a browser without JavaScript: in by the second factor, people, cinemas, what is said when refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.db import db
from app.domain.second_factor import code_at
from app.domain.staff import COMMAND, Role
from app.models import Cinema, User
from app.queries.staff import staff_person
from app.services.staff import make_staff_account, password_link, revoke_role
from tests.builders import a_cinema, a_customer, a_person
from tests.support.client import PageClient, soup, words
from tests.support.clock import MovedClock
from tests.support.staff import signed_in, the_code, with_factor

PASSWORD = "correct horse"


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def lantern(app: Flask) -> Cinema:
    return a_cinema(name="The Lantern")


@pytest.fixture
def ruth(app: Flask, regent: Cinema) -> PageClient:
    """A manager of the Regent, signed in."""
    return signed_in(app, a_person(Role.MANAGER, regent, name="Ruth"))


@pytest.fixture
def alma(app: Flask) -> PageClient:
    """An administrator, signed in."""
    return signed_in(app, a_person(Role.ADMIN, name="Alma"))


def user(email: str) -> User:
    found = db.session.scalars(select(User).where(User.email == email)).one()
    db.session.commit()
    return found


def roles(user_id: int) -> set[str]:
    found = {grant.role.value for grant in staff_person(user_id).grants}
    db.session.commit()
    return found


def local(link: str) -> str:
    return "/" + link.split("/", 3)[3]


# Coming in


def test_a_new_manager_comes_from_the_link_to_the_first_page(app: Flask, client: Any, regent: Cinema):
    """Link, password, second factor, recovery codes, in."""
    made = make_staff_account(COMMAND, "Ruth", "ruth@example.org", Role.MANAGER, [regent.id])
    link = local(password_link(made.token))
    answer = client.post_form(link, {"password": PASSWORD}, page=link)
    assert (answer.status_code, answer.location) == (303, "/staff")
    answer = client.get("/staff")
    assert answer.location == "/staff/second-factor/set-up?next=/staff"
    page = soup(client.get(answer.location))
    sealed = str(page.select_one("input[name=sealed]")["value"])  # type: ignore[index]
    key = page.select_one("code.key").get_text().replace(" ", "")  # type: ignore[union-attr]
    assert page.select_one("figure svg")
    form = {"code": "000000", "sealed": sealed, "next": "/staff/people"}
    wrong = client.post_form("/staff/second-factor/set-up", form, page=answer.location)
    assert wrong.status_code == 422
    assert key == soup(wrong).select_one("code.key").get_text().replace(" ", ""), "the scanned key stays"  # type: ignore[union-attr]
    form["code"] = code_at(key, clock.now())
    shown = client.post_form("/staff/second-factor/set-up", form, page=answer.location)
    assert len(soup(shown).select(".codes li")) == 10
    assert soup(shown).select_one("a.btn")["href"] == "/staff/people"  # type: ignore[index]
    assert client.get("/staff/people").status_code == 200
    again = soup(client.get("/staff/me")).get_text()
    assert "10 recovery codes are left" in again


def test_signing_in_asks_for_the_code_each_time(app: Flask, client: Any, regent: Cinema, moved_clock: MovedClock):
    made = make_staff_account(COMMAND, "Ruth", "ruth@example.org", Role.MANAGER, [regent.id])
    link = local(password_link(made.token))
    client.post_form(link, {"password": PASSWORD}, page=link)
    with_factor(user("ruth@example.org"))
    client.post_form("/logout", page="/account")
    answer = client.post_form("/login", {"email": "ruth@example.org", "password": PASSWORD})
    assert answer.location == "/staff"
    answer = client.get("/staff/people?q=joe")
    assert answer.location == "/staff/second-factor?next=/staff/people?q%3Djoe"
    wrong = client.post_form(answer.location, {"code": "12", "next": "/staff/people?q=joe"}, page=answer.location)
    assert wrong.status_code == 422
    assert "Wait for the next one" in words(wrong)
    right = client.post_form(answer.location, {"code": the_code(), "next": "/staff/people?q=joe"}, page=answer.location)
    assert (right.status_code, right.location) == (303, "/staff/people?q=joe")
    assert client.get("/staff/people").status_code == 200


def test_too_many_wrong_codes_are_told_how_long_to_wait(app: Flask, regent: Cinema):
    client = signed_in(app, with_factor(a_person(Role.MANAGER, regent)), confirmed=False)
    answers = [client.post_form("/staff/second-factor", {"code": "12"}, page="/account") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 4 + [429] * 2
    assert "Try again in 1 minute" in words(answers[-1])
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60


def test_after_the_code_nobody_is_sent_away(app: Flask, regent: Cinema):
    client = signed_in(app, with_factor(a_person(Role.MANAGER, regent)), confirmed=False)
    form = {"code": the_code(), "next": "//evil.example"}
    assert client.post_form("/staff/second-factor", form, page="/account").location == "/staff"


def test_where_it_is_optional_one_comes_in_without_and_is_told(app: Flask, regent: Cinema):
    client = signed_in(app, a_person(Role.SCANNER, regent), confirmed=False)
    page = client.get("/staff")
    assert page.status_code == 200
    assert "no second factor" in words(page)


def test_where_it_is_off_nobody_is_asked(app: Flask, regent: Cinema, set_setting: Any):
    set_setting(staff_totp={"SCANNER": "off"})
    client = signed_in(app, with_factor(a_person(Role.SCANNER, regent)), confirmed=False)
    assert client.get("/staff").status_code == 200
    assert signed_in(app, a_person(Role.SCANNER, regent)).get("/staff/second-factor/set-up").status_code == 403


def test_new_recovery_codes_are_shown_to_who_shows_a_code(app: Flask, regent: Cinema):
    client = signed_in(app, with_factor(a_person(Role.MANAGER, regent)))
    assert client.post_form("/staff/me/recovery-codes", {"code": "1"}, page="/staff/me").status_code == 422
    shown = client.post_form("/staff/me/recovery-codes", {"code": the_code()}, page="/staff/me")
    assert len(soup(shown).select(".codes li")) == 10


def test_a_link_that_is_used_up_says_so(client: Any, regent: Cinema):
    made = make_staff_account(COMMAND, "Ruth", "ruth@example.org", Role.MANAGER, [regent.id])
    link = local(password_link(made.token))
    assert client.post_form(link, {"password": "short"}, page=link).status_code == 422
    client.post_form(link, {"password": PASSWORD}, page=link)
    for address in (link, "/staff/welcome", "/staff/welcome?key=made-up"):
        answer = client.get(address)
        assert answer.status_code == 410
        assert "Ask whoever gave it to you" in words(answer)


def test_the_key_of_a_link_is_in_no_path(regent: Cinema):
    """Paths are logged."""
    made = make_staff_account(COMMAND, "Ruth", "ruth@example.org", Role.MANAGER, [regent.id])
    assert made.token not in password_link(made.token).partition("?")[0]


def test_htmx_is_led_to_the_sign_in_as_a_whole_page(client: Any, regent: Cinema):
    answer = client.get("/staff", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/login?next=/staff")


# The frame


def test_a_role_taken_away_is_gone_at_the_next_request(app: Flask, regent: Cinema):
    joe = a_person(Role.SCANNER, regent)
    client = signed_in(app, joe)
    assert client.get("/staff").status_code == 200
    revoke_role(COMMAND, joe.id, Role.SCANNER, regent.id)
    assert client.get("/staff").status_code == 404
    assert client.get("/account").status_code == 200, "their own tickets stay theirs"


def test_twelve_idle_hours_sign_staff_out_and_work_keeps_them_in(app: Flask, regent: Cinema, moved_clock: MovedClock):
    client = signed_in(app, a_person(Role.SCANNER, regent))
    for _ in range(3):
        moved_clock.forward(hours=10)
        assert client.get("/staff").status_code == 200
    moved_clock.forward(hours=12, minutes=1)
    answer = client.get("/staff")
    assert (answer.status_code, answer.location) == (303, "/login?next=/staff")


def test_being_there_is_noted_now_and_then_only(app: Flask, regent: Cinema, moved_clock: MovedClock):
    client = signed_in(app, a_person(Role.SCANNER, regent))

    def seen() -> object:
        from sqlalchemy import text

        found = db.session.execute(text("SELECT max(seen_at) FROM login_sessions")).scalar()
        db.session.commit()
        return found

    client.get("/staff")
    first = seen()
    moved_clock.forward(minutes=2)
    client.get("/staff")
    assert seen() == first
    moved_clock.forward(minutes=5)
    client.get("/staff")
    assert seen() != first


def test_the_bar_shows_the_ways_of_the_role(app: Flask, ruth: PageClient, regent: Cinema):
    seller = signed_in(app, a_person(Role.BOX_OFFICE, regent, name="Maya"))
    assert [way.get_text() for way in soup(ruth.get("/staff")).select(".nav a")][:3] == ["Today", "Counter", "Bookings"]
    bar = [way.get_text() for way in soup(seller.get("/staff")).select(".nav a")]
    assert bar == ["Counter", "Bookings", "Shifts", "Door"]
    assert [way.get_text() for way in soup(seller.get("/staff")).select(".menu-ways a")] == [
        "Start",
        "Groups",
        "Your sign-in",
    ]
    assert "The Regent · Maya, box office" in words(seller.get("/staff"))


def test_every_way_of_bar_and_menu_opens(app: Flask, alma: PageClient, regent: Cinema):
    """The counter alone leads on, to where a shift is opened first."""
    for way in soup(alma.get("/staff")).select(".nav a, .menu-ways a"):
        page = alma.get(str(way["href"]))
        if way.get_text() == "Counter":
            assert page.location == "/staff/shifts"
            continue
        assert page.status_code == 200, way
        assert soup(page).select_one('.fascia [aria-current="page"]').get_text() == way.get_text()  # type: ignore[union-attr]


def test_who_has_two_cinemas_chooses_between_them(app: Flask, regent: Cinema, lantern: Cinema):
    client = signed_in(app, a_person(Role.MANAGER, regent, lantern))
    assert soup(client.get("/staff")).h1.get_text() == "The Lantern"  # type: ignore[union-attr]
    answer = client.post_form("/staff/cinema", {"cinema_id": regent.id, "next": "/staff/people"}, page="/staff")
    assert answer.location == "/staff/people"
    assert soup(client.get("/staff")).h1.get_text() == "The Regent"  # type: ignore[union-attr]


def test_nobody_chooses_a_cinema_that_is_not_theirs(ruth: PageClient, lantern: Cinema):
    answer = ruth.post_form("/staff/cinema", {"cinema_id": lantern.id, "next": "//evil.example"}, page="/staff")
    assert answer.location == "/staff"
    page = ruth.get("/staff")
    assert soup(page).h1.get_text() == "The Regent"  # type: ignore[union-attr]
    assert "not one of your cinemas" in words(page)


def test_a_house_without_a_cinema_says_what_to_do(alma: PageClient):
    page = alma.get("/staff")
    assert page.status_code == 200
    assert "Make the first one." in words(page)
    assert alma.get("/staff/people").status_code == 200
    assert alma.get("/staff/people/new").status_code == 200


def test_a_refusal_names_the_role_and_leads_back(app: Flask, regent: Cinema):
    answer = signed_in(app, a_person(Role.BOX_OFFICE, regent)).get("/staff/people")
    assert answer.status_code == 403
    assert "for the role manager" in words(answer)
    assert soup(answer).select_one('a[href="/staff"]')


def test_customers_see_no_way_in_and_staff_do(app: Flask, regent: Cinema):
    ada, joe = signed_in(app, a_customer()), signed_in(app, a_person(Role.SCANNER, regent))
    assert "Staff pages" not in words(ada.get("/account"))
    assert "Staff pages" in words(joe.get("/account"))


def test_staff_pages_are_kept_by_nobody_and_found_by_no_search_engine(ruth: PageClient):
    answer = ruth.get("/staff/people")
    assert answer.headers["Cache-Control"] == "no-store"
    assert soup(answer).find("meta", attrs={"name": "robots", "content": "noindex"})


def test_staff_are_counted_by_person_and_not_by_address(app: Flask, regent: Cinema, settings: Any):
    import dataclasses

    from app import create_app

    made = create_app(dataclasses.replace(settings, requests_per_minute=3, staff_requests_per_minute=8))
    try:
        client = signed_in(made, a_person(Role.SCANNER, regent))
        assert [client.get("/staff").status_code for _ in range(9)] == [200] * 8 + [429]
        another = signed_in(made, a_person(Role.SCANNER, regent))
        assert another.get("/staff").status_code == 200
    finally:
        with made.app_context():
            db.engine.dispose()


# People


def test_a_manager_makes_an_account_and_hands_the_link_over(app: Flask, ruth: PageClient, client: Any, regent: Cinema):
    form = {"name": "Maya", "email": "maya@example.org", "role": "box_office", "cinemas": [regent.id]}
    answer = ruth.post_form("/staff/people/new", form, page="/staff/people/new")
    link = str(soup(answer).select_one("#link")["value"])  # type: ignore[index]
    entered = client.post_form(local(link), {"password": PASSWORD}, page=local(link))
    assert entered.location == "/staff"
    assert client.get("/staff").status_code == 200
    assert "Maya" in words(ruth.get("/staff/people"))


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Write their name"),
        ("email", "maya", "not an e-mail address"),
        ("email", "ada@example.org", "There is an account with this address already"),
        ("cinemas", [], "Choose at least one cinema"),
    ],
)
def test_what_is_wrong_with_a_new_account_is_said(
    ruth: PageClient, regent: Cinema, field: str, value: Any, sentence: str
):
    a_customer(email="ada@example.org")
    form = {"name": "Maya", "email": "maya@example.org", "role": "scanner", "cinemas": [regent.id], field: value}
    answer = ruth.post_form("/staff/people/new", form, page="/staff/people/new")
    assert answer.status_code == 422
    assert sentence in words(answer)


def test_a_manager_can_not_ask_for_more_than_the_form_offers(ruth: PageClient, regent: Cinema, lantern: Cinema):
    offered = soup(ruth.get("/staff/people/new"))
    assert [one["value"] for one in offered.select("#role option")] == ["box_office", "scanner"]
    assert [one["value"] for one in offered.select("input[name=cinemas]")] == [str(regent.id)]
    form = {"name": "Eve", "email": "eve@example.org", "role": "scanner", "cinemas": [regent.id]}
    for more in ({"role": "manager"}, {"role": "admin"}, {"cinemas": [lantern.id]}):
        answer = ruth.post_form("/staff/people/new", {**form, **more}, page="/staff/people/new")
        assert answer.status_code == 422
    assert "Eve" not in words(ruth.get("/staff/people"))


def test_roles_are_given_and_taken_away_on_the_persons_page(ruth: PageClient, regent: Cinema):
    joe = a_person(Role.SCANNER, regent, name="Joe")
    page = f"/staff/people/{joe.id}"
    ruth.post_form(f"{page}/roles", {"role": "box_office", "cinema_id": regent.id}, page=page)
    assert roles(joe.id) == {"scanner", "box_office"}
    ruth.post_form(f"{page}/roles/take-away", {"role": "scanner", "cinema_id": regent.id}, page=page)
    assert roles(joe.id) == {"box_office"}
    assert "gone at their next click" in words(ruth.get(page))


@pytest.mark.parametrize("more", [{"role": "manager"}, {"role": "admin"}, {"cinema_id": 999_999}, {"cinema_id": "x"}])
def test_an_altered_form_gives_no_other_role(ruth: PageClient, regent: Cinema, more: dict[str, Any]):
    joe = a_person(Role.SCANNER, regent)
    page = f"/staff/people/{joe.id}"
    form = {"role": "box_office", "cinema_id": regent.id, **more}
    assert ruth.post_form(f"{page}/roles", form, page=page).status_code == 422
    assert roles(joe.id) == {"scanner"}


def test_no_altered_form_takes_a_role_that_is_not_theirs_to_take(ruth: PageClient, regent: Cinema, lantern: Cinema):
    joe = a_person(Role.SCANNER, regent, lantern)
    page = f"/staff/people/{joe.id}"
    refused = ruth.post_form(f"{page}/roles/take-away", {"role": "scanner", "cinema_id": lantern.id}, page=page)
    unknown = ruth.post_form(f"{page}/roles/take-away", {"role": "king", "cinema_id": regent.id}, page=page)
    assert (refused.status_code, unknown.status_code) == (403, 422)
    assert "The Lantern" not in words(ruth.get(page)), "where else they work is not a manager's business"


def test_an_admin_makes_another_admin(alma: PageClient, regent: Cinema):
    joe = a_person(Role.SCANNER, regent)
    page = f"/staff/people/{joe.id}"
    answer = alma.post_form(f"{page}/roles", {"role": "admin", "cinema_id": regent.id}, page=page)
    assert answer.status_code == 303
    assert roles(joe.id) == {"scanner", "admin"}


def test_deactivating_says_what_it_does_and_asks_why(app: Flask, ruth: PageClient, regent: Cinema):
    joe = a_person(Role.SCANNER, regent, name="Joe")
    client, page = signed_in(app, joe), f"/staff/people/{joe.id}"
    assert "Joe loses 1 role and is signed out at once" in words(ruth.get(page))
    without = ruth.post_form(f"{page}/deactivate", {"reason": " "}, page=page)
    assert without.status_code == 422
    assert "Write in a few words why" in words(without)
    assert client.get("/staff").status_code == 200
    ruth.post_form(f"{page}/deactivate", {"reason": "left us"}, page=page)
    assert client.get("/staff").status_code == 303
    shown = ruth.post_form(f"{page}/reactivate", page=page)
    assert re.search(r"/staff/welcome\?key=", str(soup(shown).select_one("#link")["value"]))  # type: ignore[index]


def test_a_managers_page_offers_only_what_they_may(ruth: PageClient, alma: PageClient, regent: Cinema):
    colleague = with_factor(a_person(Role.MANAGER, regent, name="Sam"))
    page = f"/staff/people/{colleague.id}"
    for act in ("Deactivate", "New password link", "Take away", "Reset second factor"):
        assert act not in words(ruth.get(page))
        assert act in words(alma.get(page))


def test_an_admin_resets_a_lost_second_factor(app: Flask, alma: PageClient, ruth: PageClient, regent: Cinema):
    sam = with_factor(a_person(Role.MANAGER, regent, name="Sam"))
    page = f"/staff/people/{sam.id}"
    assert ruth.post_form(f"{page}/reset-second-factor", {"reason": "lost"}, page=page).status_code == 403
    assert alma.post_form(f"{page}/reset-second-factor", {"reason": "telephone lost"}, page=page).status_code == 303
    client = signed_in(app, sam, confirmed=False)
    assert client.get("/staff").location.startswith("/staff/second-factor/set-up")


def test_people_are_found_by_name_and_address(ruth: PageClient, regent: Cinema):
    a_person(Role.SCANNER, regent, name="Joe Miller", email="joe@example.org")
    a_person(Role.SCANNER, regent, name="Maya Long", email="maya@example.org")
    for wanted in ("JOE@", "miller"):
        found = words(ruth.get(f"/staff/people?q={wanted}"))
        assert "Joe Miller" in found
        assert "Maya Long" not in found
    assert "Nobody called “%_”" in words(ruth.get("/staff/people?q=%25_"))


def test_a_manager_sees_nobody_of_another_cinema(ruth: PageClient, lantern: Cinema):
    a_person(Role.SCANNER, lantern, name="Far Away")
    assert "Far Away" not in words(ruth.get("/staff/people"))


def test_a_long_list_has_pages(ruth: PageClient, regent: Cinema):
    for number in range(52):
        a_person(Role.SCANNER, regent, name=f"Joe {number:02}")
    first, second = ruth.get("/staff/people"), ruth.get("/staff/people?page=2")
    assert "Joe 00" in words(first)
    assert "Joe 51" in words(second)
    assert ruth.get("/staff/people?page=99").status_code == ruth.get("/staff/people?page=x").status_code == 200
