"""kill -9 at the commit boundaries of money: settling with coupon and gift card, refunds, a show that is called off.

Afterwards the work goes on by itself, nothing is done twice, and every promise holds (the house's fixture looks).
"""

from __future__ import annotations

import subprocess
import sys
from typing import NamedTuple

import pytest
from sqlalchemy import text

from app.db import transaction
from app.domain.staff import COMMAND
from app.sandbox_gateway.messenger import deliver_due_messages
from app.services import extras
from app.services.outbox import sweep_outbox
from app.services.show_cancelling import cancel_show
from tests.builders import seat_ids
from tests.faults.conftest import House, patiently
from tests.faults.test_kills import AFTER, BEFORE, _due_now, later
from tests.support.buyers import Buyer, a_buyer
from tests.support.house import ROOT
from tests.support.money import a_coupon, a_gift_card


class Paying(NamedTuple):
    """A booking with a coupon and a gift card on it, and the gateway's page where the rest is paid."""

    code: str
    page: str


def with_extras(house: House, buyer: Buyer, show, seats) -> str:
    """Two seats, 21.50 less 10 % of the tickets is 19.50; the gift card has 5.00 of it."""
    code = house.hold(buyer, show.id, seats)
    booking_id = int(str(house.one("SELECT id FROM bookings WHERE code = :code", code=code)))
    a_coupon(total_limit=1)
    extras.add_coupon(show.id, booking_id, "TENOFF")
    extras.add_gift_card(show.id, booking_id, a_gift_card(500)[1])
    return code


@pytest.fixture
def paying(house: House, buyer: Buyer, show, seats) -> Paying:
    code = with_extras(house, buyer, show, seats)
    return Paying(code, house.to_gateway(buyer, code))


def paid_with_all(house: House, code: str) -> bool:
    """Confirmed once, with one use of the coupon, all of the gift card, and the rest captured once."""
    return (
        house.state(code) == "confirmed"
        and house.one("SELECT used FROM coupons") == 1
        and house.one("SELECT balance_minor FROM gift_cards") == 0
        and house.one("SELECT credit_minor FROM bookings WHERE code = :code", code=code) == 500
        and house.one("SELECT sum(captured_minor) FROM payments") == 1450
        and house.one("SELECT count(*) FROM ledger_entries WHERE key LIKE 'sale-%' AND account = 'deposits'") == 1
    )


@pytest.mark.parametrize("place", [BEFORE, AFTER])
def test_killed_while_coupon_and_gift_card_are_taken_the_next_try_takes_them_once(house, buyer, show, seats, place):
    code = with_extras(house, buyer, show, seats)
    house.arm(place)
    assert house.ask(house.pay_request(buyer, code)) is None
    taken = place == AFTER
    assert house.one("SELECT used FROM coupons") == int(taken)
    assert house.one("SELECT balance_minor FROM gift_cards") == (0 if taken else 500)
    house.pay_there(buyer, house.to_gateway(buyer, code))
    house.ask_living(house.come_back(buyer, code))
    assert paid_with_all(house, code)


@pytest.mark.parametrize("place", [BEFORE, AFTER])
def test_killed_while_the_redirect_settles_coupon_and_gift_card_pay_once(house: House, buyer, paying: Paying, place):
    house.pay_there(buyer, paying.page, "silent")
    house.arm(place)
    assert house.ask(house.come_back(buyer, paying.code)) is None
    assert house.state(paying.code) == ("awaiting_payment" if place == BEFORE else "confirmed")
    house.ask_living(house.come_back(buyer, paying.code))
    assert paid_with_all(house, paying.code)


@pytest.mark.parametrize("place", [BEFORE, AFTER])
def test_killed_while_a_webhook_settles_coupon_and_gift_card_pay_once(house: House, buyer, paying: Paying, place):
    with house.stopped("worker", "schedule"):
        house.pay_there(buyer, paying.page)
        house.arm(place)
        assert deliver_due_messages() == 0
    assert house.fired()
    _due_now()
    patiently(lambda: deliver_due_messages() or house.state(paying.code) == "confirmed", what="the second telling")
    assert paid_with_all(house, paying.code)


@pytest.mark.parametrize("place", [BEFORE, AFTER])
def test_killed_while_the_buyer_gives_up_coupon_and_gift_card_come_back_once(house: House, buyer, paying, place):
    house.arm(place)
    given_up = buyer.post(f"/bookings/{paying.code}/release")
    assert house.ask(given_up) is None
    house.ask_living(given_up)
    assert house.state(paying.code) == "released"
    assert house.one("SELECT used FROM coupons") == 0
    assert house.one("SELECT balance_minor FROM gift_cards") == 500


# Refunds and cancelled shows are the worker's


def dies_and_goes_on(house: House) -> None:
    """The worker dies where it was told to; another one does what is left, once the leases are over."""
    patiently(house.fired, what="the worker's death")
    house.restart_worker()
    later(minutes=3)
    sweep_outbox()
    patiently(lambda: house.undone() == 0, what="what the dead worker left")


def sent_back(house: House) -> object:
    return house.one("SELECT sum(refunded_minor) FROM sandbox_sessions")


# The item taken, the gateway's own books, ours; the item marked.
REFUND = [(BEFORE, 1), (BEFORE, 2), (BEFORE, 3), (AFTER, 3), ("outbox-done-before-noted", 1), (BEFORE, 4), (AFTER, 4)]


@pytest.mark.parametrize(("place", "passing"), REFUND)
def test_a_worker_killed_over_a_refund_sends_it_once(house: House, buyer, show, seats, place, passing):
    code = house.hold(buyer, show.id, seats)
    page = house.to_gateway(buyer, code)
    house.ask_living(buyer.post(f"/bookings/{code}/release"))
    sweep_outbox()
    patiently(lambda: house.undone() == 0, what="the gateway's page to be closed")
    revive_page()
    house.pay_there(buyer, page, "silent")
    with house.stopped("schedule"):
        house.arm(place, passing, process="worker")
        house.ask_living(house.come_back(buyer, code))
        assert house.one("SELECT count(*) FROM refunds") == 1
        dies_and_goes_on(house)
    assert sent_back(house) == 2150
    assert house.one("SELECT count(*) FROM sandbox_refunds") == 1
    assert house.one("SELECT state FROM refunds") == "done"
    assert house.one("SELECT state FROM payments") == "refunded"


def revive_page() -> None:
    """The gateway had not closed its page after all, as happens with those that can't."""
    with transaction() as session:
        session.execute(text("UPDATE sandbox_sessions SET state = 'open', reason = '', ended_at = NULL"))


# The item taken, one booking after the other, the end noted, the item marked.
SHOW = [
    (BEFORE, 1),
    (BEFORE, 2),
    (AFTER, 2),
    ("between-refunds-of-a-show", 1),
    (BEFORE, 3),
    ("between-refunds-of-a-show", 2),
    (BEFORE, 4),
    ("outbox-done-before-noted", 1),
    (BEFORE, 5),
    (AFTER, 5),
    (BEFORE, 8),
]


@pytest.mark.parametrize(("place", "passing"), SHOW)
def test_a_worker_killed_while_a_cancelled_show_is_refunded_goes_on_and_refunds_nothing_twice(
    house: House, show, place, passing
):
    for labels in (("A1", "A2"), ("B1", "B2")):
        house.buy(a_buyer(house.app), show.id, seat_ids(show, *labels))
    sweep_outbox()
    patiently(lambda: house.undone() == 0, what="tickets and mails")
    with house.stopped("schedule"):
        house.arm(place, passing, process="worker")
        cancel_show(COMMAND, show.id, "The projector broke.")
        dies_and_goes_on(house)
    assert house.one("SELECT count(*) FROM bookings WHERE state = 'cancelled'") == 2
    assert house.one("SELECT count(*) FROM cancellations") == 2
    assert house.one("SELECT finished_at FROM show_cancellations") is not None
    assert sent_back(house) == 4300
    assert house.one("SELECT count(*) FROM messages WHERE kind = 'show_cancelled'") == 2
    assert house.one("SELECT count(*) FROM messages WHERE kind = 'show_cancelled' AND state = 'sent'") == 2


def test_killed_before_the_commit_a_show_is_not_called_off_and_after_it_the_worker_refunds_it(house: House, show):
    """By the command, which a person runs: killed at once after its commit, nothing has told the worker."""
    house.buy(a_buyer(house.app), show.id, seat_ids(show, "A1", "A2"))
    sweep_outbox()
    patiently(lambda: house.undone() == 0, what="tickets and mails")
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "cancel-show", str(show.id), "--reason", "Fire", "--yes"]
    env = house.server.env | {"FAILPOINTS": str(house.failpoints / "web")}
    for place, state in ((BEFORE, "published"), (AFTER, "cancelled")):
        house.arm(place)
        assert subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=False).returncode == -9
        assert house.one("SELECT state FROM shows") == state
    sweep_outbox()
    patiently(lambda: house.undone() == 0, what="the refunds")
    assert sent_back(house) == 2150
