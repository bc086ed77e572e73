"""The figures: equal to the books to the cent after any history, the same made bit by bit, anew, or counted directly."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import text

from app.db import db, end_read, transaction
from app.domain.ledger import Account, Entry
from app.domain.staff import COMMAND
from app.models import Booking, Cinema, Show
from app.queries.figures.hours import INCOME as INCOME_ACCOUNTS
from app.queries.figures.hours import SHAPE, SOURCES, Hour, Sales, takings
from app.services import payments, rollups
from app.services.admission import AtDoor, admit_ticket
from app.services.ledger import post
from app.services.rollup_sql import DAILY, FILLED
from app.services.show_cancelling import cancel_show, refund_show
from app.services.views import count_view, flush_views
from tests.builders import (
    a_cinema,
    a_city,
    a_hold,
    a_movie,
    a_paid_booking,
    a_screen,
    a_show,
    a_started_payment,
    an_event,
    the_booking,
)
from tests.support.cancels import cancel
from tests.support.clock import MovedClock
from tests.support.exchanges import a_change, finish, numbers_of
from tests.support.offers import a_coupon, a_gift_card
from tests.support.purse import Purse, a_booking, a_house, a_wallet

INCOME = {
    "ticket_revenue": "-net_minor",
    "fee_revenue": "-fee_minor",
    "tax_payable": "-tax_minor - kept_tax_minor",
    "discounts": "discount_minor",
    "cancellation_revenue": "-kept_minor",
}


def rows(sql: str, **values: Any) -> list[Any]:
    found = list(db.session.execute(text(sql), values).all())
    end_read()
    return found


def everything() -> dict[str, list[Any]]:
    """All figures, as they stand."""
    return {table: sorted(map(tuple, rows(f"SELECT * FROM {table}"))) for table in (*FILLED, *DAILY)}


def booked(account: str) -> Counter[Any]:
    """What the ledger says of an account, by show, the cinema's day and currency."""
    found = rows(
        "SELECT e.show_id, (e.at AT TIME ZONE coalesce(c.timezone, 'UTC'))::date, e.currency, sum(e.amount_minor) "
        "FROM ledger_entries e LEFT JOIN shows s ON s.id = e.show_id LEFT JOIN cinemas c ON c.id = s.cinema_id "
        "WHERE e.account = :account GROUP BY 1, 2, 3 HAVING sum(e.amount_minor) <> 0",
        account=account,
    )
    return Counter({tuple(row[:3]): int(row[3]) for row in found})


def summed(expression: str, table: str = "figures_sales", where: str = "true") -> Counter[Any]:
    found = rows(
        f"SELECT show_id, day, currency, sum({expression}) FROM {table} WHERE {where} "
        f"GROUP BY 1, 2, 3 HAVING sum({expression}) <> 0"
    )
    return Counter({tuple(row[:3]): int(row[3]) for row in found})


def check_against_the_books() -> None:
    for account, expression in INCOME.items():
        assert summed(expression) == booked(account), account
    for (account,) in rows("SELECT code FROM ledger_accounts"):
        assert summed("debit_minor - credit_minor", "figures_money", f"account = '{account}'") == booked(account), (
            account
        )
    assert summed("given_minor - back_minor", "figures_coupons") == booked("discounts")
    check_days_against_shows()
    for show, sold, back in rows("SELECT show_id, sum(sold), sum(back) FROM figures_sales GROUP BY 1"):
        (live,) = rows("SELECT count(*) FROM tickets WHERE show_id = :s AND state IN ('issued', 'admitted')", s=show)[0]
        assert sold - back == live
        assert rows("SELECT sold FROM figures_shows WHERE show_id = :s", s=show)[0][0] == live


def check_days_against_shows() -> None:
    """The sums of whole days are those of their shows, whichever way they are cut."""
    columns = (
        "sum(sold), sum(back), sum(net_minor), sum(fee_minor), sum(tax_minor), sum(discount_minor), sum(kept_minor)"
    )
    cuts = {"film": "movie_id::text", "screen": "screen_id::text", "category": "category", "type": "ticket_type"}
    for by, name in {**cuts, "channel": "channel"}.items():
        shows = f"SELECT cinema_id, day, currency, {name} AS name, {columns} FROM figures_sales GROUP BY 1, 2, 3, 4"
        named = "thing_id::text" if by in ("film", "screen") else "name"
        of_days = f"FROM figures_sales_daily WHERE by = '{by}' GROUP BY 1, 2, 3, 4"
        days = f"SELECT cinema_id, day, currency, {named}, {columns} {of_days}"
        assert sorted(map(tuple, rows(shows))) == sorted(map(tuple, rows(days))), by
    moves = "SELECT cinema_id, day, account, party, currency, sum(debit_minor), sum(credit_minor) FROM {} GROUP BY 1, 2, 3, 4, 5"
    assert sorted(rows(moves.format("figures_money"))) == sorted(rows(moves.format("figures_money_daily")))


def booked_on(cinema: Cinema, day: dt.date, until: dt.time = dt.time.max) -> dict[int, Sales]:
    """By hour of a day on the cinema's clocks: what the ledger and the tickets say, one by one."""
    found: dict[int, list[int]] = {}

    def count(at: dt.datetime, place: int, much: int) -> None:
        there = at.astimezone(ZoneInfo(cinema.timezone))
        if there.date() == day and there.time() < until:
            found.setdefault(there.hour, [0, 0, 0, 0])[place] += much

    of_cinema = "SELECT id FROM shows WHERE cinema_id = :cinema"
    tickets = "FROM tickets t LEFT JOIN cancellations c ON c.show_id = t.show_id AND c.id = t.cancellation_id"
    for row in rows(f"SELECT t.issued_at, c.at {tickets} WHERE t.show_id IN ({of_cinema})", cinema=cinema.id):
        if row.issued_at:
            count(row.issued_at, 0, 1)
        if row.at:
            count(row.at, 1, 1)
    sql = f"SELECT at, key, amount_minor FROM ledger_entries WHERE show_id IN ({of_cinema}) AND account = ANY(:income)"
    for row in rows(sql, cinema=cinema.id, income=list(INCOME_ACCOUNTS)):
        back = row.key.startswith("cancel-")
        count(row.at, 3 if back else 2, row.amount_minor if back else -row.amount_minor)
    return {hour: Sales(*numbers) for hour, numbers in found.items()}


def together(hours: dict[int, Sales]) -> Sales:
    return Sales(*(sum(getattr(one, name) for one in hours.values()) for name in Sales.__slots__))


def check_today(cinema: Cinema, now: dt.datetime) -> None:
    """The takings by hour are the ledger's, whatever the job has summed up yet."""
    zone = ZoneInfo(cinema.timezone)
    there = now.astimezone(zone)
    week_ago = there.date() - dt.timedelta(days=7)
    shown = takings(cinema.id, cinema.currency, there, zone)
    today, before = booked_on(cinema, there.date()), booked_on(cinema, week_ago)
    known = [10, 23, *today, *before]
    hours = range(min(known), max(known) + 1)
    assert shown.hours == tuple(Hour(hour, today.get(hour, Sales()), before.get(hour, Sales())) for hour in hours)
    assert shown.today == together(today)
    assert shown.before == together(booked_on(cinema, week_ago, there.time()))


class History:
    """Sales, cancellations, coupons, gift cards, wallets, exchanges, admissions, useless captures, as chance has it."""

    def __init__(self, seed: int, moved_clock: MovedClock) -> None:
        self.dice, self.clock, self.seen = random.Random(seed), moved_clock, Counter[str]()
        city, film = a_city(timezone=self.dice.choice(["Europe/London", "Asia/Kolkata"])), a_movie()
        policies = ("12:100", "12:90", "12:33")
        self.shows = [self._show(a_house(steps, city=city, fee_minor=37, tax_percent=13), film) for steps in policies]
        self.cinemas = [db.session.get_one(Cinema, show.cinema_id) for show in self.shows]
        end_read()
        self.bookings: list[Booking] = []
        self.coupons = [a_coupon(percent=33), a_coupon(amount_minor=250, currency="GBP"), a_coupon(percent=100)]

    def _show(self, cinema: Any, film: Any) -> Show:
        prices = {("standard", kind): price for kind, price in (("adult", 1033), ("child", 701), ("senior", 7))}
        days = dt.timedelta(days=self.dice.randint(16, 20))
        return a_show(screen=a_screen(cinema, 80), starts_in=days, prices=prices, movie=film)

    def step(self) -> None:
        acts = [self.sell, self.sell, self.sell, self.cancel, self.exchange, self.admit, self.wrong_money]
        act = self.dice.choice(acts)
        act()
        self.clock.forward(hours=self.dice.choice([0, 0, 1, 7]))

    def check_today(self) -> None:
        for cinema in self.cinemas:
            check_today(cinema, self.clock.now())

    def sell(self) -> None:
        dice = self.dice
        purse = Purse(user_id=a_wallet(dice.choice([500, 5000])), wallet=dice.random() < 0.4)
        purse.coupons = [dice.choice(self.coupons)] if dice.random() < 0.5 else []
        purse.cards = [a_gift_card(dice.choice([1000, 9000]))[1]] if dice.random() < 0.4 else []
        self.bookings.append(a_booking(dice.choice(self.shows), dice.randint(1, 4), purse))
        self.seen["sale"] += 1

    def cancel(self) -> None:
        booking, numbers = self._some()
        if booking and numbers:
            cancel(booking, *numbers)
            self.seen["cancellation"] += 1

    def exchange(self) -> None:
        booking, numbers = self._some()
        if booking and numbers:
            show = self.dice.choice(self.shows)
            free = rows(
                "SELECT s.label FROM show_seats x JOIN seats s ON s.id = x.seat_id "
                "WHERE x.show_id = :s AND x.state = 'free' ORDER BY s.id LIMIT :n",
                s=show.id,
                n=len(numbers),
            )
            labels = tuple(row.label for row in free)
            new = a_change(booking, show, *numbers, labels=labels, owner=f"s:change-{len(self.bookings)}")
            assert finish(new) == "confirmed"
            self.bookings.append(the_booking(new.show_id, new.id))
            self.seen["exchange"] += 1

    def admit(self) -> None:
        if self.bookings:
            booking = self.dice.choice(self.bookings)
            sql = "SELECT id FROM tickets WHERE show_id = :s AND booking_id = :b AND state = 'issued' LIMIT 1"
            for row in rows(sql, s=booking.show_id, b=booking.id):
                admit_ticket(booking.show_id, row.id, COMMAND, AtDoor(f"scan-{row.id}"))
                self.seen["admission"] += 1

    def wrong_money(self) -> None:
        """A capture that can't be used goes back in full."""
        payment = a_started_payment(a_hold(self.dice.choice(self.shows), 1))
        assert payments.settle_payment(an_event(payment, amount_minor=payment.amount_minor + 1)).startswith("refunded")
        self.seen["useless capture"] += 1

    def _some(self) -> tuple[Booking | None, list[int]]:
        booking = self.dice.choice(self.bookings) if self.bookings else None
        if booking is None or rows(
            "SELECT FROM tickets WHERE show_id = :s AND booking_id = :b AND state = 'admitted'",
            s=booking.show_id,
            b=booking.id,
        ):
            return None, []
        numbers = list(numbers_of(booking))
        return booking, self.dice.sample(numbers, self.dice.randint(1, len(numbers))) if numbers else []


ALL_OF_IT = {"sale", "cancellation", "exchange", "admission", "useless capture"}


def test_any_history_gives_the_same_bit_by_bit_anew_and_by_the_books(
    app: Flask, moved_clock: MovedClock, set_setting: Any
):
    set_setting(orphan_seats="off")
    seen: Counter[str] = Counter()
    for seed in range(3):
        history = History(seed, moved_clock)
        for turn in range(24):
            history.step()
            if turn % 6 == 0:
                rollups.roll_up()
            if turn % 4 == 0:
                history.check_today()
            if turn == 15:
                moved_clock.forward(days=6, hours=3)
        seen += history.seen
        rollups.roll_up()
        bit_by_bit = everything()
        check_against_the_books()
        history.check_today()
        rollups.rebuild()
        assert everything() == bit_by_bit
        history.check_today()
    assert set(seen) == ALL_OF_IT, "the histories came everywhere"


def test_a_wrong_figure_would_be_seen(app: Flask):
    a_paid_booking(a_show())
    rollups.roll_up()
    with transaction() as session:
        session.execute(text("UPDATE figures_sales SET net_minor = net_minor + 1"))
    with pytest.raises(AssertionError):
        check_against_the_books()


def test_today_is_the_ledgers_before_during_and_after_every_roll_up(
    app: Flask, moved_clock: MovedClock, monkeypatch: pytest.MonkeyPatch
):
    """Half past eleven in a zone of half hours: a week ago counts until the minute, in an hour of which half is over."""
    moved_clock.stop_at(dt.datetime(2027, 3, 5, 5, 40, tzinfo=dt.UTC))
    cinema = a_cinema(a_city(timezone="Asia/Kolkata"))
    shows = [a_show(cinema=cinema, starts_in=dt.timedelta(days=9)) for _ in range(3)]
    for minutes in (0, 25, 30):
        moved_clock.forward(minutes=minutes)
        a_paid_booking(shows[0])
        cancel(a_paid_booking(shows[1]), 1)
    moved_clock.stop_at(dt.datetime(2027, 3, 12, 6, 5, tzinfo=dt.UTC))

    def check() -> None:
        check_today(cinema, moved_clock.now())

    check()
    rollups.roll_up()
    check()
    assert rollups.roll_up() == 0, "all is settled"
    check()
    a_paid_booking(shows[0])
    check()
    batches = iter([rollups._next_batch, rollups._next_batch])
    with monkeypatch.context() as broken:
        broken.setattr(rollups, "BATCH", 2)
        broken.setattr(rollups, "_next_batch", lambda: next(batches)())
        with pytest.raises(StopIteration):
            rollups.rebuild()
    a_paid_booking(shows[2])
    check()
    with transaction() as session:
        session.execute(text("DELETE FROM figures_hours"))
        session.execute(text("DELETE FROM figures_marks WHERE source = :shape"), {"shape": SHAPE})
    check()
    rollups.roll_up()
    assert rows("SELECT count(*) AS n FROM figures_hours")[0].n
    check()
    zone = ZoneInfo(cinema.timezone)
    shown = takings(cinema.id, cinema.currency, moved_clock.now().astimezone(zone), zone)
    assert (shown.today.sold, shown.before.sold) == (4, 4), "and at 12:05 a week ago four more"


def test_a_wrong_hour_would_be_seen(app: Flask, moved_clock: MovedClock):
    show = a_show()
    a_paid_booking(show)
    rollups.roll_up()
    moved_clock.forward(minutes=11)
    rollups.roll_up()
    moved_clock.forward(minutes=-11)
    with transaction() as session:
        session.execute(text("UPDATE figures_hours SET taken_minor = taken_minor + 1"))
    cinema = db.session.get_one(Cinema, show.cinema_id)
    end_read()
    with pytest.raises(AssertionError):
        check_today(cinema, moved_clock.now())


def test_hours_are_kept_as_long_as_they_are_read(app: Flask, moved_clock: MovedClock):
    show = a_show(starts_in=dt.timedelta(days=40))
    a_paid_booking(show)
    rollups.roll_up()
    moved_clock.forward(days=20)
    a_paid_booking(a_show())
    rollups.roll_up()
    kept = everything()["figures_hours"]
    assert {row[0] for row in kept} == {show.id + 1}
    rollups.rebuild()
    assert everything()["figures_hours"] == kept


def test_figures_of_an_older_shape_are_made_anew(app: Flask):
    for _ in range(2):
        a_paid_booking(a_show())
    rollups.roll_up()
    whole = everything()
    with transaction() as session:
        session.execute(text("DELETE FROM figures_hours"))
        session.execute(text("UPDATE figures_days SET channel = ''"))
        session.execute(text("DELETE FROM figures_marks WHERE source = :shape"), {"shape": SHAPE})
    assert rollups.roll_up() == 2
    assert everything() == whole


def test_a_show_that_is_called_off_leaves_nothing(app: Flask):
    show = a_show()
    for _ in range(3):
        a_paid_booking(show)
    rollups.roll_up()
    cancel_show(COMMAND, show.id, "The projector broke")
    refund_show(show.id, 0)
    rollups.roll_up()
    check_against_the_books()
    (row,) = rows("SELECT sum(sold) AS sold, sum(back) AS back, sum(net_minor + fee_minor) AS left FROM figures_sales")
    assert (row.sold, row.back, row.left) == (6, 6, 0)
    (row,) = rows("SELECT times, seats, returned_minor FROM figures_refunds WHERE reason = 'show_cancelled'")
    assert (row.times, row.seats, row.returned_minor) == (3, 6, 3 * 2150)


def test_an_entry_that_commits_late_is_not_passed_over(app: Flask, moved_clock: MovedClock):
    """Its id is lower than that of an entry which was summed up before it could be seen."""
    early, late = a_show(), a_show()
    rollups.roll_up()
    connection = db.engine.connect()
    entries = [Entry(Account.GATEWAY_CLEARING, 500, "sandbox"), Entry(Account.DEPOSITS, -500)]
    sql = text(
        "INSERT INTO ledger_entries (show_id, key, account, party, amount_minor, currency, at) "
        "VALUES (:show, 'capture-1', :account, :party, :amount, 'GBP', :at)"
    )
    now = moved_clock.now()
    for entry in entries:
        values = {"show": early.id, "account": entry.account, "party": entry.party, "amount": entry.amount_minor}
        connection.execute(sql, {**values, "at": now})
    a_paid_booking(late)
    rollups.roll_up()
    connection.commit()
    connection.close()
    rollups.roll_up()
    assert (
        summed("debit_minor", "figures_money", f"show_id = {early.id} AND account = 'gateway_clearing'").total() == 500
    )
    with transaction() as session:
        post(
            session,
            "tidy-1",
            [Entry(e.account, -e.amount_minor, e.party) for e in entries],
            "GBP",
            now,
            show_id=early.id,
            booking_id=None,
        )


def test_what_is_settled_is_not_summed_up_again(app: Flask, moved_clock: MovedClock):
    a_paid_booking(a_show())
    rollups.roll_up()
    assert rollups.roll_up() == 1, "young: looked at again"
    moved_clock.forward(minutes=11)
    rollups.roll_up()
    assert rollups.roll_up() == 0


def test_a_rebuild_that_was_broken_off_goes_on(app: Flask, monkeypatch: pytest.MonkeyPatch):
    for _ in range(4):
        a_paid_booking(a_show())
    rollups.rebuild()
    whole = everything()
    monkeypatch.setattr(rollups, "BATCH", 2)
    batches = iter([rollups._next_batch, rollups._next_batch])
    monkeypatch.setattr(rollups, "_next_batch", lambda: next(batches)())
    with pytest.raises(StopIteration):
        rollups.rebuild()
    monkeypatch.undo()
    rollups.roll_up()
    assert everything() == whole
    assert {row.source for row in rows("SELECT source FROM figures_marks")} == {*SOURCES, SHAPE}


def test_the_command_makes_them_anew(app: Flask):
    a_paid_booking(a_show())
    result = FlaskCliRunner(app).invoke(args=["rebuild-figures"])
    assert "The figures of 1 show were made anew." in result.output
    check_against_the_books()


def test_looks_at_the_seats_are_counted_by_show_and_hour(app: Flask, client: Any, moved_clock: MovedClock):
    moved_clock.stop_at(dt.datetime(2027, 3, 1, 12, 59, tzinfo=dt.UTC))
    show = a_show()
    for _ in range(3):
        client.get(f"/shows/{show.id}")
    assert flush_views() == 3
    moved_clock.forward(minutes=2)
    client.get(f"/shows/{show.id}")
    assert flush_views() == 1
    assert flush_views() == 0
    found = [(row.hour.hour, row.seen) for row in rows("SELECT hour, seen FROM show_views ORDER BY hour")]
    assert found == [(12, 3), (13, 1)]


def test_looks_set_aside_by_a_flush_that_died_are_written_by_the_next(app: Flask):
    from app.adapters.cache import cache

    show = a_show()
    count_view(show.id)
    assert cache.set_aside("views")
    count_view(show.id)
    assert flush_views() + flush_views() == 2
