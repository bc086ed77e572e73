"""Races over real HTTP against the real server: two web processes, one seat, everybody at once."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter

import pytest
from sqlalchemy import text

from app import clock
from app.adapters.payments.sandbox import SandboxGateway
from app.db import db, end_read, transaction
from app.embedded import connect
from app.sandbox_gateway.signing import HEADER, signature_header
from app.services import holds
from tests.builders import a_hold, a_screen, a_show, a_started_payment, seat_ids, the_booking
from tests.support.buyers import Answer, Buyer, Line, a_buyer, all_at_once, buyers
from tests.support.crowd import together
from tests.support.history import live_seats, miscounted, overlaps, stays, untrue_refusals

pytestmark = pytest.mark.usefixtures("app")


def statuses(answers: list[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


def check(show_id: int, asked: list[tuple[list[int], Answer]]) -> None:
    """What everybody was told is what the database has: no more, no less."""
    told = {answer.code: sorted(seats) for seats, answer in asked if answer.held}
    assert live_seats(show_id) == told
    assert overlaps(show_id) + miscounted(show_id) == []
    refused = [(seats, answer) for seats, answer in asked if answer.status == 409]
    assert untrue_refusals(show_id, refused) == []
    assert [answer for _, answer in asked if not answer.held and answer.status != 409] == []


@pytest.mark.parametrize("count", [10, 50, 500])
def test_one_of_many_gets_the_seat_and_everyone_else_is_told(app, server, count):
    show = a_show()
    seats = seat_ids(show, "C5")
    answers = all_at_once(server.port, [one.hold(show.id, seats) for one in buyers(app, count)])
    assert sum(answer.held for answer in answers) == 1
    assert statuses(answers)[409] == count - 1
    assert all(b"taken" in answer.body for answer in answers if answer.status == 409)
    check(show.id, [(seats, answer) for answer in answers])


def test_a_form_without_javascript_gets_303_or_409(app, server):
    show = a_show()
    seats = seat_ids(show, "C5")
    answers = all_at_once(server.port, [one.hold_by_form(show.id, seats) for one in buyers(app, 10)])
    assert statuses(answers) == {303: 1, 409: 9}
    assert all(b"<html" in answer.body for answer in answers if answer.status == 409)
    check(show.id, [(seats, answer) for answer in answers])


def test_different_seats_go_to_everybody(app, server):
    show = a_show(100)
    ids = seat_ids(show)
    pairs = [ids[place : place + 2] for place in range(0, 100, 2)]
    requests = [one.hold(show.id, pair) for one, pair in zip(buyers(app, 50), pairs, strict=True)]
    answers = all_at_once(server.port, requests)
    assert all(answer.held for answer in answers)
    check(show.id, list(zip(pairs, answers, strict=True)))


def test_overlapping_choices_in_shuffled_order_are_all_or_nothing(app, server):
    show = a_show(40)
    ids = seat_ids(show)
    chance = random.Random(11)
    choices = [chance.sample(ids, chance.randint(2, 6)) for _ in range(150)]
    requests = [one.hold(show.id, choice) for one, choice in zip(buyers(app, 150), choices, strict=True)]
    answers = all_at_once(server.port, requests)
    assert any(answer.held for answer in answers)
    check(show.id, list(zip(choices, answers, strict=True)))


def test_a_double_submit_gives_one_booking_and_both_answers_lead_to_checkout(app, server):
    show = a_show()
    one, seats = a_buyer(app), seat_ids(show, "A1", "A2")
    answers = all_at_once(server.port, [one.hold_by_form(show.id, seats)] * 2)
    assert statuses(answers) == {303: 2}
    live = live_seats(show.id)
    assert list(live.values()) == [seats]
    assert set(live) <= {answer.code for answer in answers}
    assert miscounted(show.id) == []


def test_two_tabs_of_one_buyer_end_with_one_booking(app, server):
    show = a_show()
    one = a_buyer(app)
    tabs = [seat_ids(show, "A1", "A2"), seat_ids(show, "B5"), seat_ids(show, "A2", "A3"), seat_ids(show, "C1")]
    answers = all_at_once(server.port, [one.hold(show.id, tab) for tab in tabs])
    assert all(answer.held or answer.status == 409 for answer in answers)
    live = live_seats(show.id)
    assert len(live) == 1
    assert set(live) <= {answer.code for answer in answers if answer.held}
    assert overlaps(show.id) + miscounted(show.id) == []


# Everything that can happen to a hold, at once


def captured(app, payment, number: int) -> bytes:
    """The gateway's signed message that this payment was captured."""
    event = {
        "id": f"evt_race_{payment.id}_{number}",
        "type": "payment.captured",
        "data": {
            "session": payment.provider_ref,
            "amount": payment.amount_minor,
            "currency": payment.currency,
            "metadata": {"show_id": payment.show_id, "payment_id": payment.id},
        },
    }
    body = json.dumps(event).encode()
    secret = app.extensions["marquee_settings"].sandbox_webhook_secret
    headers = {HEADER: signature_header(secret, int(clock.now().timestamp()), body)}
    buyer = Buyer("", "", "")
    return buyer.request("POST", f"/webhooks/{SandboxGateway.name}", body, **headers)


def run_out(booking) -> None:
    key = {"show_id": booking.show_id, "id": booking.id, "now": clock.now()}
    with transaction() as session:
        session.execute(
            text("UPDATE show_seats SET held_until = :now WHERE show_id = :show_id AND booking_id = :id"), key
        )
        session.execute(text("UPDATE bookings SET expires_at = :now WHERE show_id = :show_id AND id = :id"), key)


@pytest.mark.parametrize("late", [False, True], ids=["in time", "run out"])
def test_holds_expiry_release_extension_and_webhooks_at_once(app, server, crowd, late):
    for _ in range(3):
        show = a_show()
        seats = seat_ids(show, "A1", "A2")
        payer = a_buyer(app)
        booking = a_hold(show, owner=payer.owner_key, seats=seats)
        payment = a_started_payment(booking)
        if late:
            run_out(booking)
        rivals = [one.hold(show.id, seats) for one in buyers(app, 6)]
        tellings = [captured(app, payment, number) for number in range(3)]
        acts = [payer.post(f"/bookings/{booking.code}/{act}") for act in ("release", "extend", "release")]
        clockwork = [lambda b=booking: holds.expire_booking(b.show_id, b.id), holds.expire_holds]
        requests = [*rivals, *tellings, *acts]
        results = together(crowd, [*clockwork, lambda r=requests: all_at_once(server.port, r)])
        answers: list[Answer] = results[-1]
        assert not [result for result in results if isinstance(result, Exception)]
        assert statuses(answers[6:9]) == {200: 3}
        assert all(answer.status == 303 for answer in answers[9:]), statuses(answers[9:])
        winners = [answer for answer in answers[:6] if answer.held]
        assert len(winners) <= 1
        words = sorted(answer.body.decode().strip() for answer in answers[6:9])
        assert words.count("repeated") == 2
        state = the_booking(show.id, booking.id).state
        confirmed = any(word.startswith("confirmed") for word in words)
        assert confirmed == (state == "confirmed")
        assert not (confirmed and winners)
        assert _refunded(payment) == (not confirmed)


def _refunded(payment) -> bool:
    row = db.session.execute(
        text("SELECT captured_minor, refunded_minor FROM payments WHERE show_id = :show_id AND id = :id"),
        {"show_id": payment.show_id, "id": payment.id},
    ).one()
    end_read()
    assert row.captured_minor == payment.amount_minor, "the capture is booked whatever becomes of it"
    return bool(row.refunded_minor == row.captured_minor)


def test_who_waits_too_long_for_others_is_told_that_it_is_busy_not_that_the_house_is_dark(app, server, urls):
    show = a_show()
    one, seats = a_buyer(app), seat_ids(show, "A1", "A2")
    code = all_at_once(server.port, [one.hold_by_form(show.id, seats)])[0].code
    with connect(urls.migration_database_url) as owner, owner.transaction():
        owner.execute("SELECT FROM show_seats WHERE show_id = %s FOR UPDATE", [show.id])
        answers = all_at_once(server.port, [one.post(f"/bookings/{code}/{act}") for act in ("extend", "release")])
    assert statuses(answers) == {409: 2}
    assert live_seats(show.id) == {code: seats}


# Best available


async def buy_best(port: int, buyer: Buyer, show_id: int, size: int, tries: int = 5) -> list[tuple[int, int]]:
    """As the button does: ask for a place, hold it, ask again if somebody was quicker. (status, seats) of each try."""
    line = await Line(port).open()
    history: list[tuple[int, int]] = []
    try:
        for _ in range(tries):
            answer = await line.ask(buyer.get(f"/shows/{show_id}/best?seats={size}", HX_Request="true"))
            seats = json.loads(answer.body)["seats"]
            if not seats:
                history.append((0, size))
                break
            answer = await line.ask(buyer.hold(show_id, seats))
            history.append((answer.status, size))
            if answer.held:
                break
    finally:
        line.close()
    return history


def best_available(app, server, show_id: int, sizes: list[int]) -> list[list[tuple[int, int]]]:
    crowd = buyers(app, len(sizes))

    async def run() -> list[list[tuple[int, int]]]:
        tasks = (buy_best(server.port, one, show_id, size) for one, size in zip(crowd, sizes, strict=True))
        return list(await asyncio.gather(*tasks))

    return asyncio.run(run())


def test_160_best_available_buyers_of_a_large_hall_all_get_seats_together(app, server):
    from tests.builders import a_cinema

    cinema = a_cinema()
    show = a_show(cinema=cinema, screen=a_screen(cinema, 720, per_row=30, aisle_after=15))
    chance = random.Random(5)
    sizes = [chance.choice((1, 2, 2, 2, 3, 4)) for _ in range(160)]
    histories = best_available(app, server, show.id, sizes)
    got = sum(history[-1][0] in (303, 204) for history in histories)
    assert got >= 0.99 * len(sizes), f"{len(sizes) - got} of {len(sizes)} were refused while seats remained"
    assert {status for history in histories for status, _ in history} <= {204, 303, 409, 422}
    assert sorted(len(seats) for seats in live_seats(show.id).values()) == sorted(
        size for size, history in zip(sizes, histories, strict=True) if history[-1][0] in (303, 204)
    )
    assert overlaps(show.id) + miscounted(show.id) == []


def test_best_available_buyers_of_a_small_hall_are_refused_only_when_it_is_full(app, server):
    show = a_show(40)
    histories = best_available(app, server, show.id, [2] * 40)
    refused = [history for history in histories if history[-1][0] not in (303, 204)]
    held = sum(len(seats) for seats in live_seats(show.id).values())
    assert held == 2 * (40 - len(refused))
    assert held >= 36, "the hall is sold to the last pairs"
    assert overlaps(show.id) + miscounted(show.id) == []


def test_the_record_of_a_race_tells_who_had_a_seat_and_when(app, server):
    """The checks above see something: a seat that changes hands has as many stays as it had holders."""
    show = a_show()
    seats = seat_ids(show, "A1")
    for one in buyers(app, 3):
        answer = all_at_once(server.port, [one.hold(show.id, seats)])[0]
        assert answer.held
        assert all_at_once(server.port, [one.post(f"/bookings/{answer.code}/release")])[0].status == 303
    assert [stay.seat_id for stay in stays(show.id)] == seats * 3
    assert all(stay.end for stay in stays(show.id))
    db.session.execute(text("UPDATE show_seats SET version = version + 1 WHERE show_id = :id"), {"id": show.id})
    assert len(miscounted(show.id)) == 30
