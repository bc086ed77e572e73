"""The database session: the Base of all tables, the column type of instants, the one way to commit, hot statements."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import psycopg
import structlog
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, MetaData
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from app.errors import CONSTRAINT_ERRORS
from app.failpoints import failpoint

log = structlog.get_logger(__name__)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class UTCDateTime(TypeDecorator[dt.datetime]):
    """An instant: aware in Python, timestamptz in the database, UTC on the way out. Naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        return None if value is None else value.astimezone(dt.UTC)


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


class NestedTransaction(RuntimeError):
    """One use case called another one; compose their private, non-committing helpers instead."""


_OPEN = "marquee_transaction"
_CURSOR = "marquee_cursor"
_FIRST = "marquee_first"


@contextmanager
def beginning_with(act: Callable[[Session], object]) -> Iterator[None]:
    """Within this, the first use case that commits does `act` before all else: both are kept, or neither."""
    info = db.session().info
    info[_FIRST] = act
    try:
        yield
    finally:
        info.pop(_FIRST, None)


@contextmanager
def by_the_way() -> Iterator[None]:
    """Within this, use cases are no part of what beginning_with() waits for: they only clear the way for it."""
    info = db.session().info
    first = info.pop(_FIRST, None)
    try:
        yield
    finally:
        if first is not None:
            info[_FIRST] = first


def in_transaction() -> bool:
    """Whether a use case is between its begin and its commit. Gateway adapters refuse to work there."""
    return _OPEN in db.session().info


@contextmanager
def transaction() -> Iterator[Session]:
    """One use case: commits at the end, rolls back on any error, then runs what on_commit() gathered.

    Ends a read transaction that a guard began. Raises NestedTransaction inside another one, and the DomainError
    that CONSTRAINT_ERRORS names for a broken constraint.
    """
    session = db.session()
    if _OPEN in session.info:
        raise NestedTransaction
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("objects were changed outside a transaction")
    if session.in_transaction():
        session.commit()
    callbacks: list[Callable[[], object]] = []
    session.info[_OPEN] = callbacks
    try:
        if first := session.info.get(_FIRST):
            first(session)
        yield session
        failpoint("before-commit")
        session.commit()
        session.info.pop(_FIRST, None)
    except IntegrityError as problem:
        session.rollback()
        raise _meaning(problem) from problem
    except BaseException:
        session.rollback()
        raise
    finally:
        del session.info[_OPEN]
        session.info.pop(_CURSOR, None)
    failpoint("after-commit-before-enqueue")
    for callback in callbacks:
        _run(callback)


def on_commit(callback: Callable[[], object]) -> None:
    """Run `callback` once the open transaction is committed; never, if it rolls back. Its failure is logged only,
    so nothing that must happen may depend on it: that is what the outbox is for."""
    db.session().info[_OPEN].append(callback)


def _run(callback: Callable[[], object]) -> None:
    try:
        callback()
    except Exception:
        log.exception("on_commit_failed")


def _meaning(problem: IntegrityError) -> Exception:
    diag: Any = getattr(problem.orig, "diag", None)
    known = CONSTRAINT_ERRORS.get(getattr(diag, "constraint_name", None) or "")
    return known() if known else problem


def end_read() -> None:
    """Give the connection back after reads, without expiring what was read."""
    session = db.session()
    if _OPEN not in session.info and session.in_transaction():
        session.commit()


T = TypeVar("T")
_NAME = re.compile(r"(?<!:):(\w+)")


class Hot(Generic[T]):
    """A statement that the driver sends itself, prepared at its first use, in the transaction of the session.

    For the hot path only: SQLAlchemy's work around a statement costs as much as the driver's (ADR 13). `row` makes
    a row of what comes back. Parameters are written `:name`. Errors are those that session.execute() raises.
    """

    def __init__(self, statement: str, row: Callable[..., T]) -> None:
        self._statement = _NAME.sub(r"%(\1)s", statement.replace("%", "%%")).encode()
        self._row = row

    def rows(self, session: Session, values: Mapping[str, Any]) -> list[T]:
        cursor = session.info.get(_CURSOR) or _cursor(session)
        try:
            found = cursor.execute(self._statement, values, prepare=True).fetchall()
        except psycopg.Error as problem:
            raise DBAPIError.instance(None, None, problem, psycopg.Error) from problem
        row = self._row
        return [row(*one) for one in found]


def _cursor(session: Session) -> Any:
    """The driver's, on the connection of the session's transaction; a use case looks for it once."""
    driver: Any = session.connection().connection.dbapi_connection
    cursor = driver.cursor()
    if _OPEN in session.info:
        session.info[_CURSOR] = cursor
    return cursor


def array_of(numbers: Iterable[int]) -> str:
    """{1,2,3}: how PostgreSQL reads an array. The driver would look at each number twice to find out what it is."""
    return f"{{{','.join(map(str, numbers))}}}"
