"""QR codes as SVG, for the screen and for paper. What they say is domain/ticket_payload.py's."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

VERSION = 6
"""41 modules: at error level M it holds 154 letters, and a ticket's text has at most 150."""
MASK = 3
"""Any mask is valid; a fixed one saves trying all eight."""
QUIET = 4


@dataclass(frozen=True, slots=True)
class Squares:
    """A code as what is black of it: `runs` of dark modules by column, row and length, quiet zone counted."""

    side: int
    runs: tuple[tuple[int, int, int], ...]

    @property
    def svg(self) -> str:
        """An SVG image, black on white with its quiet zone. It has no size and no style of its own: the page decides."""
        side = self.side
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
            f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path stroke="#000" d="{self._path()}"/></svg>'
        )

    def _path(self) -> str:
        """A stroke one module thick through each run of dark modules of a row."""
        parts, pen, line = [], 0, -1
        for x, y, length in self.runs:
            parts.append(f"m{x - pen} 0h{length}" if y == line else f"M{x} {y}.5h{length}")
            pen, line = x + length, y
        return "".join(parts)


def qr_code(text: str) -> Squares:
    """The code of a text in capitals. Raises DataOverflowError."""
    return _squares(_modules(text))


def plain_qr_svg(text: str) -> str:
    """The code of any text, in the smallest that holds it, as an SVG image."""
    from qrcode.constants import ERROR_CORRECT_M
    from qrcode.main import QRCode

    code: QRCode[Any] = QRCode(None, ERROR_CORRECT_M, border=QUIET, mask_pattern=MASK)
    code.add_data(text, optimize=0)
    code.make(fit=True)
    return _squares(code.modules).svg


def _squares(modules: list[list[bool | None]]) -> Squares:
    runs = []
    for y, row in enumerate(modules):
        for dark, run in groupby(enumerate(row), key=lambda module: bool(module[1])):
            if dark:
                places = [x for x, _ in run]
                runs.append((QUIET + places[0], QUIET + y, len(places)))
    return Squares(len(modules) + 2 * QUIET, tuple(runs))


def _modules(text: str) -> list[list[bool | None]]:
    # Imported here: it brings Pillow, 5 MB for processes that draw no code.
    from qrcode.constants import ERROR_CORRECT_M
    from qrcode.main import QRCode

    code: QRCode[Any] = QRCode(VERSION, ERROR_CORRECT_M, border=QUIET, mask_pattern=MASK)
    code.add_data(text, optimize=0)
    code.make(fit=False)
    return code.modules
