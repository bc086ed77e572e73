"""Cinemas and screens: what is written in the audit, what binds, what two do at once."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.db import db, transaction
from app.domain.cinemas import CinemaFacts
from app.domain.refund_policy import RefundStep, parse_steps
from app.domain.staff import COMMAND, Role
from app.errors import (
    CinemaAddressTaken,
    ConcurrentModification,
    Conflict,
    Forbidden,
    ImportRefused,
    Invalid,
    NotFound,
)
from app.models import Booking, Cinema, Screen, Show
from app.queries.cinemas import cinema_facts, plan_templates, screens_at
from app.services import holds, rollups
from app.services.cinemas import change_cinema, make_cinema
from app.services.paying_ways import offer_ways
from app.services.refund_policies import set_refund_policy
from app.services.screens import close_screen, make_screen, rename_screen, reopen_screen
from app.services.shifts import open_shift
from tests.builders import a_cinema, a_paid_booking, a_person, a_price_list, a_screen, a_show, seat_ids
from tests.services.test_rollups import everything
from tests.support.staff import by

FACTS = CinemaFacts(
    name="The Regent", slug="", city="Bristol", country_code="GB", timezone="Europe/London", currency="GBP"
)


def written(action: str) -> list[Any]:
    rows = db.session.execute(text("SELECT * FROM audit_entries WHERE action = :a ORDER BY id"), {"a": action}).all()
    db.session.commit()
    return list(rows)


def change(cinema: Cinema, reason: str = "because", **changes: Any) -> bool:
    facts = cinema_facts(cinema.id)
    return change_cinema(COMMAND, cinema.id, facts.seen, replace(facts, **changes), reason)


def test_making_a_cinema_is_written_down_with_all_it_was_made_with(app: Flask):
    alma = a_person(Role.ADMIN)
    cinema_id = make_cinema(by(alma), replace(FACTS, fee_minor=75, refund_steps=parse_steps("120:90")))
    (entry,) = written("cinema.made")
    assert (entry.user_id, entry.cinema_id, entry.subject_id) == (alma.id, cinema_id, cinema_id)
    assert entry.after["fee_minor"] == 75
    assert entry.after["refund_steps"] == [{"minutes_before": 120, "percent": "90", "seat_fee_minor": 0}]
    assert entry.after["slug"] == "the-regent"


def test_a_manager_of_another_cinema_makes_none(app: Flask):
    with pytest.raises(Forbidden):
        make_cinema(by(a_person(Role.MANAGER, a_cinema())), FACTS)
    assert db.session.query(Cinema).count() == 1


def test_only_what_changed_is_written_with_its_reason(app: Flask):
    cinema = a_cinema()
    ruth, facts = a_person(Role.MANAGER, cinema), cinema_facts(cinema.id)
    assert change_cinema(by(ruth), cinema.id, facts.seen, replace(facts, fee_minor=90), "rent") is True
    (entry,) = written("cinema.changed")
    assert (entry.before, entry.after, entry.reason) == ({"fee_minor": 75}, {"fee_minor": 90}, "rent")
    assert entry.user_id == ruth.id


def test_nothing_different_writes_nothing(app: Flask):
    assert change(a_cinema()) is False
    assert written("cinema.changed") == []


def test_a_change_from_an_older_state_is_refused(app: Flask):
    cinema = a_cinema()
    old = cinema_facts(cinema.id)
    change(cinema, name="Other")
    with pytest.raises(ConcurrentModification):
        change_cinema(COMMAND, cinema.id, old.seen, replace(old, address="2 Low Street"))
    assert cinema_facts(cinema.id).address == "1 High Street"


def test_of_two_who_change_at_once_one_is_told(app: Flask):
    cinema = a_cinema()
    facts, results = cinema_facts(cinema.id), []
    barrier = threading.Barrier(2)

    def act(name: str) -> None:
        with app.app_context():
            barrier.wait()
            try:
                change_cinema(COMMAND, cinema.id, facts.seen, replace(facts, name=name))
                results.append("kept")
            except ConcurrentModification:
                results.append("told")
            finally:
                db.session.remove()

    threads = [threading.Thread(target=act, args=(name,)) for name in ("One", "Two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["kept", "told"]


def test_the_commands_write_the_audit_too(app: Flask):
    cinema = a_cinema()
    set_refund_policy(cinema.slug, (RefundStep(60, Decimal(50)),))
    offer_ways(cinema.slug, ["sandbox:card"])
    entries = written("cinema.changed")
    assert [list(entry.after) for entry in entries] == [["refund_steps"], ["pay_ways"]]
    assert {entry.user_id for entry in entries} == {None}


@pytest.mark.parametrize(
    "bind",
    [a_price_list, lambda cinema: open_shift(by(a_person(Role.BOX_OFFICE, cinema)), cinema.id, 0)],
    ids=["price list", "shift"],
)
def test_the_currency_is_fixed_once_something_counts_in_it(app: Flask, bind: Any):
    cinema = a_cinema()
    assert change(cinema, currency="EUR") is True
    assert change(cinema, currency="GBP") is True
    bind(cinema)
    with pytest.raises(Invalid) as refused:
        change(cinema, currency="EUR")
    assert "The currency is fixed" in refused.value.details["fields"]["currency"]
    assert cinema_facts(cinema.id).currency == "GBP"


def test_the_time_zone_is_fixed_while_shows_are_coming(app: Flask, moved_clock: Any):
    cinema = a_cinema()
    show = a_show(cinema=cinema, published=False)
    with pytest.raises(Invalid) as refused:
        change(cinema, timezone="Europe/Paris")
    assert list(refused.value.details["fields"]) == ["timezone"]
    moved_clock.forward(hours=30)
    assert change(cinema, timezone="Europe/Paris") is True
    assert db.session.get_one(Show, show.id, populate_existing=True).starts_at == show.starts_at


def test_figures_follow_the_days_of_another_time_zone(app: Flask, moved_clock: Any):
    show = a_show()
    a_paid_booking(show)
    moved_clock.forward(days=2)
    rollups.roll_up()
    cinema = db.session.get_one(Cinema, show.cinema_id)
    before = everything()
    assert change(cinema, timezone="Pacific/Kiritimati") is True
    rollups.roll_up()
    by_itself = everything()
    rollups.rebuild()
    assert everything() == by_itself != before


@pytest.mark.parametrize(
    "changes",
    [{"fee_minor": 1}, {"tax_percent": Decimal(1)}, {"refund_steps": ()}, {"pay_ways": ("sandbox:card",)}],
)
def test_where_money_moves_a_reason_is_asked(app: Flask, changes: dict[str, Any]):
    cinema = a_cinema()
    with pytest.raises(Invalid) as refused:
        change(cinema, " ", **changes)
    assert list(refused.value.details["fields"]) == ["reason"]
    assert change(cinema, "we said so", **changes) is True


def test_bookings_keep_the_fee_and_the_tax_they_were_made_with(app: Flask):
    cinema = a_cinema()
    show = a_show(cinema=cinema)
    old = a_paid_booking(show, seats=seat_ids(show, "A1", "A2"))
    held = holds.hold_seats(show.id, seat_ids(show, "C1", "C2"), "s:someone")
    change(cinema, fee_minor=500, tax_percent=Decimal(5))
    new = a_paid_booking(show, seats=seat_ids(show, "B1", "B2"))
    terms = [
        db.session.get_one(Booking, (show.id, id), populate_existing=True) for id in (old.id, held.booking_id, new.id)
    ]
    assert [(one.seat_fee_minor, Decimal(one.tax_percent)) for one in terms] == [(75, 20), (75, 20), (500, 5)]
    assert terms[2].total_minor - terms[0].total_minor == 850


def test_the_same_address_twice_is_refused(app: Flask):
    make_cinema(COMMAND, replace(FACTS, slug="regent"))
    with pytest.raises(CinemaAddressTaken):
        make_cinema(COMMAND, replace(FACTS, slug="regent"))


def test_a_way_that_takes_no_money_of_the_cinema_is_refused_alone(app: Flask, monkeypatch: Any):
    from app.adapters.payments import gateways

    cinema = a_cinema()
    monkeypatch.setattr(gateways()["sandbox"], "takes", lambda currency, mode=None: False)
    with pytest.raises(Invalid, match="nobody could pay"):
        change(cinema, pay_ways=("sandbox:card",))


def test_what_is_not_there_is_not_found(app: Flask):
    with pytest.raises(NotFound):
        change_cinema(COMMAND, 999, "", FACTS)
    with pytest.raises(NotFound):
        make_screen(COMMAND, 999, "Screen 1")
    for act in (lambda: rename_screen(COMMAND, 999, "a", "b"), lambda: reopen_screen(COMMAND, 999)):
        with pytest.raises(NotFound):
            act()


# Screens


def test_a_screen_with_a_plan_is_written_down_with_its_seats(app: Flask):
    cinema = a_cinema()
    ruth = a_person(Role.MANAGER, cinema)
    made = make_screen(by(ruth), cinema.id, "Screen 1", plan_templates()[0].data)
    (entry,) = written("screen.made")
    assert (entry.subject_id, entry.cinema_id, entry.user_id) == (made.id, cinema.id, ruth.id)
    assert entry.after == {"name": "Screen 1", "seats": made.seats}
    assert made.seats == plan_templates()[0].seats > 0


def test_a_bad_plan_makes_no_screen(app: Flask):
    cinema = a_cinema()
    with pytest.raises(ImportRefused):
        make_screen(COMMAND, cinema.id, "Screen 1", b"{}")
    assert db.session.query(Screen).count() == 0


def test_whose_role_is_gone_makes_no_screen(app: Flask):
    cinema, other = a_cinema(), a_cinema()
    with pytest.raises(Forbidden):
        make_screen(by(a_person(Role.MANAGER, other)), cinema.id, "Screen 1")
    assert db.session.query(Screen).count() == 0


def test_closing_and_reopening_are_written_once_each(app: Flask):
    screen = a_screen(a_cinema())
    assert close_screen(COMMAND, screen.id, "new chairs") is True
    assert close_screen(COMMAND, screen.id, "again") is False
    assert reopen_screen(COMMAND, screen.id) is True
    assert reopen_screen(COMMAND, screen.id) is False
    assert [entry.reason for entry in written("screen.closed")] == ["new chairs"]
    assert len(written("screen.reopened")) == 1


def test_a_closed_screen_gets_no_new_show(app: Flask):
    screen = a_screen(a_cinema())
    close_screen(COMMAND, screen.id, "new chairs")
    with pytest.raises(Invalid, match="is closed"):
        a_show(screen=screen)
    reopen_screen(COMMAND, screen.id)
    a_show(screen=screen)


def test_a_screen_closes_once_its_last_show_is_over(app: Flask, moved_clock: Any):
    screen = a_screen(a_cinema())
    a_show(screen=screen)
    with pytest.raises(Conflict, match="1 show is still coming"):
        close_screen(COMMAND, screen.id, "x")
    moved_clock.forward(hours=9)
    assert close_screen(COMMAND, screen.id, "x") is True


def test_who_closes_waits_for_who_schedules(app: Flask):
    """The scheduler has the screen's row: the show is seen, and the screen stays open."""
    screen = a_screen(a_cinema())
    outcome: list[str] = []
    began = threading.Event()

    def close() -> None:
        with app.app_context():
            began.set()
            try:
                close_screen(COMMAND, screen.id, "x")
                outcome.append("closed")
            except Conflict:
                outcome.append("refused")
            finally:
                db.session.remove()

    show = a_show(screen=a_screen(a_cinema()))
    thread = threading.Thread(target=close)
    with transaction() as session:
        session.execute(text("SELECT id FROM screens WHERE id = :id FOR UPDATE"), {"id": screen.id})
        thread.start()
        began.wait()
        row = session.get_one(Show, show.id, populate_existing=True)
        row.screen_id, row.starts_at = screen.id, row.starts_at + dt.timedelta(minutes=1)
    thread.join()
    assert outcome == ["refused"]
    assert [one.closed for one in screens_at(screen.cinema_id)] == [False]
