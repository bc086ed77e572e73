"""A camera that is held in front of a QR code: a film for Chromium's fake device."""

from __future__ import annotations

from pathlib import Path

import qrcode

WIDTH, HEIGHT, FRAMES = 640, 480, 10
WHITE, BLACK, GREY = 235, 16, 128


def film_of(text: str, path: Path) -> Path:
    """A Y4M film (4:2:0) in which this code stands still."""
    code = qrcode.QRCode(border=4, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(text)
    modules = code.get_matrix()
    size = HEIGHT * 9 // 10 // len(modules)
    left, top = (WIDTH - size * len(modules)) // 2, (HEIGHT - size * len(modules)) // 2
    light = bytearray([WHITE]) * (WIDTH * HEIGHT)
    for y in range(size * len(modules)):
        row = b"".join(bytes([BLACK if dark else WHITE]) * size for dark in modules[y // size])
        start = (top + y) * WIDTH + left
        light[start : start + len(row)] = row
    frame = b"FRAME\n" + bytes(light) + bytes([GREY]) * (WIDTH * HEIGHT // 2)
    path.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * FRAMES)
    return path
