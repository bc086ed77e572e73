"""The commands for staff, and the demo's staff: made for looking around, and never in production."""

from __future__ import annotations

import re

from flask import Flask
from sqlalchemy import select

from app.db import db
from app.domain.staff import Role
from app.models import User
from app.queries.staff import staff_person
from app.services.accounts import log_in
from app.services.demo import STAFF, STAFF_PASSWORD, load_demo, make_demo_staff
from app.services.staff import choose_password
from tests.builders import a_cinema, a_person
from tests.support.staff import with_factor


def run(app: Flask, *words: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=list(words))
    return done.exit_code, done.output


def test_create_staff_prints_a_link_that_works(app: Flask):
    cinema = a_cinema()
    code, said = run(app, "create-staff", "ruth@example.org", "--role", "manager", "--cinema", cinema.slug)
    assert code == 0, said
    assert f"ruth@example.org is manager at {cinema.slug}" in said
    key = re.search(r"/staff/welcome\?key=(\S+)", said)
    assert key
    assert choose_password(key.group(1), "correct horse", "")
    code, said = run(app, "create-staff", "ruth@example.org", "--role", "admin")
    assert code == 0
    assert "administrator of every cinema" in said
    assert "sign in as before" in said


def test_create_staff_says_what_is_missing(app: Flask):
    for words, sentence in (
        (("ruth@example.org", "--role", "manager"), "Say where"),
        (("ruth@example.org", "--role", "admin", "--cinema", "x"), "every cinema"),
        (("ruth@example.org", "--role", "manager", "--cinema", "nowhere"), "There is no cinema 'nowhere'"),
        (("ruth", "--role", "admin"), "not an e-mail address"),
        (("ruth@example.org", "--role", "king"), "box_office"),
    ):
        code, said = run(app, "create-staff", *words)
        assert code != 0
        assert sentence in said
    assert db.session.scalar(select(User.id)) is None
    db.session.commit()


def test_a_lost_second_factor_of_the_only_admin_is_no_locked_house(app: Flask):
    with_factor(a_person(Role.ADMIN, email="alma@example.org"))
    code, said = run(app, "reset-second-factor", "alma@example.org", "--reason", "telephone in the river")
    assert code == 0
    assert "is reset" in said
    code, said = run(app, "reset-second-factor", "alma@example.org", "--reason", "again")
    assert (code, "has no second factor" in said) == (1, True)
    code, said = run(app, "reset-second-factor", "nobody@example.org", "--reason", "again")
    assert (code, "There is no account" in said) == (1, True)


def people() -> dict[str, set[str]]:
    found = {
        user.email: {grant.role.value for grant in staff_person(user.id).grants}
        for user in db.session.scalars(select(User))
    }
    db.session.commit()
    return found


def test_the_demo_has_one_of_each_role_whose_password_is_printed(app: Flask):
    load_demo(days=0)
    make_demo_staff()
    for _, email, role, _ in STAFF:
        assert people()[email] == {role.value}
        assert log_in(email, STAFF_PASSWORD)
    assert people()["ada@example.org"] == set()
    _, said = run(app, "demo-accounts")
    assert f"manager@example.org / {STAFF_PASSWORD}" in said


def test_in_production_there_is_no_demo_staff(app: Flask, set_setting):
    set_setting(env="production")
    make_demo_staff()
    assert not people()
    _, said = run(app, "demo-accounts")
    assert STAFF_PASSWORD not in said


def test_a_taken_address_is_not_made_staff_by_the_demo(app: Flask):
    a_person(Role.SCANNER, a_cinema(), email="admin@example.org")
    load_demo(days=0)
    assert people()["admin@example.org"] == {"scanner"}
