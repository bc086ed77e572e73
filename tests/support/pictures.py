"""Pictures as people upload them, and as those who mean harm do."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

SCRIPT = b"<script>alert(document.cookie)</script>"


def a_picture(kind: str = "JPEG", size: tuple[int, int] = (600, 900), color: Any = (200, 60, 30), **how: Any) -> bytes:
    """A file of one colour with a white corner at the left above."""
    mode = how.pop("mode", "RGB")
    picture = Image.new(mode, size, color)
    if mode == "RGB":
        picture.paste((255, 255, 255), (0, 0, size[0] // 3, size[1] // 3))
    return saved(picture, kind, **how)


def saved(picture: Image.Image, kind: str, **how: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def color_at(content: bytes, across: float, down: float) -> tuple[int, int, int]:
    """The colour of a place of the picture, in parts of its width and height."""
    picture = opened(content).convert("RGB")
    found: Any = picture.getpixel((int(picture.width * across), int(picture.height * down)))
    return found


def a_bomb(side: int = 30_000) -> bytes:
    """A PNG of a few kilobytes that says it is side × side pixels, and is."""
    row = b"\0" + bytes(side // 8)
    squeeze = zlib.compressobj(9)
    packed = b"".join([*(squeeze.compress(row) for _ in range(side)), squeeze.flush()])
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
