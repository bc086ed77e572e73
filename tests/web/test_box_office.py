"""The counter's pages, as plain forms: a sale in one line, by fields, with other seats; finding, refunding, cashing up."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from app.db import db
from app.domain.counter import CounterTender
from app.domain.pricing import TicketType
from app.domain.staff import COMMAND, Role
from app.models import Cinema, Movie, Show
from app.queries.tickets import booking_view
from app.services.box_office import Money, keep_best_seats, take_payment
from app.services.shifts import open_shift
from app.services.show_cancelling import cancel_show
from app.services.tickets import signed_payload
from app.web.filters import local
from tests.builders import PRICES, a_cinema, a_hold, a_movie, a_paid_booking, a_person, a_show, seat_ids
from tests.support.books import rows
from tests.support.client import PageClient, soup
from tests.support.client import words as said
from tests.support.money import a_coupon, a_gift_card
from tests.support.staff import by, signed_in

COUNTER = "/staff/box-office"

UNTOUCHED = {"entry": "", "cash": "", "reference": "", **{f"n-{letter}": "0" for letter in "ACSOW"}}
"""The counter's fields before anybody types."""


class Seller:
    def __init__(self, app: Flask, cinema: Cinema, float_minor: int | None = 5000) -> None:
        self.person = a_person(Role.BOX_OFFICE, cinema, name="Maya")
        self.client: PageClient = signed_in(app, self.person)
        if float_minor is not None:
            self.shift = open_shift(by(self.person), cinema.id, float_minor)

    def post(self, url: str, **data: Any) -> Any:
        return self.client.post_form(url, data, page="/staff/shifts", follow_redirects=True)

    def refund(self, code: str, *tickets: int, how: str = "full", reason: str = "ill", shown: int | None = None) -> str:
        """What the page says after these tickets were ticked and the button beside the sum was pressed."""
        ticked: dict[str, Any] = {"tickets": list(tickets), "how": how, "reason": reason}
        if shown is None:
            page = self.post(f"/staff/bookings/{code}/refund", **ticked)
            shown = int(str(soup(page).select_one("[name=shown]")["value"]))  # type: ignore[index]
        return said(self.post(f"/staff/bookings/{code}/cancel", **ticked, shown=shown))

    def sold(self, show: Show) -> str:
        """The code of one adult's ticket, paid in cash."""
        hold = keep_best_seats(by(self.person), self.shift, "old", show.id, [TicketType.ADULT])
        return take_payment(by(self.person), self.shift, show.id, hold.booking_id, Money(CounterTender.CASH)).code

    def sell(self, *shows: Show, **data: Any) -> Any:
        """The counter's form sent as a browser sends it: with the fields that nobody touched."""
        listed = ",".join(str(show.id) for show in shows)
        return self.post(f"{COUNTER}/sell", listed=listed, **{**UNTOUCHED, **data})


@pytest.fixture
def cinema(app: Flask) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def show(cinema: Cinema) -> Show:
    return a_show(cinema=cinema, starts_in=soon())


@pytest.fixture
def next_week(cinema: Cinema) -> Show:
    return a_show(cinema=cinema)


def the_movie(show: Show) -> Movie:
    found = db.session.get_one(Movie, show.movie_id)
    db.session.commit()
    return found


def soon() -> Any:
    import datetime as dt

    return dt.timedelta(minutes=20)


@pytest.fixture
def seller(app: Flask, cinema: Cinema) -> Seller:
    return Seller(app, cinema)


def test_without_a_shift_it_begins_with_one(app: Flask, cinema: Cinema, show: Show) -> None:
    seller = Seller(app, cinema, None)
    page = seller.client.get(COUNTER, follow_redirects=True).text
    assert "Open a shift first" in page
    page = seller.post("/staff/shifts", float="fifty").text
    assert "no amount of money" in page
    assert 'id="entry"' in seller.post("/staff/shifts", float="50", paper="a6").text


def test_one_line_sells_and_says_the_change(seller: Seller, show: Show) -> None:
    page = seller.sell(show, entry="1 AA 30").text
    assert "£10.00</b>" in page
    assert page.count('class="slip"') == 2
    assert "data-print-now" in page


def test_the_number_means_the_show_that_the_page_listed(seller: Seller, cinema: Cinema, show: Show) -> None:
    later = a_show(cinema=cinema, starts_in=2 * soon())
    seller.sell(later, show, entry="1 A E")
    (sold,) = rows("SELECT show_id FROM bookings")
    assert sold.show_id == later.id


@pytest.mark.parametrize("line", ["nonsense", "9 A E", "1 XX 30"])
def test_a_line_that_makes_no_sense_sells_nothing(seller: Seller, show: Show, line: str) -> None:
    page = seller.sell(show, entry=line)
    assert page.status_code == 422
    assert 'id="problem"' in page.text
    assert not rows("SELECT 1 FROM bookings")


@pytest.mark.parametrize("counts", [{}, {"n-A": "2", "n-C": ""}, {"n-A": "two"}])
def test_cash_without_a_show_says_so_and_keeps_what_was_typed(
    seller: Seller, show: Show, counts: dict[str, str]
) -> None:
    page = seller.sell(show, **counts, pay="cash", cash="20")
    assert page.status_code == 422
    assert "Choose a show." in page.text
    assert re.search(r'name="cash"[^>]* value="20"', page.text)
    assert re.search(rf'name="n-A"[^>]* value="{2 if counts.get("n-A") == "2" else 0}"', page.text)


def test_a_show_of_another_cinema_is_not_sold_here(seller: Seller, show: Show) -> None:
    other = a_show(starts_in=soon())
    assert "not on sale" in seller.sell(other, entry="1 A E").text
    assert not rows("SELECT 1 FROM bookings")


def test_the_same_form_sent_twice_is_one_sale(seller: Seller, show: Show) -> None:
    for _ in range(2):
        assert "Change" in seller.sell(show, entry="1 AA 30", sale="abc").text
    assert len(rows("SELECT 1 FROM bookings")) == 1


def test_a_sale_that_was_given_back_is_not_taken_for_the_one_that_is_sent_from_its_old_page(
    seller: Seller, cinema: Cinema, show: Show
) -> None:
    seller.sell(show, entry="1 A E", sale="abc")
    (sold,) = rows("SELECT code FROM bookings")
    seller.refund(sold.code, 1)
    for other in (show, a_show(cinema=cinema, starts_in=2 * soon())):
        page = seller.sell(other, entry="1 A E", sale="abc")
        assert page.status_code == 409
        assert "Nothing was sold now; press once more" in page.text
    new = str(soup(page).select_one("input[name=sale]")["value"])  # type: ignore[index]
    assert "data-print-now" in seller.sell(other, entry="1 A E", sale=new).text
    assert len(rows("SELECT 1 FROM bookings")) == 2


def test_by_fields_with_a_card_and_too_little_cash_first(seller: Seller, show: Show) -> None:
    fields = {"show": show.id, "n-A": 1, "n-C": 1}
    page = seller.sell(show, **fields, pay="cash", cash="10").text
    assert "£7.00 is missing: £17.00 is to pay" in page
    (kept,) = rows("SELECT code FROM bookings WHERE state = 'held'")
    page = seller.post(f"{COUNTER}/sales/{kept.code}/pay", pay="terminal", reference="4711").text
    assert "£17.00" in page
    assert len(rows("SELECT 1 FROM bookings WHERE state = 'confirmed'")) == 1


def test_other_seats_other_kinds_a_coupon_and_a_gift_card(seller: Seller, show: Show) -> None:
    a_coupon("TENOFF", 10)
    _, card = a_gift_card(500, "ABCDEFGHJKMNPQRS")
    seller.sell(show, entry="1 AA")
    (kept,) = rows("SELECT code FROM bookings WHERE state = 'held'")
    seller.post(f"{COUNTER}/sales/{kept.code}/seats", seats=seat_ids(show, "C1", "C2"))
    (kept,) = rows("SELECT code, id FROM bookings WHERE state = 'held'")
    (seat, _) = seat_ids(show, "C1", "C2")
    at = f"{COUNTER}/sales/{kept.code}"
    assert "£17.00" in seller.post(f"{at}/kinds", **{f"type-{seat}": "child"}).text
    assert "£15.30" in seller.post(f"{at}/code", code="tenoff").text
    assert "£10.30" in seller.post(f"{at}/code", code=card).text
    assert "£9.70</b>" in seller.post(f"{at}/pay", pay="cash", cash="20", name="Ada").text


def test_a_kind_without_a_price_is_refused_in_a_sentence(seller: Seller, show: Show) -> None:
    seller.sell(show, entry="1 A")
    (kept,) = rows("SELECT code FROM bookings")
    (seat,) = rows("SELECT seat_id FROM tickets")
    page = seller.post(f"{COUNTER}/sales/{kept.code}/kinds", **{f"type-{seat.seat_id}": "student"})
    assert page.status_code == 422
    assert "can&#39;t be sold as student" in page.text


def test_seats_can_be_given_up(seller: Seller, show: Show) -> None:
    seller.sell(show, entry="1 A")
    (kept,) = rows("SELECT code FROM bookings")
    seller.post(f"{COUNTER}/sales/{kept.code}/release")
    assert [row.state for row in rows("SELECT state FROM bookings")] == ["released"]


def test_seats_that_went_while_the_seller_chose_are_named_and_the_sale_keeps_its_own(
    seller: Seller, show: Show
) -> None:
    seller.sell(show, entry="1 AA")
    (kept,) = rows("SELECT code FROM bookings")
    a_hold(show, seats=seat_ids(show, "C1", "C2"))
    page = seller.post(f"{COUNTER}/sales/{kept.code}/seats", seats=seat_ids(show, "C1", "C2"))
    assert page.status_code == 409
    assert "C1 and C2 have just been taken. The sale keeps the seats that it has." in said(page)
    assert rows("SELECT code FROM bookings WHERE code = :code AND state = 'held'", code=kept.code)


def test_a_show_that_is_called_off_during_a_sale_is_told_at_the_till(seller: Seller, show: Show) -> None:
    seller.sell(show, entry="1 A")
    (kept,) = rows("SELECT code FROM bookings")
    cancel_show(COMMAND, show.id, "The projector is broken.")
    page = seller.post(f"{COUNTER}/sales/{kept.code}/pay", pay="cash", cash="50")
    assert "called off meanwhile. Nothing was sold" in said(page)
    assert "kept too long" not in said(page)


def test_seats_that_were_given_up_in_another_tab_are_not_called_kept_too_long(seller: Seller, show: Show) -> None:
    seller.sell(show, entry="1 A")
    (kept,) = rows("SELECT code FROM bookings")
    seller.post(f"{COUNTER}/sales/{kept.code}/release")
    page = seller.post(f"{COUNTER}/sales/{kept.code}/pay", pay="cash", cash="50")
    assert "given up meanwhile. Nothing was sold" in said(page)


def test_the_page_of_a_sale_that_was_given_back_leads_to_its_booking(seller: Seller, show: Show) -> None:
    seller.sell(show, entry="1 A E")
    (sold,) = rows("SELECT code FROM bookings")
    seller.refund(sold.code, 1, reason="The wrong film")
    page = seller.client.get(f"{COUNTER}/sales/{sold.code}", follow_redirects=True)
    assert page.request.path == f"/staff/bookings/{sold.code}"
    assert "given back or changed since" in said(page)


def test_another_sellers_sale_is_not_there(app: Flask, cinema: Cinema, seller: Seller, show: Show) -> None:
    other = Seller(app, cinema)
    hold = keep_best_seats(by(other.person), other.shift, "x", show.id, [_adult()])
    assert seller.client.get(f"{COUNTER}/sales/{hold.code}").status_code == 404


def _adult() -> Any:
    from app.domain.pricing import TicketType

    return TicketType.ADULT


def test_a_booking_is_found_by_whatever_the_customer_has(seller: Seller, show: Show) -> None:
    booking = a_paid_booking(show)
    view = booking_view(show.id, booking.id)
    code = booking.code
    spoken = f"{code[:-8]}-{code[-8:-4]}-{code[-4:]}"
    for words in (
        code,
        spoken.lower(),
        view.tickets[0].code,
        "ADA@example.org",
        "byron",
        signed_payload(code, view.tickets[0]),
    ):
        found = seller.client.get("/staff/bookings", query_string={"q": words})
        assert found.status_code == 303, words
        assert found.location.endswith(code)
    assert "Nothing found" in seller.client.get("/staff/bookings?q=nobody").text


def test_another_cinemas_bookings_are_not_found(seller: Seller) -> None:
    other = a_paid_booking(a_show())
    for words in (other.code, "byron", "ada@example.org"):
        assert "Nothing found" in seller.client.get("/staff/bookings", query_string={"q": words}).text


def test_sent_again_printed_again_noted_and_refunded_with_every_step_in_the_audit(seller: Seller, show: Show) -> None:
    booking = a_paid_booking(show)
    at = f"/staff/bookings/{booking.code}"
    assert "ada@example.org again" in seller.post(f"{at}/resend").text
    assert 'class="slip"' in seller.post(f"{at}/reprint").text
    assert "left a scarf" in seller.post(f"{at}/note", note="left a scarf").text
    assert "Reason" in seller.client.get(at).text
    assert "goes back the way it came" in seller.refund(booking.code, 1, 2)
    done = [row.action for row in rows("SELECT action FROM audit_entries WHERE subject = 'booking' ORDER BY id")]
    assert done == ["booking.resent", "booking.reprinted", "booking.noted", "booking.cancelled"]


def test_a_cash_sale_is_refunded_out_of_the_drawer(seller: Seller, show: Show) -> None:
    seller.sell(show, entry="1 AA E")
    (sold,) = rows("SELECT code FROM bookings")
    assert "Hand out £10.00 out of the drawer" in seller.refund(sold.code, 1)


def test_no_ticket_is_ticked_beforehand_and_all_are_one_tap(seller: Seller, show: Show) -> None:
    booking = a_paid_booking(show, 3)
    at = f"/staff/bookings/{booking.code}"
    page = seller.client.get(at)
    assert not soup(page).select("[name=tickets][checked], [name=shown], #refund-sum button")
    assert "Nothing is ticked yet." in said(page)
    page = seller.post(f"{at}/refund", all="1")
    assert len(soup(page).select("[name=tickets][checked]")) == 3
    assert "A1, A2 and A3 go on sale again. £32.25 to the customer’s card." in said(page)
    assert "Give A1, A2 and A3 back: £32.25" in said(page)
    part = seller.client.post_form(f"{at}/refund", {"tickets": [2]}, page=at, headers={"HX-Request": "true"})
    assert said(part) == "A2 goes on sale again. £10.75 to the customer’s card. Give A2 back: £10.75"


def test_a_single_ticket_needs_no_ticking(seller: Seller, show: Show) -> None:
    page = said(seller.client.get(f"/staff/bookings/{seller.sold(show)}"))
    assert re.search(r"(\w+) goes on sale again. £10.00 out of the drawer. Give \1 back: £10.00", page)


@pytest.mark.parametrize("sent", [{}, {"shown": "3225"}, {"shown": "x"}])
def test_what_is_ticked_after_the_sum_was_said_is_not_given_back(
    seller: Seller, show: Show, sent: dict[str, str]
) -> None:
    booking = a_paid_booking(show, 3)
    page = seller.post(f"/staff/bookings/{booking.code}/cancel", tickets=[1, 2], how="full", reason="ill", **sent)
    assert page.status_code == 409
    assert "once more" in said(page)
    assert "Give A1 and A2 back: £21.50" in said(page), "and it is said now"
    assert soup(page).select_one("input[name=reason]")["value"] == "ill"  # type: ignore[index]
    assert not rows("SELECT 1 FROM cancellations")


def test_many_tickets_are_named_by_their_runs(seller: Seller, show: Show) -> None:
    booking = a_paid_booking(show, 6)
    page = said(seller.post(f"/staff/bookings/{booking.code}/refund", all="1", how="full"))
    assert "A1–A6 go on sale again." in page
    assert "Give A1–A6 back: £64.50" in page


def test_a_drawer_with_too_little_in_it_is_told_before(seller: Seller, cinema: Cinema, show: Show) -> None:
    code = seller.sold(show)
    poor = Seller(seller.client.application, cinema, 400)
    page = poor.client.get(f"/staff/bookings/{code}")
    assert "Your drawer should hold £4.00 now, £6.00 too little." in said(page)
    assert "too little" not in said(seller.client.get(f"/staff/bookings/{code}"))


def test_a_walk_in_without_an_address_gets_cash_back_and_nobody_a_mail(seller: Seller, show: Show) -> None:
    code = seller.sold(show)
    assert "Hand out £10.00 out of the drawer" in seller.refund(code, 1)
    assert not rows("SELECT 1 FROM messages")


def test_the_second_of_two_who_refund_one_ticket_is_told_so(seller: Seller, cinema: Cinema, show: Show) -> None:
    booking = a_paid_booking(show, 2)
    other = Seller(seller.client.application, cinema)
    assert "goes back" in seller.refund(booking.code, 1)
    page = other.refund(booking.code, 1, shown=1075)
    assert "A1 is cancelled already. Choose again." in page
    assert len(rows("SELECT 1 FROM cancellations")) == 1


def test_the_map_of_a_sale_tells_what_others_took(seller: Seller, show: Show) -> None:
    seller.sell(show, entry="1 AA")
    (sale,) = rows("SELECT code FROM bookings")
    at = f"{COUNTER}/sales/{sale.code}"
    page = soup(seller.client.get(at))
    version = str(page.select_one("#v")["data-v"])  # type: ignore[index]
    assert len(page.select("#hold #seats input:checked, #hold #seats input[checked]")) >= 2
    assert seller.client.get(f"{at}/seats?v={version}").status_code == 204
    (seat,) = seat_ids(show, "A1")
    a_hold(show, seats=[seat, *seat_ids(show, "A2")])
    part = seller.client.get(f"{at}/seats?v={version}").get_data(as_text=True)
    assert f'id="s{seat}"' in part
    assert "£10.00, someone is paying" in part, "at the counter's price"
    assert "<table" in seller.client.get(f"{at}/seats?v=9.9").get_data(as_text=True)
    assert Seller(seller.client.application, a_cinema()).client.get(f"{at}/seats?v=").status_code == 404


def test_the_sheet_shows_what_the_ledger_says_and_closes(seller: Seller, show: Show) -> None:
    seller.sell(show, entry="1 AA 30")
    seller.sell(show, entry="1 A T 4711")
    at = f"/staff/shifts/{seller.shift}"
    page = seller.client.get(at).text
    assert "£70.00" in page
    assert "not what was expected" in seller.post(f"{at}/close", counted="69").text
    page = seller.post(f"{at}/close", counted="69", note="a pound fell down").text
    assert "-£1.00" in page
    assert "Signed by the seller" in page


def test_a_seller_does_not_read_anothers_sheet_but_the_manager_does(app: Flask, cinema: Cinema, seller: Seller) -> None:
    other = Seller(app, cinema)
    assert other.client.get(f"/staff/shifts/{seller.shift}").location == "/staff/shifts"
    manager = signed_in(app, a_person(Role.MANAGER, cinema))
    assert manager.get(f"/staff/shifts/{seller.shift}").status_code == 200


# Seats exchanged at the counter


def an_exchange(seller: Seller, old: str, new: Show, **data: Any) -> Any:
    return seller.post(f"/staff/bookings/{old}/exchange", show=new.id, tickets=["1"], **data)


def test_an_exchange_is_paid_with_the_difference_and_printed(seller: Seller, cinema: Cinema, next_week: Show) -> None:
    dear = a_show(cinema=cinema, movie=the_movie(next_week), prices={key: minor + 500 for key, minor in PRICES.items()})
    old = seller.sold(next_week)
    page = seller.client.get(f"/staff/bookings/{old}/exchange").get_data(as_text=True)
    assert "This show, other seats" in page
    assert f'value="{dear.id}"' in page
    sale = an_exchange(seller, old, dear).get_data(as_text=True)
    assert "In exchange for one ticket" in sale
    assert 'data-due="500"' in sale
    code = rows("SELECT code FROM bookings WHERE state = 'held'")[0].code
    sold = seller.post(f"{COUNTER}/sales/{code}/pay", pay="cash", cash="10").get_data(as_text=True)
    assert "£5.00" in sold
    assert [row.state for row in rows("SELECT state FROM bookings ORDER BY id")] == ["cancelled", "confirmed"]


def test_what_an_exchange_gives_back_is_handed_out_on_the_same_page(
    seller: Seller, cinema: Cinema, next_week: Show
) -> None:
    cheap = a_show(
        cinema=cinema, movie=the_movie(next_week), prices={key: minor - 400 for key, minor in PRICES.items()}
    )
    an_exchange(seller, seller.sold(next_week), cheap)
    code = rows("SELECT code FROM bookings WHERE state = 'held'")[0].code
    sold = seller.post(f"{COUNTER}/sales/{code}/pay", pay="cash").get_data(as_text=True)
    assert "Hand out for the old seats" in sold
    assert "£3.60" in sold
    assert sold.index("Hand out for the old seats") < sold.index('id="entry"'), "it is seen before the next sale"
    sheet = f"/staff/shifts/{seller.shift}"
    assert "Not handed out yet: £3.60 in cash" in said(seller.client.get(sheet))
    (owed,) = rows("SELECT show_id, id FROM refunds")
    seller.post(f"/staff/shows/{owed.show_id}/refunds/{owed.id}/pay-out")
    assert "Not handed out yet" not in said(seller.client.get(sheet))


def test_an_exchange_without_a_show_or_a_ticket_says_so(seller: Seller, next_week: Show) -> None:
    old = seller.sold(next_week)
    answer = seller.post(f"/staff/bookings/{old}/exchange", tickets=["1"])
    assert answer.status_code == 422
    assert "Choose a show." in answer.get_data(as_text=True)
    answer = seller.post(f"/staff/bookings/{old}/exchange", show=next_week.id)
    assert "Tick the tickets" in answer.get_data(as_text=True)
    elsewhere = a_show(movie=the_movie(next_week))
    assert "Choose a show." in an_exchange(seller, old, elsewhere).get_data(as_text=True)


def test_of_a_booking_that_was_given_back_nothing_is_said_to_be_left(seller: Seller, next_week: Show) -> None:
    old = seller.sold(next_week)
    seller.refund(old, 1)
    page = said(seller.client.get(f"/staff/bookings/{old}/exchange"))
    assert "Nothing to exchange" in page
    assert "given back, with a reason" not in page


def test_a_manager_cashes_up_for_somebody_who_went_home(app: Flask, seller: Seller, cinema: Cinema) -> None:
    ruth = signed_in(app, a_person(Role.MANAGER, cinema))
    page = ruth.get(f"/staff/shifts/{seller.shift}").get_data(as_text=True)
    assert "Maya has not closed this shift" in page
    done = ruth.post_form(
        f"/staff/shifts/{seller.shift}/close", {"counted": "50"}, page="/staff/shifts", follow_redirects=True
    )
    assert "The shift is closed" in done.get_data(as_text=True)


# Other days, and amounts that changed meanwhile


def test_another_days_shows_are_sold_in_advance(seller: Seller, cinema: Cinema) -> None:
    import datetime as dt

    from app import clock

    later = a_show(cinema=cinema, movie=a_movie("Nosferatu"), starts_in=dt.timedelta(days=3))
    day = (clock.now() + dt.timedelta(days=3)).astimezone(ZoneInfo(cinema.timezone)).date().isoformat()
    assert "Nosferatu" not in seller.client.get(COUNTER).get_data(as_text=True)
    page = seller.client.get(f"{COUNTER}?day={day}").get_data(as_text=True)
    assert "Nosferatu" in page
    assert f'name="day" value="{day}"' in page
    sold = seller.sell(later, entry="1 AA 20", day=day).get_data(as_text=True)
    assert "Sold" in sold
    told = local(later.starts_at, cinema.timezone)
    assert len(re.findall(rf"Nosferatu {told:%a} {told.day} {told:%b} {told:%H:%M}", sold)) == 2, (
        "the sale and the list"
    )
    assert "not on sale any more" in seller.sell(later, entry="1 AA 20").get_data(as_text=True)


@pytest.mark.parametrize("day", ["", "yesterday", "2001-01-01", "9999-12-31", "2026-02-30"])
def test_a_day_that_is_none_is_today(seller: Seller, show: Show, day: str) -> None:
    page = seller.client.get(f"{COUNTER}?day={day}").get_data(as_text=True)
    assert f'value="{show.id}"' in page
    assert 'name="day"' not in page


def test_a_refund_by_the_policy_is_what_the_page_said(seller: Seller, next_week: Show) -> None:
    code = seller.sold(next_week)
    page = said(seller.post(f"/staff/bookings/{code}/refund", tickets=["1"], how="policy"))
    assert "£9.00 out of the drawer; £1.00 is kept." in page
    assert "What comes back is £9.00 now." in seller.refund(code, 1, how="policy", shown=800)
    assert "Hand out £9.00" in seller.refund(code, 1, how="policy")
