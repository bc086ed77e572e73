"""`python -m bench [--quick]`: prints the table; with `--figures` how long the pages of figures take. The exit status is
1 when anything misses its target."""

from __future__ import annotations

import argparse
import signal
import sys

from app.embedded import ServiceError
from bench.figures import figures
from bench.load import WrongAnswer
from bench.run import measure, say
from bench.sizes import FULL, QUICK, Sizes
from bench.table import exit_status, table

BOOKINGS = 2_000_000
TIMES = 20
"""How often each page of figures is asked for."""


class Stopped(BaseException):
    """Ctrl-C or SIGTERM: everything started is ended on the way out."""

    asked = False


def stop_once(*_: object) -> None:
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_IGN)
    Stopped.asked = True
    raise Stopped


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="bin/bench", description="Figures of the product over the least they could cost."
    )
    parser.add_argument("--quick", action="store_true", help="shorter rounds and a smaller house: within 90 seconds")
    parser.add_argument("--figures", action="store_true", help="the staff's figures with two million bookings instead")
    parser.add_argument("--bookings", type=int, default=BOOKINGS, help=f"how many for --figures ({BOOKINGS:,})")
    asked = parser.parse_args(arguments)
    return years(asked.bookings) if asked.figures else bench(QUICK if asked.quick else FULL)


def years(bookings: int) -> int:
    facts = figures(bookings, TIMES, say)
    print(*facts, sep="\n")
    return exit_status(facts)


def bench(sizes: Sizes) -> int:
    rows, facts = measure(sizes)
    print(table(rows), "", *facts, sep="\n")
    return exit_status([*rows, *facts])


if __name__ == "__main__":
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, stop_once)
    try:
        sys.exit(main(sys.argv[1:]))
    except (Stopped, Exception) as problem:
        if Stopped.asked:
            if not isinstance(problem, Stopped):  # what was interrupted failed in its own way as it ended
                print(f"{type(problem).__name__}: {problem}", file=sys.stderr)
            sys.exit(130)
        if not isinstance(problem, ServiceError | WrongAnswer):
            raise
        print(problem, file=sys.stderr)
        sys.exit(2)
