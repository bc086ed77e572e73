"""The commands for coupons: what is typed becomes a coupon, and what can't be read ends in a sentence."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from click.testing import Result
from flask import Flask

from app.models import Coupon
from app.services.demo import COUPONS
from app.services.offers import coupons, create_coupon
from tests.builders import a_cinema, a_movie


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


def test_the_demos_coupons_can_be_made(app):
    for coupon in COUPONS:
        create_coupon(coupon)
    assert len(coupons()) == len(COUPONS) >= 2
