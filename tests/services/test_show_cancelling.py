"""A show is called off: nothing of it is sold any more, and whoever was just buying is let go."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from sqlalchemy import text

from app.db import db, transaction
from app.domain.staff import COMMAND, Role
from app.errors import AmountChanged, Forbidden, Invalid, NotFound, ShowNotOnSale
from app.models import Show
from app.queries.show_cancellation import sold_to_refund
from app.services import extras, holds, payments
from app.services.outbox import GIVE_UP_AFTER
from app.services.show_cancelling import cancel_show, resume_refunds
from tests.builders import (
    a_cinema,
    a_hold,
    a_paid_booking,
    a_person,
    a_show,
    a_started_payment,
    an_event,
    seat_ids,
    the_booking,
)
from tests.support.calling_off import WHY, one, refund_all, refund_items, rows, states
from tests.support.money import a_coupon, a_gift_card, an_account, money_in_wallet
from tests.support.staff import by


@pytest.fixture
def show(app) -> Show:
    return a_show(seats=30)


def test_nothing_of_a_cancelled_show_is_sold_any_more(show):
    assert cancel_show(COMMAND, show.id, WHY) is True
    with pytest.raises(ShowNotOnSale):
        holds.hold_seats(show.id, seat_ids(show, "A1", "A2"), "s:late")
    assert one("SELECT actor FROM state_changes WHERE subject = 'show' AND after = 'cancelled'") == "command"
    assert rows("SELECT reason, actor, bookings FROM show_cancellations") == [(WHY, "command", 0)]


def test_who_was_just_buying_is_let_go_and_money_on_its_way_comes_back(show):
    held, paying = a_hold(show), a_hold(show)
    payment = a_started_payment(paying)
    cancel_show(COMMAND, show.id, WHY)
    assert states(show) == ["released", "released"]
    assert one("SELECT count(*) FROM show_seats WHERE state = 'free' AND show_id = :id", id=show.id) == 30
    assert one("SELECT state FROM payments") == "expired"
    assert one("SELECT count(*) FROM outbox WHERE kind = 'cancel_payment'") == 1
    assert payments.settle_payment(an_event(payment)) == "refunded: show cancelled"
    assert the_booking(show.id, held.id).state == "released"


def test_coupons_and_balances_of_who_was_just_buying_are_theirs_again(show):
    user = an_account()
    a_coupon()
    card, code = a_gift_card(500)
    money_in_wallet(user, 300)
    booking = a_hold(show, owner=f"u:{user}")
    extras.add_coupon(show.id, booking.id, "TENOFF")
    extras.add_gift_card(show.id, booking.id, code)
    extras.use_wallet(show.id, booking.id, user)
    a_started_payment(booking)
    assert one("SELECT balance_minor FROM gift_cards") == 0
    cancel_show(COMMAND, show.id, WHY)
    assert one("SELECT used FROM coupons") == 0
    assert one("SELECT balance_minor FROM gift_cards WHERE id = :id", id=card.id) == 500
    assert one("SELECT balance_minor FROM wallets") == 300


def test_calling_off_again_changes_nothing_and_asks_for_nothing_twice(show):
    a_paid_booking(show)
    assert cancel_show(COMMAND, show.id, WHY) is True
    assert cancel_show(COMMAND, show.id, "Another reason.") is False
    assert len(refund_items()) == 1
    refund_all()
    assert cancel_show(COMMAND, show.id, WHY) is False
    assert refund_items() == []
    assert rows("SELECT reason FROM show_cancellations") == [(WHY,)]


def test_refunding_that_came_to_a_halt_is_asked_for_again_by_calling_off_again(show):
    a_paid_booking(show)
    cancel_show(COMMAND, show.id, WHY)
    with transaction() as session:
        given_up = text("UPDATE outbox SET attempts = :most WHERE kind = 'refund_show'")
        session.execute(given_up, {"most": GIVE_UP_AFTER})
    assert refund_items() == []
    assert cancel_show(COMMAND, show.id, WHY) is False
    refund_all()
    assert states(show) == ["cancelled"]


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_show_is_not_called_off_without_a_reason_that_buyers_can_read(show, reason):
    with pytest.raises(Invalid, match="why the show is cancelled"):
        cancel_show(COMMAND, show.id, reason)
    assert one("SELECT state FROM shows") == "published"


def test_an_unknown_show_can_not_be_called_off(app):
    with pytest.raises(NotFound):
        cancel_show(COMMAND, 999, WHY)


def test_a_draft_and_an_empty_show_are_called_off_too(app):
    for show in (a_show(published=False), a_show()):
        assert cancel_show(COMMAND, show.id, WHY) is True
    refund_all()
    assert one("SELECT count(*) FROM show_cancellations WHERE finished_at IS NULL") == 0


def test_a_hold_that_meets_the_calling_off_is_refused_or_let_go(app, show, set_setting):
    """At the same instant, many times: no seat of the cancelled show stays held or sold."""
    set_setting(orphan_seats="off")
    outcomes: list[str] = []
    start = threading.Barrier(9)
    wanted, show_id = seat_ids(show), show.id

    def buy(number: int) -> None:
        with app.app_context():
            start.wait()
            try:
                holds.hold_seats(show_id, wanted[number * 3 : number * 3 + 3], f"s:{number}")
                outcomes.append("held")
            except ShowNotOnSale:
                outcomes.append("refused")
            finally:
                db.session.remove()

    buyers = [threading.Thread(target=buy, args=(number,)) for number in range(8)]
    for buyer in buyers:
        buyer.start()
    start.wait()
    cancel_show(COMMAND, show_id, WHY)
    for buyer in buyers:
        buyer.join()
    assert len(outcomes) == 8
    assert one("SELECT count(*) FROM show_seats WHERE state <> 'free' AND show_id = :id", id=show.id) == 0
    assert set(states(show)) <= {"released"}


@pytest.mark.parametrize("_", range(5))
def test_a_payment_that_meets_the_calling_off_ends_refunded(app, show, _):
    booking = a_hold(show)
    event = an_event(a_started_payment(booking))
    start, answers = threading.Barrier(2), []

    def pay() -> None:
        with app.app_context():
            start.wait()
            answers.append(payments.settle_payment(event))
            db.session.remove()

    payer = threading.Thread(target=pay)
    payer.start()
    start.wait()
    cancel_show(COMMAND, show.id, WHY)
    payer.join()
    refund_all()
    assert answers[0] in ("confirmed", "refunded: show cancelled")
    assert one("SELECT state FROM bookings") == ("cancelled" if answers[0] == "confirmed" else "released")
    assert one("SELECT sum(amount_minor) FROM refunds") == 2150


def test_a_show_that_has_begun_can_still_be_called_off(app, moved_clock):
    show = a_show(starts_in=dt.timedelta(hours=1))
    a_paid_booking(show)
    moved_clock.forward(hours=2)
    assert cancel_show(COMMAND, show.id, "The sound failed after ten minutes.") is True
    refund_all()
    assert states(show) == ["cancelled"]


def test_the_audit_says_who_called_it_off_and_what_that_cost(show):
    manager = a_person(Role.MANAGER, show.cinema)
    a_paid_booking(show)
    assert cancel_show(by(manager), show.id, WHY, note="Projector 2, lamp house.") is True
    (entry,) = rows("SELECT user_id, action, subject_id, before, after, reason FROM audit_entries")
    after = {"state": "cancelled", "refunds": "2 sold seats will be refunded, £21.50.", "told": WHY}
    assert entry == (
        manager.id, "show.called_off", show.id, {"state": "published", "told": None, "refunds": None}, after,
        "Projector 2, lamp house.",
    )  # fmt: skip
    assert one("SELECT actor FROM show_cancellations") == f"user:{manager.id}"


def test_who_has_no_role_there_calls_nothing_off(show):
    with pytest.raises(Forbidden):
        cancel_show(by(a_person(Role.MANAGER, a_cinema())), show.id, WHY)
    assert one("SELECT state FROM shows") == "published"


def test_a_seat_sold_since_the_page_was_read_asks_again(show):
    seen = sold_to_refund(show.id).sum
    a_paid_booking(show)
    with pytest.raises(AmountChanged, match=r"2 sold seats will be refunded, £21.50"):
        cancel_show(COMMAND, show.id, WHY, seen=seen)
    assert one("SELECT state FROM shows") == "published"
    assert cancel_show(COMMAND, show.id, WHY, seen=sold_to_refund(show.id).sum) is True


def test_resuming_asks_only_where_refunding_came_to_a_halt(show):
    with pytest.raises(NotFound):
        resume_refunds(COMMAND, show.id)
    a_paid_booking(show)
    cancel_show(COMMAND, show.id, WHY)
    assert resume_refunds(COMMAND, show.id) is False, "it goes on"
    with transaction() as session:
        given_up = text("UPDATE outbox SET attempts = :most WHERE kind = 'refund_show'")
        session.execute(given_up, {"most": GIVE_UP_AFTER})
    assert resume_refunds(COMMAND, show.id) is True
    refund_all()
    assert states(show) == ["cancelled"]
    assert resume_refunds(COMMAND, show.id) is False, "it is done"
    assert [row.action for row in rows("SELECT action FROM audit_entries ORDER BY id")] == [
        "show.called_off",
        "show.refunds_resumed",
    ]
