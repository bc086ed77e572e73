"""Short secrets kept where others may read: encrypted with a key made from the house's own, bound to what they are for."""

from __future__ import annotations

import base64
import binascii
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
KEY_BYTES = 32


class Unsealable(ValueError):
    """Not sealed by this key for this purpose: changed, copied from elsewhere, or the house's key is another now."""


def derived_key(secret_key: str, purpose: str) -> bytes:
    """A key for one purpose alone, from SECRET_KEY."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(secret_key.encode())


def seal(secret_key: str, purpose: str, words: str) -> str:
    """The words encrypted and signed (AES-256-GCM), in letters. `purpose` names whose and what for; it is not stored."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(derived_key(secret_key, "sealing")).encrypt(nonce, words.encode(), purpose.encode())
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def unseal(secret_key: str, purpose: str, sealed: str) -> str:
    """What was sealed for this purpose. Raises Unsealable."""
    try:
        raw = base64.urlsafe_b64decode(sealed.encode())
        key = AESGCM(derived_key(secret_key, "sealing"))
        return key.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode()).decode()
    except (InvalidTag, binascii.Error, ValueError) as problem:
        raise Unsealable from problem
