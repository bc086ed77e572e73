"""How the provider signs its messages: HMAC-SHA256 over "<unix seconds>.<raw body>"."""

from __future__ import annotations

import hashlib
import hmac

HEADER = "Sandbox-Signature"


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """The hexadecimal digest that `v1` carries."""
    return hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256).hexdigest()


def signature_header(secret: str, timestamp: int, body: bytes) -> str:
    return f"t={timestamp},v1={signature(secret, timestamp, body)}"
