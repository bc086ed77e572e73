"""The widths that an uploaded poster is kept in, and how its name tells it from a drawn one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

WIDTHS: dict[int, int] = {224: 12_000, 320: 20_000, 640: 70_000}
"""Width in pixels → the most bytes, so that a home page full of them stays within 250 KB. A card is 224 wide, 104 on a
phone (320 where a point is three pixels), on a film's page 320, and 640 where a point is two."""
SMALLEST, MIDDLE, LARGEST = sorted(WIDTHS)
_NAME = re.compile(r"u[0-9a-f]{15}")


def height_of(width: int) -> int:
    return width * 3 // 2


def upload_hash(contents: Mapping[int, bytes]) -> str:
    """Names an uploaded poster by what is in all its widths. No drawn poster's name begins with u."""
    together = b"".join(contents[width] for width in sorted(contents))
    return f"u{hashlib.sha256(together).hexdigest()[:15]}"


def is_upload(digest: str | None) -> bool:
    """Whether this name is of an uploaded poster."""
    return _NAME.fullmatch(digest or "") is not None


def drawing_name(svg: str | None) -> str | None:
    """The name of a poster drawn for the film; None without one, for then it is generated."""
    return hashlib.sha256(svg.encode()).hexdigest()[:16] if svg else None
