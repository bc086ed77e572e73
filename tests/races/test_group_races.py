"""A group's forty seats against single buyers, two of the staff at one request, and money at the moment of a new offer."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Flask

from app.db import transaction
from app.domain.groups import PriceMode
from app.domain.staff import Role
from app.errors import Busy, InvalidSeats, SeatsTaken
from app.models import Booking
from app.services import groups, holds, payments
from app.services.group_pricing import Offer
from app.services.groups import AlreadyPaid, ChangedMeanwhile, make_offer
from app.services.holding import Hold
from tests.builders import a_cinema, a_group, a_person, a_show, a_started_payment, an_event, an_offer, seat_ids
from tests.support.books import rows
from tests.support.crowd import together
from tests.support.staff import by


def live_seats() -> list[Any]:
    return rows("SELECT seat_id, count(*) AS n FROM tickets WHERE state <> 'void' GROUP BY 1 HAVING count(*) > 1")


def test_forty_seats_of_a_group_against_single_buyers(app: Flask) -> None:
    cinema = a_cinema()
    show = a_show(60, cinema=cinema, starts_in=dt.timedelta(days=5))
    ruth, group_id, seats = by(a_person(Role.MANAGER, cinema)), a_group(cinema), seat_ids(show)
    until = show.starts_at - dt.timedelta(hours=1)
    offer = Offer(show.id, tuple(seats[:40]), PriceMode.LIST, 0, until)
    tasks: list[Any] = [lambda: make_offer(ruth, group_id, 0, offer)]
    tasks += [lambda n=n: holds.hold_seats(show.id, seats[4 * n : 4 * n + 2], f"s:{n}") for n in range(9)]
    found = together(app, tasks)
    assert all(isinstance(one, Hold | SeatsTaken | Busy | InvalidSeats) for one in found), found
    assert live_seats() == []
    (row,) = rows(
        "SELECT count(*) AS n FROM tickets t JOIN bookings b ON b.id = t.booking_id WHERE b.channel = 'group'"
    )
    assert row.n == (40 if isinstance(found[0], Hold) else 0)
    if isinstance(found[0], Hold):
        assert not any(isinstance(one, Hold) for one in found[1:])


def test_two_of_the_staff_answer_at_once_and_one_is_told(app: Flask) -> None:
    cinema = a_cinema()
    show = a_show(60, cinema=cinema, starts_in=dt.timedelta(days=5))
    later = a_show(60, cinema=cinema, starts_in=dt.timedelta(days=6))
    group_id = a_group(cinema)
    until = show.starts_at - dt.timedelta(hours=1)
    staff = [by(a_person(Role.MANAGER, cinema)) for _ in range(4)]
    offers = [Offer(at.id, tuple(seat_ids(at)[:30]), PriceMode.LIST, 0, until) for at in (show, later, show, later)]
    tasks = [
        lambda who=who, offer=offer: make_offer(who, group_id, 0, offer)
        for who, offer in zip(staff, offers, strict=True)
    ]
    found = together(app, tasks)
    assert sum(isinstance(one, Hold) for one in found) == 1
    assert sum(isinstance(one, ChangedMeanwhile) for one in found) == 3
    assert rows("SELECT count(*) AS n FROM show_seats WHERE state = 'held'")[0].n == 30


def test_money_arrives_while_another_offer_is_made(app: Flask) -> None:
    cinema = a_cinema()
    show = a_show(60, cinema=cinema, starts_in=dt.timedelta(days=5))
    ruth = by(a_person(Role.MANAGER, cinema))
    until = show.starts_at - dt.timedelta(hours=1)
    for turn in range(4):
        group_id = a_group(cinema)
        seats = seat_ids(show)[12 * turn : 12 * turn + 12]
        booking: Booking = an_offer(group_id, ruth, show, seats)
        event = an_event(a_started_payment(booking))
        other = Offer(show.id, tuple(seats[:6]), PriceMode.LIST, 0, until, reason="fewer")
        settled, offered = together(
            app, [lambda e=event: payments.settle_payment(e), lambda g=group_id, o=other: make_offer(ruth, g, 1, o)]
        )
        assert (settled, type(offered)) in (("confirmed", AlreadyPaid), ("refunded: offer over", Hold)), (
            settled,
            offered,
        )
    assert live_seats() == []


def test_invoices_issued_at_once_have_each_number_once_and_none_is_left_out(app: Flask) -> None:
    """Six offers, of which two find their seats gone, and two that are given up at the same time."""
    cinema = a_cinema()
    show = a_show(100, cinema=cinema, starts_in=dt.timedelta(days=5))
    ruth, seats = by(a_person(Role.MANAGER, cinema)), seat_ids(show)
    until = show.starts_at - dt.timedelta(hours=1)
    old = [an_offer(a_group(cinema), ruth, show, seats[80 + 5 * n : 85 + 5 * n]) for n in range(2)]
    wanted = [(a_group(cinema), seats[10 * n : 10 * n + 10]) for n in (0, 1, 2, 3, 0, 1)]
    tasks: list[Any] = [
        lambda g=group_id, s=some: make_offer(ruth, g, 0, Offer(show.id, tuple(s), PriceMode.LIST, 0, until))
        for group_id, some in wanted
    ]
    tasks += [lambda b=booking.id: holds.release_booking(show.id, b) for booking in old]
    found = together(app, tasks)
    assert all(isinstance(one, Hold | SeatsTaken | Busy | bool) for one in found), found
    kept, let_go = sum(isinstance(one, Hold) for one in found), sum(one is True for one in found)
    assert kept >= 1
    papers = rows("SELECT kind, number FROM invoices ORDER BY number")
    assert [one.number for one in papers] == [*range(1, 3 + kept + let_go)]
    assert [one.kind for one in papers].count("credit_note") == let_go


def test_who_answers_a_request_is_not_in_the_way_of_its_offers_end(app: Flask) -> None:
    """A credit note refers to the request: an offer given up must not wait for who has just opened it to offer anew,
    who in turn waits for its seats."""
    cinema = a_cinema()
    show = a_show(60, cinema=cinema, starts_in=dt.timedelta(days=5))
    group_id = a_group(cinema)
    booking = an_offer(group_id, by(a_person(Role.MANAGER, cinema)), show, seat_ids(show)[:12])
    with transaction() as session:
        groups._lock(session, group_id, 1)
        assert together(app, [lambda: holds.release_booking(show.id, booking.id)]) == [True]
    assert [one.kind for one in rows("SELECT kind FROM invoices ORDER BY number")] == ["invoice", "credit_note"]
