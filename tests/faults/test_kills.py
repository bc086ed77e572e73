"""kill -9 at every commit boundary: what was acknowledged stays, what was not can be asked for again, once."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.db import transaction
from app.sandbox_gateway.messenger import deliver_due_messages
from app.services.outbox import sweep_outbox
from tests.builders import seat_ids
from tests.faults.conftest import House, patiently
from tests.support.buyers import Buyer, a_buyer

BEFORE, AFTER = "before-commit", "after-commit-before-enqueue"


def test_killed_before_the_commit_of_a_hold_nothing_is_held(house: House, buyer: Buyer, show, seats):
    house.arm(BEFORE)
    assert house.ask(buyer.hold_by_form(show.id, seats)) is None
    assert house.fired()
    assert house.seats_free(show.id) == 30
    assert house.hold(a_buyer(house.app), show.id, seats)


def test_killed_after_the_commit_of_a_hold_the_buyer_can_ask_again(house: House, buyer: Buyer, show, seats):
    house.arm(AFTER)
    assert house.ask(buyer.hold_by_form(show.id, seats)) is None
    assert house.seats_free(show.id) == 28, "it was committed, only nobody was told"
    code = house.hold(buyer, show.id, seats)
    assert house.state(code) == "held"
    assert house.seats_free(show.id) == 28


def test_killed_while_one_hold_is_replaced_by_another_the_buyer_has_one_of_them(
    house: House, buyer: Buyer, show, seats
):
    first = house.hold(buyer, show.id, seats)
    house.arm(BEFORE)
    assert house.ask(buyer.hold_by_form(show.id, seat_ids(show, "B1", "B2"))) is None
    assert house.state(first) == "held"
    assert house.seats_free(show.id) == 28


# The three transactions of a start: ours, the gateway's own, ours again.
STARTS = [(BEFORE, 1), (AFTER, 1), (BEFORE, 2), (AFTER, 2), (BEFORE, 3), (AFTER, 3)]


@pytest.mark.parametrize(("place", "passing"), STARTS)
def test_killed_while_a_payment_starts_the_same_payment_goes_on(house: House, buyer, show, seats, place, passing):
    code = house.hold(buyer, show.id, seats)
    house.arm(place, passing)
    assert house.ask(house.pay_request(buyer, code)) is None
    house.pay_there(buyer, house.to_gateway(buyer, code))
    house.ask_living(house.come_back(buyer, code))
    assert house.state(code) == "confirmed"
    assert house.one("SELECT count(*) FROM payments") == 1
    assert house.one("SELECT count(*) FROM sandbox_sessions") == 1
    assert house.one("SELECT sum(captured_minor) FROM sandbox_sessions") == house.one(
        "SELECT total_minor FROM bookings"
    )


@pytest.mark.parametrize("place", [BEFORE, AFTER])
def test_killed_while_the_redirect_settles_the_next_look_finds_it_paid(house: House, buyer, show, seats, place):
    code = house.hold(buyer, show.id, seats)
    house.pay_there(buyer, house.to_gateway(buyer, code), "silent")
    house.arm(place)
    assert house.ask(house.come_back(buyer, code)) is None
    assert house.state(code) == ("awaiting_payment" if place == BEFORE else "confirmed")
    assert house.ask_living(house.come_back(buyer, code)).status == 303
    assert house.state(code) == "confirmed"
    sweep_outbox()
    patiently(lambda: house.undone() == 0, what="tickets and mail")


@pytest.mark.parametrize("place", [BEFORE, AFTER])
def test_killed_while_a_webhook_settles_the_gateway_tells_again(house: House, buyer, show, seats, place):
    code = house.hold(buyer, show.id, seats)
    page = house.to_gateway(buyer, code)
    with house.stopped("worker", "schedule"):
        house.pay_there(buyer, page)
        house.arm(place)
        assert deliver_due_messages() == 0
    assert house.fired()
    _due_now()
    patiently(lambda: deliver_due_messages() or house.state(code) == "confirmed", what="the second telling")
    assert house.one("SELECT count(*) FROM gateway_events WHERE kind = 'captured'") == 1
    sweep_outbox()
    patiently(lambda: house.undone() == 0, what="tickets and mail")


def _due_now() -> None:
    with transaction() as session:
        session.execute(text("UPDATE sandbox_messages SET due_at = created_at WHERE taken_at IS NULL"))


# The worker


def paid_while_the_worker_hangs(house: House, buyer: Buyer, show, seats) -> str:
    """A confirmed booking whose tickets and mail wait in the queue."""
    with house.stopped("worker", "schedule"):
        return house.buy(buyer, show.id, seats)


@pytest.mark.parametrize("place", ["before-commit", "after-commit-before-enqueue", "outbox-done-before-noted"])
def test_a_worker_killed_over_an_item_leaves_it_to_the_next(house: House, buyer: Buyer, show, seats, place):
    with house.stopped("schedule"):
        house.arm(place, process="worker")
        code = house.buy(buyer, show.id, seats)
        patiently(house.fired, what="the worker's death")
        house.restart_worker()
        assert house.state(code) == "confirmed"
        later(minutes=3)
        sweep_outbox()
        patiently(lambda: house.undone() == 0, what="what the dead worker left")
    assert house.one("SELECT count(*) FROM booking_documents") == 1
    assert len(list((house.var_dir / "mail").glob("*.eml"))) in (1, 2), "a mail may go out twice, never not at all"


def later(**span: float) -> None:
    """Across processes rows are moved, not clocks."""
    with transaction() as session:
        session.execute(
            text("UPDATE outbox SET due_at = due_at - make_interval(mins => :minutes) WHERE done_at IS NULL"), span
        )


def test_a_web_process_gone_between_commit_and_enqueue_leaves_the_work_to_the_sweeper(house, buyer, show, seats):
    with house.stopped("schedule"):
        code = house.hold(buyer, show.id, seats)
        house.pay_there(buyer, house.to_gateway(buyer, code), "silent")
        house.arm(AFTER)
        assert house.ask(house.come_back(buyer, code)) is None
        assert house.undone() == 2
        assert len(house.app.extensions["queue"].job_ids) == 0, "nobody handed it on"
        assert sweep_outbox() == 2
        patiently(lambda: house.undone() == 0, what="what the sweeper handed on")
