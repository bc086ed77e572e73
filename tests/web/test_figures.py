"""The pages of the figures: what stands on them is what was booked; filters, files, curves, heat, film returns, alerts."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from app.db import db
from app.domain.staff import COMMAND, Role
from app.models import Cinema, Show
from app.queries.figures.hours import Hour, Sales, Takings
from app.queries.figures.reports import REPORTS
from app.services import rollups
from app.services.admission import AtDoor, admit_ticket
from app.services.promises import Broken
from app.services.views import flush_views
from app.services.watching import watch_promises
from app.web.charts import LEAST_TALL, hour_chart, nice_step, shade
from app.web.csv_files import BOM
from tests.builders import a_cinema, a_movie, a_paid_booking, a_person, a_screen, a_show, an_alert
from tests.services.test_box_office import A, Till
from tests.support.books import rows
from tests.support.cancels import cancel
from tests.support.client import PageClient, soup, words
from tests.support.clock import MovedClock
from tests.support.offers import a_coupon
from tests.support.purse import Purse, a_booking
from tests.support.staff import signed_in

FRIDAY = dt.datetime(2027, 3, 5, 15, 30, tzinfo=dt.UTC)
PER_SEAT = 1075


@pytest.fixture
def regent(app: Flask, moved_clock: MovedClock) -> Cinema:
    moved_clock.stop_at(FRIDAY)
    return a_cinema(name="The Regent")


@pytest.fixture
def ruth(app: Flask, regent: Cinema) -> PageClient:
    return signed_in(app, a_person(Role.MANAGER, regent))


@pytest.fixture
def show(regent: Cinema) -> Show:
    return a_show(screen=a_screen(regent, 30), movie=a_movie("Metropolis"), starts_in=dt.timedelta(hours=4))


def table(page: Any) -> list[list[str]]:
    return [
        [" ".join(cell.get_text(" ").split()) for cell in row.find_all(["th", "td"])]
        for row in soup(page).select(".rows tbody tr")
    ]


def the_file(client: PageClient, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix(BOM))))


def test_the_day_stands_on_one_page(ruth: PageClient, show: Show, regent: Cinema):
    a_paid_booking(show)
    a_paid_booking(show)
    rollups.roll_up()
    page = words(ruth.get("/staff/dashboard"))
    for part in ("Sold today 4", "Takings £43.00", "Houses filled 13%", "Next house 19:30", "Metropolis, 26 free"):
        assert part in page
    assert "4/30" in page
    assert "nothing waits, nothing is broken" in page or "Worker none is running" in page


def test_today_is_compared_with_the_same_weekday_until_this_time(
    ruth: PageClient, regent: Cinema, moved_clock: MovedClock
):
    moved_clock.forward(days=-7)
    late = a_show(screen=a_screen(regent, 30), starts_in=dt.timedelta(days=9))
    a_paid_booking(late)
    moved_clock.forward(hours=2)
    a_paid_booking(late)
    moved_clock.stop_at(FRIDAY + dt.timedelta(minutes=1))
    page = words(ruth.get("/staff/dashboard"))
    assert "2 less than last Friday so far" in page
    assert "£21.50 less than last Friday so far" in page


def test_an_empty_house_has_its_page_too(ruth: PageClient):
    page = words(ruth.get("/staff/dashboard"))
    assert "There are no shows today." in page
    assert "nothing today or tomorrow" in page


@pytest.mark.parametrize("key", REPORTS)
def test_every_report_opens_with_and_without_figures(ruth: PageClient, show: Show, key: str):
    assert "Nothing on these days" in words(ruth.get(f"/staff/reports?report={key}")) or key in ("occupancy", "funnel")
    a_booking(show, 2, Purse(coupons=[a_coupon(percent=50)]))
    cancel(a_paid_booking(show))
    ruth.get(f"/shows/{show.id}")
    flush_views()
    rollups.roll_up()
    screen = f"&film={show.movie_id}&screen={show.screen_id}"
    for address in (f"/staff/reports?report={key}", f"/staff/reports?report={key}{screen}"):
        page = ruth.get(address)
        assert table(page), address
        assert len(the_file(ruth, address.replace("reports?", "reports.csv?"))) == len(table(page))
    assert not table(ruth.get(f"/staff/reports?report={key}&film=0")) or key == "funnel"


@pytest.mark.parametrize("key", ["day", "cinema", "film", "screen", "category", "type", "channel"])
def test_revenue_adds_up_to_the_ledger_to_the_cent(ruth: PageClient, show: Show, key: str):
    a_booking(show, 3, Purse(coupons=[a_coupon(percent=33)]))
    booking = a_paid_booking(show, 3)
    cancel(booking, 1)
    rollups.roll_up()
    accounts = "'ticket_revenue', 'fee_revenue', 'tax_payable', 'discounts', 'cancellation_revenue'"
    (books,) = rows(f"SELECT -sum(amount_minor) AS sum FROM ledger_entries WHERE account IN ({accounts})")
    found = the_file(ruth, f"/staff/reports.csv?report={key}")
    assert sum(Decimal(row["Gross"]) for row in found) == Decimal(int(books.sum)) / 100
    assert sum(int(row["Sold"]) - int(row["Given back"]) for row in found) == 5


def test_what_was_paid_with_adds_up_to_the_accounts(ruth: PageClient, show: Show):
    cancel(a_paid_booking(show), 1)
    rollups.roll_up()
    (gateway,) = the_file(ruth, "/staff/reports.csv?report=tender")
    assert (gateway["Tender"], gateway["In"]) == ("Gateway sandbox", "21.50")
    balances = {row["Account"]: Decimal(row["Balance"]) for row in the_file(ruth, "/staff/reports.csv?report=accounts")}
    assert sum(balances.values()) == 0


def test_days_are_the_cinemas_own_and_both_count(ruth: PageClient, show: Show):
    a_paid_booking(show)
    rollups.roll_up()
    for query, expected in {
        "from=2027-03-05&to=2027-03-05": 1,
        "from=2027-03-06&to=2027-03-09": 0,
        "from=2027-03-01&to=2027-03-04": 0,
        "from=2027-03-09&to=2027-03-01": 0,
        "from=soon&to=later": 1,
        "from=0001-01-01": 1,
        "cinema=99999999999999999999": 1,
        "cinema=all": 1,
        "report=made-up": 1,
    }.items():
        assert len(table(ruth.get(f"/staff/reports?{query}"))) == expected, query


def test_another_cinemas_figures_are_not_in_it(app: Flask, ruth: PageClient, show: Show):
    lantern = a_cinema(name="The Lantern")
    a_paid_booking(a_show(cinema=lantern, movie=a_movie("Nosferatu")))
    rollups.roll_up()
    for key in REPORTS:
        for cinema in ("all", lantern.id):
            page = words(ruth.get(f"/staff/reports?report={key}&cinema={cinema}"))
            assert "Nosferatu" not in page
            assert "£21.50" not in page
    alma = signed_in(app, a_person(Role.ADMIN))
    assert "£21.50" in words(alma.get("/staff/reports?report=film&cinema=all"))
    assert "Nosferatu" in words(alma.get(f"/staff/reports?report=film&cinema={lantern.id}"))


def test_a_film_that_would_run_as_a_formula_is_defused(ruth: PageClient, regent: Cinema):
    a_paid_booking(a_show(screen=a_screen(regent, 30), movie=a_movie("=1+1")))
    rollups.roll_up()
    assert [row["Film"] for row in the_file(ruth, "/staff/reports.csv?report=film")] == ["'=1+1"]
    address = "/staff/reports/film-return.csv?week=2027-03-05"
    assert {row["film"] for row in the_file(ruth, address)} == {"'=1+1"}


def test_the_funnel_counts_each_step(ruth: PageClient, show: Show):
    for _ in range(4):
        ruth.get(f"/shows/{show.id}")
    flush_views()
    booking = a_paid_booking(show)
    a_paid_booking(show)
    (ticket, *_) = rows("SELECT id FROM tickets WHERE booking_id = :id", id=booking.id)
    admit_ticket(show.id, ticket.id, COMMAND, AtDoor("scan-1"))
    rollups.roll_up()
    assert [row[1] for row in table(ruth.get("/staff/reports?report=funnel"))] == ["4", "2", "2", "2", "1"]


def test_the_funnel_tells_the_counter_from_the_web(ruth: PageClient, show: Show):
    """Nobody sees the map at a counter; what was kept there and not sold is not the web's."""
    ruth.get(f"/shows/{show.id}")
    flush_views()
    a_paid_booking(show)
    till = Till(show)
    till.sell(A, A)
    till.keep(A)
    rollups.roll_up()
    page = ruth.get("/staff/reports?report=funnel")
    heads = [head.get_text() for head in soup(page).select(".rows thead th")]
    assert heads[:5] == ["Step", "Web", "Web, went on", "Box office", "Box office, went on"]
    assert [row[:5] for row in table(page)] == [
        ["Saw the seats", "1", "", "", ""],
        ["Kept seats", "1", "100.0 %", "2", ""],
        ["Began to pay", "1", "100.0 %", "", ""],
        ["Confirmed", "1", "100.0 %", "1", "50.0 %"],
        ["Came", "0", "0.0 %", "0", "0.0 %"],
    ]
    panel = soup(ruth.get("/staff/dashboard")).select_one("[aria-labelledby=funnel-title]")
    assert panel
    assert [head.get_text() for head in panel.select("h3")] == ["Web", "Box office"]
    assert len(panel.select("svg")[1].select("polygon")) == 3


def test_what_was_given_back_hangs_below_the_line(ruth: PageClient, show: Show, moved_clock: MovedClock):
    moved_clock.stop_at(FRIDAY)
    booking = a_paid_booking(show)
    assert not soup(ruth.get("/staff/dashboard")).select(".f-back")
    cancel(booking, 1)
    page = soup(ruth.get("/staff/dashboard"))
    (taken,), (back,) = page.select("rect.f-now"), page.select("rect.f-back")
    assert float(str(back["y"])) == pytest.approx(float(str(taken["y"])) + float(str(taken["height"])), abs=0.2)
    returned = rows("SELECT returned_minor FROM cancellations")[0].returned_minor
    hour = next(row for row in page.select(".rows tbody tr") if row.select_one("th") and row.th.get_text() == "15")
    assert [cell.get_text() for cell in hour.select("td")][:3] == ["1", "£21.50", f"£{Decimal(returned) / 100}"]


def test_the_curve_of_a_show_falls_when_seats_come_back(app: Flask, regent: Cinema, moved_clock: MovedClock):
    show = a_show(screen=a_screen(regent, 30), starts_in=dt.timedelta(days=6))
    booking = a_paid_booking(show, 3)
    moved_clock.forward(days=2)
    cancel(booking, 1)
    moved_clock.forward(days=1)
    a_paid_booking(show)
    rollups.roll_up()
    page = signed_in(app, a_person(Role.MANAGER, regent)).get(f"/staff/reports/shows/{show.id}")
    assert table(page) == [["6", "3", "3"], ["4", "-1", "2"], ["3", "2", "4"]]


def test_the_hall_shows_where_people_sat(ruth: PageClient, show: Show):
    a_paid_booking(show)
    rollups.roll_up()
    page = soup(ruth.get(f"/staff/reports/screens/{show.screen_id}"))
    assert [cell.get_text() for cell in page.select(".f-heat .f-h5 title")] == ["A1: 1", "A2: 1"]
    assert "A1: 1, A2: 1, A3: 0" in " ".join(page.get_text(" ").split())


def test_a_forecast_stands_beside_what_came_true(ruth: PageClient, regent: Cinema, moved_clock: MovedClock):
    screen, film = a_screen(regent, 30), a_movie("Metropolis")
    moved_clock.stop_at(FRIDAY - dt.timedelta(days=35))
    for week in range(5):
        show = a_show(screen=screen, movie=film, starts_in=dt.timedelta(days=1, hours=4))
        a_paid_booking(show, 2)
        moved_clock.forward(days=1)
        a_paid_booking(show, 2 + week // 4)
        moved_clock.stop_at(FRIDAY - dt.timedelta(days=28 - 7 * week))
    a_paid_booking(a_show(screen=screen, movie=film, starts_in=dt.timedelta(days=1, hours=4)), 3)
    rollups.roll_up()
    page = soup(ruth.get("/staff/reports/forecast"))
    coming, past = page.select(".rows")
    assert [cell.get_text() for cell in coming.select("tbody tr")[0].select("td")][2:5] == ["3", "4", "4 and 4"]
    assert [cell.get_text() for cell in past.select("tbody tr")[0].select("td.num")] == ["4", "5", "+1"]


def test_a_film_return_tells_shows_admissions_gross_tax_and_net(ruth: PageClient, show: Show, regent: Cinema):
    a_booking(show, 2, Purse(coupons=[a_coupon(percent=50)]))
    cancel(a_paid_booking(show, 3), 1)
    next_week = a_show(screen=a_screen(regent, 30), movie=a_movie("Later"), starts_in=dt.timedelta(days=7))
    a_paid_booking(next_week)
    rollups.roll_up()
    page = ruth.get("/staff/reports/film-return?week=2027-03-09")
    assert "1 show, 4 admissions" in words(page)
    assert "The Regent, Friday, 5 March 2027 to Thursday, 11 March 2027" in words(page)
    assert "Later" not in words(page)
    (row,) = the_file(ruth, "/staff/reports/film-return.csv?week=2027-03-09")
    assert (row["week from"], row["week to"], row["ticket type"]) == ("2027-03-05", "2027-03-11", "Adult")
    paid = rows(
        "SELECT sum(price_minor + fee_minor - discount_minor) AS gross, sum(tax_minor) AS tax FROM tickets "
        "WHERE show_id = :id AND state = 'issued'",
        id=show.id,
    )[0]
    assert (Decimal(row["gross"]), Decimal(row["tax"])) == (Decimal(paid.gross) / 100, Decimal(paid.tax) / 100)
    assert Decimal(row["net"]) == Decimal(row["gross"]) - Decimal(row["tax"])


def test_a_film_return_is_a_pdf_too(ruth: PageClient, show: Show):
    a_paid_booking(show)
    rollups.roll_up()
    answer = ruth.get("/staff/reports/film-return.pdf?week=2027-03-05")
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF")
    assert "film-return-2027-03-05.pdf" in answer.headers["Content-Disposition"]


def test_an_alert_is_settled_with_a_reason_and_written_down(ruth: PageClient, show: Show):
    alert = an_alert(show.id)
    assert "A refund was refused" in words(ruth.get("/staff/dashboard"))
    assert ruth.post_form(f"/staff/alerts/{alert}/settle", {"reason": ""}, "/cities").status_code == 422
    answer = ruth.post_form(f"/staff/alerts/{alert}/settle", {"reason": "paid by hand"}, "/cities")
    assert answer.status_code == 303
    assert "A refund was refused" not in words(ruth.get("/staff/dashboard"))
    (row,) = rows("SELECT action, reason, after FROM audit_entries WHERE action = 'alert.resolved'")
    assert row.reason == "paid by hand"
    again = ruth.post_form(f"/staff/alerts/{alert}/settle", {"reason": "twice"}, "/cities")
    assert again.status_code == 303
    assert len(rows("SELECT FROM audit_entries WHERE action = 'alert.resolved'")) == 1


def test_what_concerns_the_whole_house_is_settled_by_administrators(app: Flask, ruth: PageClient):
    alert = an_alert(0, "unknown_refund", "The bank tells of a refund")
    assert "An administrator settles this." in words(ruth.get("/staff/dashboard"))
    form = {"reason": "why not"}
    assert ruth.post_form(f"/staff/alerts/{alert}/settle", form, "/cities").status_code == 404
    alma = signed_in(app, a_person(Role.ADMIN))
    assert alma.post_form(f"/staff/alerts/{alert}/settle", form, "/cities").status_code == 303


def test_a_broken_promise_is_told_once_while_it_stands_open(app: Flask, monkeypatch: pytest.MonkeyPatch):
    broken = [Broken(2, "Sold seats are sold.", "row"), Broken(2, "Sold seats are sold.", "another")]
    monkeypatch.setattr("app.services.watching.check_promises", lambda: iter(broken))
    assert watch_promises() == watch_promises() == 1
    (row,) = rows("SELECT message FROM alerts WHERE kind = 'promise_broken'")
    assert row.message == "Promise 2 is broken: Sold seats are sold."


def test_what_could_not_be_sent_is_told(ruth: PageClient, show: Show):
    a_paid_booking(show)
    db.session.execute(db.text("UPDATE messages SET state = 'failed'"))
    db.session.commit()
    assert re.search(r"1 message could not be sent", words(ruth.get("/staff/dashboard")))


def test_a_small_amount_given_back_can_still_be_seen():
    today = Sales(900, 3, 974_598, 877)
    chart = hour_chart(Takings("EUR", (Hour(19, today, Sales()), Hour(20, Sales(), Sales())), today, Sales()), 19.5)
    assert [bar.height for bar in chart.back] == [LEAST_TALL, 0]
    assert chart.now[0].height > 50


def test_steps_of_a_scale_are_round():
    assert [nice_step(highest) for highest in (1, 4, 7, 30, 99, 1000)] == [1, 1, 2, 10, 50, 500]
    assert nice_step(120_000, 100) == 50_000


def test_five_shades_share_what_was_sold():
    assert [shade(sold, 10) for sold in (0, 1, 2, 3, 9, 10)] == [0, 1, 1, 2, 5, 5]
    assert shade(0, 0) == 0
