"""A cinema's own policy; and any booking cancelled in any parts leaves tenders and books exact."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.db import db
from app.domain.ledger import Account
from app.domain.pricing import TicketType
from app.domain.states import BookingState
from app.errors import NotFound
from app.models import Booking
from app.services.refund_policies import Policy, refund_policy, set_refund_policy
from app.services.refunds import send_refund
from tests.builders import a_show, seat_ids, the_booking
from tests.support.cancels import cancel, tickets
from tests.support.money import a_coupon, a_gift_card, an_account
from tests.support.purse import INCOME, Purse, a_booking, a_house, a_wallet, books, refund_ids

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
