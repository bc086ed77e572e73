"""What a group is offered: which seats of which shows, until when, at what price for whom."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from app import clock
from app.domain.groups import PriceMode, Standing
from app.domain.pricing import TicketType
from app.domain.staff import By, Role
from app.errors import (
    Forbidden,
    Invalid,
    InvalidSeats,
    SeatsTaken,
    ShowNotOnSale,
)
from app.models import Cinema, Show
from app.services import holds
from app.services.checkout import Buyer, begin_payment
from tests.builders import (
    a_cinema,
    a_group,
    a_hold,
    a_person,
    a_show,
    an_offer,
    seat_ids,
    the_booking,
)
from tests.support.books import books, rows
from tests.support.groups import pay, states, the_group
from tests.support.post import messages
from tests.support.staff import by


def test_an_offer_keeps_forty_seats_until_it_has_to_be_paid(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    booking = an_offer(group_id, ruth, show, seat_ids(show)[:40])
    assert states(show) == {"held": 40, "free": 20}
    assert booking.expires_at == booking.cap_at == show.starts_at - dt.timedelta(hours=1)
    assert (booking.name, booking.email, booking.channel) == ("Charles Babbage", "charles@example.org", "group")
    group = the_group(group_id)
    assert (group.standing, group.number) == (Standing.OFFERED, f"G{group_id}-1")
    assert [one.kind for one in messages(show.id)] == ["group_offer"]
    assert rows("SELECT action, subject_id FROM audit_entries")[0] == ("group.offered", group_id)


def test_others_still_get_ten_seats_at_most_and_none_of_the_groups(regent: Cinema, ruth: By, show: Show) -> None:
    an_offer(a_group(regent), ruth, show, seat_ids(show)[:40])
    with pytest.raises(InvalidSeats, match="at most 10"):
        holds.hold_seats(show.id, seat_ids(show)[40:51], "s:ada")
    with pytest.raises(SeatsTaken):
        holds.hold_seats(show.id, seat_ids(show)[38:42], "s:ada")
    a_hold(show, 10)


@pytest.mark.parametrize(
    ("mode", "amount", "total"),
    [(PriceMode.LIST, 0, 13_000), (PriceMode.PER_SEAT, 655, 8_515), (PriceMode.TOTAL, 10_001, 10_001)],
)
def test_a_price_is_the_lists_or_for_each_seat_or_in_all(
    regent: Cinema, ruth: By, show: Show, mode: PriceMode, amount: int, total: int
) -> None:
    booking = an_offer(a_group(regent), ruth, show, seat_ids(show)[:13], mode, amount)
    assert booking.total_minor == total
    assert (booking.fee_minor, booking.seat_fee_minor) == (0, 0)
    assert pay(booking) == "confirmed"
    tickets = rows("SELECT price_minor, tax_minor FROM tickets WHERE state = 'issued'")
    assert sum(one.price_minor for one in tickets) == total
    assert sum(one.tax_minor for one in tickets) == the_booking(show.id, booking.id).tax_minor
    assert books()["gateway_clearing"] == total


def test_another_kind_of_ticket_has_its_price_where_the_list_has_one(regent: Cinema, ruth: By, show: Show) -> None:
    booking = an_offer(a_group(regent), ruth, show, seat_ids(show)[:12], kind=TicketType.CHILD)
    assert booking.total_minor == 12 * 700
    student = an_offer(a_group(regent), ruth, show, seat_ids(show)[12:24], kind=TicketType.STUDENT)
    assert student.total_minor == 12 * 1000, "the list has no price for students"


def test_a_companion_beside_a_wheelchair_stays_free(regent: Cinema, ruth: By) -> None:
    kinds = {"A1": "wheelchair", "A2": "companion"}
    show = a_show(30, cinema=regent, starts_in=dt.timedelta(days=5), layout={"kinds": kinds})
    booking = an_offer(a_group(regent), ruth, show, seat_ids(show)[:12], PriceMode.PER_SEAT, 500)
    assert booking.total_minor == 11 * 500


def test_a_whole_show_is_one_offer(regent: Cinema, ruth: By, show: Show) -> None:
    booking = an_offer(a_group(regent, whole_show=True), ruth, show, seat_ids(show), PriceMode.TOTAL, 49_999)
    assert states(show) == {"held": 60}
    assert pay(booking) == "confirmed"
    assert states(show) == {"sold": 60}


def test_what_a_group_costs_nothing_is_confirmed_without_a_payment(regent: Cinema, ruth: By, show: Show) -> None:
    booking = an_offer(a_group(regent), ruth, show, seat_ids(show)[:12], PriceMode.TOTAL, 0)
    assert begin_payment(show.id, booking.id, Buyer("Ada", "ada@example.org"), {}, "sandbox", "card", "guest") is None
    assert states(show)["sold"] == 12


@pytest.mark.parametrize("after", [dt.timedelta(0), dt.timedelta(days=5, seconds=1)])
def test_the_time_to_pay_is_in_the_future_and_before_the_show(
    regent: Cinema, ruth: By, show: Show, after: dt.timedelta
) -> None:
    with pytest.raises(Invalid) as refused:
        an_offer(a_group(regent), ruth, show, seat_ids(show)[:12], pay_until=clock.now() + after)
    assert "pay_until" in refused.value.details["fields"]
    assert states(show) == {"free": 60}


def test_a_seat_that_is_somebodys_refuses_the_whole_offer(regent: Cinema, ruth: By, show: Show) -> None:
    hers = a_hold(show, 2, seats=seat_ids(show, "A1", "A2"))
    group_id = a_group(regent)
    with pytest.raises(SeatsTaken):
        an_offer(group_id, ruth, show, seat_ids(show)[:12])
    assert the_group(group_id).standing is Standing.NEW
    assert the_booking(show.id, hers.id).state == "held"


def test_a_run_out_hold_is_in_nobodys_way(regent: Cinema, ruth: By, show: Show, moved_clock: Any) -> None:
    a_hold(show, 2)
    moved_clock.forward(minutes=11)
    an_offer(a_group(regent), ruth, show, seat_ids(show)[:12])
    assert states(show)["held"] == 12


def test_only_shows_of_the_cinema_on_sale_are_offered(regent: Cinema, ruth: By) -> None:
    elsewhere = a_show(starts_in=dt.timedelta(days=5))
    with pytest.raises(Invalid, match="not one of the cinema"):
        an_offer(a_group(regent), ruth, elsewhere, seat_ids(elsewhere)[:12])
    draft = a_show(cinema=regent, starts_in=dt.timedelta(days=5), published=False)
    with pytest.raises(ShowNotOnSale):
        an_offer(a_group(regent), ruth, draft, seat_ids(draft)[:12])


def test_another_cinemas_staff_offer_nothing(regent: Cinema, show: Show) -> None:
    stranger = by(a_person(Role.MANAGER, a_cinema()))
    with pytest.raises(Forbidden):
        an_offer(a_group(regent), stranger, show, seat_ids(show)[:12])
    assert states(show) == {"free": 60}
