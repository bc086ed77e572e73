"""Staff in a browser, signed in without the twenty milliseconds of a password."""

from __future__ import annotations

from flask import Flask

from app import clock
from app.config import settings
from app.db import db, transaction
from app.domain import second_factor as rules
from app.domain.sealing import seal
from app.domain.staff import By
from app.models import LoginSession, SecondFactor, User
from app.queries.people import token_hash
from app.services.accounts import begin_log_in
from tests.support.client import PageClient

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
FROM = "127.0.0.1"


def by(user: User) -> By:
    return By(user.id, FROM)


def a_log_in(user: User, confirmed: bool = True) -> str:
    """A log-in's token; `confirmed` as if the second factor had been shown."""
    with transaction() as session:
        token = begin_log_in(session, user.id, clock.now())
        session.flush()
        if confirmed:
            session.query(LoginSession).filter_by(token_hash=token_hash(token)).one().confirmed_at = clock.now()
    return token


def signed_in(app: Flask, user: User, confirmed: bool = True) -> PageClient:
    """A browser that this person is signed in with."""
    app.test_client_class = PageClient
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = a_log_in(user, confirmed), True
    return client  # type: ignore[return-value]


def with_factor(user: User) -> User:
    """The person has an app with the key SECRET; no code of it was used yet."""
    with transaction() as session:
        sealed = seal(settings.secret_key, f"second-factor:{user.id}", SECRET)
        session.add(SecondFactor(user_id=user.id, sealed_key=sealed, made_at=clock.now(), last_step=0))
    return user


def the_code() -> str:
    """What the app shows now."""
    return rules.code_at(SECRET, clock.now())


def the_log_in(token: str) -> LoginSession | None:
    found = db.session.query(LoginSession).filter_by(token_hash=token_hash(token)).one_or_none()
    db.session.commit()
    return found
