"""Two box offices and the web at the same last seats."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from flask import Flask

from app.db import db
from app.domain.counter import CounterTender
from app.domain.pricing import TicketType
from app.domain.staff import Role
from app.errors import DomainError, NotCancellable
from app.models import Cinema
from app.services.box_office import Money, keep_best_seats, take_payment
from app.services.counter_refunds import cancel_at_counter
from app.services.shifts import close_shift, open_shift
from tests.builders import a_hold, a_person, a_show, a_started_payment, an_event
from tests.support.books import books, rows
from tests.support.staff import by

CASH = Money(CounterTender.CASH, 5000)


def at_once(app: Flask, *acts: Any) -> list[Any]:
    """What each gives, or the refusal it met; all begin together."""
    together = Barrier(len(acts))

    def run(act: Any) -> Any:
        with app.app_context():
            together.wait()
            try:
                return act()
            except (DomainError, AssertionError) as refusal:
                return refusal
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_two_box_offices_and_the_web_race_for_the_last_seats(app: Flask) -> None:
    from app.services import payments

    show = a_show(seats=20)
    cinema = db.session.get_one(Cinema, show.cinema_id)
    tills = []
    for _ in range(2):
        who = by(a_person(Role.BOX_OFFICE, cinema))
        tills.append((who, open_shift(who, cinema.id, 0)))

    def at_till(place: Any, sale: str) -> Any:
        hold = keep_best_seats(*place, sale, show.id, [TicketType.ADULT] * 2)
        return take_payment(*place, show.id, hold.booking_id, CASH)

    def on_the_web(owner: str) -> Any:
        payment = a_started_payment(a_hold(show, 2, owner))
        return payments.settle_payment(an_event(payment))

    acts = [lambda place=place, n=n: at_till(place, f"s{n}") for place in tills for n in range(5)]
    acts += [lambda n=n: on_the_web(f"s:web{n}") for n in range(6)]
    at_once(app, *acts)
    (row,) = rows("SELECT count(*) AS sold, count(DISTINCT seat_id) AS seats FROM tickets WHERE state = 'issued'")
    assert row.sold == row.seats <= 20
    counter = rows("SELECT sum(captured_minor) AS minor FROM payments WHERE provider = 'cash'")[0].minor or 0
    assert books().get("cash_drawer", 0) == counter
    for who, shift in tills:
        own = rows("SELECT coalesce(sum(captured_minor), 0) AS minor FROM payments WHERE shift_id = :id", id=shift)
        assert close_shift(who, shift, own[0].minor).difference_minor == 0


def test_one_sale_sent_ten_times_at_once_is_paid_once(app: Flask) -> None:
    show = a_show()
    cinema = db.session.get_one(Cinema, show.cinema_id)
    who = by(a_person(Role.BOX_OFFICE, cinema))
    shift = open_shift(who, cinema.id, 0)

    def sell() -> Any:
        hold = keep_best_seats(who, shift, "one", show.id, [TicketType.ADULT] * 2)
        return take_payment(who, shift, show.id, hold.booking_id, CASH)

    at_once(app, *[sell] * 10)
    assert books() == {"cash_drawer": 2000, "tax_payable": -333, "ticket_revenue": -1667}


def test_a_shift_that_is_being_closed_takes_no_money_afterwards(app: Flask) -> None:
    show = a_show()
    cinema = db.session.get_one(Cinema, show.cinema_id)
    who = by(a_person(Role.BOX_OFFICE, cinema))
    shift = open_shift(who, cinema.id, 0)

    def sell(sale: str) -> Any:
        hold = keep_best_seats(who, shift, sale, show.id, [TicketType.ADULT])
        return take_payment(who, shift, show.id, hold.booking_id, CASH)

    sales = [lambda n=n: sell(f"s{n}") for n in range(4)]
    at_once(app, *sales, lambda: close_shift(who, shift, 0, "nothing was counted"))
    (closed,) = rows("SELECT expected_minor FROM shifts")
    assert closed.expected_minor == books().get("cash_drawer", 0)


def test_two_sellers_who_give_one_ticket_back_at_once_hand_out_its_money_once(app: Flask) -> None:
    show = a_show()
    cinema = db.session.get_one(Cinema, show.cinema_id)
    tills = []
    for _ in range(2):
        who = by(a_person(Role.BOX_OFFICE, cinema))
        tills.append((who, open_shift(who, cinema.id, 5000)))
    hold = keep_best_seats(*tills[0], "one", show.id, [TicketType.ADULT] * 2)
    sold = take_payment(*tills[0], show.id, hold.booking_id, Money(CounterTender.CASH))

    def give_back(who: Any, shift: int) -> int:
        done = cancel_at_counter(
            who, show.id, sold.booking_id, [1], full=True, expected_minor=1000, reason="ill", shift_id=shift
        )
        return done.cash_minor

    came = at_once(app, *[lambda till=till: give_back(*till) for till in tills])
    (refused,) = [one for one in came if one != 1000]
    assert isinstance(refused, NotCancellable)
    assert "is cancelled already" in refused.message
    assert books()["cash_drawer"] == 1000
    assert len(rows("SELECT 1 FROM refunds")) == 1
