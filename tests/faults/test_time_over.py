"""Time that runs out while people are at it, over HTTP. Across processes rows are moved, not clocks."""

from __future__ import annotations

from sqlalchemy import text

from app.db import db, end_read, transaction
from app.sandbox_gateway.messenger import deliver_due_messages
from app.services.outbox import sweep_outbox
from tests.faults.conftest import House, patiently
from tests.support.buyers import Buyer, a_buyer


def age(code: str, minutes: int) -> None:
    """Let a booking and its seats be so many minutes older; sales opened long before."""
    back = "make_interval(mins => :minutes)"
    with transaction() as session:
        row = session.execute(text("SELECT show_id, id FROM bookings WHERE code = :code"), {"code": code}).one()
        key = {"show_id": row.show_id, "id": row.id, "minutes": minutes}
        session.execute(
            text(
                f"UPDATE bookings SET held_at = held_at - {back}, expires_at = expires_at - {back}, "
                f"cap_at = cap_at - {back} WHERE show_id = :show_id AND id = :id"
            ),
            key,
        )
        session.execute(
            text("UPDATE shows SET sales_open_at = sales_open_at - interval '1 day' WHERE id = :show_id"), key
        )
        session.execute(
            text(
                f"UPDATE show_seats SET held_until = held_until - {back} WHERE show_id = :show_id AND booking_id = :id"
            ),
            key,
        )


def test_a_run_out_hold_stops_nobody_before_any_clock_has_struck(house: House, buyer: Buyer, show, seats):
    with house.stopped("schedule"):
        old = house.hold(buyer, show.id, seats)
        age(old, 11)
        new = house.hold(a_buyer(house.app), show.id, seats)
    assert (house.state(old), house.state(new)) == ("expired", "held")


def test_whose_time_ran_out_is_told_so_everywhere(house: House, buyer: Buyer, show, seats):
    code = house.hold(buyer, show.id, seats)
    age(code, 11)
    assert house.ask_living(buyer.get(f"/bookings/{code}/checkout")).status == 410
    assert house.ask_living(house.pay_request(buyer, code)).status == 410
    assert house.ask_living(buyer.post(f"/bookings/{code}/extend")).status == 303
    assert house.one("SELECT count(*) FROM payments") == 0
    assert house.one("SELECT extended_at FROM bookings") is None


def test_late_money_for_free_seats_confirms_and_the_tickets_are_made(house: House, buyer: Buyer, show, seats):
    code = house.hold(buyer, show.id, seats)
    page = house.to_gateway(buyer, code)
    age(code, 20)
    house.pay_there(buyer, page)
    house.ask_living(house.come_back(buyer, code))
    assert house.state(code) == "confirmed"
    sweep_outbox()
    patiently(lambda: house.undone() == 0, what="tickets and mail")


def open_again(code: str) -> None:
    """The gateway's page as it was: who pays in the instant before it is closed."""
    with transaction() as session:
        session.execute(
            text(
                "UPDATE sandbox_sessions SET state = 'open', ended_at = NULL WHERE payment_id IN "
                "(SELECT p.id FROM payments p JOIN bookings b ON b.id = p.booking_id WHERE b.code = :code)"
            ),
            {"code": code},
        )


def test_late_money_for_seats_that_are_gone_goes_back_and_the_buyer_is_told(house: House, buyer: Buyer, show, seats):
    code = house.hold(buyer, show.id, seats)
    page = house.to_gateway(buyer, code)
    age(code, 20)
    winner = house.buy(a_buyer(house.app), show.id, seats)
    sweep_outbox()
    patiently(lambda: house.undone() == 0, what="the winner's tickets, and the closing of the loser's pay page")
    open_again(code)
    house.pay_there(buyer, page)
    deliver_due_messages()
    patiently(lambda: house.one("SELECT count(*) FROM refunds"), what="the refund")
    assert house.state(code) == "expired"
    assert house.state(winner) == "confirmed"
    sweep_outbox()
    patiently(lambda: house.one("SELECT state FROM refunds") == "done", what="the money")
    patiently(lambda: house.undone() == 0, what="the mail")
    row = db.session.execute(
        text("SELECT captured_minor, refunded_minor FROM payments ORDER BY refunded_minor DESC LIMIT 1")
    ).one()
    end_read()
    assert row.captured_minor == row.refunded_minor > 0
    assert b"back" in house.ask_living(buyer.get(f"/bookings/{code}")).body
