"""Prices that change while a crowd buys: whoever gets seats pays what they were shown."""

from __future__ import annotations

from sqlalchemy import text

from app.db import db, transaction
from app.domain.pricing import Tariff
from app.domain.staff import COMMAND
from app.errors import Busy, PricesChanged
from app.models import Show
from app.services import holds
from app.services.demand import judge_demand
from app.services.holding import Hold, Seen
from app.services.show_cancelling import cancel_show
from tests.builders import a_cinema, a_demand_rule, a_show, seat_ids
from tests.support.crowd import together

BUYERS, ROUNDS = 16, 6
CHANGE = text("UPDATE demand_rules SET percent = :percent")


def tickets_of(hold: Hold) -> list[int]:
    rows = db.session.execute(
        text("SELECT price_minor FROM tickets WHERE show_id = :show_id AND booking_id = :id"),
        {"show_id": hold.show_id, "id": hold.booking_id},
    )
    found = list(rows.scalars())
    db.session.commit()
    return found


def test_nobody_pays_what_they_were_not_shown(crowd):
    cinema = a_cinema()
    show, plain = a_show(seats=100, cinema=cinema), 1000
    seats = seat_ids(show)
    a_demand_rule(cinema, 20)

    def buyer(number: int):
        def buy() -> tuple[Tariff, Hold]:
            shown = db.session.get_one(Show, show.id, populate_existing=True).tariff
            db.session.commit()
            row = 10 * (number % 10)
            wanted = [seats[row + (0 if number < 10 else 8)]]
            return shown, holds.hold_seats(show.id, wanted, f"s:{number}", seen=Seen(shown))

        return buy

    def minute(percent: int):
        def pass_by() -> int:
            with transaction() as session:
                session.execute(CHANGE, {"percent": percent})
            return judge_demand()

        return pass_by

    kept = refused = changed = 0
    for turn in range(ROUNDS):
        results = together(crowd, [*(buyer(number) for number in range(BUYERS)), minute(20 - 10 * (turn % 2))])
        changed += results.pop()
        for result in results:
            if isinstance(result, PricesChanged):
                refused += 1
                continue
            assert isinstance(result, tuple), result
            shown, hold = result
            kept += 1
            assert tickets_of(hold) in ([shown.of(plain)], []), "no ticket: it went for the same buyer's next hold"
    assert changed == ROUNDS
    assert kept + refused == ROUNDS * BUYERS
    assert kept


def test_a_show_called_off_while_it_is_judged_waits_for_nobody(crowd):
    cinema = a_cinema()
    shows = [a_show(cinema=cinema) for _ in range(6)]
    a_demand_rule(cinema, 20)
    tasks = [judge_demand, *(lambda show=show: cancel_show(COMMAND, show.id, "The projector broke.") for show in shows)]
    results = together(crowd, [*tasks, judge_demand])
    assert not [one for one in results if isinstance(one, Busy | Exception)]
    states = db.session.execute(text("SELECT DISTINCT state FROM shows")).scalars().all()
    db.session.commit()
    assert states == ["cancelled"]
