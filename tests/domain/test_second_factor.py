"""Codes of the app, recovery codes, pauses, and sealed keys."""

from __future__ import annotations

import datetime as dt

import pyotp
import pytest

from app.domain import second_factor as rules
from app.domain.sealing import Unsealable, seal, unseal

NOW = dt.datetime(2027, 3, 1, 12, 0, 10, tzinfo=dt.UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
STEP = int(NOW.timestamp()) // 30


def code(off: int = 0) -> str:
    """What an app shows that many half minutes from now; by the library's own clockwork."""
    return pyotp.TOTP(SECRET).at(NOW + dt.timedelta(seconds=30 * off))


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_code_of_now_or_a_half_minute_off_is_right(off: int):
    assert rules.matching_step(SECRET, code(off), NOW, None) == STEP + off


@pytest.mark.parametrize("off", [-20, -2, 2, 20])
def test_an_older_or_later_one_is_not(off: int):
    assert rules.matching_step(SECRET, code(off), NOW, None) is None


def test_no_code_is_good_twice_nor_one_from_before_it():
    assert rules.matching_step(SECRET, code(), NOW, STEP) is None
    assert rules.matching_step(SECRET, code(-1), NOW, STEP) is None
    assert rules.matching_step(SECRET, code(1), NOW, STEP) == STEP + 1


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "१२३४५६", "０００００0", "1" * 40, "-12345"])
def test_what_is_no_code_is_wrong(typed: str):
    assert rules.matching_step(SECRET, typed, NOW, None) is None


def test_spaces_in_a_code_do_not_matter():
    assert rules.matching_step(SECRET, f" {code()[:3]} {code()[3:]} ", NOW, None) == STEP


def test_a_code_of_another_key_is_wrong():
    assert rules.matching_step(rules.new_secret(), code(), NOW, None) is None


def test_the_app_gets_a_link_it_understands():
    link = rules.app_link(SECRET, "ruth@example.org", "Marquee")
    read = pyotp.parse_uri(link)
    assert isinstance(read, pyotp.TOTP)
    assert (read.secret, read.issuer, read.name) == (SECRET, "Marquee", "ruth@example.org")


def test_recovery_codes_are_ten_different_ones_that_are_easy_to_read():
    codes = rules.new_recovery_codes()
    assert len(set(codes)) == 10
    assert not set("".join(codes)) & set("ILOU")
    assert all(rules.is_recovery_code(rules.spoken_recovery(one).lower()) for one in codes)
    assert not rules.is_recovery_code("123456")


def test_a_recovery_codes_hash_needs_the_key_and_not_the_dashes():
    (one, *_) = rules.new_recovery_codes()
    assert rules.recovery_hash(b"k", one) == rules.recovery_hash(b"k", rules.spoken_recovery(one).lower())
    assert rules.recovery_hash(b"k", one) != rules.recovery_hash(b"another", one)


def test_pauses_grow_and_end():
    assert rules.pause_until(4, NOW) is None
    minutes = [(rules.pause_until(failures, NOW) - NOW).total_seconds() / 60 for failures in (5, 6, 7, 10, 11, 5000)]
    assert minutes == [1, 2, 4, 32, 60, 60]


def test_what_is_sealed_opens_for_the_same_key_and_purpose_only():
    sealed = seal("k" * 32, "second-factor:7", SECRET)
    assert SECRET not in sealed
    assert unseal("k" * 32, "second-factor:7", sealed) == SECRET
    for key, purpose, words in (
        ("j" * 32, "second-factor:7", sealed),
        ("k" * 32, "second-factor:8", sealed),
        ("k" * 32, "second-factor:7", sealed[:-4] + "AAAA"),
        ("k" * 32, "second-factor:7", "short"),
        ("k" * 32, "second-factor:7", "é"),
    ):
        with pytest.raises(Unsealable):
            unseal(key, purpose, words)


def test_the_same_secret_is_sealed_differently_each_time():
    assert seal("k" * 32, "x", SECRET) != seal("k" * 32, "x", SECRET)
