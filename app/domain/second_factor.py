"""The second factor: codes of an authenticator app (RFC 6238), each good once; recovery codes; pauses after wrong ones."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Iterator

import pyotp

from app.domain.codes import ALPHABET, normal_code

STEP_SECONDS = 30
DRIFT_STEPS = 1
"""How far a telephone's clock may be off, either way."""
RECOVERY_CODES = 10
RECOVERY_LENGTH = 12
FREE_TRIES = 5
LONGEST_PAUSE_MINUTES = 60


def new_secret() -> str:
    """A fresh key of 160 bits in base32, as apps take it."""
    return pyotp.random_base32()


def app_link(secret: str, email: str, issuer: str) -> str:
    """What the QR code for the app says."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def matching_step(secret: str, code: str, now: dt.datetime, after: int | None) -> int | None:
    """The time step whose code this is, near `now` and later than the last one used; None if there is none."""
    typed = "".join(code.split())
    if not (typed.isascii() and typed.isdigit()):
        return None
    for step in _steps(now):
        right = hmac.compare_digest(pyotp.HOTP(secret).at(step), typed)
        if right and (after is None or step > after):
            return step
    return None


def _steps(now: dt.datetime) -> Iterator[int]:
    here = int(now.timestamp()) // STEP_SECONDS
    yield from (here, *(here + off for far in range(1, DRIFT_STEPS + 1) for off in (-far, far)))


def code_at(secret: str, now: dt.datetime) -> str:
    """The code an app shows at that instant."""
    return pyotp.HOTP(secret).at(int(now.timestamp()) // STEP_SECONDS)


def new_recovery_codes() -> list[str]:
    """Codes for a lost telephone, in letters that are easy to read: 60 random bits each."""
    return ["".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]


def spoken_recovery(code: str) -> str:
    """In groups of four, for paper."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def is_recovery_code(typed: str) -> bool:
    """Whether it has the shape of one, however it is grouped."""
    return len(normal_code(typed)) == RECOVERY_LENGTH


def recovery_hash(key: bytes, code: str) -> str:
    """What is stored of a recovery code. Keyed, so that the table alone gives nothing to try codes against."""
    return hmac.new(key, normal_code(code).encode(), hashlib.sha256).hexdigest()


def pause_until(failures: int, last: dt.datetime | None) -> dt.datetime | None:
    """When the next code is looked at after so many wrong ones in a row; None = at once."""
    if failures < FREE_TRIES or last is None:
        return None
    return last + dt.timedelta(minutes=min(2 ** min(failures - FREE_TRIES, 10), LONGEST_PAUSE_MINUTES))
