"""The second factor of staff: set up with an app, shown at each log-in, replaced by recovery codes, reset by an admin.

A code is looked at under the lock of its row, and wrong ones are counted there: neither two requests at once nor many
devices get more tries, and no code counts twice.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from enum import Enum, auto

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app import clock
from app.config import settings
from app.db import transaction
from app.domain import second_factor as rules
from app.domain.audit import Action
from app.domain.sealing import Unsealable, derived_key, seal, unseal
from app.domain.staff import By, reach
from app.errors import Conflict, DomainError, Forbidden, NotFound, TooManyRequests, WrongCode
from app.models import LoginSession, RecoveryCode, SecondFactor
from app.queries.people import token_hash
from app.services.accounts import TOKEN_BYTES
from app.services.audit import audit
from app.services.once import nothing_done
from app.services.staffing import a_cinema, end_log_ins, live_grants, lock_people, not_oneself


class FactorUnreadable(DomainError):
    code, status = "FACTOR_UNREADABLE", 409
    default = "The house's key has changed, so your second factor can't be read. Ask an administrator to reset it."


@dataclass(frozen=True, slots=True)
class Offer:
    """A key to put into the app: as it is typed, as the QR code says it, and as the form brings it back."""

    secret: str
    link: str
    sealed: str


class Verdict(Enum):
    RIGHT = auto()
    WRONG = auto()
    PAUSED = auto()


def offer(user_id: int, email: str, sealed: str | None = None) -> Offer:
    """A new key for the app, or the one that a form brought back. Nothing is stored until a code shows that it works."""
    try:
        secret = unseal(settings.secret_key, _offered(user_id), sealed) if sealed else rules.new_secret()
    except Unsealable:
        secret, sealed = rules.new_secret(), None
    link = rules.app_link(secret, email, settings.site_name)
    return Offer(secret, link, sealed or seal(settings.secret_key, _offered(user_id), secret))


def _offered(user_id: int) -> str:
    return f"second-factor-offer:{user_id}"


def _kept(user_id: int) -> str:
    return f"second-factor:{user_id}"


def set_up_factor(by: By, log_in: str, offered: Offer, typed: str) -> tuple[str, list[str]]:
    """Keep the offered key once a code shows that the app has it; gives the log-in's new token and recovery codes.

    Replaces an earlier one: that this log-in has shown it is checked here. Raises WrongCode, Forbidden.
    """
    assert by.user_id is not None
    with transaction() as session:
        lock_people(session, by, by.user_id)
        now = clock.now()
        earlier = session.get(SecondFactor, by.user_id, with_for_update=True, populate_existing=True)
        if earlier is not None and not _log_in_row(session, by.user_id, log_in).confirmed_at:
            raise Forbidden("Show your second factor before you change it.")
        step = rules.matching_step(offered.secret, typed, now, None)
        if step is None:
            raise WrongCode(
                "This code does not fit the new key. Scan it again, and look at the clock of your telephone."
            )
        if earlier is not None:
            session.delete(earlier)
            session.flush()
        sealed = seal(settings.secret_key, _kept(by.user_id), offered.secret)
        session.add(SecondFactor(user_id=by.user_id, sealed_key=sealed, made_at=now, last_step=step))
        codes = _fresh_codes(session, by.user_id)
        audit(session, by, Action.FACTOR_SET_UP, by.user_id, cinema_id=a_cinema(session, by.user_id))
        return _confirmed(session, by.user_id, log_in, now), codes


def _fresh_codes(session: Session, user_id: int) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = rules.new_recovery_codes()
    session.add_all(RecoveryCode(user_id=user_id, code_hash=_hash(code)) for code in codes)
    return codes


def _hash(code: str) -> str:
    return rules.recovery_hash(derived_key(settings.secret_key, "recovery-codes"), code)


def _log_in_row(session: Session, user_id: int, log_in: str) -> LoginSession:
    wanted = select(LoginSession).where(LoginSession.token_hash == token_hash(log_in), LoginSession.user_id == user_id)
    row = session.scalar(wanted.with_for_update().execution_options(populate_existing=True))
    if row is None:
        raise Forbidden("This log-in has ended. Sign in again.")
    return row


def _confirmed(session: Session, user_id: int, log_in: str, now: dt.datetime) -> str:
    """The log-in goes on under a new token: a copy of the old cookie gains nothing by the second factor."""
    row, token = _log_in_row(session, user_id, log_in), secrets.token_urlsafe(TOKEN_BYTES)
    row.token_hash, row.confirmed_at, row.seen_at = token_hash(token), now, now
    return token


def show_factor(by: By, log_in: str, typed: str) -> str:
    """Show the second factor, a code of the app or a recovery code; gives the log-in's new token.

    Raises WrongCode, and TooManyRequests after several wrong ones. Both are counted also when refused.
    """
    assert by.user_id is not None
    token = ""
    with transaction() as session:
        now = clock.now()
        row = session.get(SecondFactor, by.user_id, with_for_update=True, populate_existing=True)
        verdict = _judge(session, by, row, typed, now)
        if verdict is Verdict.RIGHT:
            token = _confirmed(session, by.user_id, log_in, now)
    _refuse(verdict, row, now)
    return token


def new_recovery_codes(by: By, typed: str) -> list[str]:
    """Ten new recovery codes in place of the old, for who shows a code of the app. Raises as show_factor() does."""
    assert by.user_id is not None
    codes: list[str] = []
    with transaction() as session:
        now = clock.now()
        row = session.get(SecondFactor, by.user_id, with_for_update=True, populate_existing=True)
        verdict = _judge(session, by, row, typed, now)
        if verdict is Verdict.RIGHT:
            codes = _fresh_codes(session, by.user_id)
            audit(session, by, Action.RECOVERY_CODES_MADE, by.user_id, cinema_id=a_cinema(session, by.user_id))
        else:
            nothing_done(session)
    _refuse(verdict, row, now)
    return codes


def _judge(session: Session, by: By, row: SecondFactor | None, typed: str, now: dt.datetime) -> Verdict:
    """Whether the code is right, noted in the locked row either way."""
    if row is None:
        raise NotFound("No second factor is set up for this account.")
    paused = rules.pause_until(row.failures, row.failed_at)
    if paused is not None and now < paused:
        return Verdict.PAUSED
    if not (_is_of_the_app(row, typed, now) or _is_recovery_code(session, by, typed, now)):
        _note_failure(session, by, row, now)
        return Verdict.WRONG
    row.failures, row.failed_at = 0, None
    return Verdict.RIGHT


def _is_of_the_app(row: SecondFactor, typed: str, now: dt.datetime) -> bool:
    try:
        secret = unseal(settings.secret_key, _kept(row.user_id), row.sealed_key)
    except Unsealable as problem:
        raise FactorUnreadable from problem
    step = rules.matching_step(secret, typed, now, row.last_step)
    if step is not None:
        row.last_step = step
    return step is not None


def _is_recovery_code(session: Session, by: By, typed: str, now: dt.datetime) -> bool:
    if not rules.is_recovery_code(typed):
        return False
    unused = (
        RecoveryCode.user_id == by.user_id,
        RecoveryCode.code_hash == _hash(typed),
        RecoveryCode.used_at.is_(None),
    )
    taken = session.execute(update(RecoveryCode).where(*unused).values(used_at=now).returning(RecoveryCode.id)).all()
    if taken:
        assert by.user_id is not None
        audit(session, by, Action.RECOVERY_CODE_USED, by.user_id, cinema_id=a_cinema(session, by.user_id))
    return bool(taken)


def _note_failure(session: Session, by: By, row: SecondFactor, now: dt.datetime) -> None:
    row.failures, row.failed_at = min(row.failures + 1, 1000), now
    if rules.pause_until(row.failures, now) is not None:
        tries = {"wrong_codes_in_a_row": row.failures}
        audit(session, by, Action.FACTOR_REFUSED, row.user_id, cinema_id=a_cinema(session, row.user_id), after=tries)


def _refuse(verdict: Verdict, row: SecondFactor | None, now: dt.datetime) -> None:
    if verdict is Verdict.RIGHT or row is None:
        return
    paused = rules.pause_until(row.failures, row.failed_at)
    if paused is None:
        raise WrongCode
    seconds = max(1, round((paused - now).total_seconds()))
    minutes = -(-seconds // 60)
    raise TooManyRequests(
        f"Too many wrong codes. Try again in {minutes} {'minute' if minutes == 1 else 'minutes'}, with a fresh one.",
        retry_after=seconds,
    )


def reset_factor(by: By, user_id: int, reason: str) -> None:
    """Take somebody's second factor away, so that they set up a new one at the next log-in; their log-ins end.

    Only an admin may, or a command. Raises Forbidden, NotFound, Conflict if there is none, Invalid for oneself.
    """
    with transaction() as session:
        lock_people(session, by, user_id)
        not_oneself(by, user_id)
        if by.user_id is not None and not reach(live_grants(session, by.user_id), ()):
            raise Forbidden("Only an administrator resets a second factor.")
        gone = session.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id)).rowcount  # type: ignore[attr-defined]
        if not gone:
            raise Conflict("This person has no second factor.")
        session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
        end_log_ins(session, user_id)
        audit(session, by, Action.FACTOR_RESET, user_id, cinema_id=a_cinema(session, user_id), reason=reason)
