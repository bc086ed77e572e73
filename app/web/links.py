"""Addresses that come from outside and that we may send a browser to: only paths of our own site."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

HOME = "/"
DECODINGS = 3


def local_path(address: str | None) -> str:
    """The address if it is a path on this site, however often encoded; the home page otherwise."""
    if not address:
        return HOME
    seen = address
    for _ in range(DECODINGS):
        if not _plain(seen):
            return HOME
        seen = unquote(seen)
    return address if _plain(seen) else HOME


def _plain(address: str) -> bool:
    if not address.startswith("/") or address.startswith("//") or "\\" in address:
        return False
    if any(ord(letter) < 33 or ord(letter) == 127 for letter in address.partition("?")[0]):
        return False
    if any(ord(letter) < 32 for letter in address):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc
