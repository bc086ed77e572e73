"""Named places where a test may kill a process, as a power cut would. Without ENV=test and FAILPOINTS they are nothing.

FAILPOINTS names a folder. A process that comes to a place whose name is a file there takes the file away and dies by
SIGKILL; a number in the file says at which passing.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path


def _nothing(name: str) -> None:
    """What a failpoint is in the product."""


def _die_if_armed(name: str) -> None:
    armed = Path(os.environ["FAILPOINTS"]) / name
    try:
        passings = int(armed.read_text() or 1)
    except FileNotFoundError:
        return
    if passings > 1:
        armed.write_text(str(passings - 1))
        return
    armed.unlink(missing_ok=True)
    os.kill(os.getpid(), signal.SIGKILL)


active = os.environ.get("ENV") == "test" and bool(os.environ.get("FAILPOINTS"))
failpoint = _die_if_armed if active else _nothing
