"""What a group is offered: which seats of which shows, until when, at what price for whom."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from app import clock
from app.domain.groups import Party, PriceMode, Standing
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
from app.queries.tickets import booking_view
from app.services import holds, payments
from app.services.checkout import Buyer, begin_payment
from app.services.tickets import render_tickets
from tests.builders import (
    a_cinema,
    a_group,
    a_hold,
    a_person,
    a_show,
    a_started_payment,
    an_event,
    an_offer,
    seat_ids,
    the_booking,
)
from tests.support.books import books, rows
from tests.support.groups import in_hours, pay, states, the_group
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


def test_a_class_and_its_teachers_are_one_offer(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent, 33)
    besides = (Party(TicketType.ADULT, 3, 900), Party(TicketType.ADULT, 2, 0))
    booking = an_offer(
        group_id, ruth, show, seat_ids(show)[:33], PriceMode.PER_SEAT, 550, kind=TicketType.CHILD, besides=besides
    )
    assert booking.total_minor == 28 * 550 + 3 * 900
    offer = the_group(group_id).offer
    assert offer is not None
    assert (offer.who, offer.besides) == ("28 child, 3 adult, 2 adult free of charge", besides)
    view = booking_view(show.id, booking.id)
    assert [(line.label, line.quantity, line.amount_minor) for line in view.lines if line.kind != "tax"] == [
        ("Child, standard", 28, 15_400),
        ("Adult, standard", 3, 2_700),
        ("Adult, standard, free of charge", 2, 0),
    ]
    assert pay(booking) == "confirmed"
    sold = [(ticket.type_name, ticket.value_minor) for ticket in booking_view(show.id, booking.id).tickets]
    assert sold == [("Child", 550)] * 28 + [("Adult", 900)] * 3 + [("Adult", 0)] * 2


def test_nobody_is_offered_more_people_than_seats(regent: Cinema, ruth: By, show: Show) -> None:
    with pytest.raises(Invalid, match="13 are named here, and there are 12 seats") as refused:
        an_offer(a_group(regent), ruth, show, seat_ids(show)[:12], besides=(Party(TicketType.ADULT, 13),))
    assert "besides" in refused.value.details["fields"]
    with pytest.raises(Invalid, match="no such kind"):
        an_offer(a_group(regent), ruth, show, seat_ids(show)[:12], besides=(Party(TicketType.COMPANION, 1),))
    assert states(show) == {"free": 60}


def not_yet(regent: Cinema, **values: Any) -> Show:
    """A show that is published, and booked online from four days on."""
    opens = clock.now() + dt.timedelta(days=4)
    return a_show(60, cinema=regent, starts_in=dt.timedelta(days=5), sales_open_at=opens, **values)


def test_a_manager_offers_what_is_published_and_not_booked_online_yet(regent: Cinema, ruth: By) -> None:
    show = not_yet(regent)
    booking = an_offer(a_group(regent), ruth, show, seat_ids(show)[:12])
    assert states(show)["held"] == 12
    with pytest.raises(ShowNotOnSale):
        a_hold(show, 2)
    assert pay(booking) == "confirmed"
    assert render_tickets(show.id, booking.id) is not None


def test_who_sells_does_not_offer_it(regent: Cinema) -> None:
    show, seller = not_yet(regent), by(a_person(Role.BOX_OFFICE, regent))
    with pytest.raises(Forbidden, match="only a manager"):
        an_offer(a_group(regent), seller, show, seat_ids(show)[:12])
    assert states(show) == {"free": 60}


def test_late_money_for_it_finds_its_free_seats(regent: Cinema, ruth: By, moved_clock: Any) -> None:
    show = not_yet(regent)
    payment = a_started_payment(an_offer(a_group(regent), ruth, show, seat_ids(show)[:12], pay_until=in_hours(24)))
    moved_clock.forward(hours=25)
    assert holds.expire_holds() == 1
    assert payments.settle_payment(an_event(payment)) == "confirmed late"


def test_nothing_is_offered_of_a_show_that_has_begun(regent: Cinema, ruth: By, show: Show, moved_clock: Any) -> None:
    moved_clock.forward(days=5, minutes=1)
    with pytest.raises(Invalid, match="begun by then"):
        an_offer(a_group(regent), ruth, show, seat_ids(show)[:12], pay_until=in_hours(1))


def test_only_published_shows_of_the_cinema_are_offered(regent: Cinema, ruth: By) -> None:
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
