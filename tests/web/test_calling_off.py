"""Calling a show off on its page: the sum first, the act, and the progress until everybody has their money."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app import clock
from app.adapters.payments.fake import FakeGateway
from app.db import transaction
from app.domain.staff import Role
from app.models import Show, User
from app.services import show_cancelling
from app.services.outbox import GIVE_UP_AFTER
from app.services.show_cancelling import refund_show
from tests.builders import a_hold, a_movie, a_paid_booking, a_person, a_show, the_booking
from tests.support.calling_off import WHY, one, paid_by_fake, refund_all, rows, send_all
from tests.support.client import PageClient, soup, words
from tests.support.staff import signed_in


@pytest.fixture
def show(app: Flask) -> Show:
    return a_show(seats=60, movie=a_movie("Metropolis"))


@pytest.fixture
def manager(show: Show) -> User:
    return a_person(Role.MANAGER, show.cinema)


@pytest.fixture
def ruth(app: Flask, manager: User) -> PageClient:
    return signed_in(app, manager)


@pytest.fixture
def fake(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FakeGateway:
    made = FakeGateway()
    monkeypatch.setitem(app.extensions["marquee_gateways"], "fake", made)
    return made


def at(show: Show) -> str:
    return f"/staff/shows/{show.id}/cancel"


def seen(client: PageClient, show: Show) -> str:
    return str(soup(client.get(at(show))).find(id="seen")["value"])  # type: ignore[index]


def call_off(client: PageClient, show: Show, **fields: Any) -> Any:
    sent = {"reason": WHY, "seen": seen(client, show), **fields}
    return client.post_form(at(show), sent, page="/staff/people/new")


def halt() -> None:
    with transaction() as session:
        given_up = text("UPDATE outbox SET attempts = :most WHERE kind = 'refund_show'")
        session.execute(given_up, {"most": GIVE_UP_AFTER})


def test_the_page_says_what_it_costs_before_anything_is_done(ruth: PageClient, show: Show):
    a_paid_booking(show, 3)
    a_hold(show)
    said = words(ruth.get(at(show)))
    assert "3 sold seats will be refunded, £32.25." in said
    assert "1 booking ends" in said
    assert "1 person who is just buying is let go" in said
    assert "Call the show off and refund 3 seats" in said
    assert one("SELECT state FROM shows") == "published"


def test_a_show_is_called_off_with_words_for_the_buyers_and_a_note_for_the_house(
    ruth: PageClient, manager: User, show: Show
):
    a_paid_booking(show)
    done = call_off(ruth, show, note="Projector 2.")
    assert done.status_code == 303
    assert one("SELECT reason FROM show_cancellations") == WHY
    (entry,) = rows("SELECT user_id, reason, after FROM audit_entries WHERE action = 'show.called_off'")
    assert (entry.user_id, entry.reason, entry.after["told"]) == (manager.id, "Projector 2.", WHY)
    page = ruth.get(done.location)
    assert "The show is called off" in words(page)
    assert "0 of 1 booking is refunded." in words(page)
    assert soup(page).find("progress")["value"] == "0"  # type: ignore[index]


def test_without_words_for_the_buyers_nothing_happens_and_the_note_stays(ruth: PageClient, show: Show):
    answer = call_off(ruth, show, reason=" ", note="Projector 2.")
    assert answer.status_code == 422
    assert "the buyers read it" in words(answer)
    assert soup(answer).find(id="note")["value"] == "Projector 2."  # type: ignore[index]
    assert one("SELECT state FROM shows") == "published"


@pytest.mark.parametrize("sent", ["", "[]", "nonsense", '[2, [["GBP", 99]]]', '{"a": 1}'])
def test_a_sum_that_is_not_the_one_of_now_is_asked_again(ruth: PageClient, show: Show, sent: str):
    a_paid_booking(show)
    answer = call_off(ruth, show, seen=sent)
    assert answer.status_code == 409
    assert "2 sold seats will be refunded, £21.50." in words(answer)
    assert one("SELECT state FROM shows") == "published"


def test_a_seat_sold_between_page_and_press_asks_again_with_the_new_sum(ruth: PageClient, show: Show):
    old = seen(ruth, show)
    a_paid_booking(show)
    answer = call_off(ruth, show, seen=old)
    assert answer.status_code == 409
    assert "Somebody bought or gave back seats meanwhile" in words(answer)
    assert WHY in answer.get_data(as_text=True), "what was typed is kept"
    again = soup(answer).find(id="seen")["value"]  # type: ignore[index]
    assert call_off(ruth, show, seen=again).status_code == 303


def test_a_second_press_changes_nothing_and_shows_how_far_it_is(ruth: PageClient, show: Show):
    sent = {"reason": WHY, "seen": seen(ruth, show)}
    for _ in range(2):
        done = ruth.post_form(at(show), sent, page="/staff/people/new")
        assert done.status_code == 303
    assert "called off already" in words(ruth.get(at(show)))
    assert len(rows("SELECT id FROM audit_entries WHERE action = 'show.called_off'")) == 1


def test_progress_goes_to_the_end_and_then_asks_no_more(
    ruth: PageClient, show: Show, fake: FakeGateway, monkeypatch: pytest.MonkeyPatch
):
    for _ in range(3):
        paid_by_fake(fake, show)
    call_off(ruth, show)
    with monkeypatch.context() as hurried:
        hurried.setattr(show_cancelling, "SLICE_SECONDS", 0.0)
        refund_show(show.id, 0)
    part = ruth.get(at(show), headers={"HX-Request": "true"})
    assert b"<html" not in part.data
    assert "1 of 3 bookings are refunded, £21.50." in words(part)
    assert soup(part).find(id="progress").has_attr("hx-get")  # type: ignore[union-attr]
    refund_all()
    assert "All 3 bookings are refunded, £64.50." in words(ruth.get(at(show)))
    send_all()
    last = ruth.get(at(show), headers={"HX-Request": "true"})
    assert not soup(last).find(id="progress").has_attr("hx-get")  # type: ignore[union-attr]


def test_the_page_survives_a_worker_that_dies_between_two_refunds(ruth: PageClient, show: Show, monkeypatch: Any):
    bookings = [a_paid_booking(show) for _ in range(3)]
    call_off(ruth, show)
    refunded = []

    class Died(BaseException):
        pass

    def dies(point: str) -> None:
        if point == "between-refunds-of-a-show":
            refunded.append(point)
            raise Died

    monkeypatch.setattr(show_cancelling, "failpoint", dies)
    with pytest.raises(Died):
        refund_show(show.id, 0)
    monkeypatch.undo()
    page = ruth.get(at(show))
    assert "1 of 3 bookings are refunded" in words(page)
    assert "Resume refunding" not in words(page), "the outbox still has it: another worker goes on"
    refund_all()
    assert "All 3 bookings are refunded" in words(ruth.get(at(show)))
    assert {the_booking(show.id, booking.id).state for booking in bookings} == {"cancelled"}
    assert one("SELECT sum(amount_minor) FROM refunds") == 3 * 2150


def test_a_halt_is_told_and_resumed_from_the_page(ruth: PageClient, show: Show):
    a_paid_booking(show)
    call_off(ruth, show)
    halt()
    page = ruth.get(at(show))
    assert "Refunding has come to a halt: 1 of 1 bookings are left" in words(page)
    done = ruth.post_form(f"{at(show)}/resume", page=at(show))
    assert "Refunding goes on." in words(ruth.get(done.location))
    refund_all()
    assert "The booking is refunded, £21.50." in words(ruth.get(at(show)))
    assert "nothing to resume" in words(
        ruth.get(ruth.post_form(f"{at(show)}/resume", page="/staff/people/new").location)
    )


def test_refused_refunds_lead_to_their_bookings(ruth: PageClient, show: Show):
    booking = a_paid_booking(show)
    call_off(ruth, show)
    refund_all()
    with transaction() as session:
        session.execute(text("UPDATE refunds SET state = 'failed', failure = 'The account is closed.'"))
    page = ruth.get(at(show))
    with transaction() as session:
        session.execute(text("UPDATE refunds SET state = 'requested', failure = NULL"))
    assert "The account is closed." in words(page)
    assert soup(page).find("a", href=f"/staff/bookings/{booking.code}")


def test_an_empty_show_is_called_off_without_a_bar(ruth: PageClient, show: Show):
    assert "No seat is sold; nothing has to be refunded." in words(ruth.get(at(show)))
    call_off(ruth, show)
    refund_all()
    page = ruth.get(at(show))
    assert "No booking had to be refunded." in words(page)
    assert not soup(page).find("progress")


# Several shows of a day


def day_of(show: Show) -> str:
    return f"/staff/screens/{show.screen_id}/call-off"


def a_day(show: Show) -> list[Show]:
    """Three shows of one screen on the day after tomorrow."""
    begin = dt.timedelta(days=2) - (clock.now() - clock.now().replace(hour=9, minute=0))
    return [a_show(screen=show.screen, starts_in=begin + dt.timedelta(hours=3 * place)) for place in range(3)]


def test_several_shows_of_a_day_are_called_off_at_once(ruth: PageClient, show: Show):
    first, second, third = a_day(show)
    for one_show in (first, second):
        a_paid_booking(one_show)
    page = f"{day_of(show)}?day={first.starts_at.date()}"
    got = ruth.get(page)
    assert "All 3: 4 sold seats, £43.00" in words(got)
    old = soup(got).find(id="seen")["value"]  # type: ignore[index]
    a_paid_booking(second)
    sent = {"show": [str(one_show.id) for one_show in (first, second)], "day": str(first.starts_at.date())}
    done = ruth.post_form(day_of(show), {**sent, "reason": WHY, "seen": old}, page=page)
    said = words(ruth.get(done.location))
    assert "1 show is called off" in said
    assert "is not called off. Somebody bought or gave back seats meanwhile. Now: 4 sold seats" in said
    assert "how far its refunds are" in said
    found = rows("SELECT state FROM shows WHERE id = ANY(:ids) ORDER BY id", ids=[first.id, second.id, third.id])
    assert [row.state for row in found] == ["cancelled", "published", "published"]
    assert len(rows("SELECT id FROM audit_entries WHERE action = 'show.called_off'")) == 1
    refund_all()


def test_a_day_ages_away_is_today(ruth: PageClient, show: Show):
    assert ruth.get(f"{day_of(show)}?day=9999-12-31").status_code == 200
    assert ruth.get(f"{day_of(show)}?day=0001-01-01").status_code == 200


@pytest.mark.parametrize(("fields", "told"), [
    ({"reason": ""}, "the buyers read it"),
    ({"show": []}, "Tick the shows"),
    ({"show": ["999999"]}, "Tick the shows"),
])  # fmt: skip
def test_a_day_is_not_called_off_without_words_or_ticks(
    ruth: PageClient, show: Show, fields: dict[str, Any], told: str
):
    first, *_ = a_day(show)
    day = str(first.starts_at.date())
    sent = {"show": [str(first.id)], "day": day, "reason": WHY, "seen": "{}", **fields}
    answer = ruth.post_form(day_of(show), sent, page=f"{day_of(show)}?day={day}")
    assert answer.status_code == 422
    assert told in words(answer)


def test_another_screens_shows_are_not_called_off_from_here(ruth: PageClient, show: Show):
    theirs = a_show()
    day = str(theirs.starts_at.date())
    ruth.post_form(day_of(show), {"show": [str(theirs.id)], "day": day, "reason": WHY, "seen": "{}"}, page="/staff/me")
    assert one("SELECT state FROM shows WHERE id = :id", id=theirs.id) == "published"


def test_a_day_without_shows_says_so_and_nonsense_is_today(ruth: PageClient, show: Show):
    assert "Nothing to call off" in words(ruth.get(f"{day_of(show)}?day=2031-01-01"))
    assert ruth.get(f"{day_of(show)}?day=soon").status_code == 200
