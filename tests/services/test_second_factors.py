"""Second factors by their services: set up, shown once each, counted when wrong, replaced, reset."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.db import db
from app.domain.audit import Action
from app.domain.second_factor import code_at, spoken_recovery
from app.domain.staff import COMMAND, Role
from app.errors import Conflict, Forbidden, Invalid, NotFound, TooManyRequests, WrongCode
from app.models import AuditEntry, RecoveryCode, SecondFactor, User
from app.queries.people import account_of_token
from app.services.second_factors import (
    FactorUnreadable,
    new_recovery_codes,
    offer,
    reset_factor,
    set_up_factor,
    show_factor,
)
from tests.builders import a_cinema, a_person
from tests.support.clock import MovedClock
from tests.support.crossing import meet_at
from tests.support.staff import a_log_in, by, the_code, with_factor


@pytest.fixture
def ruth(app: Flask) -> User:
    return a_person(Role.MANAGER, a_cinema())


def actions() -> list[str]:
    found = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    db.session.commit()
    return list(found)


def factor_of(user: User) -> SecondFactor:
    found = db.session.get_one(SecondFactor, user.id, populate_existing=True)
    db.session.commit()
    return found


def set_up(user: User, log_in: str) -> tuple[str, list[str], str]:
    """The log-in's new token, the recovery codes, the key."""
    from app import clock

    offered = offer(user.id, user.email)
    token, codes = set_up_factor(by(user), log_in, offered, code_at(offered.secret, clock.now()))
    return token, codes, offered.secret


def test_setting_up_confirms_the_log_in_under_a_new_token(ruth: User):
    before = a_log_in(ruth, confirmed=False)
    token, codes, _ = set_up(ruth, before)
    assert account_of_token(before) is None, "a copy of the old cookie gains nothing"
    account = account_of_token(token)
    assert account is not None
    assert account.confirmed
    assert len(codes) == 10
    assert actions() == [Action.FACTOR_SET_UP]


def test_the_key_is_stored_sealed_and_recovery_codes_as_hashes(ruth: User):
    _, codes, secret = set_up(ruth, a_log_in(ruth, confirmed=False))
    assert secret not in factor_of(ruth).sealed_key
    hashes = db.session.scalars(select(RecoveryCode.code_hash)).all()
    db.session.commit()
    assert len(hashes) == 10
    assert not set(hashes) & set(codes)


def test_a_key_counts_only_when_a_code_shows_that_the_app_has_it(ruth: User):
    log_in = a_log_in(ruth, confirmed=False)
    with pytest.raises(WrongCode):
        set_up_factor(by(ruth), log_in, offer(ruth.id, ruth.email), "000000")
    assert db.session.scalar(select(func.count(SecondFactor.user_id))) == 0
    db.session.commit()


def test_an_offer_comes_back_by_the_form_and_is_nobody_elses(ruth: User):
    first = offer(ruth.id, ruth.email)
    assert offer(ruth.id, ruth.email, first.sealed).secret == first.secret
    assert offer(ruth.id + 1, ruth.email, first.sealed).secret != first.secret
    assert offer(ruth.id, ruth.email, "made up").secret != first.secret


def test_a_second_factor_is_not_replaced_by_who_has_only_the_password(ruth: User):
    with_factor(ruth)
    with pytest.raises(Forbidden):
        set_up(ruth, a_log_in(ruth, confirmed=False))
    assert set_up(ruth, a_log_in(ruth, confirmed=True))


def test_showing_it_confirms_this_log_in_alone(ruth: User):
    with_factor(ruth)
    one, other = a_log_in(ruth, confirmed=False), a_log_in(ruth, confirmed=False)
    token = show_factor(by(ruth), one, the_code())
    shown, not_shown = account_of_token(token), account_of_token(other)
    assert shown is not None
    assert not_shown is not None
    assert (shown.confirmed, not_shown.confirmed) == (True, False)


def test_a_code_is_good_once(ruth: User):
    with_factor(ruth)
    code = the_code()
    show_factor(by(ruth), a_log_in(ruth, confirmed=False), code)
    with pytest.raises(WrongCode):
        show_factor(by(ruth), a_log_in(ruth, confirmed=False), code)


def test_the_code_of_the_set_up_is_not_good_again(ruth: User):
    from app import clock

    _, _, secret = set_up(ruth, a_log_in(ruth, confirmed=False))
    with pytest.raises(WrongCode):
        show_factor(by(ruth), a_log_in(ruth, confirmed=False), code_at(secret, clock.now()))


def test_of_two_who_show_the_same_code_at_once_one_comes_in(app: Flask, ruth: User):
    with_factor(ruth)
    code, came_in = the_code(), []

    def show(log_in: str) -> None:
        with suppress(WrongCode):
            came_in.append(show_factor(by(ruth), log_in, code))

    log_ins = [a_log_in(ruth, confirmed=False) for _ in range(4)]
    meet_at(app, "SELECT FROM second_factors FOR UPDATE", [partial(show, log_in) for log_in in log_ins])
    assert len(came_in) == 1


def test_wrong_codes_are_counted_and_soon_make_a_pause(ruth: User, moved_clock: MovedClock):
    with_factor(ruth)
    log_in = a_log_in(ruth, confirmed=False)
    for _ in range(4):
        with pytest.raises(WrongCode):
            show_factor(by(ruth), log_in, "000000")
    with pytest.raises(TooManyRequests, match="1 minute"):
        show_factor(by(ruth), log_in, "000000")
    with pytest.raises(TooManyRequests):
        show_factor(by(ruth), log_in, the_code())
    assert factor_of(ruth).failures == 5, "what comes in the pause is not looked at"
    assert actions() == [Action.FACTOR_REFUSED]
    moved_clock.forward(seconds=61)
    assert show_factor(by(ruth), log_in, the_code())
    assert factor_of(ruth).failures == 0


def test_a_recovery_code_comes_in_once_however_it_is_typed(ruth: User):
    token, codes, _ = set_up(ruth, a_log_in(ruth, confirmed=False))
    typed = f" {spoken_recovery(codes[3]).lower()} "
    token = show_factor(by(ruth), token, typed)
    with pytest.raises(WrongCode):
        show_factor(by(ruth), token, codes[3])
    assert actions() == [Action.FACTOR_SET_UP, Action.RECOVERY_CODE_USED]


def test_a_recovery_code_of_somebody_else_is_wrong(ruth: User):
    _, codes, _ = set_up(ruth, a_log_in(ruth, confirmed=False))
    joe = with_factor(a_person(Role.SCANNER, a_cinema()))
    with pytest.raises(WrongCode):
        show_factor(by(joe), a_log_in(joe, confirmed=False), codes[0])


def test_new_recovery_codes_make_the_old_worthless(ruth: User, moved_clock: MovedClock):
    from app import clock

    token, old, secret = set_up(ruth, a_log_in(ruth, confirmed=False))
    with pytest.raises(WrongCode):
        new_recovery_codes(by(ruth), "000000")
    moved_clock.forward(seconds=60)
    fresh = new_recovery_codes(by(ruth), code_at(secret, clock.now()))
    with pytest.raises(WrongCode):
        show_factor(by(ruth), token, old[0])
    assert show_factor(by(ruth), token, fresh[0])


def test_an_admin_resets_and_everything_of_it_is_gone(ruth: User):
    admin, log_in = a_person(Role.ADMIN), a_log_in(with_factor(ruth))
    reset_factor(by(admin), ruth.id, "telephone lost")
    assert account_of_token(log_in) is None
    db.session.commit()
    with pytest.raises(NotFound):
        show_factor(by(ruth), a_log_in(ruth, confirmed=False), the_code())
    with pytest.raises(Conflict):
        reset_factor(by(admin), ruth.id, "again")
    assert actions() == [Action.FACTOR_RESET]


def test_nobody_else_resets_and_nobody_their_own(ruth: User):
    with_factor(ruth)
    colleague = a_person(Role.MANAGER, a_cinema())
    with pytest.raises(Forbidden):
        reset_factor(by(colleague), ruth.id, "because")
    with pytest.raises(Invalid):
        reset_factor(by(ruth), ruth.id, "because")
    reset_factor(COMMAND, ruth.id, "by command it goes")


def test_another_key_of_the_house_locks_and_does_not_open(ruth: User, set_setting):
    """Otherwise who has the password alone could set up a second factor of their own after the change."""
    with_factor(ruth)
    set_setting(secret_key="another key of the house, " * 2)
    with pytest.raises(FactorUnreadable):
        show_factor(by(ruth), a_log_in(ruth, confirmed=False), the_code())
    with pytest.raises(Forbidden):
        set_up(ruth, a_log_in(ruth, confirmed=False))
