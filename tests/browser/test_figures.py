"""The figures in Chromium: axe in both themes and at three widths; tables and charts stay inside the page."""

from __future__ import annotations

import datetime as dt

from flask import Flask

from app.domain.staff import COMMAND, Role
from app.services import rollups
from app.services.admission import AtDoor, admit_ticket
from app.services.views import flush_views
from tests.browser.test_staff import come_in
from tests.browser.visitor import PHONE, SMALL, WIDE, Visitor
from tests.builders import a_cinema, a_movie, a_paid_booking, a_person, a_screen, a_show, an_alert
from tests.support.books import rows

TITLES = ("Metropolis", "The Cabinet of Doctor Caligari and What Came of It", "Safety Last!")


def a_day() -> tuple[int, int, int]:
    """A cinema with shows today and tomorrow, some sold; its id, and a show's and a screen's."""
    cinema = a_cinema(name="The Regent")
    screens = [a_screen(cinema, seats, aisle_after=4) for seats in (92, 46, 60)]
    for place, title in enumerate(TITLES):
        film = a_movie(title)
        for hours in (1, 26):
            show = a_show(screen=screens[place], movie=film, starts_in=dt.timedelta(hours=hours))
            for _ in range(6 * place + 2):
                booking = a_paid_booking(show, 2)
    ticket = rows("SELECT id FROM tickets WHERE booking_id = :id", id=booking.id)[0].id
    admit_ticket(show.id, ticket, COMMAND, AtDoor("scan-1"))
    an_alert(show.id)
    rollups.roll_up()
    return cinema.id, show.id, screens[2].id


def test_every_page_of_the_figures_for_every_eye(app: Flask, visitor: Visitor, base_url: str) -> None:
    cinema_id, show_id, screen_id = a_day()
    come_in(app, visitor.page.context, base_url, a_person(Role.ADMIN, name="Alma"))
    visitor.page.goto(f"/shows/{show_id}")
    flush_views()
    reports = [f"/reports?report={key}&cinema={cinema_id}" for key in ("day", "film", "accounts", "funnel")]
    pages = (f"/reports/shows/{show_id}", f"/reports/screens/{screen_id}", "/reports/forecast")
    for path in ("/dashboard", *reports, *pages, "/reports/film-return", "/reports?from=2001-01-01&to=2001-01-01"):
        visitor.go(f"/staff{path}")
        visitor.look(f"/staff{path}", WIDE, PHONE, SMALL)
    visitor.go("/staff/dashboard")
    visitor.page.get_by_text("As a table").first.click()
    visitor.page.locator(".alerts summary").first.click()
    visitor.look("opened", WIDE, SMALL)
