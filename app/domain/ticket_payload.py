"""What a ticket's QR code says: signed, so that a door that checks it holds nothing that forges it.

The text is base45 (RFC 9285), which a QR code stores about as compactly as bytes, and no reader garbles it.
Behind it: version, key id; show, booking, seat and number as LEB128; five bytes of the booking's code, the
second of issue, an Ed25519 signature. At most 100 bytes, mostly 84. What a door answers is not decided here.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.domain.codes import ALPHABET, MAX_SHOW_ID, RANDOM_LENGTH, show_of, ticket_code

VERSION = 1
SIGNATURE_BYTES = 64
MAX_BYTES = 100
MAX_ID = 2**49 - 1
"""The largest booking and seat id that fits: seven bytes each."""
MAX_NUMBER = 2**14 - 1
CODE_BYTES = RANDOM_LENGTH * 5 // 8
TIME_BYTES = 4

BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_BASE45_VALUES = {letter: value for value, letter in enumerate(BASE45)}


class BadTicket(ValueError):
    """A code that admits nobody. `reason` is unreadable, unknown_key or forged."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class BadKeyring(ValueError):
    """The setting with the signing keys can't be read."""


@dataclass(frozen=True, slots=True)
class TicketPayload:
    """One ticket as its QR code names it. `issued_at` is UTC, in whole seconds."""

    show_id: int
    booking_id: int
    seat_id: int
    booking_code: str
    number: int
    issued_at: dt.datetime

    @property
    def ticket_code(self) -> str:
        return ticket_code(self.booking_code, self.number)


@dataclass(frozen=True)
class Keyring:
    """Signing keys by id; one signs, all verify, so that keys can be exchanged with an overlap."""

    keys: Mapping[int, Ed25519PrivateKey]
    signing_id: int

    @cached_property
    def public_keys(self) -> dict[int, Ed25519PublicKey]:
        """All that a door needs to have."""
        return {key_id: key.public_key() for key_id, key in self.keys.items()}


@lru_cache(maxsize=16)
def read_keyring(text: str) -> Keyring:
    """Keys from `1:<base64url of 32 bytes>,2:…`; the last one signs. Raises BadKeyring."""
    pairs = [part.strip().partition(":") for part in text.split(",") if part.strip()]
    keys = {_key_id(name): _private_key(secret) for name, _, secret in pairs}
    if not keys or len(keys) != len(pairs):
        raise BadKeyring("TICKET_SIGNING_KEYS needs at least one key, and each id once")
    return Keyring(keys, list(keys)[-1])


def _key_id(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > 255:
        raise BadKeyring("the id of a ticket signing key is a number from 0 to 255")
    return int(text)


def _private_key(text: str) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error) as problem:
        raise BadKeyring("a ticket signing key is 32 bytes in base64url") from problem


def sign(payload: TicketPayload, keyring: Keyring) -> str:
    """The text for the QR code, at most 150 letters. Raises ValueError for ids out of range."""
    body = bytes((VERSION, keyring.signing_id)) + _packed(payload)
    return to_base45(body + keyring.keys[keyring.signing_id].sign(body))


def verify(text: str, public_keys: Mapping[int, Ed25519PublicKey]) -> TicketPayload:
    """The ticket that a code names, if one of these keys signed it. Raises BadTicket, and nothing else."""
    data = from_base45(text.strip("\r\n\t"))
    if len(data) > MAX_BYTES or len(data) <= SIGNATURE_BYTES + 2 or data[0] != VERSION:
        raise BadTicket("unreadable")
    body, signature = data[:-SIGNATURE_BYTES], data[-SIGNATURE_BYTES:]
    key = public_keys.get(body[1])
    if key is None:
        raise BadTicket("unknown_key")
    try:
        key.verify(signature, body)
    except InvalidSignature:
        raise BadTicket("forged") from None
    return _unpacked(body[2:])


def _packed(payload: TicketPayload) -> bytes:
    if show_of(payload.booking_code) != payload.show_id or max(payload.booking_id, payload.seat_id) > MAX_ID:
        raise ValueError("a ticket's code belongs to its show, and its ids are below 2^49")
    if not 0 < payload.number <= MAX_NUMBER:
        raise ValueError("a ticket's number is between 1 and 16383")
    numbers = (payload.show_id, payload.booking_id, payload.seat_id, payload.number)
    return (
        b"".join(_leb128(number) for number in numbers)
        + _code_bits(payload.booking_code).to_bytes(CODE_BYTES, "big")
        + int(payload.issued_at.timestamp()).to_bytes(TIME_BYTES, "big")
    )


def _unpacked(data: bytes) -> TicketPayload:
    numbers, place = [], 0
    try:
        for _ in range(4):
            number, place = _read_leb128(data, place)
            numbers.append(number)
    except IndexError:
        raise BadTicket("unreadable") from None
    show_id, booking_id, seat_id, number = numbers
    code, time = data[place : place + CODE_BYTES], data[place + CODE_BYTES :]
    if len(time) != TIME_BYTES or show_id > MAX_SHOW_ID:
        raise BadTicket("unreadable")
    booking_code = _base32(show_id) + _base32(int.from_bytes(code, "big"), RANDOM_LENGTH)
    issued_at = dt.datetime.fromtimestamp(int.from_bytes(time, "big"), dt.UTC)
    return TicketPayload(show_id, booking_id, seat_id, booking_code, number, issued_at)


def _leb128(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_leb128(data: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while data[place] > 127:
        number |= (data[place] & 127) << shift
        place, shift = place + 1, shift + 7
    return number | data[place] << shift, place + 1


def _code_bits(code: str) -> int:
    bits = 0
    for letter in code[-RANDOM_LENGTH:]:
        bits = bits << 5 | ALPHABET.index(letter)
    return bits


def _base32(number: int, length: int = 1) -> str:
    letters = ""
    while number or len(letters) < length:
        number, value = divmod(number, 32)
        letters = ALPHABET[value] + letters
    return letters


def to_base45(data: bytes) -> str:
    letters = []
    for place in range(0, len(data) - 1, 2):
        rest, first = divmod(data[place] << 8 | data[place + 1], 45)
        third, second = divmod(rest, 45)
        letters += [BASE45[first], BASE45[second], BASE45[third]]
    if len(data) % 2:
        second, first = divmod(data[-1], 45)
        letters += [BASE45[first], BASE45[second]]
    return "".join(letters)


def from_base45(text: str) -> bytes:
    """Raises BadTicket for what base45 can't be."""
    values = [_BASE45_VALUES.get(letter, -1) for letter in text]
    if -1 in values or len(values) % 3 == 1:
        raise BadTicket("unreadable")
    data = bytearray()
    for place in range(0, len(values), 3):
        group = values[place : place + 3]
        number = sum(value * 45**power for power, value in enumerate(group))
        if number >= 1 << 8 * (len(group) - 1):
            raise BadTicket("unreadable")
        data += number.to_bytes(len(group) - 1, "big")
    return bytes(data)
