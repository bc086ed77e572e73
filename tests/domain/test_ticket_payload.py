"""Ticket codes: what was signed comes back, and nothing else is ever let in."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.codes import ALPHABET, MAX_SHOW_ID, ticket_code
from app.domain.ticket_payload import (
    BASE45,
    MAX_BYTES,
    MAX_ID,
    MAX_NUMBER,
    BadKeyring,
    BadTicket,
    Keyring,
    TicketPayload,
    _base32,
    from_base45,
    read_keyring,
    sign,
    to_base45,
    verify,
)

REASONS = ("unreadable", "unknown_key", "forged")
ISSUED = dt.datetime(2026, 11, 21, 19, 30, tzinfo=dt.UTC)
TICKET = TicketPayload(2127, 48211, 30719, _base32(2127) + "7K4XP2MD", 1, ISSUED)


def secret(seed: int) -> str:
    return base64.urlsafe_b64encode(bytes([seed]) * 32).decode().rstrip("=")


RING = read_keyring(f"1:{secret(1)}")
ids = st.integers(1, MAX_ID)
payloads = st.builds(
    lambda show, booking, seat, letters, number, second: TicketPayload(
        show, booking, seat, _base32(show) + letters, number, dt.datetime.fromtimestamp(second, dt.UTC)
    ),
    st.integers(1, MAX_SHOW_ID),
    ids,
    ids,
    st.text(ALPHABET, min_size=8, max_size=8),
    st.integers(1, MAX_NUMBER),
    st.integers(0, 2**32 - 1),
)


@given(payloads)
def test_what_was_signed_comes_back_and_stays_within_a_hundred_bytes(payload: TicketPayload) -> None:
    text = sign(payload, RING)
    assert verify(text, RING.public_keys) == payload
    assert len(from_base45(text)) <= MAX_BYTES
    assert set(text) <= set(BASE45)


def test_an_ordinary_ticket_takes_84_bytes() -> None:
    assert len(from_base45(sign(TICKET, RING))) == 84


def test_the_payload_knows_its_ticket_code() -> None:
    assert TICKET.ticket_code == ticket_code(TICKET.booking_code, 1)


@given(st.integers(0, 84 * 8 - 1))
def test_one_flipped_bit_is_refused(bit: int) -> None:
    data = bytearray(from_base45(sign(TICKET, RING)))
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadTicket):
        verify(to_base45(bytes(data)), RING.public_keys)


@given(st.integers(0, 125), st.sampled_from(BASE45))
def test_one_changed_letter_is_refused(place: int, letter: str) -> None:
    text = sign(TICKET, RING)
    changed = text[:place] + letter + text[place + 1 :]
    if changed != text:
        with pytest.raises(BadTicket):
            verify(changed, RING.public_keys)


def reason_for(text: str) -> str | None:
    try:
        verify(text, RING.public_keys)
    except BadTicket as problem:
        return problem.reason
    return None


@given(st.text())
def test_any_text_is_refused_as_a_bad_ticket(text: str) -> None:
    assert reason_for(text) in REASONS


@given(st.binary(max_size=150))
def test_any_bytes_are_refused_as_a_bad_ticket(data: bytes) -> None:
    assert reason_for(to_base45(data)) in REASONS


@given(st.binary(max_size=60))
def test_a_well_signed_body_that_says_nothing_is_unreadable(body: bytes) -> None:
    data = b"\x01\x01\xff" + body
    signed = data + RING.keys[1].sign(data)
    assert reason_for(to_base45(signed)) in (None, "unreadable")


def test_another_showing_in_the_body_is_forged() -> None:
    other = replace(TICKET, show_id=2128, booking_code=_base32(2128) + "7K4XP2MD")
    ours, theirs = from_base45(sign(TICKET, RING)), from_base45(sign(other, RING))
    with pytest.raises(BadTicket, match="forged"):
        verify(to_base45(theirs[:-64] + ours[-64:]), RING.public_keys)


def test_somebody_elses_key_with_our_id_is_forged() -> None:
    with pytest.raises(BadTicket, match="forged"):
        verify(sign(TICKET, read_keyring(f"1:{secret(9)}")), RING.public_keys)


def test_while_keys_overlap_old_tickets_open_and_new_ones_are_signed_by_the_last_key() -> None:
    both = read_keyring(f"1:{secret(1)},2:{secret(2)}")
    assert verify(sign(TICKET, RING), both.public_keys) == TICKET
    assert from_base45(sign(TICKET, both))[1] == 2
    new = read_keyring(f"2:{secret(2)}")
    assert verify(sign(TICKET, both), new.public_keys) == TICKET


def test_a_key_that_was_taken_away_opens_nothing() -> None:
    with pytest.raises(BadTicket, match="unknown_key"):
        verify(sign(TICKET, RING), read_keyring(f"2:{secret(2)}").public_keys)


def test_the_line_end_of_a_hand_scanner_does_no_harm() -> None:
    assert verify(sign(TICKET, RING) + "\r\n", RING.public_keys) == TICKET


@pytest.mark.parametrize(
    "setting",
    [
        "",
        "1",
        "1:",
        "x:" + secret(1),
        "256:" + secret(1),
        "1:short",
        f"1:{secret(1)},1:{secret(2)}",
        "²:" + secret(1),
    ],
)
def test_keys_that_cant_be_read_are_refused(setting: str) -> None:
    with pytest.raises(BadKeyring):
        read_keyring(setting)


def test_keys_are_read_once() -> None:
    setting = f"7:{secret(7)}"
    ring: Keyring = read_keyring(setting)
    assert read_keyring(setting) is ring


@pytest.mark.parametrize(
    "wrong",
    [
        {"show_id": 5},
        {"seat_id": MAX_ID + 1},
        {"booking_id": MAX_ID + 1},
        {"number": 0},
        {"number": MAX_NUMBER + 1},
    ],
)
def test_what_does_not_fit_is_not_signed(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="ticket"):
        sign(replace(TICKET, **wrong), RING)


def test_base45_is_that_of_the_rfc() -> None:
    assert to_base45(b"Hello!!") == "%69 VD92EX0"
    assert from_base45("QED8WEX0") == b"ietf!"
