"""The manager's desk: gift cards found and voided, the delivery log, failures sent again, and what leads there."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app import clock
from app.db import transaction
from app.domain.messages import MessageKind
from app.domain.staff import Role
from app.domain.states import MessageState
from app.models import Booking, Cinema, User
from app.services.accounts import WrongPassword, change_password, hash_password, log_in
from app.services.outbox import GIVE_UP_AFTER
from tests.builders import a_cinema, a_group, a_paid_booking, a_person, a_show, an_alert
from tests.support.books import rows
from tests.support.client import PageClient, soup, words
from tests.support.offers import a_gift_card, an_order, the_card
from tests.support.post import the_message
from tests.support.purse import Purse, a_booking
from tests.support.staff import a_log_in, by, signed_in, the_log_in


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def ruth(app: Flask, regent: Cinema) -> PageClient:
    return signed_in(app, a_person(Role.MANAGER, regent))


@pytest.fixture
def alma(app: Flask, regent: Cinema) -> PageClient:
    return signed_in(app, a_person(Role.ADMIN))


def listed(client: PageClient, address: str, table: int = 0) -> list[list[str]]:
    page = client.get(address)
    assert page.status_code == 200
    found = soup(page).select(".rows")
    if len(found) <= table:
        return []
    return [
        [" ".join(cell.get_text(" ").split()) for cell in row(["th", "td"])] for row in found[table].select("tbody tr")
    ]


def press(client: PageClient, address: str, values: dict[str, Any] | None = None) -> Any:
    return client.post_form(address, values, page="/staff/me")


def fails(booking: Booking, given_up: bool = True, said: str = "550 no such box", kind: str = "confirmation") -> Any:
    """The newest message of this kind about the booking could not be sent."""
    message = the_message(booking, MessageKind(kind))
    values = {"show": message.show_id, "id": message.id, "said": said, "tries": GIVE_UP_AFTER if given_up else 2}
    later = {**values, "due": clock.now() + dt.timedelta(minutes=10)}
    with transaction() as session:
        session.execute(text("UPDATE messages SET state = 'failed', detail = :said, attempts = :tries WHERE show_id = :show AND id = :id"), values)  # fmt: skip  # noqa: E501
        session.execute(text("UPDATE outbox SET attempts = :tries, due_at = :due WHERE show_id = :show AND subject_id = :id AND kind = 'send_message'"), later)  # fmt: skip  # noqa: E501
    return message


# Gift cards


def test_cards_are_found_by_order_name_address_and_ending_and_never_show_a_code(ruth: PageClient, alma: PageClient):
    card_id, code = a_gift_card(recipient_name="Charles", recipient_email="charles@example.org")
    an_order()
    order = the_card(card_id).order_code
    assert len(listed(ruth, "/staff/gift-cards")) == 2
    for query in (order, order.lower(), "charles", "CHARLES@", code[-4:].lower()):
        (row,) = listed(ruth, f"/staff/gift-cards?q={query}&state=active")
        assert row[0] == order
        assert row[2:4] == ["£25.00", "£25.00"]
    assert listed(ruth, "/staff/gift-cards?state=ordered")[0][-1] == "not paid yet"
    assert "Show all gift cards" in words(ruth.get("/staff/gift-cards?q=zzz"))
    for address in ("/staff/gift-cards", f"/staff/gift-cards/{card_id}"):
        for client in (ruth, alma):
            assert code not in client.get(address).get_data(as_text=True).replace("-", "")


def test_without_cards_the_page_says_where_they_come_from(ruth: PageClient):
    assert "No gift cards yet" in words(ruth.get("/staff/gift-cards"))
    assert ruth.get("/staff/gift-cards/2147483647").status_code == 404


def test_a_cards_history_comes_from_the_books_and_names_bookings_within_reach(
    ruth: PageClient, alma: PageClient, regent: Cinema
):
    card_id, code = a_gift_card(5000)
    here = a_booking(a_show(cinema=regent), 2, Purse(cards=[code]))
    there = a_booking(a_show(), 1, Purse(cards=[code]))
    page = soup(ruth.get(f"/staff/gift-cards/{card_id}"))
    links = [str(link["href"]) for link in page.select(".rows a.code")]
    assert links == [f"/staff/bookings/{here.code}"]
    history = listed(alma, f"/staff/gift-cards/{card_id}")
    assert [row[1] for row in history] == ["bought", "paid for a booking", "paid for a booking"]
    assert [row[3:] for row in history] == [["+£50.00", "£50.00"], ["-£21.50", "£28.50"], ["-£10.75", "£17.75"]]
    assert soup(alma.get(f"/staff/gift-cards/{card_id}")).select_one(f'a[href="/staff/bookings/{there.code}"]')


def test_a_card_is_mailed_again_by_a_manager(ruth: PageClient):
    card_id, _ = a_gift_card(recipient_email="charles@example.org")
    answer = press(ruth, f"/staff/gift-cards/{card_id}/resend")
    assert "charles@example.org again" in words(ruth.get(answer.location))
    sent = rows(
        "SELECT resend_of FROM messages WHERE gift_card_id = :id AND kind = 'gift_card' ORDER BY id", id=card_id
    )
    assert len(sent) == 2
    assert sent[1].resend_of
    assert rows("SELECT FROM audit_entries WHERE action = 'gift_card.resent'")
    ordered, _ = an_order()
    assert press(ruth, f"/staff/gift-cards/{ordered}/resend").status_code == 409


def test_an_administrator_voids_a_card_and_a_manager_is_told_who_does(ruth: PageClient, alma: PageClient):
    card_id, _ = a_gift_card()
    address = f"/staff/gift-cards/{card_id}"
    assert "An administrator can void this card" in words(ruth.get(address))
    assert press(ruth, f"{address}/void", {"balance": "2500", "reason": "x"}).status_code == 403
    assert "£25.00 goes back to what paid the card" in words(alma.get(address))
    assert press(alma, f"{address}/void", {"balance": "2500", "reason": ""}).status_code == 422
    refused = press(alma, f"{address}/void", {"balance": "2000", "reason": "stolen"})
    assert refused.status_code == 409
    assert "£25.00 is left on it now" in words(refused)
    assert press(alma, f"{address}/void", {"balance": "2500", "reason": "stolen"}).status_code == 303
    page = words(alma.get(address))
    assert "The card is void. £25.00 goes back the way it was paid." in page
    assert "Void it" not in page
    assert [row[1:5] for row in listed(alma, address, 1)][-1] == ["refund", "sandbox", "£25.00", "requested"]
    again = press(alma, f"{address}/void", {"balance": "0", "reason": "stolen"})
    assert again.status_code == 409
    assert "void already" in words(again)


# The delivery log


def test_the_log_tells_what_was_said_and_failures_come_first(ruth: PageClient, regent: Cinema):
    fine, bad = a_paid_booking(a_show(cinema=regent)), a_paid_booking(a_show(cinema=regent))
    fails(bad)
    page = ruth.get("/staff/messages")
    assert "Could not be sent" in words(page)
    (row,) = listed(ruth, "/staff/messages")
    assert row[1] == "Confirmation"
    assert "550 no such box" in row[5]
    assert len(listed(ruth, "/staff/messages", 1)) == 2
    codes = [str(link["href"]) for link in soup(page).select(".rows a.code")]
    assert f"/staff/bookings/{fine.code}" in codes


def test_it_is_searched_by_number_address_kind_and_state(ruth: PageClient, regent: Cinema):
    one, two = a_paid_booking(a_show(cinema=regent)), a_paid_booking(a_show(cinema=regent))
    fails(two)
    card_id, _ = a_gift_card()
    spoken = f"{one.code[:4]}-{one.code[4:]}".lower()
    for query, found in {
        f"?number={one.code}": 1,
        f"?number={spoken}": 1,
        f"?number={the_card(card_id).order_code}": 2,
        "?number=zzz": 0,
        "?address=ADA%40example": 4,
        "?address=nobody": 0,
        "?kind=gift_card": 1,
        "?kind=nonsense": 4,
        "?state=failed": 1,
        f"?number={two.code}&state=failed": 1,
        f"?number={one.code}&state=failed": 0,
        "?state=sent": 0,
        "?kind=confirmation&below=nonsense": 2,
        "?cinema=99999999999999999999": 4,
    }.items():
        assert len(listed(ruth, f"/staff/messages{query}")) == found, query
    assert "Show all messages" in words(ruth.get("/staff/messages?number=zzz"))


def test_a_manager_sees_their_cinemas_messages_and_no_others(ruth: PageClient, alma: PageClient):
    booking = a_paid_booking(a_show())
    message = fails(booking)
    assert listed(ruth, "/staff/messages") == []
    assert listed(ruth, f"/staff/messages?number={booking.code}") == []
    assert press(ruth, f"/staff/shows/{message.show_id}/messages/{message.id}/resend").status_code == 404
    assert len(listed(alma, f"/staff/messages?number={booking.code}")) == 1


def fails_group(group_id: int) -> int:
    """The id of the mail that answered this request, which could not be sent."""
    with transaction() as session:
        failed = text("UPDATE messages SET state = 'failed', attempts = 12 WHERE subject_id = :id RETURNING id")
        session.execute(text("UPDATE outbox SET attempts = :tries"), {"tries": GIVE_UP_AFTER})
        return int(session.execute(failed, {"id": group_id}).scalar_one())


def test_what_was_written_to_a_group_is_its_cinemas_matter(ruth: PageClient, alma: PageClient, regent: Cinema):
    elsewhere = a_group(a_cinema(), email="far@example.org")
    message = fails_group(elsewhere)
    assert listed(ruth, "/staff/messages") == []
    assert listed(ruth, "/staff/messages?address=far") == []
    assert "could not be sent" not in words(ruth.get("/staff/dashboard"))
    press(ruth, "/staff/messages/resend-failures")
    assert press(ruth, f"/staff/groups/{elsewhere}/messages/{message}/resend").status_code == 404
    assert rows("SELECT FROM messages WHERE resend_of IS NOT NULL") == []
    assert "far@example.org" in words(alma.get("/staff/messages"))


def test_what_was_written_to_a_group_is_sent_again(ruth: PageClient, regent: Cinema):
    group, other = a_group(regent, email="near@example.org"), a_group(regent)
    message = fails_group(group)
    page = soup(ruth.get("/staff/messages"))
    assert page.select_one(f'.rows a[href="/staff/groups/{group}"]')
    action = f"/staff/groups/{group}/messages/{message}/resend"
    assert page.select_one(f'form[action="{action}"]')
    assert press(ruth, f"/staff/groups/{other}/messages/{message}/resend").status_code == 404
    assert press(ruth, action).status_code == 303
    (again,) = rows("SELECT recipient, subject_id FROM messages WHERE resend_of = :id", id=message)
    assert (again.recipient, again.subject_id) == ("near@example.org", group)
    (row,) = rows("SELECT cinema_id FROM audit_entries WHERE action = 'message.resent'")
    assert row.cinema_id == regent.id


def test_a_long_log_goes_on_below(ruth: PageClient, regent: Cinema, monkeypatch: Any):
    monkeypatch.setattr("app.queries.deliveries.PAGE", 3)
    show = a_show(cinema=regent)
    booking = a_paid_booking(show, 1)
    for _ in range(6):
        message = the_message(booking, MessageKind.CONFIRMATION)
        assert press(ruth, f"/staff/shows/{show.id}/messages/{message.id}/resend").status_code == 303
    seen: list[Any] = []
    address: str | None = "/staff/messages?kind=confirmation"
    while address:
        page = soup(ruth.get(address))
        seen += page.select(".rows tbody tr")
        link = page.select_one("a[rel=next]")
        address = str(link["href"]) if link else None
    assert len(seen) == 7


def test_what_was_given_up_goes_out_as_a_new_one_and_is_no_failure_any_more(ruth: PageClient, regent: Cinema):
    booking = a_paid_booking(a_show(cinema=regent))
    message = fails(booking)
    answer = press(
        ruth, f"/staff/shows/{message.show_id}/messages/{message.id}/resend", {"next": "/staff/messages?state=failed"}
    )
    assert answer.location == "/staff/messages?state=failed"
    newest = the_message(booking, MessageKind.CONFIRMATION)
    assert (newest.resend_of, newest.state) == (message.id, MessageState.QUEUED)
    assert "Could not be sent" not in words(ruth.get("/staff/messages"))
    (row,) = rows("SELECT subject_id, after FROM audit_entries WHERE action = 'message.resent'")
    assert (row.subject_id, row.after["message"]) == (message.id, newest.id)
    assert press(ruth, f"/staff/shows/{message.show_id}/messages/2147483647/resend").status_code == 404


def test_what_is_still_being_tried_is_tried_now_and_not_sent_twice(ruth: PageClient, regent: Cinema):
    booking = a_paid_booking(a_show(cinema=regent))
    message = fails(booking, given_up=False)
    assert "It is tried again by itself" in words(ruth.get("/staff/messages"))
    answer = press(ruth, f"/staff/shows/{message.show_id}/messages/{message.id}/resend")
    assert "tried again now" in words(ruth.get(answer.location))
    assert the_message(booking, MessageKind.CONFIRMATION).id == message.id
    (item,) = rows("SELECT due_at FROM outbox WHERE subject_id = :id AND kind = 'send_message'", id=message.id)
    assert item.due_at <= clock.now()


def test_all_failures_of_today_go_out_again_at_once(ruth: PageClient, regent: Cinema):
    bookings = [a_paid_booking(a_show(cinema=regent)) for _ in range(3)]
    for booking in bookings:
        fails(booking)
    elsewhere = a_paid_booking(a_show())
    fails(elsewhere)
    assert "3 messages of today go out again" in words(ruth.get("/staff/messages"))
    answer = press(ruth, "/staff/messages/resend-failures")
    assert "3 go out again." in words(ruth.get(answer.location))
    assert all(the_message(booking, MessageKind.CONFIRMATION).resend_of for booking in bookings)
    assert the_message(elsewhere, MessageKind.CONFIRMATION).resend_of is None
    again = press(ruth, "/staff/messages/resend-failures")
    assert "Nothing had failed any more" in words(ruth.get(again.location))
    assert len(rows("SELECT FROM messages WHERE resend_of IS NOT NULL")) == 3


def test_yesterdays_failures_stay_for_somebody_to_look_at(ruth: PageClient, regent: Cinema):
    message = fails(a_paid_booking(a_show(cinema=regent)))
    with transaction() as session:
        session.execute(
            text("UPDATE messages SET queued_at = queued_at - interval '2 days' WHERE id = :id"), {"id": message.id}
        )
    page = words(ruth.get("/staff/messages"))
    assert "Could not be sent" in page
    assert "Send all of today again" not in page


def test_a_message_of_one_card_is_not_sent_again_under_anothers_address(ruth: PageClient):
    card_id, _ = a_gift_card()
    other, _ = a_gift_card()
    number = rows("SELECT max(id) AS id FROM messages WHERE gift_card_id = :id", id=card_id)[0].id
    assert press(ruth, f"/staff/gift-cards/{other}/messages/{number}/resend").status_code == 404
    assert press(ruth, f"/staff/gift-cards/{card_id}/messages/{number}/resend").status_code == 303


def test_an_empty_log_says_so(ruth: PageClient):
    assert "Nothing was sent yet" in words(ruth.get("/staff/messages"))


def test_hostile_words_of_a_mail_server_come_out_as_words(ruth: PageClient, regent: Cinema):
    fails(a_paid_booking(a_show(cinema=regent)), said="<script>alert(1)</script>{{7*7}}")
    assert "<script>alert(1)</script>{{7*7}}" in soup(ruth.get("/staff/messages")).get_text()


# What leads there


def test_a_bookings_page_leads_a_manager_to_its_messages(app: Flask, ruth: PageClient, regent: Cinema):
    booking = a_paid_booking(a_show(cinema=regent))
    address = f"/staff/bookings/{booking.code}"
    assert soup(ruth.get(address)).select_one(f'a[href="/staff/messages?number={booking.code}"]')
    seller = signed_in(app, a_person(Role.BOX_OFFICE, regent))
    assert not soup(seller.get(address)).select_one('a[href^="/staff/messages"]')


def test_the_dashboard_leads_to_what_its_alerts_are_about(ruth: PageClient, regent: Cinema):
    booking = a_paid_booking(a_show(cinema=regent))
    (payment,) = rows("SELECT id FROM payments WHERE booking_id = :id", id=booking.id)
    an_alert(
        booking.show_id, "refund_seats_gone", f"Payment {payment.id} of booking {booking.code} goes back: seats gone."
    )
    message = fails(booking)
    (item,) = rows("SELECT id FROM outbox WHERE subject_id = :id AND kind = 'send_message'", id=message.id)
    an_alert(booking.show_id, "outbox_given_up", f"Task {item.id} is given up: no such box")
    an_alert(booking.show_id, "refund_refused", "Refund 999999 was refused: closed account")
    page = soup(ruth.get("/staff/dashboard"))
    found = [[str(link["href"]) for link in one.select("p a")] for one in page.select(".alerts > li")]
    assert ["/staff/messages"] in found, "one message could not be sent"
    refused, task, paid = found[-3:]
    assert not any("bookings" in href for href in refused)
    assert f"/staff/bookings/{booking.code}" in task
    assert f"/staff/messages?number={booking.code}&state=failed" in task
    assert f"/staff/bookings/{booking.code}" in paid


def test_what_was_sent_again_is_no_trouble_on_the_dashboard(ruth: PageClient, regent: Cinema):
    message = fails(a_paid_booking(a_show(cinema=regent)))
    assert "1 message could not be sent" in words(ruth.get("/staff/dashboard"))
    press(ruth, f"/staff/shows/{message.show_id}/messages/{message.id}/resend")
    assert "could not be sent" not in words(ruth.get("/staff/dashboard"))


def test_an_alert_about_a_gift_cards_payment_leads_to_the_card(alma: PageClient):
    card_id, _ = a_gift_card()
    (payment,) = rows("SELECT id FROM payments WHERE gift_card_id = :id", id=card_id)
    an_alert(0, "refund_wrong_amount", f"Payment {payment.id} of gift card order X goes back: wrong amount.")
    assert soup(alma.get("/staff/dashboard")).select_one(f'.alerts a[href="/staff/gift-cards/{card_id}"]')


# One's own password, and the buyer's side


def knows(person: User, password: str) -> None:
    with transaction() as session:
        session.get_one(User, person.id).password_hash = hash_password(password)


def test_one_changes_ones_own_password_and_is_signed_out_elsewhere(app: Flask, regent: Cinema, set_setting: Any):
    person = a_person(Role.SCANNER, regent, email="joe@example.org")
    knows(person, "old-password")
    here, elsewhere = signed_in(app, person), signed_in(app, person)
    wrong = press(here, "/staff/me/password", {"old": "not-this-one", "password": "new-password"})
    assert wrong.status_code == 422
    assert "not the password that you have now" in soup(wrong).select_one("#old-why").get_text()
    short = press(here, "/staff/me/password", {"old": "old-password", "password": "short"})
    assert "at least 8" in soup(short).select_one("#password-why").get_text()
    copied = here.get_cookie("session")
    answer = press(here, "/staff/me/password", {"old": "old-password", "password": "new-password"})
    assert "Your password is changed" in words(here.get(answer.location))
    assert here.get("/staff").status_code == 200
    assert elsewhere.get("/staff").status_code == 303, "signed out elsewhere"
    assert copied is not None
    elsewhere.set_cookie("session", copied.value)
    assert elsewhere.get("/staff").status_code == 303, "a copy of the old cookie is worth nothing"
    with pytest.raises(WrongPassword):
        log_in("joe@example.org", "old-password")
    assert log_in("joe@example.org", "new-password")
    (row,) = rows("SELECT user_id, subject_id, after FROM audit_entries WHERE action = 'person.password_changed'")
    assert (row.user_id, row.subject_id, row.after) == (person.id, person.id, {})


def test_tries_of_the_old_password_are_counted(app: Flask, regent: Cinema, set_setting: Any):
    set_setting(logins_per_minute=3)
    client = signed_in(app, a_person(Role.SCANNER, regent))
    form = {"old": "guess-guess", "password": "new-password"}
    answers = [press(client, "/staff/me/password", form).status_code for _ in range(4)]
    assert answers == [422, 422, 422, 429]


def test_the_shown_second_factor_stays_shown(app: Flask, regent: Cinema):
    person = a_person(Role.MANAGER, regent)
    knows(person, "old-password")
    token = a_log_in(person)
    new = change_password(person.id, "old-password", "new-password", token, by(person))
    assert the_log_in(token) is None
    kept = the_log_in(new)
    assert kept is not None
    assert kept.confirmed_at is not None
