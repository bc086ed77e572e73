"""`python -m bench [--quick]`: prints the table; the exit status is 1 when a row misses its target."""

from __future__ import annotations

import argparse
import signal
import sys

from app.embedded import ServiceError
from bench.load import WrongAnswer
from bench.run import measure
from bench.sizes import FULL, QUICK, Sizes
from bench.table import exit_status, table


class Stopped(BaseException):
    """Ctrl-C or SIGTERM: everything started is ended on the way out."""


def stop_once(*_: object) -> None:
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_IGN)
    raise Stopped


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="bin/bench", description="Figures of the product over the least they could cost."
    )
    parser.add_argument("--quick", action="store_true", help="shorter rounds and a smaller house: within 90 seconds")
    return bench(QUICK if parser.parse_args(arguments).quick else FULL)


def bench(sizes: Sizes) -> int:
    rows, facts = measure(sizes)
    print(table(rows), "", *facts, sep="\n")
    return exit_status([*rows, *facts])


if __name__ == "__main__":
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, stop_once)
    try:
        sys.exit(main(sys.argv[1:]))
    except (ServiceError, WrongAnswer) as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
    except Stopped:
        sys.exit(130)
