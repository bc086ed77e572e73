"""Statements that the driver sends itself: the same transaction, the same errors, the same way back as all others."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from app.db import Hot, array_of, db, transaction
from app.embedded import connect

MARK = Hot("INSERT INTO schedule_marks (task) VALUES (:task) RETURNING task", str)
MARKS = Hot("SELECT task FROM schedule_marks WHERE task LIKE 'hot%' ORDER BY task", str)
DIVIDE = Hot("SELECT :a::bigint / :b", int)


class Pair(NamedTuple):
    left: int
    right: str


@pytest.fixture(autouse=True)
def no_marks(app):
    yield
    with transaction() as session:
        session.execute(text("DELETE FROM schedule_marks WHERE task LIKE 'hot%'"))


def test_rows_are_what_the_statement_says_they_are(app):
    pairs = Hot("SELECT n, 'seat ' || n FROM generate_series(1, :most) AS n", Pair)
    assert pairs.rows(db.session(), {"most": 2}) == [Pair(1, "seat 1"), Pair(2, "seat 2")]
    assert DIVIDE.rows(db.session(), {"a": 9, "b": 3}) == [3]


def test_numbers_are_handed_over_as_one_array(app):
    numbers = Hot("SELECT n FROM unnest(CAST(:numbers AS bigint[])) AS n", int)
    for some in ([3, 1, 2**40, 3], [7], []):
        assert numbers.rows(db.session(), {"numbers": array_of(some)}) == some


def test_the_statements_of_one_use_case_go_over_one_connection_and_the_next_may_have_another(app):
    whose = Hot("SELECT pg_backend_pid()", int)
    seen = []
    for _ in range(2):
        with transaction() as session:
            mine = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
            assert whose.rows(session, {}) == whose.rows(session, {}) == [mine]
        seen.append(mine)
        db.session.remove()
        db.engine.dispose()
    assert seen[0] != seen[1]


def mark_and_fail(task: str) -> None:
    with transaction() as session:
        MARK.rows(session, {"task": task})
        raise ZeroDivisionError


def mark(task: str) -> None:
    with transaction() as session:
        MARK.rows(session, {"task": task})


def test_it_is_part_of_the_sessions_transaction(app):
    with pytest.raises(ZeroDivisionError):
        mark_and_fail("hot lost")
    with transaction() as session:
        MARK.rows(session, {"task": "hot kept"})
        session.execute(text("INSERT INTO schedule_marks (task) VALUES ('hot beside')"))
    assert MARKS.rows(db.session(), {}) == ["hot beside", "hot kept"]


def test_its_errors_are_those_of_every_statement(app):
    with pytest.raises(DataError):
        DIVIDE.rows(db.session(), {"a": 1, "b": 0})
    db.session.rollback()
    mark("hot once")
    with pytest.raises(IntegrityError):
        mark("hot once")


def test_it_is_prepared_at_its_first_use_and_again_after_a_rollback(app):
    db.engine.dispose()  # psycopg forgets a statement that failed at its first use; its connection may be this one
    known = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%bigint / $2'")
    for _ in range(2):
        DIVIDE.rows(db.session(), {"a": 6, "b": 2})
        assert db.session.execute(known).scalar_one() == 1
        db.session.rollback()


def test_one_error_tells_of_a_database_that_went_away_and_the_next_connection_is_new(app, urls):
    """All connections of the pool died together: only who was first pays for it."""
    db.engine.dispose()
    connections = [db.engine.connect() for _ in range(3)]
    backends = [connection.execute(text("SELECT pg_backend_pid()")).scalar_one() for connection in connections]
    for connection in connections:
        connection.close()
    with connect(urls.migration_database_url) as owner:
        owner.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s::int[]) AS pid", [backends])
    with pytest.raises(OperationalError), transaction() as session:
        DIVIDE.rows(session, {"a": 1, "b": 1})
    connections = [db.engine.connect() for _ in range(3)]
    for connection in connections:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
        connection.close()
    with transaction() as session:
        assert DIVIDE.rows(session, {"a": 8, "b": 2}) == [4]
