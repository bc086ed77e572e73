"""Group bookings: the request, changing what was offered, taking it back, what is promised of it."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import text

from app.db import db, transaction
from app.domain.groups import PriceMode, Standing
from app.domain.messages import MessageKind
from app.domain.staff import By
from app.errors import (
    Invalid,
)
from app.models import Cinema, GroupRequest, Show
from app.services import groups, payments
from app.services.group_pricing import Offer
from app.services.groups import AlreadyPaid, ChangedMeanwhile, make_offer
from tests.builders import (
    a_cinema,
    a_group,
    a_show,
    a_started_payment,
    an_event,
    an_offer,
    seat_ids,
    the_booking,
)
from tests.support.groups import pay, revision, states, the_group
from tests.support.post import messages

# Asking


def test_a_request_is_kept_and_answered_by_a_mail(regent: Cinema) -> None:
    group = the_group(a_group(regent, 40, message="Two wheelchairs"))
    assert (group.standing, group.people, group.message) == (Standing.NEW, 40, "Two wheelchairs")
    assert [(one.kind, one.recipient) for one in messages()] == [("group_request", "charles@example.org")]


def test_the_same_form_twice_is_one_request(regent: Cinema) -> None:
    wish = groups.GroupWish(regent.id, 40, "Ada", "ada@example.org")
    first = groups.ask_for_group(wish, "k" * 24)
    assert groups.ask_for_group(wish, "k" * 24) == first
    assert len(messages()) == 1


def test_the_show_that_is_asked_for_decides_the_cinema(regent: Cinema, show: Show) -> None:
    elsewhere = a_cinema()
    assert the_group(a_group(elsewhere, show_id=show.id)).cinema.id == regent.id


# Changing it


def test_a_new_offer_takes_the_place_of_the_old_one(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    first = an_offer(group_id, ruth, show, seat_ids(show)[:40])
    second = an_offer(group_id, ruth, show, seat_ids(show)[20:50], PriceMode.TOTAL, 9_999, reason="ten fewer come")
    assert the_booking(show.id, first.id).state == "released"
    assert states(show) == {"held": 30, "free": 30}
    assert the_group(group_id).offer.code == second.code  # type: ignore[union-attr]
    assert pay(second) == "confirmed"


def test_an_offer_moves_to_another_show_in_either_order(regent: Cinema, ruth: By, show: Show) -> None:
    later = a_show(60, cinema=regent, starts_in=dt.timedelta(days=6))
    group_id = a_group(regent)
    an_offer(group_id, ruth, show, seat_ids(show)[:20])
    an_offer(group_id, ruth, later, seat_ids(later)[:20], reason="another day")
    assert (states(show), states(later)["held"]) == ({"free": 60}, 20)
    an_offer(group_id, ruth, show, seat_ids(show)[:20], reason="the first day after all")
    assert (states(later), states(show)["held"]) == ({"free": 60}, 20)


def test_a_change_says_why(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    booking = an_offer(group_id, ruth, show, seat_ids(show)[:20])
    with pytest.raises(Invalid) as refused:
        an_offer(group_id, ruth, show, seat_ids(show)[:21])
    assert "reason" in refused.value.details["fields"]
    assert the_booking(show.id, booking.id).state == "held"


def test_who_did_not_see_the_last_offer_is_told(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    seen = revision(group_id)
    an_offer(group_id, ruth, show, seat_ids(show)[:20])
    until = show.starts_at - dt.timedelta(hours=2)
    with pytest.raises(ChangedMeanwhile):
        make_offer(ruth, group_id, seen, Offer(show.id, (seat_ids(show)[30],), PriceMode.LIST, 0, until, reason="x"))
    with pytest.raises(ChangedMeanwhile):
        groups.withdraw_offer(ruth, group_id, seen, "x")
    with pytest.raises(ChangedMeanwhile):
        groups.decline_group(ruth, group_id, seen, "x")
    assert states(show)["held"] == 20


def test_money_for_an_offer_that_was_replaced_goes_back(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    payment = a_started_payment(an_offer(group_id, ruth, show, seat_ids(show)[:20]))
    an_offer(group_id, ruth, show, seat_ids(show)[:25], reason="five more come")
    assert payments.settle_payment(an_event(payment)) == "refunded: offer over"
    assert states(show)["held"] == 25


def test_a_paid_group_is_not_offered_anything_else(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    assert pay(an_offer(group_id, ruth, show, seat_ids(show)[:20])) == "confirmed"
    with pytest.raises(AlreadyPaid):
        an_offer(group_id, ruth, show, seat_ids(show)[20:40], reason="x")
    for act in (groups.withdraw_offer, groups.decline_group):
        with pytest.raises(AlreadyPaid):
            act(ruth, group_id, revision(group_id), "x")
    assert the_group(group_id).standing is Standing.PAID


# Taking it back


def test_an_offer_that_is_taken_back_frees_its_seats_and_says_so(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    payment = a_started_payment(an_offer(group_id, ruth, show, seat_ids(show)[:40]))
    groups.withdraw_offer(ruth, group_id, revision(group_id), "the projector is broken")
    assert states(show) == {"free": 60}
    assert the_group(group_id).standing is Standing.NEW
    assert messages(kind=MessageKind.GROUP_WITHDRAWN)
    assert payments.settle_payment(an_event(payment)) == "refunded: offer over"


def test_taking_back_and_saying_no_need_words(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    an_offer(group_id, ruth, show, seat_ids(show)[:20])
    for act in (groups.withdraw_offer, groups.decline_group):
        with pytest.raises(Invalid):
            act(ruth, group_id, revision(group_id), "  ")
    assert states(show)["held"] == 20


def test_nothing_is_taken_back_where_nothing_is_offered(regent: Cinema, ruth: By) -> None:
    group_id = a_group(regent)
    with pytest.raises(Invalid, match="Nothing is offered"):
        groups.withdraw_offer(ruth, group_id, revision(group_id), "x")


def test_a_no_ends_an_offer_too_and_may_be_thought_over(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    an_offer(group_id, ruth, show, seat_ids(show)[:20])
    groups.decline_group(ruth, group_id, revision(group_id), "We are full that week.")
    assert (the_group(group_id).standing, states(show)) == (Standing.DECLINED, {"free": 60})
    assert messages(kind=MessageKind.GROUP_DECLINED)
    an_offer(group_id, ruth, show, seat_ids(show)[:20])
    assert the_group(group_id).standing is Standing.OFFERED


def test_the_promise_sees_what_is_kept_beside_an_offer(regent: Cinema, ruth: By, show: Show) -> None:
    from app.services.promises import check_promises

    group_id = a_group(regent)
    an_offer(group_id, ruth, show, seat_ids(show)[:20])
    for broken in ("seats = 19", "total_minor = 1", "pay_until = pay_until - interval '1 hour'"):
        with transaction() as session:
            session.execute(text(f"UPDATE group_requests SET {broken} WHERE id = :id"), {"id": group_id})
        assert [one.number for one in check_promises({7})][:1] == [7], broken
        group = db.session.get_one(GroupRequest, group_id, populate_existing=True)
        booking = the_booking(show.id, group.booking_id or 0)
        with transaction() as session:
            fresh = session.get_one(GroupRequest, group_id)
            fresh.seats, fresh.total_minor, fresh.pay_until = 20, booking.total_minor, booking.cap_at
    assert [*check_promises({7})] == []
