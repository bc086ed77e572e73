"""Calendar files (RFC 5545) with the cinema's own time zone. Which show they are about is services/tickets.py's."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from icalendar import Alarm, Calendar, Event

ALARM_BEFORE = dt.timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Entry:
    """One visit. `uid` stays the same for ever; `starts_at` and `ends_at` are in the cinema's zone."""

    uid: str
    stamp: dt.datetime
    """When the entry came into being, UTC; the same each time, so that the file is the same each time."""
    title: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    place: str
    latitude: float | None
    longitude: float | None
    words: str
    url: str


def calendar_file(entry: Entry, producer: str) -> bytes:
    """A file with one event, its VTIMEZONE and a reminder two hours before."""
    calendar = Calendar()
    calendar.add("prodid", f"-//{producer}//tickets//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(_event(entry))
    year = entry.starts_at.year
    calendar.add_missing_timezones(dt.date(year - 1, 1, 1), dt.date(year + 2, 1, 1))
    return bytes(calendar.to_ical())


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", entry.stamp)
    event.add("dtstart", entry.starts_at)
    event.add("dtend", entry.ends_at)
    event.add("summary", entry.title)
    event.add("location", entry.place)
    if entry.latitude is not None and entry.longitude is not None:
        event.add("geo", (entry.latitude, entry.longitude))
    event.add("description", entry.words)
    event.add("url", entry.url)
    event.add("status", "CONFIRMED")
    event.add_component(_alarm(entry.title))
    return event


def _alarm(words: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", words)
    alarm.add("trigger", -ALARM_BEFORE)
    return alarm
