"""Reports: tables with a chart beside them, as pages and as files; single shows and screens; forecasts; film returns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask import Response, request, url_for

from app.blueprints.staff import pages
from app.domain.film_week import FilmWeek, week_of
from app.domain.staff import Role
from app.money import CURRENCIES
from app.queries.figures.dashboard import screens_of
from app.queries.figures.film_return import FilmReturn, film_returns
from app.queries.figures.hours import midnight
from app.queries.figures.reports import MONEY, REPORTS, Table, choices
from app.queries.figures.shows import expectations, seat_heat, show_figures
from app.services.film_returns import film_return_pdf
from app.web.charts import curve_chart, heat_chart
from app.web.csv_files import csv_file
from app.web.guards import staff
from app.web.render import render
from app.web.report_forms import day_asked, kept, number_asked, report_asked, wanted
from app.web.staff import StaffHouse

HEAT_DAYS = 90


@pages.get("/reports")
@staff(Role.MANAGER)
def reports(house: StaffHouse) -> Response:
    report, found = report_asked(), wanted(house)
    address = {"report": report.key, **kept(found)}
    return render(
        "staff/figures/reports.html",
        house=house,
        report=report,
        table=report.run(found),
        kept=address,
        reports=REPORTS.values(),
        choices=choices(found),
        csv=url_for("staff.reports_file", **address),
    )


@pages.get("/reports.csv")
@staff(Role.MANAGER)
def reports_file(house: StaffHouse) -> Response:
    report, found = report_asked(), wanted(house)
    table = report.run(found)
    header = ("currency", *(words for words, _ in table.columns))
    return csv_file(f"{report.key}-{found.start}-{found.end}", header, _cells(table))


def _cells(table: Table) -> Iterator[list[Any]]:
    """Amounts as decimal numbers, so that a spreadsheet can add them."""
    for row in table.rows:
        kinds = [kind for _, kind in table.columns]
        cells = zip(row[1:], kinds, strict=True)
        yield [row[0], *(amount(cell, row[0]) if kind == MONEY else cell for cell, kind in cells)]


def amount(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-CURRENCIES[currency])


@pages.get("/reports/shows/<int:show_id>")
@staff(Role.MANAGER)
def show_report(house: StaffHouse, show_id: int) -> Response:
    """The booking curve of one show."""
    show = show_figures(show_id)
    left = max(0, (show.starts_at.date() - house.now.date()).days)
    chart = curve_chart(show.gained, show.seats, left)
    return render("staff/figures/show.html", house=house, show=show, chart=chart)


@pages.get("/reports/screens/<int:screen_id>")
@staff(Role.MANAGER)
def screen_report(house: StaffHouse, screen_id: int) -> Response:
    """Where people sat in one auditorium."""
    end = day_asked("to") or house.now.date()
    start = min(day_asked("from") or end - dt.timedelta(days=HEAT_DAYS), end)
    heat = seat_heat(screen_id, midnight(start, house.zone), midnight(end + dt.timedelta(days=1), house.zone))
    return render(
        "staff/figures/screen.html",
        house=house,
        heat=heat,
        hall=heat_chart(heat),
        start=start,
        end=end,
        screen_id=screen_id,
        screens=screens_of(house.the_cinema().id),
    )


@pages.get("/reports/forecast")
@staff(Role.MANAGER)
def forecast_report(house: StaffHouse) -> Response:
    """What coming shows may bring, and how right that was last week."""
    coming, past = expectations(house.the_cinema().id, house.now, house.now.date())
    return render("staff/figures/forecast.html", house=house, coming=coming, past=past)


@pages.get("/reports/film-return")
@staff(Role.MANAGER)
def film_return(house: StaffHouse) -> Response:
    week = _week(house)
    found = film_returns(house.the_cinema().id, week, number_asked("film"))
    return render("staff/figures/film_return.html", house=house, week=week, films=found, film=number_asked("film"))


def _week(house: StaffHouse) -> FilmWeek:
    """The one of the day that is asked for, else the last that is over."""
    asked = day_asked("week")
    return week_of(asked) if asked else week_of(house.now.date()).before


@pages.get("/reports/film-return.csv")
@staff(Role.MANAGER)
def film_return_file(house: StaffHouse) -> Response:
    cinema, week = house.the_cinema(), _week(house)
    found = film_returns(cinema.id, week, number_asked("film"))
    header = ("cinema", "week from", "week to", "film", "shows of film", "category", "ticket type", "admissions")
    rows = (line for film in found for line in _lines(cinema.name, week, film))
    return csv_file(f"film-return-{week.start}", (*header, "currency", "gross", "tax", "net"), rows)


def _lines(cinema: str, week: FilmWeek, film: FilmReturn) -> Iterator[list[Any]]:
    for row in film.rows:
        sums = [amount(minor, film.currency) for minor in (row.gross_minor, row.tax_minor, row.net_minor)]
        what = [film.title, film.shows, row.category, row.ticket_type, row.admissions, film.currency]
        yield [cinema, week.start.isoformat(), week.end.isoformat(), *what, *sums]


@pages.get("/reports/film-return.pdf")
@staff(Role.MANAGER)
def film_return_paper(house: StaffHouse) -> Response:
    week = _week(house)
    content = film_return_pdf(house.the_cinema().id, house.the_cinema().name, week, number_asked("film"))
    response = Response(content, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'{_how()}; filename="film-return-{week.start}.pdf"'
    return response


def _how() -> str:
    return "inline" if request.args.get("look") else "attachment"
