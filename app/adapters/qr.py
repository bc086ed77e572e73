"""QR codes as SVG, for the screen and for paper. What they say is domain/ticket_payload.py's."""

from __future__ import annotations

from typing import Any

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import MODE_ALPHA_NUM, QRData

VERSION = 6
"""41 modules: at error level M it holds 154 letters, and a ticket's text has at most 150."""
MASK = 3
"""Any mask is valid; a fixed one saves trying all eight."""
QUIET = 4


def qr_svg(text: str) -> str:
    """An SVG image, black on white with its quiet zone; `text` is base45. Raises ValueError if it does not fit.

    It has no size of its own and no style: the page decides.
    """
    modules = _modules(text)
    side = len(modules) + 2 * QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{_path(modules)}"/></svg>'
    )


def _modules(text: str) -> list[list[bool | None]]:
    code: QRCode[Any] = QRCode(VERSION, ERROR_CORRECT_M, border=QUIET, mask_pattern=MASK)
    code.add_data(QRData(text.encode(), MODE_ALPHA_NUM), optimize=0)
    code.make(fit=False)
    return code.modules


def _path(modules: list[list[bool | None]]) -> str:
    """One rectangle for each run of dark modules of a row."""
    parts = []
    for y, row in enumerate(modules):
        x = 0
        while x < len(row):
            end = x
            while end < len(row) and row[end]:
                end += 1
            if end > x:
                parts.append(f"M{x + QUIET} {y + QUIET}h{end - x}v1h-{end - x}z")
            x = end + 1
    return "".join(parts)
