"""Seats changed for others: the new ones are bought and the old ones given back in one step, or neither."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import text

from app import clock
from app.adapters.payments import EventKind
from app.db import db, end_read, transaction
from app.domain.ledger import Account
from app.domain.pricing import TicketType
from app.domain.refund_policy import CancellationReason, Return, parse_steps, stored_steps
from app.domain.staff import COMMAND
from app.domain.states import TicketState
from app.domain.tenders import TenderKind
from app.errors import (
    ConcurrentModification,
    ExchangeUnderway,
    InvalidSeats,
    NotExchangeable,
    NotFound,
    SeatsTaken,
    ShowNotOnSale,
)
from app.models import Booking, Show
from app.queries.exchange_page import changes_of, exchangeable, offered_showings
from app.queries.people import account_of_token
from app.services import checkout, exchanging, extras, holds, payments
from app.services.accounts import register
from app.services.admission import AtDoor, admit_ticket
from app.services.exchanging import Change, hold_for_exchange
from app.services.giving_back import give_back_seats, lock_tickets
from app.services.locking import lock_to_settle
from app.services.show_cancelling import cancel_show
from app.services.ways_back import WayBack
from tests.builders import (
    A_BUYER,
    PRICES,
    a_cinema,
    a_city,
    a_hold,
    a_movie,
    a_paid_booking,
    a_show,
    a_started_payment,
    an_event,
    seat_ids,
    the_booking,
)
from tests.support.books import a_gift_card, a_wallet, books, card_balance, rows, unbalanced, wallet_balance
from tests.support.offers import an_account, in_wallet
from tests.support.post import bodies, deliver

DEAR = {key: amount + 500 for key, amount in PRICES.items()}
CHEAP = {key: amount - 400 for key, amount in PRICES.items()}
ME = "s:me"


@pytest.fixture
def film(app):
    return a_movie("Metropolis")


@pytest.fixture
def old(film) -> Booking:
    """Two seats, A1 and A2, paid with £21.50."""
    return a_paid_booking(a_show(movie=film), owner=ME)


@pytest.fixture
def dearer(film) -> Show:
    return a_show(movie=film, prices=DEAR)


@pytest.fixture
def cheaper(film) -> Show:
    return a_show(movie=film, prices=CHEAP)


@pytest.fixture
def alike(film) -> Show:
    return a_show(movie=film)


def numbers_of(booking: Booking) -> tuple[int, ...]:
    return tuple(ticket.number for ticket in exchangeable(booking.show_id, booking.id).tickets)


def change_of(booking: Booking, *numbers: int) -> Change:
    return Change(booking.show_id, booking.id, numbers or numbers_of(booking))


def a_change(booking: Booking, show: Show, *numbers: int, labels: tuple[str, ...] = (), owner: str = ME) -> Booking:
    """New seats held in row C, or those named, for these tickets or all of them."""
    change = change_of(booking, *numbers)
    wanted = seat_ids(show, *(labels or [f"C{n + 1}" for n in range(len(change.numbers))]))
    hold = hold_for_exchange(show.id, wanted, owner, change)
    return the_booking(show.id, hold.booking_id)


def finish(booking: Booking) -> str:
    """Pay what there is to pay; "confirmed" if that was nothing."""
    begun = checkout.begin_payment(booking.show_id, booking.id, A_BUYER, {}, "sandbox", "card", "guest")
    if begun is None:
        return "confirmed"
    return payments.settle_payment(an_event(with_page(booking)))


def with_page(booking: Booking):
    """The running payment, once its gateway has a page for it."""
    return a_started_payment(booking)


def seat_states(booking: Booking) -> dict[str, int]:
    sql = (
        "SELECT s.state, s.booking_id = :id AS own FROM show_seats s WHERE s.show_id = :show AND s.seat_id IN "
        "(SELECT seat_id FROM tickets WHERE show_id = :show AND booking_id = :id)"
    )
    states: dict[str, int] = {}
    for row in rows(sql, show=booking.show_id, id=booking.id):
        words = row.state if row.own or row.own is None else f"{row.state} by another"
        states[words] = states.get(words, 0) + 1
    return states


def state_of(booking: Booking) -> str:
    return the_booking(booking.show_id, booking.id).state


def refunds() -> list[tuple[int, str]]:
    return [tuple(row) for row in rows("SELECT amount_minor, reason FROM refunds ORDER BY requested_at, id")]


def cancel(booking: Booking, *numbers: int, reason=CancellationReason.STAFF, percent: int = 100) -> int:
    """Give back these tickets or all of them; gives what comes back."""
    with transaction() as session:
        locked, _ = lock_to_settle(session, booking.show_id, booking.id)
        live = [t for t in lock_tickets(session, locked.show_id, locked.id) if t.state != TicketState.VOID]
        chosen = [t for t in live if not numbers or t.number in numbers]
        if not chosen:
            return 0
        value = sum(t.value_minor for t in chosen)
        kept = value * (100 - percent) // 100
        give_back_seats(session, locked, chosen, reason, Return(value, kept, value - kept), clock.now(), "guest")
    return value - kept


def sound() -> None:
    """Nothing is left on its way: every movement balances, no deposit and no exchange stays open."""
    assert unbalanced() == []
    assert books(Account.DEPOSITS, Account.EXCHANGES) == {}


# The three ways it can come out


def test_dearer_seats_cost_the_difference_and_free_the_old_ones_in_the_same_commit(old, dearer):
    new = a_change(old, dearer)
    assert (new.state, seat_states(old)) == ("held", {"sold": 2})
    payment = a_started_payment(new)
    assert payment.amount_minor == 1000
    assert (state_of(old), seat_states(old)) == ("confirmed", {"sold": 2}), "until it is paid, nothing has changed"
    assert payments.settle_payment(an_event(payment)) == "confirmed"
    assert (state_of(old), seat_states(old)) == ("cancelled", {"free": 2})
    assert (state_of(new), seat_states(new)) == ("confirmed", {"sold": 2})
    after = the_booking(new.show_id, new.id)
    assert (after.total_minor, after.credit_minor) == (3150, 2150)
    assert refunds() == []
    assert books()["gateway_clearing"] == 3150
    sound()


def test_cheaper_seats_send_the_difference_back_to_what_paid_the_old_ones(old, cheaper):
    new = a_change(old, cheaper)
    assert finish(new) == "confirmed"
    assert (state_of(old), state_of(new)) == ("cancelled", "confirmed")
    assert refunds() == [(720, "exchange")], "90 % of the £8.00 that they cost less"
    assert books()["refunds_payable"] == -720
    sound()


def test_the_fee_is_that_of_the_hour_in_which_the_new_seats_were_kept(app, film, moved_clock):
    cinema = a_cinema(refund_steps=stored_steps(parse_steps("240:100,120:50:25")))
    show, other = a_show(movie=film, cinema=cinema), a_show(movie=film, prices=CHEAP, starts_in=dt.timedelta(hours=9))
    old = a_paid_booking(show, owner=ME)
    moved_clock.stop_at(show.starts_at - dt.timedelta(hours=4))
    new = a_change(old, other, 1)
    shown = preview(new)
    moved_clock.forward(minutes=5)
    assert finish(new) == "confirmed"
    assert refunds() == [(shown.back_minor, "exchange")] == [(400, "exchange")], "in time, so all of it"
    assert finish(a_change(old, other, 2, labels=("C2",))) == "confirmed"
    assert refunds()[1:] == [(175, "exchange")], "half of £4.00, less 25p"
    sound()


def test_a_cinema_may_give_the_difference_back_in_full(app, film, cheaper):
    old = a_paid_booking(a_show(movie=film, cinema=a_cinema(changes_in_full=True)), owner=ME)
    new = a_change(old, cheaper)
    assert preview(new).result == Return(2150, 0, 2150)
    assert finish(new) == "confirmed"
    assert refunds() == [(800, "exchange")]
    sound()


def test_what_was_sold_before_cinemas_could_say_so_still_comes_back_in_full(old, cheaper):
    with transaction() as session:
        session.execute(text("UPDATE bookings SET changes_in_full = true WHERE id = :id"), {"id": old.id})
    assert finish(a_change(old, cheaper)) == "confirmed"
    assert refunds() == [(800, "exchange")]


def test_the_cinema_keeps_its_part_of_the_difference_and_says_so_in_the_books(old, cheaper):
    finish(a_change(old, cheaper))
    (gone,) = rows("SELECT value_minor, kept_minor, returned_minor, to_wallet FROM cancellations")
    assert tuple(gone) == (2150, 80, 2070, False)
    kept = books(Account.CANCELLATION_REVENUE)[Account.CANCELLATION_REVENUE]
    assert kept == -(80 - 80 * 358 // 2150), "without the tax that is in it"
    (of,) = changes_of(*key_of_newest()).instead_of
    assert (of.moved_minor, of.kept_minor, of.back_minor) == (1350, 80, 720)


def test_the_difference_goes_to_the_wallet_if_its_owner_says_so(app, film, cheaper):
    me = an_account()
    old = a_paid_booking(a_show(movie=film), owner=f"u:{me}")
    with transaction() as session:
        session.execute(text("UPDATE bookings SET user_id = :me WHERE id = :id"), {"me": me, "id": old.id})
    new = a_change(old, cheaper, owner=f"u:{me}")
    shown = preview(new, to_wallet=True)
    assert (shown.back, shown.to_choose) == ((WayBack(TenderKind.WALLET, 720),), True)
    values = (new.show_id, new.id, A_BUYER, {}, "sandbox", "card", "guest")
    assert checkout.begin_payment(*values, to_wallet=True) is None
    assert (refunds(), in_wallet(me)) == ([], 720)
    sound()


def test_the_mail_of_the_new_seats_says_what_the_old_ones_gave_back(post, old, cheaper):
    new = a_change(old, cheaper)
    finish(new)
    deliver(new)
    for words in bodies(post.sent[-1]):
        said = " ".join(words.split())
        for needed in ("Your old seats cost more: comes back", "£7.20", "Of your old seats kept", "£0.80"):
            assert needed in said


def preview(booking: Booking, **chosen: bool) -> exchanging.Exchange:
    found = exchanging.preview_exchange(db.session(), booking, booking.total_minor, **chosen)
    end_read()
    assert found is not None
    return found


def key_of_newest() -> tuple[int, int]:
    (row,) = rows("SELECT show_id, id FROM bookings ORDER BY id DESC LIMIT 1")
    return row.show_id, row.id


def test_seats_that_cost_the_same_need_no_gateway(old, alike):
    new = a_change(old, alike)
    assert finish(new) == "confirmed"
    assert rows("SELECT id FROM payments WHERE booking_id = :id", id=new.id) == []
    assert (state_of(old), refunds()) == ("cancelled", [])
    sound()


def test_other_seats_of_the_same_showing(old):
    show = db.session.get_one(Show, old.show_id)
    new = a_change(old, show)
    assert finish(new) == "confirmed"
    assert (seat_states(old), seat_states(new)) == ({"free": 2}, {"sold": 2})
    sound()


def test_one_of_two_seats_is_changed_and_the_other_stays(old, dearer):
    new = a_change(old, dearer, 1)
    assert finish(new) == "confirmed"
    kept = the_booking(old.show_id, old.id)
    assert (kept.state, kept.seat_count, seat_states(old)) == ("confirmed", 1, {"free": 1, "sold": 1})
    assert [ticket.number for ticket in exchangeable(old.show_id, old.id).tickets] == [2]
    documents = rows("SELECT kind FROM outbox WHERE booking_id = :id AND kind = 'render_tickets'", id=old.id)
    assert len(documents) == 2, "what stays gets a new PDF"
    sound()


def test_one_seat_of_the_same_row_moves_by_one(app, film, set_setting):
    set_setting(orphan_seats="off")
    show = a_show(movie=film)
    old = a_paid_booking(show, owner=ME)
    assert finish(a_change(old, show, 1, labels=("A3",))) == "confirmed"
    sound()


def test_ten_seats_of_one_showing_are_changed_for_ten_others(app, film):
    show = a_show(seats=60, movie=film)
    old = a_paid_booking(show, 10, owner=ME)
    new = a_change(old, show)
    assert finish(new) == "confirmed"
    assert (seat_states(old), seat_states(new)) == ({"free": 10}, {"sold": 10})
    with pytest.raises(InvalidSeats, match="You already have 10 seats"):
        a_hold(show, 1, owner=ME)
    sound()


def test_seats_that_cost_nothing_are_changed_too(app, film):
    free = dict.fromkeys(PRICES, 0)
    cinema = a_cinema(fee_minor=0)
    old = a_hold(a_show(movie=film, prices=free, cinema=cinema), owner=ME)
    assert finish(old) == "confirmed"
    new = a_change(old, a_show(movie=film, prices=free, cinema=cinema))
    assert finish(new) == "confirmed"
    assert (state_of(old), state_of(new)) == ("cancelled", "confirmed")
    sound()


def test_the_buyer_need_not_type_anything_again(old, dearer):
    new = a_change(old, dearer)
    assert (new.name, new.email) == ("Ada Byron", "ada@example.org")


def test_the_change_is_confirmed_by_one_mail_and_no_cancellation_is_told(old, dearer):
    new = a_change(old, dearer)
    finish(new)
    told = rows("SELECT kind, booking_id FROM messages ORDER BY id")
    assert [tuple(row) for row in told] == [("confirmation", old.id), ("confirmation", new.id)]


def test_each_booking_tells_of_the_other(old, cheaper):
    new = a_change(old, cheaper)
    assert changes_of(old.show_id, old.id).changed_to == (), "a wish is no change"
    finish(new)
    (to,) = changes_of(old.show_id, old.id).changed_to
    (of,) = changes_of(new.show_id, new.id).instead_of
    assert (to.code, to.seats, to.moved_minor, to.kept_minor, to.back_minor) == (new.code, 2, 1350, 80, 720)
    assert (of.code, of.seats, of.moved_minor, of.kept_minor, of.back_minor) == (old.code, 2, 1350, 80, 720)


def test_the_bill_says_what_is_paid_already_and_what_comes_back(old, dearer, cheaper):
    def shown(booking: Booking):
        return exchanging.preview_exchange(db.session(), booking, booking.total_minor)

    paid = shown(a_change(old, dearer))
    assert (paid.code, paid.paid_minor, paid.back_minor) == (old.code, 2150, 0)
    paid = shown(a_change(old, cheaper))
    assert (paid.paid_minor, paid.back) == (1350, (WayBack(TenderKind.PAYMENT, 720, "card"),))
    assert shown(a_hold(dearer, owner="s:other", seats=seat_ids(dearer, "B1", "B2"))) is None


# What may not be changed


def refused(booking: Booking, show: Show, *numbers: int, labels: tuple[str, ...] = ()) -> str:
    """The words of the refusal; nothing is held."""
    before = rows("SELECT count(*) FROM bookings")
    with pytest.raises((NotExchangeable, InvalidSeats, NotFound)) as refusal:
        a_change(booking, show, *numbers, labels=labels)
    assert rows("SELECT count(*) FROM bookings") == before
    return refusal.value.message


@pytest.mark.parametrize("labels", [("C1",), ("C1", "C2", "C3")])
def test_as_many_seats_as_before_neither_fewer_nor_more(old, dearer, labels):
    assert refused(old, dearer, labels=labels) == "A1 and A2 can be changed for just as many: choose 2 seats."


def test_only_tickets_that_the_booking_has(old, dearer):
    assert refused(old, dearer, 1, 7, labels=("C1", "C2")) == "Choose which of these seats are to be changed."


def test_only_another_showing_of_the_same_film(old):
    assert "same film" in refused(old, a_show())


def test_only_a_showing_that_is_paid_in_the_same_money(old, film):
    paris = a_show(movie=film, cinema=a_cinema(a_city(currency="EUR")))
    assert refused(old, paris).startswith("That showing is paid in EUR, these seats were paid in GBP")


def test_only_a_showing_that_is_on_sale(old, film):
    with pytest.raises(NotFound):
        a_change(old, a_show(movie=film, published=False))
    past = a_show(movie=film, starts_in=dt.timedelta(minutes=1))
    with transaction() as session:
        session.execute(text("UPDATE shows SET sales_close_at = :now"), {"now": clock.now()})
    with pytest.raises(ShowNotOnSale):
        a_change(old, past)


def test_only_until_the_last_refund_step_ends_which_still_counts(app, film, moved_clock):
    moved_clock.stop_at(clock.now().replace(microsecond=0))
    show, other = a_show(movie=film), a_show(movie=film, starts_in=dt.timedelta(hours=9))
    old = a_paid_booking(show, owner=ME)
    moved_clock.stop_at(show.starts_at - dt.timedelta(hours=2))
    new = a_change(old, other)
    moved_clock.forward(seconds=1)
    assert refused(old, other) == "It is too late to change these seats."
    assert finish(new) == "confirmed", "who began in time may pay in peace"


def test_a_booking_promised_no_refunds_is_not_changed(app, film):
    cinema = a_cinema(refund_steps=[])
    old = a_paid_booking(a_show(movie=film, cinema=cinema), owner=ME)
    assert refused(old, a_show(movie=film)) == "This cinema doesn't change seats once they are booked."


def admit(booking: Booking, number: int) -> None:
    wanted = text("SELECT id FROM tickets WHERE show_id = :show_id AND booking_id = :id AND number = :number")
    key = {"show_id": booking.show_id, "id": booking.id, "number": number}
    ticket_id = db.session.execute(wanted, key).scalar_one()
    db.session.commit()
    admit_ticket(booking.show_id, ticket_id, COMMAND, AtDoor("scan-1"))


def test_a_ticket_used_at_the_door_stays_what_it_is(old, dearer):
    admit(old, 1)
    assert refused(old, dearer) == "A1 can't be changed: used at the door already."
    assert finish(a_change(old, dearer, 2)) == "confirmed"
    assert refused(old, dearer) == "All of these tickets have been used at the door."


def call_off(show_id: int) -> None:
    """The showing is cancelled; its bookings wait to be refunded."""
    cancel_show(COMMAND, show_id, "Fog.")


def test_a_cancelled_showing_gives_its_money_back_instead(old, dearer):
    call_off(old.show_id)
    assert refused(old, dearer) == "This showing is cancelled, so all of its money goes back instead."


def test_what_is_not_paid_or_not_there_any_more_is_not_changed(old, dearer, film):
    held = a_hold(a_show(movie=film), owner="s:other")
    assert refused(held, dearer) == "Only seats that are booked can be changed."
    cancel(old)
    assert refused(old, dearer, 1, 2) == "This booking has no seats left that could be changed."


def test_a_companion_seat_is_not_left_without_its_wheelchair_space(app, film):
    hall = {"kinds": {"A1": "wheelchair", "A2": "companion"}}
    show, other = a_show(movie=film, layout=hall), a_show(movie=film, layout=hall)
    old = a_paid_booking(show, owner=ME, seats=seat_ids(show, "A1", "A2"))
    assert refused(old, other, 1) == "A2 goes with its wheelchair space: change both, or keep both."
    new = a_change(old, other, labels=("A1", "A2"))
    assert finish(new) == "confirmed"
    assert the_booking(new.show_id, new.id).total_minor == 1075, "the companion is free there too"
    sound()


def test_seats_that_are_taken_are_refused_like_everybodys(old, dearer):
    a_hold(dearer, owner="s:other", seats=seat_ids(dearer, "C1", "C2"))
    with pytest.raises(SeatsTaken):
        a_change(old, dearer)


# All or nothing


def test_a_change_that_is_given_up_leaves_everything_as_it_was(old, dearer):
    new = a_change(old, dearer)
    a_started_payment(new)
    assert holds.release_booking(new.show_id, new.id)
    assert (state_of(old), seat_states(old), seat_states(new)) == ("confirmed", {"sold": 2}, {"free": 2})
    assert finish(a_change(old, dearer)) == "confirmed", "and it can be tried again"
    sound()


def test_a_change_that_runs_out_leaves_everything_as_it_was_and_late_money_still_makes_it(old, dearer, moved_clock):
    new = a_change(old, dearer)
    payment = a_started_payment(new)
    moved_clock.forward(minutes=16)
    assert holds.expire_booking(new.show_id, new.id)
    assert (state_of(old), seat_states(old)) == ("confirmed", {"sold": 2})
    assert payments.settle_payment(an_event(payment)) == "confirmed late"
    assert (state_of(old), seat_states(old), seat_states(new)) == ("cancelled", {"free": 2}, {"sold": 2})
    sound()


def test_late_money_after_the_time_for_changes_goes_back(app, film, moved_clock):
    old = a_paid_booking(a_show(movie=film), owner=ME)
    new = a_change(old, a_show(movie=film, prices=DEAR, starts_in=dt.timedelta(hours=9)))
    payment = a_started_payment(new)
    moved_clock.forward(hours=4)
    holds.expire_booking(new.show_id, new.id)
    assert payments.settle_payment(an_event(payment)) == "refunded: extras gone"
    assert (state_of(old), seat_states(old), state_of(new)) == ("confirmed", {"sold": 2}, "expired")
    sound()


def a_free_change_runs_out(film, moved_clock):
    """Old seats that cost nothing, changed for dearer ones whose payment ran out."""
    cinema = a_cinema(fee_minor=0)
    old = a_hold(a_show(movie=film, prices=dict.fromkeys(PRICES, 0), cinema=cinema), owner=ME)
    finish(old)
    new = a_change(old, a_show(movie=film))
    payment = a_started_payment(new)
    moved_clock.forward(minutes=16)
    holds.expire_booking(new.show_id, new.id)
    return old, new, payment


def test_late_money_frees_old_seats_that_were_worth_nothing_too(app, film, moved_clock):
    old, new, payment = a_free_change_runs_out(film, moved_clock)
    assert payments.settle_payment(an_event(payment)) == "confirmed late"
    assert (state_of(old), seat_states(old), state_of(new)) == ("cancelled", {"free": 2}, "confirmed")
    sound()


def test_late_money_goes_back_where_such_seats_are_gone(app, film, moved_clock):
    old, new, payment = a_free_change_runs_out(film, moved_clock)
    cancel(old)
    assert payments.settle_payment(an_event(payment)) == "refunded: extras gone"
    assert state_of(new) == "expired"
    sound()


@pytest.mark.parametrize("meanwhile", ["cancelled", "one seat cancelled", "admitted", "changed elsewhere"])
def test_old_seats_that_go_while_the_new_ones_are_paid_send_the_money_back(old, dearer, alike, meanwhile):
    new = a_change(old, dearer)
    payment = a_started_payment(new)
    if meanwhile == "cancelled":
        cancel(old)
    elif meanwhile == "one seat cancelled":
        cancel(old, 2)
    elif meanwhile == "admitted":
        admit(old, 1)
    else:
        payments.settle_payment(an_event(payment, EventKind.FAILED))
        assert finish(a_change(old, alike)) == "confirmed"
    assert payments.settle_payment(an_event(payment)) == "refunded: extras gone"
    assert (state_of(new), seat_states(new)) == ("released", {"free": 2})
    assert (1000, "extras_gone") in refunds()
    assert [row.kind for row in rows("SELECT kind FROM alerts")] == ["refund_extras_gone"]
    if meanwhile != "admitted":
        sound()


@pytest.mark.parametrize("meanwhile", ["cancelled", "one seat cancelled", "admitted"])
def test_old_seats_that_go_before_the_new_ones_are_paid_stop_the_change_and_charge_nothing(old, dearer, meanwhile):
    new = a_change(old, dearer)
    if meanwhile == "admitted":
        admit(old, 1)
    else:
        cancel(old, *([] if meanwhile == "cancelled" else [2]))
    with pytest.raises(NotExchangeable, match="were used, changed or given back meanwhile"):
        checkout.start_payment(
            new.show_id, new.id, A_BUYER, {}, provider="sandbox", mode="card", return_url="http://localhost/back"
        )
    assert (state_of(new), seat_states(new)) == ("released", {"free": 2})
    assert rows("SELECT id FROM payments WHERE booking_id = :id", id=new.id) == []


def test_a_second_change_waits_while_the_first_is_being_paid(old, dearer, alike):
    first, second = a_change(old, dearer), a_change(old, alike)
    payment = a_started_payment(first)
    with pytest.raises(ExchangeUnderway, match="being paid for, as booking"):
        finish(second)
    assert state_of(second) == "held"
    holds.release_booking(first.show_id, first.id)
    assert finish(second) == "confirmed"
    assert payments.settle_payment(an_event(payment)) == "refunded: released"
    sound()


def test_changes_of_different_seats_do_not_wait_for_each_other(old, dearer, alike):
    first, second = a_change(old, dearer, 1), a_change(old, alike, 2)
    payment = a_started_payment(first)
    assert finish(second) == "confirmed"
    assert payments.settle_payment(an_event(payment)) == "confirmed"
    assert (state_of(old), seat_states(old)) == ("cancelled", {"free": 2})
    sound()


def test_a_booking_is_changed_once_though_two_changes_were_begun(old, dearer, alike):
    first, second = a_change(old, alike), a_change(old, dearer)
    assert finish(first) == "confirmed"
    with pytest.raises(NotExchangeable):
        finish(second)
    with pytest.raises(ConcurrentModification):
        finish(first)
    sound()


# Where the money goes


def changes_in_full() -> None:
    """Every cinema gives back all of what a change does, and has promised so."""
    with transaction() as session:
        session.execute(text("UPDATE cinemas SET changes_in_full = true"))
        session.execute(text("UPDATE bookings SET changes_in_full = true"))


def test_a_chain_of_changes_leads_back_to_what_paid_the_first_booking(old, dearer, alike):
    changes_in_full()
    second = a_change(old, dearer)
    assert finish(second) == "confirmed"
    third = a_change(second, alike)
    assert finish(third) == "confirmed"
    back = refunds()
    assert sum(amount for amount, _ in back) == 1000, "what the dearer seats cost more"
    assert cancel(third) == 2150
    given = rows("SELECT sum(amount_minor) AS sum FROM refunds GROUP BY payment_id ORDER BY sum")
    assert [row.sum for row in given] == [1000, 2150], "each payment gets back just what it paid"
    assert books(Account.TICKET_REVENUE, Account.FEE_REVENUE, Account.TAX_PAYABLE) == {}
    sound()


def test_what_a_gift_card_paid_goes_back_to_it_through_the_change(app, film, dearer):
    card = a_gift_card(2000)
    old = a_hold(a_show(movie=film), owner=ME)
    extras.add_gift_card(old.show_id, old.id, card)
    assert finish(old) == "confirmed"
    assert card_balance(card) == 0
    new = a_change(old, dearer)
    assert finish(new) == "confirmed"
    cancel(new)
    assert card_balance(card) == 2000
    assert sorted(amount for amount, _ in refunds()) == [150, 1000]
    sound()


def test_a_cheaper_change_pays_card_and_gateway_back_in_their_shares(app, film, cheaper):
    card = a_gift_card(1075)
    old = a_hold(a_show(movie=film), owner=ME)
    extras.add_gift_card(old.show_id, old.id, card)
    finish(old)
    new = a_change(old, cheaper)
    assert finish(new) == "confirmed"
    assert (card_balance(card), refunds()) == (360, [(360, "exchange")])
    cancel(new, percent=90)
    assert card_balance(card) + sum(amount for amount, _ in refunds()) == 720 + 1215
    sound()


def test_what_a_wallet_paid_goes_back_to_it_through_the_change(app, film, dearer):
    ada = register("Ada", "ada@example.org", "popcorn-and-a-film")
    user_id = account_of_token(ada).id
    a_wallet(user_id, 2000)
    old = a_hold(a_show(movie=film), owner=ME)
    extras.use_wallet(old.show_id, old.id, user_id)
    assert finish(old) == "confirmed"
    assert wallet_balance(user_id) == 0
    new = a_change(old, dearer)
    finish(new)
    cancel(new)
    assert wallet_balance(user_id) == 2000
    assert sorted(amount for amount, _ in refunds()) == [150, 1000]
    sound()


def test_a_gift_card_pays_the_difference_and_gets_it_back(old, dearer):
    card = a_gift_card(5000)
    new = a_change(old, dearer)
    extras.add_gift_card(new.show_id, new.id, card)
    assert finish(new) == "confirmed"
    assert card_balance(card) == 4000, "the exchanged seats pay first"
    cancel(new)
    assert (card_balance(card), sum(amount for amount, _ in refunds())) == (5000, 2150)
    sound()


def test_parts_of_one_booking_go_different_ways_and_add_up(app, film, dearer, cheaper, alike):
    card = a_gift_card(1000)
    old = a_hold(a_show(movie=film), 4, owner=ME)
    changes_in_full()
    extras.add_gift_card(old.show_id, old.id, card)
    finish(old)
    first, second = a_change(old, dearer, 1), a_change(old, cheaper, 2, labels=("B5",))
    assert [finish(first), finish(second)] == ["confirmed", "confirmed"]
    third = a_change(first, alike)
    assert finish(third) == "confirmed"
    for booking in (second, third, old):
        cancel(booking)
    assert card_balance(card) == 1000
    (row,) = rows("SELECT sum(captured_minor) AS came, sum(refunded_minor) AS went FROM payments")
    assert row.came == row.went
    assert books(Account.TICKET_REVENUE, Account.FEE_REVENUE, Account.TAX_PAYABLE) == {}
    sound()


def test_what_staff_gives_back_after_the_change_goes_back_whole(old, dearer):
    new = a_change(old, dearer)
    finish(new)
    cancel(new, reason=CancellationReason.STAFF)
    assert sorted(amount for amount, _ in refunds()) == [1000, 2150]
    sound()


def a_coupon_of(booking: Booking) -> int:
    """A coupon that the booking has used."""
    with transaction() as session:
        coupon_id = session.execute(
            text(
                "INSERT INTO coupons (code, name, kind, percent, used, created_at) "
                "VALUES ('HALF', 'Half', 'percent', 50, 0, :now) RETURNING id"
            ),
            {"now": clock.now()},
        ).scalar_one()
    extras.add_coupon(booking.show_id, booking.id, "half")
    return coupon_id


def test_the_worth_of_seats_is_what_was_paid_and_their_coupon_stays_spent(app, film, alike):
    old = a_hold(a_show(movie=film), owner=ME)
    coupon_id = a_coupon_of(old)
    assert finish(old) == "confirmed"
    assert exchangeable(old.show_id, old.id).worth_minor == 1150
    new = a_change(old, alike)
    payment = a_started_payment(new)
    assert payment.amount_minor == 1000
    payments.settle_payment(an_event(payment))
    assert rows("SELECT used FROM coupons WHERE id = :id", id=coupon_id)[0].used == 1
    assert books(Account.DISCOUNTS) == {}, "its discount went with the seats it was for"
    sound()


def test_a_coupon_comes_back_with_its_seats_unless_some_were_changed(app, film, alike):
    old = a_hold(a_show(movie=film), owner=ME)
    coupon_id = a_coupon_of(old)
    finish(old)
    finish(a_change(old, alike, 1))
    cancel(old)
    assert rows("SELECT used FROM coupons WHERE id = :id", id=coupon_id)[0].used == 1


def test_other_kinds_of_tickets_pay_their_own_prices(old, dearer):
    new = a_change(old, dearer)
    child = dict.fromkeys(seat_ids(dearer, "C1", "C2"), TicketType.CHILD)
    payment = a_started_payment(new, child)
    assert payment.amount_minor == 400
    assert payments.settle_payment(an_event(payment)) == "confirmed"
    sound()


# What is offered


def test_the_page_offers_the_same_film_in_the_same_money_its_own_showing_apart(old, dearer, film, app):
    a_show()
    a_show(movie=film, published=False)
    a_show(movie=film, cinema=a_cinema(a_city("Paris", currency="EUR")))
    offered = offered_showings(exchangeable(old.show_id, old.id))
    assert offered.here is not None
    assert offered.here.id == old.show_id
    assert [one.id for one in offered.others] == [dearer.id]
    assert offered.other_currencies == (("Paris", "EUR"),)
    assert not offered.cut


def test_showings_of_the_own_city_come_first(app, film):
    city = a_city("Leeds")
    cinema = a_cinema(city)
    far = a_show(movie=film, starts_in=dt.timedelta(hours=4))
    near = a_show(movie=film, starts_in=dt.timedelta(hours=8), cinema=cinema)
    old = a_paid_booking(a_show(movie=film, cinema=cinema), owner=ME)
    offered = offered_showings(exchangeable(old.show_id, old.id))
    assert [one.id for one in offered.others] == [near.id, far.id]
    assert offered.cities[near.cinema_id] == (True, "Leeds")
    assert offered.cities[far.cinema_id][0] is False
