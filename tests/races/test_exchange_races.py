"""Changes of bookings against everything that can happen to either booking at the same instant."""

from __future__ import annotations

import pytest
from psycopg.errors import LockNotAvailable
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app import clock
from app.adapters.payments import EventKind
from app.db import db, end_read, transaction
from app.domain.ledger import Account
from app.domain.staff import COMMAND
from app.errors import Conflict, ExchangeUnderway, HoldExpired, NotAdmissible, NotExchangeable
from app.models import Booking
from app.services import checkout, holds, locking, payments
from app.services.admission import AtDoor, admit_ticket
from tests.builders import A_BUYER, PRICES, a_movie, a_paid_booking, a_show, a_started_payment, an_event, the_booking
from tests.support.books import books, rows, unbalanced
from tests.support.crowd import together
from tests.support.exchanges import ME, a_change, cancel, seat_states, state_of
from tests.support.history import miscounted, overlaps

DEAR = {key: amount + 500 for key, amount in PRICES.items()}


@pytest.fixture
def film(app, set_setting):
    set_setting(orphan_seats="off")
    return a_movie()


def confirmer(booking: Booking):
    """The button “Confirm the change” of seats that cost the same."""
    key = (booking.show_id, booking.id)

    def press() -> str:
        started = checkout.start_payment(
            *key, A_BUYER, {}, provider="sandbox", mode="card", return_url="http://localhost/back"
        )
        assert started.redirect_url is None, "there is nothing to pay"
        return "confirmed"

    return press


def settler(payment):
    event = an_event(payment)
    return lambda: payments.settle_payment(event)


def sound(*shows, whole: bool = True) -> None:
    """The books balance and no seat was two people's; seats' versions are counted where bookings came and went whole."""
    assert unbalanced() == []
    assert books(Account.DEPOSITS, Account.EXCHANGES) == {}
    for show in shows:
        assert overlaps(show.id) == []
        assert not whole or miscounted(show.id) == []


def refusals(results) -> list[Exception]:
    return [one for one in results if isinstance(one, Exception)]


def test_of_many_changes_of_one_booking_exactly_one_wins_and_the_others_let_go_of_their_seats(crowd, film):
    here, there = a_show(movie=film), a_show(movie=film)
    for _ in range(6):
        old = a_paid_booking(here, owner=ME)
        places = [("B1", "B2"), ("B4", "B5"), ("B7", "B8"), ("C1", "C2"), ("C4", "C5"), ("C7", "C8")]
        wishes = [a_change(old, there, labels=labels, owner=f"s:tab-{place}") for place, labels in enumerate(places)]
        results = together(crowd, [confirmer(wish) for wish in wishes])
        assert results.count("confirmed") == 1, results
        assert all(isinstance(one, NotExchangeable) for one in refusals(results)), results
        states = sorted(state_of(wish) for wish in wishes)
        assert states == ["confirmed", *["released"] * 5]
        assert state_of(old) == "cancelled"
        winner = next(wish for wish in wishes if state_of(wish) == "confirmed")
        cancel(winner)
    sound(here, there)


def test_two_paid_changes_of_one_booking_end_in_one_and_a_refund(crowd, film):
    here, there = a_show(movie=film), a_show(60, movie=film, prices=DEAR)
    for row in "ABC":
        old = a_paid_booking(here, owner=ME)
        first = a_change(old, there, labels=(f"{row}1", f"{row}2"), owner="s:one")
        second = a_change(old, there, labels=(f"{row}5", f"{row}6"), owner="s:two")
        paying = a_started_payment(first)
        with pytest.raises(ExchangeUnderway):
            a_started_payment(second)
        payments.settle_payment(an_event(paying, EventKind.FAILED))
        others = a_started_payment(second)
        results = together(crowd, [settler(paying), settler(others)])
        assert sorted(results) == ["confirmed", "refunded: extras gone"]
        assert sorted((state_of(first), state_of(second))) == ["confirmed", "released"]
        assert state_of(old) == "cancelled"
    sound(here, there)


@pytest.mark.parametrize("some", [False, True], ids=["all seats", "one seat"])
def test_a_change_and_a_cancellation_at_one_instant_have_one_outcome(crowd, film, some):
    here, there = a_show(movie=film), a_show(60, movie=film, prices=DEAR)
    for row in "ABCDE":
        old = a_paid_booking(here, owner=ME)
        new = a_change(old, there, labels=(f"{row}1", f"{row}2"), owner=f"s:{row}")
        payment = a_started_payment(new)
        settled, given = together(crowd, [settler(payment), lambda o=old: cancel(o, *([1] if some else []))])
        if settled == "confirmed":
            assert (given, state_of(old), state_of(new)) == (0, "cancelled", "confirmed")
        else:
            assert (settled, state_of(new)) == ("refunded: extras gone", "released")
            assert given == (1075 if some else 2150)
            cancel(old)
    sound(here, there, whole=not some)


def test_a_change_and_the_door_at_one_instant_have_one_outcome(crowd, film):
    here, there = a_show(60, movie=film), a_show(60, movie=film, prices=DEAR)
    outcomes = set()
    for place in range(25):
        old = a_paid_booking(here, owner=f"s:{place}")
        spot = f"{'ABCDE'[place // 5]}{place % 5 * 2 + 1}"
        row, number = spot[0], int(spot[1:])
        new = a_change(old, there, labels=(f"{row}{number}", f"{row}{number + 1}"), owner=f"s:{place}")
        payment = a_started_payment(new)
        settled, let_in = together(crowd, [settler(payment), lambda o=old: admitted(o)])
        assert (settled == "confirmed") is not let_in, (settled, let_in)
        assert state_of(old) == ("confirmed" if let_in else "cancelled")
        outcomes.add(let_in)
        if let_in:
            leave(old)
    sound(here, there)


def admitted(booking: Booking) -> bool:
    """Whether the door let the first ticket in."""
    wanted = text("SELECT id FROM tickets WHERE show_id = :show_id AND booking_id = :id AND number = 1")
    ticket_id = db.session.execute(wanted, {"show_id": booking.show_id, "id": booking.id}).scalar_one()
    end_read()
    try:
        return admit_ticket(booking.show_id, ticket_id, COMMAND, AtDoor("scan-1")).admitted
    except NotAdmissible:
        return False


def leave(booking: Booking) -> None:
    """Make room for the next round."""
    with transaction() as session:
        session.execute(
            text("UPDATE tickets SET state = 'issued' WHERE booking_id = :id AND number = 1"), {"id": booking.id}
        )
    cancel(booking)


def test_a_change_and_its_own_end_at_one_instant_have_one_outcome(crowd, film):
    here, there = a_show(movie=film), a_show(60, movie=film, prices=DEAR)
    for row in "ABCDE":
        old = a_paid_booking(here, owner=ME)
        new = a_change(old, there, labels=(f"{row}1", f"{row}2"), owner=f"s:{row}")
        payment = a_started_payment(new)
        run_out(new)
        tasks = [
            settler(payment),
            lambda n=new: holds.expire_booking(n.show_id, n.id),
            lambda n=new: holds.release_booking(n.show_id, n.id),
        ]
        settled, _, released = together(crowd, tasks)
        assert settled in ("confirmed", "confirmed late", "refunded: released")
        if settled.startswith("confirmed"):
            assert (state_of(old), seat_states(new)) == ("cancelled", {"sold": 2})
            assert released is False or isinstance(released, Conflict | HoldExpired), released
        else:
            assert (state_of(old), seat_states(new), released) == ("confirmed", {"free": 2}, True)
            cancel(old)
    sound(here, there)


def run_out(booking: Booking) -> None:
    with transaction() as session:
        key = {"show_id": booking.show_id, "id": booking.id, "now": clock.now()}
        session.execute(
            text("UPDATE show_seats SET held_until = :now WHERE show_id = :show_id AND booking_id = :id"), key
        )
        session.execute(text("UPDATE bookings SET expires_at = :now WHERE show_id = :show_id AND id = :id"), key)


def test_changes_that_cross_between_two_shows_in_both_directions_never_deadlock(crowd, film, no_deadlock):
    left, right = a_show(100, movie=film), a_show(100, movie=film)
    for turn in range(3):
        here = [a_paid_booking(left, owner=f"s:l{turn}-{one}") for one in range(10)]
        there = [a_paid_booking(right, owner=f"s:r{turn}-{one}") for one in range(10)]
        wishes = [crossing(old, right, place) for place, old in enumerate(here)]
        wishes += [crossing(old, left, place) for place, old in enumerate(there)]
        results = together(
            crowd, [confirmer(wish) for pair in zip(wishes[:10], wishes[10:], strict=True) for wish in pair]
        )
        assert results == ["confirmed"] * 20, refusals(results)
        assert {state_of(old) for old in here + there} == {"cancelled"}
        for wish in wishes:
            cancel(wish)
    sound(left, right)


def crossing(old: Booking, show, place: int) -> Booking:
    row, first = "FGHIJ"[place // 2], place % 2 * 5 + 1
    return a_change(old, show, labels=(f"{row}{first}", f"{row}{first + 1}"), owner=f"s:x-{old.id}")


def test_crossing_changes_for_dearer_seats_are_settled_at_one_instant(crowd, film, no_deadlock):
    left, right = a_show(60, movie=film), a_show(60, movie=film, prices=DEAR)
    here = [a_paid_booking(left, owner=f"s:l{one}") for one in range(8)]
    there = [a_paid_booking(right, owner=f"s:r{one}") for one in range(8)]
    dearer = [cross_rows(old, right, place) for place, old in enumerate(here)]
    cheaper = [cross_rows(old, left, place) for place, old in enumerate(there)]
    paying = [settler(a_started_payment(wish)) for wish in dearer]
    results = together(crowd, [*paying, *(confirmer(wish) for wish in cheaper)])
    assert results == ["confirmed"] * 16, refusals(results)
    assert sorted(row.amount_minor for row in rows("SELECT amount_minor FROM refunds")) == [900] * 8, "by the policy"
    assert all(the_booking(wish.show_id, wish.id).state == "confirmed" for wish in dearer + cheaper)
    sound(left, right)


def cross_rows(old: Booking, show, place: int) -> Booking:
    row, first = "CDEF"[place // 2], place % 2 * 5 + 1
    return a_change(old, show, labels=(f"{row}{first}", f"{row}{first + 1}"), owner=f"s:y-{old.id}")


def test_the_seats_of_two_shows_are_locked_in_one_order_whichever_way_the_change_goes(film, monkeypatch):
    left, right = a_show(movie=film), a_show(movie=film)
    there = a_change(a_paid_booking(left, owner=ME), right)
    back = a_change(a_paid_booking(right, owner="s:other"), left, owner="s:other")
    locked: list[int] = []
    real = locking.seat_locking()

    class Noting:
        def lock(self, session, show_id, wanted):
            locked.append(show_id)
            return real.lock(session, show_id, wanted)

    monkeypatch.setattr(locking, "seat_locking", Noting)
    assert [confirmer(there)(), confirmer(back)()] == ["confirmed", "confirmed"]
    assert locked == [left.id, right.id] * 2


def test_the_door_waits_while_a_change_makes_up_its_mind(crowd, film, monkeypatch):
    """Between the judgement and the deed nobody is let in with a ticket that is about to be void."""
    old = a_paid_booking(a_show(movie=film), owner=ME)
    payment = a_started_payment(a_change(old, a_show(movie=film, prices=DEAR)))
    real, at_the_door = payments.exchange_stands, []

    def then_somebody_comes(session, booking, now):
        stands = real(session, booking, now)
        at_the_door.extend(together(crowd, [lambda: impatiently(old)]))
        return stands

    monkeypatch.setattr(payments, "exchange_stands", then_somebody_comes)
    assert settler(payment)() == "confirmed"
    (problem,) = at_the_door
    assert isinstance(problem, OperationalError)
    assert isinstance(problem.orig, LockNotAvailable)
    assert state_of(old) == "cancelled"


def impatiently(booking: Booking) -> bool:
    with transaction() as session:
        session.execute(text("SET LOCAL lock_timeout = '100ms'"))
        key = {"show_id": booking.show_id, "id": booking.id}
        session.execute(text("SELECT id FROM tickets WHERE show_id = :show_id AND booking_id = :id FOR UPDATE"), key)
    return True
