"""QR codes as SVG, for the screen and for paper. What they say is domain/ticket_payload.py's."""

from __future__ import annotations

from itertools import groupby
from typing import Any

VERSION = 6
"""41 modules: at error level M it holds 154 letters, and a ticket's text has at most 150."""
MASK = 3
"""Any mask is valid; a fixed one saves trying all eight."""
QUIET = 4


def qr_svg(text: str) -> str:
    """An SVG image, black on white with its quiet zone, for text in capitals; raises DataOverflowError.

    It has no size and no style of its own: the page decides.
    """
    return _svg(_modules(text))


def plain_qr_svg(text: str) -> str:
    """The same for any text, in the smallest code that holds it."""
    from qrcode.constants import ERROR_CORRECT_M
    from qrcode.main import QRCode

    code: QRCode[Any] = QRCode(None, ERROR_CORRECT_M, border=QUIET, mask_pattern=MASK)
    code.add_data(text, optimize=0)
    code.make(fit=True)
    return _svg(code.modules)


def _svg(modules: list[list[bool | None]]) -> str:
    side = len(modules) + 2 * QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path stroke="#000" d="{_path(modules)}"/></svg>'
    )


def _modules(text: str) -> list[list[bool | None]]:
    # Imported here: it brings Pillow, 5 MB for processes that draw no code.
    from qrcode.constants import ERROR_CORRECT_M
    from qrcode.main import QRCode

    code: QRCode[Any] = QRCode(VERSION, ERROR_CORRECT_M, border=QUIET, mask_pattern=MASK)
    code.add_data(text, optimize=0)
    code.make(fit=False)
    return code.modules


def _path(modules: list[list[bool | None]]) -> str:
    """A stroke one module thick through each run of dark modules of a row."""
    parts = []
    for y, row in enumerate(modules):
        pen = None
        for dark, run in groupby(enumerate(row), key=lambda module: bool(module[1])):
            if dark:
                places = [x for x, _ in run]
                move = f"M{QUIET + places[0]} {QUIET + y}.5" if pen is None else f"m{places[0] - pen} 0"
                parts.append(f"{move}h{len(places)}")
                pen = places[-1] + 1
    return "".join(parts)
