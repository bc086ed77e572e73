"""Calendar files: the hour at the cinema, wherever the reader is."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

from icalendar import Calendar

from app.adapters.calendar import Entry, calendar_file

RENNES = ZoneInfo("Europe/Paris")
ENTRY = Entry(
    uid="booking-X@house",
    stamp=dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC),
    title="Metropolis; a film, restored",
    starts_at=dt.datetime(2026, 11, 21, 19, 30, tzinfo=RENNES),
    ends_at=dt.datetime(2026, 11, 21, 22, 3, tzinfo=RENNES),
    place="Arvor, Screen 1, 29 rue d’Antrain, Rennes",
    latitude=48.1173,
    longitude=-1.6778,
    words="Seats J10, J11.\nDoors open at 19:00.",
    url="https://tickets.example/bookings/X?key=k",
)


def parsed(entry: Entry = ENTRY):
    calendar = Calendar.from_ical(calendar_file(entry, "Marquee"))
    return calendar, calendar.walk("VEVENT")[0]


def test_the_start_is_in_the_cinemas_zone_which_the_file_explains() -> None:
    calendar, event = parsed()
    assert event["DTSTART"].params["TZID"] == "Europe/Paris"
    assert event["DTSTART"].dt.strftime("%H:%M") == "19:30"
    assert event["DTEND"].dt.strftime("%H:%M") == "22:03"
    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["Europe/Paris"]


def test_it_says_where_and_opens_the_booking() -> None:
    _, event = parsed()
    assert str(event["LOCATION"]) == ENTRY.place
    assert event["GEO"].to_ical() == "48.1173;-1.6778"
    assert str(event["URL"]) == ENTRY.url
    assert str(event["SUMMARY"]) == ENTRY.title


def test_it_reminds_two_hours_before() -> None:
    _, event = parsed()
    (alarm,) = event.walk("VALARM")
    assert alarm["TRIGGER"].dt == dt.timedelta(hours=-2)


def test_the_same_visit_gives_the_same_file() -> None:
    assert calendar_file(ENTRY, "Marquee") == calendar_file(ENTRY, "Marquee")
    assert str(parsed()[1]["UID"]) == ENTRY.uid


def test_a_cinema_without_a_place_on_the_map_has_no_geo() -> None:
    assert "GEO" not in parsed(replace(ENTRY, latitude=None))[1]


def test_a_line_break_in_a_title_starts_no_new_property() -> None:
    _, event = parsed(replace(ENTRY, title="Nice\r\nATTACH:http://evil.example/x"))
    assert "ATTACH" not in event
