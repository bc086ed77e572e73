"""Accounts by their services: passwords, log-ins that end, bookings taken along."""

from __future__ import annotations

import time

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.db import db
from app.errors import EmailTaken
from app.models import LoginSession, User
from app.queries.people import account_of_token
from app.services.accounts import LOGIN_DAYS, Claim, WrongPassword, log_in, log_out, register, verify
from tests.builders import a_hold, a_show, the_booking
from tests.support.clock import MovedClock

PASSWORD = "correct horse"


def register_ada() -> str:
    return register("Ada", "ada@example.org", PASSWORD)


def test_registering_logs_in(app: Flask) -> None:
    account = account_of_token(register_ada())
    assert account is not None
    assert (account.name, account.email) == ("Ada", "ada@example.org")


def test_passwords_are_kept_as_argon2_with_the_chosen_costs(app: Flask) -> None:
    register_ada()
    hashed = db.session.execute(select(User.password_hash)).scalar_one()
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in hashed


def test_the_cookies_token_is_stored_as_a_hash_only(app: Flask) -> None:
    token = register_ada()
    assert token not in db.session.execute(select(LoginSession.token_hash)).scalars().all()


def test_an_address_is_taken_whatever_its_capitals(app: Flask) -> None:
    register_ada()
    with pytest.raises(EmailTaken):
        register("Eve", "ADA@Example.org", PASSWORD)
    assert db.session.execute(select(func.count(User.id))).scalar_one() == 1


def test_the_right_password_logs_in_and_a_wrong_one_does_not(app: Flask) -> None:
    register_ada()
    assert account_of_token(log_in("Ada@example.org", PASSWORD))
    with pytest.raises(WrongPassword):
        log_in("ada@example.org", PASSWORD + "!")


def test_the_same_letters_in_another_spelling_are_the_same_password(app: Flask) -> None:
    register("Zoé", "zoe@example.org", "cafe\u0301 noir")
    assert log_in("zoe@example.org", "caf\u00e9 noir")


def test_no_account_and_a_wrong_password_get_the_same_answer(app: Flask) -> None:
    register_ada()
    answers = []
    for email in ("ada@example.org", "nobody@example.org"):
        with pytest.raises(WrongPassword) as refused:
            log_in(email, "wrong password")
        answers.append((refused.value.code, refused.value.message, refused.value.status))
    assert answers[0] == answers[1]


def test_no_account_takes_as_long_as_a_wrong_password(app: Flask) -> None:
    register_ada()

    def tried(email: str) -> float:
        begun = time.perf_counter()
        with pytest.raises(WrongPassword):
            log_in(email, "wrong password")
        return time.perf_counter() - begun

    tried("nobody@example.org")
    known = min(tried("ada@example.org") for _ in range(5))
    unknown = min(tried("nobody@example.org") for _ in range(5))
    assert unknown > known / 2, "an unknown address is checked against a hash too"


def test_logging_out_kills_this_log_in_only(app: Flask) -> None:
    first = register_ada()
    second = log_in("ada@example.org", PASSWORD)
    log_out(first)
    assert account_of_token(first) is None
    assert account_of_token(second) is not None


def test_a_log_in_ends_by_itself_and_is_swept_by_the_next(app: Flask, moved_clock: MovedClock) -> None:
    token = register_ada()
    moved_clock.forward(days=LOGIN_DAYS, seconds=1)
    assert account_of_token(token) is None
    log_in("ada@example.org", PASSWORD)
    assert db.session.execute(select(func.count(LoginSession.id))).scalar_one() == 1


def test_a_broken_hash_refuses(app: Flask) -> None:
    assert not verify("nonsense", PASSWORD)


def test_a_new_account_takes_the_booking_and_its_keys_others(app: Flask) -> None:
    here, elsewhere = a_hold(a_show(), owner="s:me"), a_hold(a_show(), owner="s:me")
    strangers = a_hold(a_show(), owner="s:you")
    token = register("Ada", "ada@example.org", PASSWORD, Claim(here.show_id, here.id, ["s:me"]))
    account = account_of_token(token)
    assert account is not None
    mine = {the_booking(b.show_id, b.id).user_id for b in (here, elsewhere)}
    assert mine == {account.id}
    assert the_booking(strangers.show_id, strangers.id).user_id is None


def test_a_booking_of_another_account_is_never_taken(app: Flask) -> None:
    booking = a_hold(a_show(), owner="s:me")
    claim = Claim(booking.show_id, booking.id, ["s:me"])
    first = account_of_token(register("Ada", "ada@example.org", PASSWORD, claim))
    register("Eve", "eve@example.org", PASSWORD, claim)
    assert first is not None
    assert the_booking(booking.show_id, booking.id).user_id == first.id
