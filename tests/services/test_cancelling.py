"""Giving seats back: what comes of it, who may not, and that it happens once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app import clock
from app.adapters.payments import EventKind
from app.db import db, transaction
from app.domain.ledger import Account
from app.domain.pricing import TicketType
from app.domain.refund_policy import CancellationReason, Return
from app.domain.staff import COMMAND
from app.domain.states import BookingState, RefundState, TicketState
from app.domain.tenders import TenderKind
from app.errors import AmountChanged, DomainError, Invalid, NotAdmissible, NotCancellable, NotFound
from app.jobs.outbox import run_outbox_item
from app.models import Booking, GiftCard, Payment, Refund, Show
from app.queries.cancel_page import TRIES, given_back
from app.services import payments
from app.services.admission import AtDoor, admit_ticket
from app.services.cancelling import Preview, cancel_seats, preview_cancellation
from app.services.giving_back import give_back_seats, lock_tickets
from app.services.letting_go import lock_booking
from app.services.outbox import GIVE_UP_AFTER, Task
from app.services.promises import check_promises
from app.services.refund_policies import Policy, refund_policy, set_refund_policy
from app.services.refunds import send_refund
from app.services.show_cancelling import cancel_show, refund_show
from tests.builders import a_hold, a_paid_booking, a_show, seat_ids, the_booking
from tests.support.money import a_coupon, a_gift_card, an_account
from tests.support.purse import INCOME, Purse, a_booking, a_house, a_wallet, balance, books, refund_ids, tasks


def preview(booking: Booking, *numbers: int, **values) -> Preview:
    return preview_cancellation(booking.show_id, booking.id, numbers or None, **values)


def cancel(booking: Booking, *numbers: int, **values):
    """Cancel these tickets, or all, at what the page would show for them."""
    shown = preview(booking, *numbers).result.returned_minor
    return cancel_seats(booking.show_id, booking.id, numbers or None, **{"expected_minor": shown, **values})


def tickets(booking: Booking) -> dict[int, str]:
    rows = db.session.execute(
        text("SELECT number, state FROM tickets WHERE show_id = :show AND booking_id = :id ORDER BY number"),
        {"show": booking.show_id, "id": booking.id},
    ).all()
    db.session.commit()
    return {row.number: row.state for row in rows}


def ticket_id(booking: Booking, number: int) -> int:
    found = db.session.execute(
        text("SELECT id FROM tickets WHERE show_id = :show AND booking_id = :id AND number = :number"),
        {"show": booking.show_id, "id": booking.id, "number": number},
    ).scalar_one()
    db.session.commit()
    return int(found)


def free_seats(show: Show) -> int:
    found = db.session.execute(
        text("SELECT count(*) FROM show_seats WHERE show_id = :show AND state = 'free'"), {"show": show.id}
    ).scalar_one()
    db.session.commit()
    return int(found)


def rows_of(table: str) -> int:
    found = db.session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
    db.session.commit()
    return int(found)


# What comes of it


def test_some_seats_are_free_again_and_their_money_is_on_its_way(app):
    show = a_show(seats=30)
    booking = a_paid_booking(show, 4)
    done = cancel(booking, 1, 3)
    assert (done.returned_minor, done.repeated) == (1935, False)
    assert tickets(booking) == {1: "void", 2: "issued", 3: "void", 4: "issued"}
    now = the_booking(booking.show_id, booking.id)
    assert (now.state, now.seat_count, now.total_minor) == ("confirmed", 2, 4300)
    assert free_seats(show) == 28
    refund = db.session.scalars(db.select(Refund)).one()
    assert (refund.amount_minor, refund.state, refund.cancellation_id) == (1935, "requested", done.cancellation_id)
    assert tasks(Task.SEND_REFUND) == 1
    assert tasks(Task.RENDER_TICKETS) == 2


def test_the_last_seat_ends_the_booking_and_frees_its_coupon(app):
    code = a_coupon(person_limit=1).code
    show = a_show(cinema=a_house("0:100"))
    booking = a_booking(show, 2, Purse(coupons=[code]))
    cancel(booking, 1)
    assert the_booking(booking.show_id, booking.id).state == "confirmed"
    cancel(booking, 2)
    assert the_booking(booking.show_id, booking.id).state == "cancelled"
    assert a_booking(show, 2, Purse(coupons=[code])).discount_minor == 200


def test_the_buyer_is_told(app):
    done = cancel(a_paid_booking(a_show(), 2))
    row = db.session.execute(text("SELECT kind, subject_id FROM messages ORDER BY id DESC LIMIT 1")).one()
    assert tuple(row) == ("cancellation", done.cancellation_id)


def test_the_seats_can_be_sold_to_somebody_else(app):
    show = a_show(seats=10)
    booking = a_paid_booking(show, 2)
    cancel(booking)
    assert a_paid_booking(show, seats=seat_ids(show, "A1", "A2")).state == "confirmed"


def test_a_seat_that_cost_nothing_is_given_back_without_money(app):
    show = a_show(cinema=a_house(fee_minor=0), prices={("standard", "adult"): 0})
    booking = a_booking(show, 2)
    done = cancel(booking)
    assert done.returned_minor == 0
    assert rows_of("refunds") == 0
    assert (books(booking), the_booking(booking.show_id, booking.id).state) == ({}, "cancelled")


def test_what_is_kept_is_revenue_with_its_tax_and_the_rest_is_owed(app):
    booking = a_paid_booking(a_show(), 2)
    cancel(booking)
    assert books(booking) == {
        "gateway_clearing": 2150,
        "refunds_payable": -1935,
        "cancellation_revenue": -180,
        "tax_payable": -35,
    }


def test_a_booking_keeps_the_policy_it_was_sold_with(app):
    house = a_house("120:90")
    booking = a_booking(a_show(cinema=house), 2)
    set_refund_policy(house.slug, ())
    assert cancel(booking, 1).returned_minor == 967


def test_a_step_that_ends_between_page_and_button_pays_nobody_by_surprise(app, moved_clock):
    booking = a_booking(a_show(cinema=a_house("240:100,120:50")), 2)
    shown = preview(booking).result.returned_minor
    moved_clock.forward(hours=2)
    with pytest.raises(AmountChanged, match=r"£10\.75 now"):
        cancel_seats(booking.show_id, booking.id, None, expected_minor=shown)
    assert (tickets(booking), rows_of("refunds")) == ({1: "issued", 2: "issued"}, 0)
    assert cancel(booking).returned_minor == 1075


# By what way


def test_money_goes_back_pro_rata_to_card_gift_card_and_wallet(app):
    show = a_show(cinema=a_house("0:100", fee_minor=0), prices={("standard", "adult"): 1000})
    user_id = a_wallet(1000)
    card, code = a_gift_card(500)
    booking = a_booking(show, 4, Purse(user_id, cards=[code], wallet=True))
    assert (booking.credit_minor, balance(user_id)) == (1500, 0)
    ways = {way.kind: (way.amount_minor, way.detail) for way in preview(booking, 1, 2).ways}
    assert ways == {
        TenderKind.PAYMENT: (1250, "card"),
        TenderKind.GIFT_CARD: (250, code[-4:]),
        TenderKind.WALLET: (500, ""),
    }
    cancel(booking, 1, 2)
    assert db.session.get_one(GiftCard, card.id, populate_existing=True).balance_minor == 250
    assert balance(user_id) == 500
    cancel(booking)
    assert db.session.get_one(GiftCard, card.id, populate_existing=True).balance_minor == 500
    assert balance(user_id) == 1000
    assert db.session.scalars(db.select(Refund.amount_minor).order_by(Refund.id)).all() == [1250, 1250]


def test_the_wallet_instead_is_there_at_once_and_asks_no_gateway(app):
    user_id = an_account()
    booking = a_booking(a_show(), 2, Purse(user_id))
    assert [way.kind for way in preview(booking, to_wallet=True).ways] == [TenderKind.WALLET]
    cancel(booking, 1, to_wallet=True)
    assert (balance(user_id), rows_of("refunds")) == (967, 0)
    cancel(booking)
    payment = db.session.scalars(db.select(Payment)).one()
    assert (payment.credited_minor, payment.refunded_minor, balance(user_id)) == (967, 967, 967)


def test_a_guest_has_no_wallet(app):
    booking = a_paid_booking(a_show(), 2)
    with pytest.raises(Invalid, match="needs an account"):
        cancel(booking, to_wallet=True)
    assert not preview(booking).to_choose


def test_a_gift_card_that_never_ends_does_not_begin_to_end(app):
    card, code = a_gift_card(5000)
    cancel(a_booking(a_show(), 2, Purse(cards=[code])))
    assert db.session.get_one(GiftCard, card.id, populate_existing=True).expires_at is None


def test_a_gift_card_that_is_about_to_end_lasts_long_enough_to_spend_what_came_back(app, moved_clock):
    card, code = a_gift_card(5000)
    with transaction() as session:
        session.get_one(GiftCard, card.id).expires_at = clock.now() + dt.timedelta(hours=1)
    booking = a_booking(a_show(), 2, Purse(cards=[code]))
    moved_clock.forward(hours=2)
    cancel(booking)
    left = db.session.get_one(GiftCard, card.id, populate_existing=True).expires_at - clock.now()
    assert left > dt.timedelta(days=89)


# Who may not


def refused(booking: Booking, *numbers: int, error: type[DomainError] = NotCancellable) -> str:
    before = (tickets(booking), rows_of("refunds"), rows_of("cancellations"))
    with pytest.raises(error) as problem:
        cancel_seats(booking.show_id, booking.id, numbers or None, expected_minor=1)
    assert (tickets(booking), rows_of("refunds"), rows_of("cancellations")) == before
    return problem.value.message


def test_after_the_last_step_it_is_too_late_and_the_page_says_since_when(app, moved_clock):
    booking = a_paid_booking(a_show(starts_in=dt.timedelta(hours=3)), 2)
    moved_clock.forward(minutes=70)
    assert "could be given back until" in refused(booking)
    assert preview(booking).over.startswith("These tickets could be given back until")


def test_a_house_that_takes_nothing_back_says_so(app):
    booking = a_booking(a_show(cinema=a_house("")), 2)
    assert refused(booking) == "Tickets for this showing can't be given back."


def test_seats_used_at_the_door_stay_sold_and_the_others_can_go(app):
    booking = a_paid_booking(a_show(), 3)
    admit_ticket(booking.show_id, ticket_id(booking, 2), COMMAND, AtDoor("scan-1"))
    assert "A2 was used at the door at" in refused(booking)
    assert "A2 was used at the door at" in refused(booking, 1, 2)
    assert [seat.chosen for seat in preview(booking).seats] == [True, False, True]
    assert cancel(booking, 1, 3).returned_minor == 1935
    assert tickets(booking) == {1: "void", 2: "admitted", 3: "void"}
    assert preview(booking).over == "All tickets of this booking were used at the door."


def test_what_is_not_paid_can_not_be_cancelled(app):
    assert "not paid" in refused(a_hold(a_show()))


def test_a_cancelled_showing_gives_all_back_by_itself(app):
    booking = a_paid_booking(a_show(), 2)
    cancel_show(COMMAND, booking.show_id, "The projector is broken.")
    assert "This showing is cancelled" in refused(booking)
    assert "This showing is cancelled" in preview(booking).over


def test_no_seat_and_no_such_seat_are_refused(app):
    booking = a_paid_booking(a_show(), 2)
    assert refused(booking, 9, error=Invalid) == "There is no such ticket in this booking."
    with pytest.raises(Invalid, match="at least one"):
        cancel_seats(booking.show_id, booking.id, [], expected_minor=0)
    assert preview_cancellation(booking.show_id, booking.id, []).problem == "Choose at least one seat."


def a_wheelchair_booking() -> Booking:
    show = a_show(seats=10, layout={"kinds": {"A1": "wheelchair", "A2": "companion"}})
    return a_paid_booking(show, seats=seat_ids(show, "A1", "A2", "A3"))


def test_a_companion_does_not_stay_without_the_wheelchair_space(app):
    booking = a_wheelchair_booking()
    free = db.session.execute(text("SELECT ticket_type FROM tickets WHERE number = 2")).scalar_one()
    assert free == TicketType.COMPANION
    assert refused(booking, 1) == "A2 came free with the wheelchair space: cancel both, or keep both."
    assert preview(booking, 1).problem.startswith("A2 came free")
    cancel(booking, 1, 2)
    assert tickets(booking)[3] == TicketState.ISSUED


def test_the_wheelchair_space_may_stay_without_its_companion(app):
    booking = a_wheelchair_booking()
    assert cancel(booking, 2).returned_minor == 0
    assert tickets(booking) == {1: "issued", 2: "void", 3: "issued"}


# Once


def test_a_second_click_answers_as_done_and_pays_nothing_twice(app):
    booking = a_paid_booking(a_show(), 4)
    first = cancel(booking, 1, 2)
    again = cancel_seats(booking.show_id, booking.id, [2, 1], expected_minor=1935)
    assert (again.cancellation_id, again.returned_minor, again.repeated) == (first.cancellation_id, 1935, True)
    assert (rows_of("refunds"), rows_of("cancellations")) == (1, 1)
    cancel(booking)
    assert cancel_seats(booking.show_id, booking.id, None, expected_minor=1935).repeated
    assert rows_of("cancellations") == 2


def test_another_tab_with_some_of_the_same_seats_is_told_which_are_gone(app):
    booking = a_paid_booking(a_show(), 4)
    cancel(booking, 1, 2)
    assert refused(booking, 2, 3) == "A2 is cancelled already. Choose again."


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (CancellationReason.EXCHANGE, "changed to other ones"),
        (CancellationReason.STAFF, "cancelled these seats already"),
    ],
)
def test_seats_that_went_another_way_are_not_called_the_buyers_doing(app, reason, words):
    booking = a_paid_booking(a_show(), 2)
    give_back(booking, reason)
    assert words in refused(booking)


def test_after_the_showing_was_cancelled_and_refunded_the_buyer_reads_that(app):
    booking = a_paid_booking(a_show(), 2)
    cancel_show(COMMAND, booking.show_id, "The projector is broken.")
    refund_show(booking.show_id, 0)
    assert "all you paid goes back" in refused(booking)


def give_back(booking: Booking, reason: CancellationReason) -> None:
    """All that is left of a booking, in full: what others than the buyer do."""
    with transaction() as session:
        lock_booking(session, booking.show_id, booking.id)
        row = session.get_one(Booking, (booking.show_id, booking.id), populate_existing=True)
        live = [one for one in lock_tickets(session, row.show_id, row.id) if one.state != TicketState.VOID]
        value = sum(one.value_minor for one in live)
        give_back_seats(session, row, live, reason, Return(value, 0, value), clock.now(), "test")


# The door


def test_a_ticket_admits_once_and_says_when(app, moved_clock):
    booking = a_paid_booking(a_show(), 1)
    first = admit_ticket(booking.show_id, ticket_id(booking, 1), COMMAND, AtDoor("scan-1"))
    moved_clock.forward(minutes=5)
    again = admit_ticket(booking.show_id, ticket_id(booking, 1), COMMAND, AtDoor("scan-2"))
    assert (first.admitted, again.admitted, again.at) == (True, False, first.at)
    row = db.session.execute(text("SELECT * FROM state_changes WHERE subject = 'admission'")).one()
    assert (row.before, row.after, row.actor, row.at.astimezone(dt.UTC)) == ("issued", "admitted", "command", first.at)


def test_a_cancelled_or_unpaid_ticket_opens_no_door(app):
    show = a_show()
    paid, held = a_paid_booking(show, 2), a_hold(show, 2)
    cancel(paid, 1)
    with pytest.raises(NotAdmissible, match="was cancelled"):
        admit_ticket(show.id, ticket_id(paid, 1), COMMAND, AtDoor("scan-1"))
    with pytest.raises(NotAdmissible, match="not paid"):
        admit_ticket(show.id, ticket_id(held, 1), COMMAND, AtDoor("scan-1"))
    with pytest.raises(NotFound):
        admit_ticket(show.id, 0, COMMAND, AtDoor("scan-1"))


@pytest.mark.parametrize(
    "broken",
    [
        "INSERT INTO state_changes (show_id, subject, subject_id, before, after, at, actor) "
        "SELECT show_id, subject, subject_id, before, after, at, actor FROM state_changes WHERE subject = 'admission'",
        "UPDATE tickets SET admitted_at = admitted_at + interval '1 s'",
        "UPDATE tickets SET admitted_at = NULL",
    ],
)
def test_a_second_admission_and_one_that_is_not_noted_are_found(app, broken, monkeypatch):
    booking = a_paid_booking(a_show(), 1)
    admit_ticket(booking.show_id, ticket_id(booking, 1), COMMAND, AtDoor("scan-1"))
    assert list(check_promises({28})) == []
    monkeypatch.setattr("app.services.promises.end_read", lambda: None)
    db.session.execute(text(broken))
    assert {row.number for row in check_promises({28})} == {28}
    db.session.rollback()


# The refund's way


@dataclasses.dataclass
class Given:
    """A cancelled booking that was paid at the fake gateway."""

    booking: Booking
    fake: object

    def part(self):
        (only,) = given_back(self.booking.show_id, self.booking.id)
        db.session.commit()
        return only.money[0]

    def run(self) -> str:
        item = db.session.execute(
            text(
                "SELECT show_id, id FROM outbox WHERE kind = 'send_refund' AND done_at IS NULL ORDER BY id DESC LIMIT 1"
            )
        ).one()
        db.session.commit()
        return run_outbox_item(item.show_id, item.id)

    def told(self, kind: EventKind, key: str | None = None) -> str:
        (ref,) = self.fake.sessions
        (refund,) = db.session.scalars(db.select(Refund))
        event = self.fake.happens(ref, EventKind.CAPTURED)
        return payments.settle_payment(
            dataclasses.replace(event, kind=kind, refund_key=key or refund.idempotency_key, detail="account closed")
        )


@pytest.fixture
def given_at_fake(fake) -> Given:
    from app.services import checkout
    from tests.builders import A_BUYER

    hold = a_hold(a_show(), 2)
    checkout.start_payment(
        hold.show_id, hold.id, A_BUYER, {}, provider="fake", mode="card", return_url="http://localhost/back"
    )
    (ref,) = fake.sessions
    assert payments.settle_payment(fake.happens(ref, EventKind.CAPTURED)) == "confirmed"
    booking = the_booking(hold.show_id, hold.id)
    cancel(booking)
    return Given(booking, fake)


def alerts() -> list[str]:
    kinds = db.session.execute(text("SELECT kind FROM alerts ORDER BY id")).scalars().all()
    db.session.commit()
    return list(kinds)


def test_a_refund_is_sent_by_the_outbox_and_the_page_sees_it_done(given_at_fake):
    assert given_at_fake.part().state is RefundState.REQUESTED
    assert given_at_fake.run() == "done"
    assert given_at_fake.part().state is RefundState.DONE
    assert books(given_at_fake.booking).get("refunds_payable") is None


def test_a_refund_the_bank_refuses_is_tried_again_staff_is_told_and_it_arrives(given_at_fake, moved_clock):
    given_at_fake.fake.answers = ["failed"]
    assert given_at_fake.run() == "postponed"
    assert (given_at_fake.part().state, given_at_fake.part().given_up) == (RefundState.FAILED, False)
    assert alerts() == ["refund_refused"]
    moved_clock.forward(minutes=1)
    assert given_at_fake.run() == "done"
    assert given_at_fake.part().state is RefundState.DONE


def test_a_refund_that_is_refused_for_hours_is_given_to_staff_and_the_buyer_reads_so(given_at_fake, moved_clock):
    given_at_fake.fake.answers = ["failed"] * GIVE_UP_AFTER
    for _ in range(GIVE_UP_AFTER):
        assert given_at_fake.run() == "postponed"
        moved_clock.forward(minutes=16)
    assert given_at_fake.part().given_up
    assert alerts() == ["refund_refused", "outbox_given_up"]
    assert TRIES == GIVE_UP_AFTER


def test_a_refund_that_was_sent_and_fails_later_is_sent_again(given_at_fake):
    given_at_fake.fake.answers = ["sent"]
    assert given_at_fake.run() == "done"
    assert given_at_fake.part().state is RefundState.SENT
    assert given_at_fake.told(EventKind.REFUND_FAILED) == "refund failed"
    assert (given_at_fake.part().state, given_at_fake.part().given_up) == (RefundState.FAILED, False)
    assert given_at_fake.run() == "done"
    assert given_at_fake.part().state is RefundState.DONE


def test_a_refund_that_fails_again_and_again_after_it_was_sent_ends_with_staff(given_at_fake):
    given_at_fake.fake.answers = ["sent"] * GIVE_UP_AFTER
    for _ in range(GIVE_UP_AFTER // 2):
        assert given_at_fake.run() == "done"
        given_at_fake.told(EventKind.REFUND_FAILED)
    assert given_at_fake.part().given_up
    assert alerts()[-1] == "refund_given_up"


def test_a_refund_that_was_done_and_comes_back_is_told_to_staff(given_at_fake):
    given_at_fake.run()
    assert given_at_fake.told(EventKind.REFUND_FAILED) == "refund came back"
    assert given_at_fake.part().state is RefundState.DONE
    assert alerts() == ["refund_came_back"]


def test_a_refund_made_by_hand_at_the_gateway_is_told_to_staff(given_at_fake):
    assert given_at_fake.told(EventKind.REFUND_DONE, key="by-hand") == "unknown"
    assert alerts() == ["unknown_refund"]
    assert given_at_fake.part().state is RefundState.REQUESTED


def test_the_page_knows_every_part_of_the_money(app):
    _, code = a_gift_card(500)
    user_id = an_account()
    booking = a_booking(a_show(), 2, Purse(user_id, cards=[code]))
    cancel(booking, 1)
    cancel(booking, 2, to_wallet=True)
    first, second = given_back(booking.show_id, booking.id)
    assert [(part.account, part.detail, part.state) for part in first.money] == [
        (Account.REFUNDS_PAYABLE, "card", RefundState.REQUESTED),
        (Account.GIFT_CARD_LIABILITY, code[-4:], RefundState.DONE),
    ]
    assert {part.account for part in second.money} == {Account.WALLET_LIABILITY, Account.GIFT_CARD_LIABILITY}
    assert second.settled
    assert not first.settled
    for part in (first, second):
        assert sum(money.amount_minor for money in part.money) == part.returned_minor
    assert (first.seats, second.seats) == (("A1",), ("A2",))


# The policy of a cinema


def test_a_cinema_sets_its_own_policy_and_gives_it_up(app):
    house = a_house("120:90")
    set_refund_policy(house.slug, ())
    assert refund_policy(house.slug) == Policy((), own=True, changes_in_full=False)
    set_refund_policy(house.slug, None)
    assert refund_policy(house.slug).own is False
    with pytest.raises(NotFound):
        set_refund_policy("nowhere", None)


def test_the_command_shows_and_sets_the_policy(app):
    house = a_house("120:90")
    run = app.test_cli_runner().invoke
    assert run(args=["refund-policy", house.slug]).output == (
        f"{house.slug} (its own policy):\n  until 120 minutes before the show 90 % comes back\n"
        "  what a change for cheaper seats saves comes back as of cancelled seats\n"
    )
    said = run(args=["refund-policy", house.slug, "1440:100,120:90:50"]).output
    assert "until 120 minutes before the show 90 % comes back, less 50 minor units a seat" in said
    said = run(args=["refund-policy", house.slug, "--changes", "in-full"]).output
    assert "what a change for cheaper seats saves comes back in full" in said
    assert refund_policy(house.slug).changes_in_full
    assert "nothing comes back" in run(args=["refund-policy", house.slug, "none"]).output
    assert "the policy of the house" in run(args=["refund-policy", house.slug, "house"]).output
    for wrong in (["nowhere"], [house.slug, "120:900"], [house.slug, "rubbish"]):
        answer = run(args=["refund-policy", *wrong])
        assert (answer.exit_code, answer.output[:6]) == (1, "Error:")


# Any money, any order


@st.composite
def stories(draw):
    """A booking of any price, discount, fee, tax and tender, and the order in which it is cancelled."""
    seats = draw(st.integers(1, 6))
    return {
        "seats": seats,
        "prices": {
            # from 50 on: of less, 1 % is nothing, and a coupon for nothing is refused
            ("standard", "adult"): draw(st.integers(50, 3000)),
            ("standard", "child"): draw(st.integers(50, 2000)),
        },
        "children": draw(st.integers(0, seats)),
        "fee_minor": draw(st.integers(0, 200)),
        "tax_percent": draw(st.sampled_from([0, 5.5, 20])),
        "percent": draw(st.none() | st.integers(1, 100)),
        "card": draw(st.none() | st.integers(1, 9000)),
        "wallet": draw(st.none() | st.integers(1, 3000)),
        "steps": f"0:{draw(st.integers(0, 100))}:{draw(st.sampled_from([0, 0, 50, 999]))}",
        "order": draw(st.lists(st.tuples(st.integers(1, 6), st.booleans()), max_size=4)),
    }


_codes = itertools.count(1)


def booked(story, fake) -> Booking:
    """The story's booking, paid in every way it names and the rest at the fake gateway."""
    house = a_house(story["steps"], fee_minor=story["fee_minor"], tax_percent=story["tax_percent"])
    show = a_show(seats=10, cinema=house, prices=story["prices"])
    user_id = a_wallet(story["wallet"]) if story["wallet"] else an_account()
    purse = Purse(
        user_id,
        coupons=[a_coupon(f"OFF{next(_codes)}", story["percent"]).code] if story["percent"] else [],
        cards=[a_gift_card(story["card"])[1]] if story["card"] else [],
        wallet=bool(story["wallet"]),
        fake=fake,
        types=dict.fromkeys(seat_ids(show)[: story["children"]], TicketType.CHILD),
    )
    return a_booking(show, story["seats"], purse)


_TENDERS = text("""
SELECT 'payment ' || id AS tender, captured_minor AS paid, refunded_minor + credited_minor AS returned
FROM payments WHERE show_id = :show AND booking_id = :id AND applied_at IS NOT NULL
UNION ALL SELECT kind || ' ' || id, amount_minor, returned_minor
FROM booking_credits WHERE show_id = :show AND booking_id = :id AND state = 'taken'
""")


def tenders(booking: Booking) -> tuple[int, int]:
    """What was paid in all and what has gone back of it; no tender got more than it paid."""
    rows = db.session.execute(_TENDERS, {"show": booking.show_id, "id": booking.id}).all()
    db.session.commit()
    assert all(0 <= row.returned <= row.paid for row in rows), rows
    return sum(row.paid for row in rows), sum(row.returned for row in rows)


def kept_of(booking: Booking) -> int:
    found = db.session.execute(
        text("SELECT coalesce(sum(kept_minor), 0) FROM cancellations WHERE show_id = :show AND booking_id = :id"),
        {"show": booking.show_id, "id": booking.id},
    ).scalar_one()
    db.session.commit()
    return int(found)


@given(stories())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_booking_cancelled_in_any_parts_leaves_tenders_and_books_exact(fake, story):
    booking = booked(story, fake)
    returned = 0
    for count, to_wallet in [*story["order"], (story["seats"], False)]:
        left = [number for number, state in tickets(booking).items() if state == "issued"][:count]
        if left:
            returned += cancel(booking, *left, to_wallet=to_wallet).returned_minor
            assert tenders(booking) == (booking.total_minor, returned)
            assert sum(books(booking).values()) == 0
            assert "deposits" not in books(booking)
    assert the_booking(booking.show_id, booking.id).state == BookingState.CANCELLED
    for refund in refund_ids():
        assert send_refund(*refund) == "done"
    check_end(booking, kept_of(booking))
    assert returned == booking.total_minor - kept_of(booking)


def check_end(booking: Booking, kept: int) -> None:
    """What was kept is income with its tax, account by account; of the sale nothing is left, and nothing is owed."""
    now = books(booking)
    assert not {*INCOME, Account.DEPOSITS, Account.REFUNDS_PAYABLE, Account.EXCHANGES} & set(now)
    assert now.get("cancellation_revenue", 0) + now.get("tax_payable", 0) == -kept
    assert 0 <= -now.get("tax_payable", 0) <= booking.tax_minor
    money = [now.get(name, 0) for name in ("gateway_clearing", "gift_card_liability", "wallet_liability")]
    assert sum(money) == kept
