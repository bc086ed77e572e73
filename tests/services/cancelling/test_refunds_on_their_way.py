"""The refund of a cancellation on its way, as the page and the staff see it."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import text

from app.adapters.payments import EventKind
from app.db import db
from app.domain.ledger import Account
from app.domain.states import RefundState
from app.jobs.outbox import run_outbox_item
from app.models import Booking, Refund
from app.queries.cancel_page import TRIES, given_back
from app.services import payments
from app.services.outbox import GIVE_UP_AFTER
from tests.builders import a_hold, a_show, the_booking
from tests.support.cancels import cancel
from tests.support.money import a_gift_card, an_account
from tests.support.purse import Purse, a_booking, books


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
