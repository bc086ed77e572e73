"""The demo house: relative to now, taken in as a user would, and twice changes nothing."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import text

from app import clock
from app.db import db
from app.domain.staff import COMMAND
from app.sandbox_gateway.sessions import book_demo_payments
from app.services.demo import demo_is_loaded, load_demo
from app.services.outbox import due_items
from app.services.refunds import send_refund
from app.services.show_cancelling import cancel_show, refund_show

A_MORNING = dt.datetime(2027, 3, 27, 5, 0, tzinfo=dt.UTC)
"""The night after, clocks go forward in Lyon."""


def one(sql: str):
    value = db.session.execute(text(sql)).scalar_one()
    db.session.commit()
    return value


def test_the_demo_house_opens_from_nothing(app, moved_clock):
    moved_clock.stop_at(A_MORNING)
    assert not demo_is_loaded()
    done = load_demo(days=1)
    assert (done.films, done.cinemas) == (24, 4)
    assert done.shows > 30
    assert done.bookings > 30
    assert demo_is_loaded()
    assert one("SELECT count(DISTINCT timezone) FROM cinemas") == 3
    assert one("SELECT count(DISTINCT currency) FROM cinemas") == 2
    assert one("SELECT min(starts_at) FROM shows") > clock.now()
    assert one("SELECT count(*) FROM show_seats WHERE state = 'blocked'") > 0
    assert one("SELECT count(*) FROM price_rules") == 4
    assert one("SELECT count(*) FROM price_lists") == 8
    assert one("SELECT count(*) FROM demand_rules") == 8
    assert one("SELECT count(DISTINCT demand_reason) FROM shows WHERE demand_percent <> 0") > 0
    every_plan_has_two_wheelchair_spaces_with_companions()
    assert due_items() == []
    assert one("SELECT max(hour) FROM show_views") <= clock.now()
    looked = "SELECT show_id, sum(seen) AS seen FROM show_views GROUP BY 1"
    kept = "SELECT show_id, count(*) AS kept FROM bookings GROUP BY 1"
    sql = f"SELECT bool_and(seen > coalesce(kept, 0)) FROM ({looked}) l FULL JOIN ({kept}) k USING (show_id)"
    assert one(sql), "whoever keeps seats has looked at them"
    book_demo_payments()
    book_demo_payments()
    assert one("SELECT count(*) FROM sandbox_sessions") == one("SELECT count(*) FROM payments WHERE captured_minor > 0")
    again = load_demo(days=1)
    assert (again.films, again.cinemas, again.shows, again.bookings) == (0, 0, 0, 0)
    assert one("SELECT count(*) FROM demand_rules") == 8
    show_id = one("SELECT show_id FROM payments ORDER BY id LIMIT 1")
    cancel_show(COMMAND, show_id, "The projector broke.")
    refund_show(show_id, 0)
    refund_id = one("SELECT min(id) FROM refunds")
    assert send_refund(show_id, refund_id) == "done"


def every_plan_has_two_wheelchair_spaces_with_companions() -> None:
    rows = db.session.execute(
        text(
            "SELECT l.id, count(*) FILTER (WHERE s.kind = 'wheelchair') AS spaces, "
            "count(*) FILTER (WHERE s.kind = 'companion') AS companions "
            "FROM layouts l JOIN seats s ON s.layout_id = l.id GROUP BY l.id"
        )
    ).all()
    db.session.commit()
    assert len(rows) == 8
    assert all(row.spaces >= 2 and row.companions >= 2 for row in rows)
