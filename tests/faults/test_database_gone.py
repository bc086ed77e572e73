"""PostgreSQL stopped like a power cut, and connections cut under load: pages say so, and it goes on by itself."""

from __future__ import annotations

import asyncio

import psycopg

from app.embedded import connect
from tests.builders import a_show, seat_ids
from tests.faults.conftest import House, _ask, forget_connections, patiently
from tests.support.buyers import Answer, Buyer, buyers
from tests.support.history import live_seats, miscounted, overlaps

HOLDS_BETWEEN_CUTS, MOST_TRIES = 6, 100


def test_a_stopped_database_is_said_and_survived_without_a_restart(house: House, buyer: Buyer, show, seats):
    paid = house.buy(buyer, show.id, seats)
    held = house.hold(buyer, show.id, seat_ids(show, "B1", "B2"))
    house.postgres.stop_immediate()
    for request in (buyer.get(f"/shows/{show.id}"), buyer.hold_by_form(show.id, seats), buyer.get(f"/bookings/{paid}")):
        answer = house.ask(request)
        assert answer is not None
        assert answer.status == 503
        assert int(answer.headers["retry-after"]) > 0
        assert b"Nothing is lost" in answer.body
    healthy = house.ask(buyer.get("/healthz"))
    assert healthy is not None
    assert healthy.status == 200
    ready = house.ask(buyer.get("/readyz"))
    assert ready is not None
    assert ready.status == 503

    house.start_database_again()
    patiently(lambda: house.well(buyer.get(f"/shows/{show.id}")), what="the show's page")
    assert house.state(paid) == "confirmed"
    assert house.state(held) == "held"
    assert house.well(buyer.get(f"/bookings/{paid}"), times=2)
    assert house.hold(buyer, show.id, seat_ids(show, "C1", "C2"))
    patiently(lambda: house.undone() == 0, what="the worker's and the schedule's way back")


def test_a_stopped_database_does_not_lose_a_capture_the_gateway_made(house: House, buyer: Buyer, show, seats):
    """Between the gateway's capture and our settling the database is gone: the next look finds the money."""
    code = house.hold(buyer, show.id, seats)
    house.pay_there(buyer, house.to_gateway(buyer, code), "silent")
    house.postgres.stop_immediate()
    answer = house.ask(house.come_back(buyer, code))
    assert answer is not None
    assert answer.status == 503
    house.start_database_again()
    patiently(lambda: settled(house, buyer, code), what="the settling")
    patiently(lambda: house.well(buyer.get(f"/shows/{show.id}")), what="the show's page")
    assert house.state(code) == "confirmed"


def settled(house: House, buyer: Buyer, code: str) -> bool:
    answer = house.ask(house.come_back(buyer, code))
    return answer is not None and answer.status == 303


def test_connections_cut_under_load_cost_a_try_and_never_an_acknowledged_hold(house: House):
    show = a_show(60)
    ids = seat_ids(show)
    pairs = [ids[place : place + 2] for place in range(0, 60, 2)]
    crowd = buyers(house.app, len(pairs))
    cuts, answers = asyncio.run(under_cuts(house, show.id, crowd, pairs))
    forget_connections()  # ours were cut as well
    assert cuts > 3
    statuses = {answer.status for tries in answers for answer in tries}
    assert statuses <= {303, 503}, statuses
    assert 503 in statuses, "no cut was felt: this load is no load"
    assert all(tries[-1].held for tries in answers)
    told = {tries[-1].code: pair for tries, pair in zip(answers, pairs, strict=True)}
    assert live_seats(show.id) == told
    assert overlaps(show.id) + miscounted(show.id) == []
    patiently(lambda: house.well(crowd[0].get(f"/shows/{show.id}")), what="calm")


async def under_cuts(
    house: House, show_id: int, crowd: list[Buyer], pairs: list[list[int]]
) -> tuple[int, list[list[Answer]]]:
    """Everybody holds their pair three times over, and after every few holds all connections are cut."""
    with connect(house.urls.migration_database_url) as owner:
        scissors = Scissors(owner)
        tasks = (hold_and_hold(house, show_id, one, pair, scissors) for one, pair in zip(crowd, pairs, strict=True))
        answers = list(await asyncio.gather(*tasks))
    return scissors.cuts, answers


class Scissors:
    """Cuts every connection of the application after every few holds: by what was done, so that it suits any machine."""

    def __init__(self, owner: psycopg.Connection) -> None:
        self.owner, self.holds, self.cuts = owner, 0, 0

    def held(self) -> None:
        self.holds += 1
        if self.holds % HOLDS_BETWEEN_CUTS == 0:
            row = self.owner.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE usename = 'marquee_app' AND application_name = 'marquee'"
            ).fetchone()
            self.cuts += int(row[0]) if row else 0


async def hold_and_hold(
    house: House, show_id: int, buyer: Buyer, pair: list[int], scissors: Scissors, times: int = 3
) -> list[Answer]:
    """Hold the pair again and again; a 503 is tried once more, as the page asks people to."""
    answers: list[Answer] = []
    while times:
        answer = await _ask(house.server.port, buyer.hold_by_form(show_id, pair))
        assert answer is not None, "a web process died"
        assert len(answers) < MOST_TRIES, "cut again and again"
        answers.append(answer)
        if answer.held:
            times -= 1
            scissors.held()
    return answers
