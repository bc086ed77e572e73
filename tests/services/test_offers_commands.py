"""The commands for coupons: what is typed becomes a coupon, and what can't be read ends in a sentence."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from app.db import db
from app.models import Coupon
from app.services.demo import COUPONS
from app.services.extras import add_coupon
from app.services.offers import coupons, create_coupon
from tests.builders import a_cinema, a_hold, a_movie, a_show


@pytest.fixture
def run(app: Flask):
    def command(*words: str) -> Result:
        return app.test_cli_runner().invoke(args=list(words))

    return command


def the_coupon() -> Coupon:
    return coupons(archived=True)[0]


def test_a_coupon_with_everything_is_made_as_typed(run):
    film, cinema = a_movie(), a_cinema()
    done = run(
        "create-coupon", "spring20", "--name", "Spring", "--percent", "20%", "--max", "7.50", "--min", "15", "--currency",
        "gbp", "--from", "2026-12-01", "--until", "2026-12-31 18:00", "--zone", "Europe/Paris", "--limit", "100",
        "--per-person", "2", "--film", film.slug, "--cinema", cinema.slug, "--days", "mon,Tuesday", "--types",
        "child, adult", "--stackable",
    )  # fmt: skip
    assert done.output == "Coupon SPRING20 is in use.\n"
    made = the_coupon()
    assert (made.code, made.name, made.kind, made.percent) == ("SPRING20", "Spring", "percent", Decimal(20))
    assert (made.max_minor, made.min_minor, made.currency) == (750, 1500, "GBP")
    assert made.starts_at == dt.datetime(2026, 11, 30, 23, tzinfo=dt.UTC), "on the clocks of the zone"
    assert made.ends_at == dt.datetime(2026, 12, 31, 17, tzinfo=dt.UTC)
    assert (made.total_limit, made.person_limit, made.movie_id, made.cinema_id) == (100, 2, film.id, cinema.id)
    assert (made.weekdays, made.ticket_types, made.stackable) == ([1, 2], ["adult", "child"], True)


def test_a_fixed_amount_is_read_in_its_currency(run):
    run("create-coupon", "YEN", "--name", "Yen", "--amount", "500", "--currency", "JPY")
    assert (the_coupon().amount_minor, the_coupon().kind) == (500, "fixed")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--amount", "5"], "Amounts need a currency"),
        (["--amount", "five", "--currency", "GBP"], "five is no amount of GBP"),
        (["--percent", "ten"], "ten is no percentage"),
        (["--percent", "10", "--days", "someday"], "someday is no weekday"),
        (["--percent", "10", "--zone", "Mars", "--from", "2026-12-01"], "Mars is no time zone"),
        (["--percent", "10", "--film", "nosferatu"], "There is no film nosferatu"),
        ([], "Give a percentage or an amount"),
    ],
)
def test_what_cannot_be_read_ends_in_a_sentence(run, words, said):
    done = run("create-coupon", "CODE", "--name", "Code", *words)
    assert done.exit_code == 1
    assert said in done.output
    assert coupons(archived=True) == []


def test_coupons_are_listed_and_taken_out_of_use(run):
    run("create-coupon", "TEN", "--name", "Ten off", "--percent", "10", "--limit", "5")
    run("create-coupon", "FIVE", "--name", "Five", "--amount", "5.00", "--currency", "GBP")
    listed = run("coupons").output.splitlines()
    assert [line.split()[0] for line in listed] == ["FIVE", "TEN"]
    assert "10 %  used 0 of 5  Ten off" in listed[1]
    assert "£5.00  used 0  Five" in listed[0]
    assert run("archive-coupon", "ten").output == "Coupon TEN is out of use.\n"
    assert run("archive-coupon", "ten").output == "Coupon TEN is out of use already.\n"
    assert run("archive-coupon", "nine").exit_code == 1
    assert "TEN" not in run("coupons").output
    assert "(out of use)" in run("coupons", "--all").output


def test_without_a_name_there_is_no_coupon(run):
    done = run("create-coupon", "CODE", "--percent", "10")
    assert done.exit_code == 1
    assert coupons(archived=True) == []


def test_many_codes_of_one_use_come_as_a_file(run):
    done = run("create-coupons", "school", "3", "--name", "=Schools", "--percent", "10")
    header, *lines = done.output.splitlines()
    made = {coupon.code: coupon.total_limit for coupon in coupons()}
    assert header == "code,name"
    assert [line.rpartition(",")[2] for line in lines] == ["'=Schools"] * 3, "no spreadsheet runs it"
    assert {line.partition(",")[0] for line in lines} == set(made)
    assert set(made.values()) == {1}
    assert all(code.startswith("SCHOOL-") for code in made)


@pytest.mark.parametrize("words", [["0"], ["1001"], ["2", "--limit", "5"]])
def test_a_batch_that_can_not_be_ends_in_a_sentence(run, words):
    done = run("create-coupons", "school", *words, "--name", "Schools", "--percent", "10")
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert coupons(archived=True) == []


def test_a_coupon_is_changed_in_what_is_given_and_stays_in_the_rest(run):
    run(
        "create-coupon",
        "TEN",
        "--name",
        "Ten",
        "--percent",
        "10",
        "--limit",
        "5",
        "--days",
        "mon",
        "--until",
        "2099-01-01",
    )
    done = run("change-coupon", "ten", "--name", "Ten off", "--limit", "none", "--per-person", "2", "--days", "mon,tue")
    assert done.output == "Coupon TEN is changed.\n"
    kept = the_coupon()
    assert (kept.name, kept.percent, kept.total_limit, kept.person_limit) == ("Ten off", Decimal(10), None, 2)
    assert (kept.weekdays, kept.ends_at) == ([1, 2], dt.datetime(2099, 1, 1, tzinfo=dt.UTC))
    again = run("change-coupon", "TEN", "--name", "Ten off")
    assert again.output == "Coupon TEN is like that already.\n"


def test_a_percentage_becomes_an_amount_and_stackable_becomes_alone(run):
    run("create-coupon", "SPRING", "--name", "Spring", "--percent", "10", "--stackable")
    done = run("change-coupon", "spring", "--percent", "none", "--amount", "5", "--currency", "gbp", "--alone")
    assert done.exit_code == 0, done.output
    kept = the_coupon()
    assert (kept.kind, kept.percent, kept.amount_minor, kept.stackable) == ("fixed", None, 500, False)
    assert run("change-coupon", "spring", "--amount", "6.50").exit_code == 0, "in the currency that it has"
    assert the_coupon().amount_minor == 650


def test_what_somebody_was_promised_does_not_change_by_command(run):
    run("create-coupon", "TEN", "--name", "Ten", "--percent", "10")
    booking = a_hold(a_show(), 1)
    add_coupon(booking.show_id, booking.id, "TEN")
    refused = run("change-coupon", "TEN", "--percent", "5")
    assert refused.exit_code == 1
    assert "stays as it was promised" in refused.output
    assert run("change-coupon", "TEN", "--name", "Ten, still").exit_code == 0
    assert (the_coupon().percent, the_coupon().name) == (Decimal(10), "Ten, still")


def test_a_coupon_out_of_use_is_put_back(run):
    run("create-coupon", "TEN", "--name", "Ten", "--percent", "10")
    run("archive-coupon", "TEN", "--reason", "printed twice")
    assert run("start-coupon", "ten").output == "Coupon TEN is in use again.\n"
    assert run("start-coupon", "ten").output == "Coupon TEN is in use already.\n"
    rows = db.session.execute(text("SELECT action, reason FROM audit_entries ORDER BY id")).all()
    db.session.commit()
    assert [(row.action, row.reason) for row in rows][1:] == [
        ("coupon.stopped", "printed twice"),
        ("coupon.started_again", ""),
    ]


@pytest.mark.parametrize("command", ["change-coupon", "start-coupon"])
def test_a_coupon_that_is_not_there_is_said(run, command):
    done = run(command, "NINE")
    assert (done.exit_code, done.output) == (1, "Error: There is no coupon NINE.\n")


def test_the_demos_coupons_can_be_made(app):
    for coupon in COUPONS:
        create_coupon(coupon)
    assert len(coupons()) == len(COUPONS) >= 2
