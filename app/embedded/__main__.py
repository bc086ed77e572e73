"""`python -m app.embedded run | exec COMMAND … | urls`: what bin/run, bin/flask and bin/bench call."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from app.embedded import ServiceError, needed_servers, services, urls_of
from app.embedded.development import environment, var_dir

USAGE = "usage: python -m app.embedded run | exec COMMAND [ARGUMENT …] | urls"


def execute(command: list[str]) -> int:
    """Run `command` with the services: joined when they run, else started for as long as it takes."""
    folder = var_dir()
    with services(folder) as urls:
        env = environment(urls, folder)
        child = subprocess.Popen(command, env=env)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the command itself
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        status = child.wait()
    return status if status >= 0 else 128 - status


def print_urls() -> int:
    """The addresses of servers that run, as lines a shell can read."""
    folder = var_dir()
    if not all(server.pid for server in needed_servers(folder)):
        print(f"The services of {folder} don't run; start them with bin/run.", file=sys.stderr)
        return 1
    for key, value in urls_of(folder).environ().items():
        print(f"{key}={value}")
    return 0


def main(arguments: list[str]) -> int:
    os.umask(0o022)
    match arguments:
        case ["run"]:
            from app.embedded.run import run

            return run()
        case ["exec", _, *_]:
            return execute(arguments[1:])
        case ["urls"]:
            return print_urls()
    print(USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (ServiceError, OSError) as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
