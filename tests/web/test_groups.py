"""Groups on the web: asking, and what the signed link leads to."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from app import clock
from app.domain.groups import Standing
from app.domain.staff import Role
from app.models import Cinema, Show
from app.queries.groups import group_of
from app.services import holds, payments
from tests.builders import (
    a_person,
    a_started_payment,
    an_event,
    an_offer,
    seat_ids,
)
from tests.support.books import rows
from tests.support.client import PageClient, soup, words
from tests.support.groups import link, the_offer
from tests.support.staff import by


def wish(cinema: Cinema, **fields: Any) -> dict[str, Any]:
    day = (clock.now() + dt.timedelta(days=4)).date().isoformat()
    typed = {"cinema_id": cinema.id, "wanted_on": day, "people": 40, "name": "Charles", "email": "c@example.org"}
    return {**typed, "key": "k" * 24, **fields}


def ask(client: PageClient, cinema: Cinema, **fields: Any) -> Any:
    return client.post_form("/groups", wish(cinema, **fields), page="/groups")


# Asking


def test_a_group_asks_and_is_thanked(client: PageClient, regent: Cinema) -> None:
    answer = ask(client, regent, organisation="Analytical Society", film="Metropolis", whole_show="y")
    assert (answer.status_code, answer.location) == (303, "/groups/thanks")
    assert "mail" in words(client.get(answer.location))
    (row,) = rows("SELECT name, organisation, film, people, whole_show FROM group_requests")
    assert tuple(row) == ("Charles", "Analytical Society", "Metropolis", 40, True)


def test_the_same_form_twice_is_one_request(client: PageClient, regent: Cinema) -> None:
    assert [ask(client, regent).status_code for _ in range(2)] == [303, 303]
    assert rows("SELECT count(*) AS n FROM group_requests")[0].n == 1


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("people", "10", "booked on the seat map"),
        ("people", "", "about how many"),
        ("people", "99999999", "could seat"),
        ("people", "-5", "could seat"),
        ("wanted_on", "", "Tell us the day"),
        ("wanted_on", "2001-01-01", "over"),
        ("name", " ", "your name"),
        ("email", "nobody", "needs an @"),
        ("phone", "call me", "only digits"),
    ],
)
def test_what_is_wrong_is_told_at_the_field_and_the_rest_is_kept(
    client: PageClient, regent: Cinema, field: str, value: str, says: str
) -> None:
    answer = ask(client, regent, **{"message": "Two wheelchairs", field: value})
    assert answer.status_code == 422
    page = soup(answer)
    assert says in page.find(id=f"{field}-why").get_text()  # type: ignore[union-attr]
    assert page.find("textarea", attrs={"name": "message"}).get_text().strip() == "Two wheelchairs"  # type: ignore[union-attr]
    assert rows("SELECT count(*) AS n FROM group_requests")[0].n == 0


def test_a_few_may_have_the_whole_show(client: PageClient, regent: Cinema) -> None:
    assert ask(client, regent, people=6, whole_show="y").status_code == 303


def test_a_show_is_asked_for_from_its_page(client: PageClient, regent: Cinema, show: Show) -> None:
    assert f"/groups?show={show.id}" in client.get(f"/shows/{show.id}").get_data(as_text=True)
    page = client.get(f"/groups?show={show.id}")
    assert "The Regent" in words(page)
    assert ask(client, regent, show_id=show.id, wanted_on="").status_code == 303
    (row,) = rows("SELECT wish_show_id, cinema_id FROM group_requests")
    assert tuple(row) == (show.id, regent.id)


@pytest.mark.parametrize("show_id", ["0", "-1", "x", "99999999999999999999", "777"])
def test_a_show_that_there_is_not_is_passed_over(client: PageClient, regent: Cinema, show_id: str) -> None:
    assert "Cinema" in words(client.get(f"/groups?show={show_id}"))
    assert ask(client, regent, show_id=show_id).status_code == 303
    assert rows("SELECT wish_show_id FROM group_requests")[0].wish_show_id is None


def test_a_cinema_that_there_is_not_is_refused(client: PageClient, regent: Cinema) -> None:
    assert ask(client, regent, cinema_id=999_999).status_code == 422


def test_nobody_asks_all_the_time(client: PageClient, regent: Cinema) -> None:
    answers = [ask(client, regent, key=f"{n}" * 24).status_code for n in range(5)]
    assert answers == [303, 303, 303, 429, 429]
    answer = ask(client, regent, key="z" * 24, message="Two wheelchairs\nand a dog")
    assert answer.headers["Retry-After"] == "60"
    page = soup(answer)
    assert "wait a minute" in page.find(id="summary").get_text()  # type: ignore[union-attr]
    assert page.find("textarea", attrs={"name": "message"}).get_text().split() == "Two wheelchairs and a dog".split()  # type: ignore[union-attr]
    assert page.find("input", attrs={"name": "organisation"}) is not None
    assert page.find("input", attrs={"name": "people"})["value"] == "40"  # type: ignore[index]
    assert page.find("input", attrs={"name": "key"})["value"] == "z" * 24, "sent again it is still one request"  # type: ignore[index]


def test_without_its_token_nothing_is_asked(client: PageClient, regent: Cinema) -> None:
    assert client.post("/groups", data=wish(regent)).status_code in (400, 403)


# The link


def test_the_link_opens_the_checkout_with_what_was_agreed(client: PageClient, regent: Cinema, show: Show) -> None:
    group_id, booking = the_offer(regent, show)
    assert client.get(f"/bookings/{booking.code}").status_code == 404, "without the link it is nobody's"
    answer = client.get(link(group_id), follow_redirects=True)
    assert answer.request.path == f"/bookings/{booking.code}/checkout"
    page = soup(answer)
    assert page.find("input", attrs={"name": "name"})["value"] == "Charles Babbage"  # type: ignore[index]
    assert page.find("select") is None, "nothing of it is chosen"
    said = words(answer)
    for needed in ("Kept for your group until", "12 seats: A1–A10, B1, B2", "£100.01", "Adult, standard × 12"):
        assert needed in said, needed
    paper = client.get(f"/bookings/{booking.code}/invoice.pdf")
    assert paper.mimetype == "application/pdf"


def test_a_group_pays_by_its_link(client: PageClient, regent: Cinema, show: Show) -> None:
    group_id, booking = the_offer(regent, show)
    client.get(link(group_id))
    buyer = {"name": "Charles", "email": "c@example.org", "method": "sandbox:card"}
    seats = {f"type-{seat}": "child" for seat in seat_ids(show)[:12]}
    page = f"/bookings/{booking.code}/checkout"
    answer = client.post_form(f"/bookings/{booking.code}/pay", {**buyer, **seats}, page=page)
    assert answer.status_code == 303
    (payment,) = rows("SELECT amount_minor, state FROM payments")
    assert tuple(payment) == (10_001, "pending")


def test_a_code_does_not_lower_what_was_agreed(client: PageClient, regent: Cinema, show: Show) -> None:
    from tests.support.money import a_coupon

    a_coupon("HALF", percent=50)
    group_id, booking = the_offer(regent, show)
    client.get(link(group_id))
    page = f"/bookings/{booking.code}/checkout"
    answer = client.post_form(f"/bookings/{booking.code}/code", {"code": "HALF"}, page=page)
    assert answer.status_code == 422
    assert "agreed" in words(answer)


@pytest.mark.parametrize("key", ["", "x", "é"])
def test_without_the_right_key_there_is_nothing(client: PageClient, regent: Cinema, show: Show, key: str) -> None:
    group_id, _ = the_offer(regent, show)
    assert client.get(f"/groups/{group_id}/offer", query_string={"key": key}).status_code == 404


def test_the_old_link_leads_to_the_new_offer(client: PageClient, regent: Cinema, show: Show) -> None:
    group_id, old = the_offer(regent, show)
    client.get(link(group_id))
    who = by(a_person(Role.MANAGER, regent))
    new = an_offer(group_id, who, show, seat_ids(show)[:20], reason="more come")
    said = words(client.get(f"/bookings/{old.code}"))
    assert "newer offer" in said
    assert client.get(link(group_id), follow_redirects=True).request.path == f"/bookings/{new.code}/checkout"
    assert client.get(f"/bookings/{old.code}/invoice.pdf").mimetype == "application/pdf", "it was issued once"


def test_when_the_time_is_over_the_link_says_so(
    client: PageClient, regent: Cinema, show: Show, moved_clock: Any
) -> None:
    group_id, booking = the_offer(regent, show, pay_until=clock.now() + dt.timedelta(hours=5))
    client.get(link(group_id))
    moved_clock.forward(hours=6)
    for _ in range(2):
        said = words(client.get(link(group_id)))
        assert "time to pay is over" in said
        assert "Ask again" in said
        assert "time to pay is over" in words(client.get(f"/bookings/{booking.code}/checkout"))
        holds.expire_holds()


def test_a_group_gives_its_seats_up(client: PageClient, regent: Cinema, show: Show) -> None:
    group_id, booking = the_offer(regent, show)
    client.get(link(group_id))
    client.post_form(f"/bookings/{booking.code}/release", page=f"/bookings/{booking.code}/checkout")
    assert group_of(group_id).standing is Standing.ENDED
    assert "free again" in words(client.get(link(group_id)))


def test_taken_back_and_declined_are_told_by_the_link_too(client: PageClient, regent: Cinema, show: Show) -> None:
    from app.services.groups import decline_group, withdraw_offer

    group_id, _ = the_offer(regent, show)
    who = by(a_person(Role.MANAGER, regent))
    withdraw_offer(who, group_id, 1, "broken")
    assert "taken its offer back" in words(client.get(link(group_id)))
    decline_group(who, group_id, 2, "We are full.")
    assert "We are full." in words(client.get(link(group_id)))


def test_a_paid_group_finds_its_tickets_by_the_link(client: PageClient, regent: Cinema, show: Show) -> None:
    group_id, booking = the_offer(regent, show)
    assert payments.settle_payment(an_event(a_started_payment(booking))) == "confirmed"
    answer = client.get(link(group_id), follow_redirects=True)
    assert answer.request.path == f"/bookings/{booking.code}"
    assert len(soup(answer).select(".ticket")) >= 12
