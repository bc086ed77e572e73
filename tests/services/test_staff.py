"""The staff by their services: who gives which role, accounts made and deactivated, links that work once, the audit."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.db import db, transaction
from app.domain.audit import Action
from app.domain.staff import COMMAND, By, Role
from app.errors import BadPasswordLink, EmailTaken, Forbidden, Invalid, NotFound
from app.models import AuditEntry, Cinema, StaffRole, User
from app.queries.people import account_of_token
from app.queries.staff import staff_person
from app.services.accounts import WrongPassword, log_in, register
from app.services.audit import audit
from app.services.staff import (
    LINK_DAYS,
    choose_password,
    deactivate,
    grant_role,
    make_staff_account,
    new_password_link,
    password_link,
    reactivate,
    revoke_role,
    staff_by_command,
    who_is_invited,
)
from tests.builders import a_cinema, a_customer, a_person
from tests.support.clock import MovedClock
from tests.support.crossing import meet_at
from tests.support.staff import a_log_in, by

PASSWORD = "correct horse"


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema()


@pytest.fixture
def lantern(app: Flask) -> Cinema:
    return a_cinema()


@pytest.fixture
def admin(app: Flask) -> User:
    return a_person(Role.ADMIN)


@pytest.fixture
def manager(regent: Cinema) -> User:
    return a_person(Role.MANAGER, regent)


def roles_of(user_id: int) -> set[tuple[str, int | None]]:
    found = {(grant.role.value, grant.cinema_id) for grant in staff_person(user_id).grants}
    db.session.commit()
    return found


def entries(*actions: Action) -> list[AuditEntry]:
    rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    db.session.commit()
    return [row for row in rows if row.action in actions]


# Making accounts


def test_a_manager_makes_a_box_office_account_and_its_owner_chooses_the_password(regent: Cinema, manager: User):
    made = make_staff_account(by(manager), "Maya", "maya@example.org", Role.BOX_OFFICE, [regent.id])
    assert roles_of(made.user_id) == {("box_office", regent.id)}
    assert who_is_invited(made.token) == "maya@example.org"
    token = choose_password(made.token, PASSWORD, "10.0.0.1")
    account = account_of_token(token)
    assert account is not None
    assert account.is_staff
    assert log_in("maya@example.org", PASSWORD)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMIN])
def test_a_manager_makes_no_manager_and_no_admin(regent: Cinema, manager: User, role: Role):
    with pytest.raises(Forbidden):
        make_staff_account(by(manager), "Eve", "eve@example.org", role, [regent.id])
    assert db.session.scalar(select(User.id).where(User.email == "eve@example.org")) is None
    db.session.commit()


def test_a_manager_makes_nobody_at_another_cinema(regent: Cinema, lantern: Cinema, manager: User):
    with pytest.raises(Forbidden):
        make_staff_account(by(manager), "Eve", "eve@example.org", Role.SCANNER, [regent.id, lantern.id])
    assert db.session.scalar(select(User.id).where(User.email == "eve@example.org")) is None
    db.session.commit()


def test_an_admin_makes_everything(regent: Cinema, lantern: Cinema, admin: User):
    made = make_staff_account(by(admin), "Ruth", "ruth@example.org", Role.MANAGER, [regent.id, lantern.id, regent.id])
    assert roles_of(made.user_id) == {("manager", regent.id), ("manager", lantern.id)}
    another = make_staff_account(by(admin), "Alma", "alma@example.org", Role.ADMIN, [])
    assert roles_of(another.user_id) == {("admin", None)}


def test_a_role_without_a_cinema_is_refused(manager: User):
    with pytest.raises(Invalid):
        make_staff_account(by(manager), "Maya", "maya@example.org", Role.BOX_OFFICE, [])


def test_a_customers_account_is_not_made_staff_by_its_address(regent: Cinema, manager: User):
    """Nobody has shown that the address is theirs: who registered it first would get the role."""
    register("Eve", "maya@example.org", PASSWORD)
    with pytest.raises(EmailTaken):
        make_staff_account(by(manager), "Maya", "Maya@example.org", Role.BOX_OFFICE, [regent.id])


# Links


def test_a_link_works_once(regent: Cinema, manager: User):
    made = make_staff_account(by(manager), "Maya", "maya@example.org", Role.BOX_OFFICE, [regent.id])
    choose_password(made.token, PASSWORD, "")
    with pytest.raises(BadPasswordLink):
        choose_password(made.token, "another password", "")
    with pytest.raises(BadPasswordLink):
        who_is_invited(made.token)
    assert log_in("maya@example.org", PASSWORD)


def test_a_link_runs_out(regent: Cinema, manager: User, moved_clock: MovedClock):
    made = make_staff_account(by(manager), "Maya", "maya@example.org", Role.BOX_OFFICE, [regent.id])
    moved_clock.forward(days=LINK_DAYS, seconds=1)
    with pytest.raises(BadPasswordLink):
        choose_password(made.token, PASSWORD, "")


def test_a_link_that_we_did_not_make_is_refused(regent: Cinema, manager: User):
    made = make_staff_account(by(manager), "Maya", "maya@example.org", Role.BOX_OFFICE, [regent.id])
    for token in ("", "nonsense", made.token[:-1], made.token + "x", "é"):
        with pytest.raises(BadPasswordLink):
            who_is_invited(token)
    assert password_link(made.token).endswith(f"/staff/welcome?key={made.token}")


def test_a_link_is_worth_nothing_to_who_lost_every_role(regent: Cinema, manager: User):
    made = make_staff_account(by(manager), "Maya", "maya@example.org", Role.BOX_OFFICE, [regent.id])
    revoke_role(by(manager), made.user_id, Role.BOX_OFFICE, regent.id)
    with pytest.raises(BadPasswordLink):
        choose_password(made.token, PASSWORD, "")


def test_a_new_link_ends_the_old_password_the_old_link_and_every_log_in(regent: Cinema, manager: User):
    made = make_staff_account(by(manager), "Maya", "maya@example.org", Role.BOX_OFFICE, [regent.id])
    open_door = choose_password(made.token, PASSWORD, "")
    first = new_password_link(by(manager), made.user_id)
    second = new_password_link(by(manager), made.user_id)
    assert account_of_token(open_door) is None
    with pytest.raises(WrongPassword):
        log_in("maya@example.org", PASSWORD)
    with pytest.raises(BadPasswordLink):
        choose_password(first.token, PASSWORD, "")
    assert choose_password(second.token, PASSWORD, "")


# Roles


def test_giving_a_role_twice_changes_nothing(regent: Cinema, manager: User):
    joe = a_person(Role.SCANNER, regent)
    for _ in range(2):
        grant_role(by(manager), joe.id, Role.BOX_OFFICE, regent.id)
    assert roles_of(joe.id) == {("scanner", regent.id), ("box_office", regent.id)}
    assert len(entries(Action.ROLE_GIVEN)) == 1


def test_a_role_taken_away_and_given_again_is_remembered_both_times(regent: Cinema, manager: User):
    joe = a_person(Role.SCANNER, regent)
    revoke_role(by(manager), joe.id, Role.SCANNER, regent.id, "left us")
    revoke_role(by(manager), joe.id, Role.SCANNER, regent.id, "a second click")
    grant_role(by(manager), joe.id, Role.SCANNER, regent.id)
    rows = db.session.scalars(select(StaffRole).where(StaffRole.user_id == joe.id).order_by(StaffRole.id)).all()
    db.session.commit()
    assert [row.revoked_at is None for row in rows] == [False, True]
    assert rows[0].revoked_by == manager.id
    assert [entry.reason for entry in entries(Action.ROLE_TAKEN)] == ["left us"]


def test_a_manager_gives_and_takes_only_what_is_theirs(regent: Cinema, lantern: Cinema, manager: User, admin: User):
    joe = a_person(Role.SCANNER, regent, lantern)
    for role, place in ((Role.MANAGER, regent.id), (Role.ADMIN, None), (Role.BOX_OFFICE, lantern.id)):
        with pytest.raises(Forbidden):
            grant_role(by(manager), joe.id, role, place)
    with pytest.raises(Forbidden):
        revoke_role(by(manager), joe.id, Role.SCANNER, lantern.id)
    with pytest.raises(Forbidden):
        revoke_role(by(manager), admin.id, Role.ADMIN, None)
    assert roles_of(joe.id) == {("scanner", regent.id), ("scanner", lantern.id)}


@pytest.mark.parametrize("role", [Role.BOX_OFFICE, Role.SCANNER])
def test_who_sells_or_scans_gives_no_role(regent: Cinema, role: Role):
    maya, joe = a_person(role, regent), a_person(Role.SCANNER, regent)
    with pytest.raises(Forbidden):
        grant_role(by(maya), joe.id, Role.BOX_OFFICE, regent.id)
    with pytest.raises(Forbidden):
        deactivate(by(maya), joe.id, "because")


def test_nobody_changes_their_own_roles(regent: Cinema, admin: User, manager: User):
    for act in (
        lambda: revoke_role(by(admin), admin.id, Role.ADMIN, None),
        lambda: grant_role(by(manager), manager.id, Role.ADMIN, None),
        lambda: deactivate(by(admin), admin.id, "because"),
        lambda: new_password_link(by(manager), manager.id),
    ):
        with pytest.raises(Invalid):
            act()


def test_a_customer_gets_no_role_by_a_page(regent: Cinema, admin: User):
    with pytest.raises(NotFound):
        grant_role(by(admin), a_customer().id, Role.BOX_OFFICE, regent.id)
    with pytest.raises(NotFound):
        deactivate(by(admin), a_customer().id, "because")


def test_there_is_no_role_at_a_cinema_that_is_not_there(admin: User, regent: Cinema):
    with pytest.raises(NotFound):
        grant_role(by(admin), a_person(Role.SCANNER, regent).id, Role.BOX_OFFICE, 999_999)


def test_two_admins_who_take_each_others_role_at_once_leave_one(app: Flask, admin: User):
    """Otherwise the house could be left without one."""
    another = a_person(Role.ADMIN, name="Alma")
    outcomes = []

    def take(mine: int, theirs: int) -> None:
        try:
            revoke_role(By(mine), theirs, Role.ADMIN, None)
            outcomes.append("taken")
        except Forbidden:
            outcomes.append("refused")

    pair = [partial(take, admin.id, another.id), partial(take, another.id, admin.id)]
    meet_at(app, "SELECT FROM users ORDER BY id FOR UPDATE", pair)
    assert sorted(outcomes) == ["refused", "taken"]
    assert len(roles_of(admin.id) | roles_of(another.id)) == 1


# Deactivated accounts


def test_a_deactivated_account_has_no_role_no_log_in_and_no_password_that_works(regent: Cinema, manager: User):
    made = make_staff_account(by(manager), "Maya", "maya@example.org", Role.BOX_OFFICE, [regent.id])
    token = choose_password(made.token, PASSWORD, "")
    deactivate(by(manager), made.user_id, "left us")
    assert account_of_token(token) is None
    assert not roles_of(made.user_id)
    with pytest.raises(WrongPassword):
        log_in("maya@example.org", PASSWORD)
    with pytest.raises(Invalid):
        grant_role(by(manager), made.user_id, Role.BOX_OFFICE, regent.id)
    with pytest.raises(Invalid):
        new_password_link(by(manager), made.user_id)
    assert [entry.reason for entry in entries(Action.PERSON_DEACTIVATED, Action.ROLE_TAKEN)] == ["left us"] * 2


def test_a_reactivated_account_begins_anew(regent: Cinema, manager: User):
    made = make_staff_account(by(manager), "Maya", "maya@example.org", Role.BOX_OFFICE, [regent.id])
    deactivate(by(manager), made.user_id, "left us")
    again = reactivate(by(manager), made.user_id)
    assert not roles_of(made.user_id)
    grant_role(by(manager), made.user_id, Role.SCANNER, regent.id)
    assert choose_password(again.token, PASSWORD, "")


def test_a_manager_deactivates_nobody_who_also_works_elsewhere(regent: Cinema, lantern: Cinema, manager: User):
    joe = a_person(Role.SCANNER, regent, lantern)
    colleague = a_person(Role.MANAGER, regent)
    for person in (joe, colleague):
        with pytest.raises(Forbidden):
            deactivate(by(manager), person.id, "because")
        with pytest.raises(Forbidden):
            new_password_link(by(manager), person.id)


# The audit


def test_what_is_done_is_written_down_with_who_from_where_and_what(regent: Cinema, manager: User):
    joe = a_person(Role.SCANNER, regent)
    grant_role(By(manager.id, "192.0.2.7"), joe.id, Role.BOX_OFFICE, regent.id)
    (entry,) = entries(Action.ROLE_GIVEN)
    assert (entry.user_id, entry.address, entry.cinema_id) == (manager.id, "192.0.2.7", regent.id)
    assert (entry.subject, entry.subject_id) == ("person", joe.id)
    assert entry.before == {"role": None}
    assert entry.after == {"role": "box_office"}


def test_a_command_is_written_down_without_a_person(regent: Cinema):
    staff_by_command("ruth@example.org", "Ruth", Role.MANAGER, [regent.slug])
    assert {entry.user_id for entry in entries(*Action)} == {None}


def test_nothing_is_done_where_the_person_has_no_role_any_more(regent: Cinema, lantern: Cinema, manager: User):
    """The second line behind the guard: a request that began before the role was taken away does not end after it."""

    def change(cinema: Cinema) -> None:
        with transaction() as session:
            cinema = session.get_one(Cinema, cinema.id)
            cinema.name = "Changed"
            audit(session, by(manager), Action.PERSON_MADE, None, cinema_id=cinema.id)

    change(regent)
    with pytest.raises(Forbidden):
        change(lantern)
    revoke_role(COMMAND, manager.id, Role.MANAGER, regent.id)
    with pytest.raises(Forbidden):
        change(regent)
    names = db.session.scalars(select(Cinema.name).where(Cinema.id == lantern.id)).one()
    db.session.commit()
    assert names != "Changed"


def test_what_is_done_and_its_entry_are_one(regent: Cinema, manager: User):
    joe = a_person(Role.SCANNER, regent)

    class Broken(RuntimeError): ...

    def half() -> None:
        with transaction() as session:
            audit(session, by(manager), Action.ROLE_GIVEN, joe.id, cinema_id=regent.id)
            raise Broken

    with pytest.raises(Broken):
        half()
    assert not entries(Action.ROLE_GIVEN)


def test_a_role_is_not_taken_away_before_what_is_done_by_it_is_committed(app: Flask, regent: Cinema, manager: User):
    """So the audit's moment always lies within the role's, which is what promise 30 asks."""
    taken: list[Any] = []

    def take() -> None:
        with app.app_context():
            try:
                revoke_role(COMMAND, manager.id, Role.MANAGER, regent.id)
                taken.append("taken")
            finally:
                db.session.remove()

    thread = threading.Thread(target=take)
    with transaction() as session:
        audit(session, by(manager), Action.PERSON_MADE, None, cinema_id=regent.id)
        thread.start()
        thread.join(0.3)
        assert not taken, "it waits for the role's row"
    thread.join()
    assert taken == ["taken"]
    row = db.session.scalars(select(StaffRole).where(StaffRole.user_id == manager.id)).one()
    (entry,) = entries(Action.PERSON_MADE)
    assert row.revoked_at is not None
    assert row.revoked_at >= entry.at


# By command


def test_the_command_makes_the_first_admin_and_gives_roles_to_staff_there_are(regent: Cinema):
    made = staff_by_command("alma@example.org", "", Role.ADMIN, [])
    assert made is not None
    assert roles_of(made.user_id) == {("admin", None)}
    choose_password(made.token, PASSWORD, "")
    assert staff_by_command("ALMA@example.org", "", Role.MANAGER, [regent.slug]) is None
    assert roles_of(made.user_id) == {("admin", None), ("manager", regent.id)}
    assert log_in("alma@example.org", PASSWORD)


def test_a_customer_made_staff_by_command_chooses_a_new_password(regent: Cinema):
    token = register("Eve", "ruth@example.org", PASSWORD)
    made = staff_by_command("ruth@example.org", "", Role.MANAGER, [regent.slug])
    assert made is not None
    assert account_of_token(token) is None
    with pytest.raises(WrongPassword):
        log_in("ruth@example.org", PASSWORD)


def test_the_command_says_which_cinema_there_is_not(app: Flask):
    with pytest.raises(NotFound, match="no-such-place"):
        staff_by_command("ruth@example.org", "", Role.MANAGER, ["no-such-place"])


# Idle


def test_staff_that_stay_away_are_signed_out_and_customers_are_not(regent: Cinema, moved_clock: MovedClock):
    joe, ada = a_log_in(a_person(Role.SCANNER, regent)), a_log_in(a_customer())
    moved_clock.forward(hours=11, minutes=59)
    assert account_of_token(joe) is not None
    moved_clock.forward(minutes=1)
    assert account_of_token(joe) is None
    assert account_of_token(ada) is not None
    db.session.commit()


def test_who_becomes_staff_in_an_old_log_in_signs_in_again(regent: Cinema, moved_clock: MovedClock):
    person = a_person(Role.SCANNER, regent)
    revoke_role(COMMAND, person.id, Role.SCANNER, regent.id)
    token = a_log_in(person)
    moved_clock.forward(days=3)
    assert account_of_token(token) is not None
    grant_role(COMMAND, person.id, Role.SCANNER, regent.id)
    assert account_of_token(token) is None
    db.session.commit()
