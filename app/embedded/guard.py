"""Runs one command that must end when the process that started it ends. A script: nothing imports it.

Arguments: signal number, process id of the starter, user and group id (-1 = unchanged), directory, command …
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def drop_privileges(user: int, group: int) -> None:
    if user >= 0:
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)


def die_with_parent(sign: int, parent: int) -> None:
    """Linux: the kernel sends `sign` when the starter dies. After setuid, which would clear the wish."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, sign)
    if os.getppid() != parent:
        sys.exit(1)


def watch_pipe(sign: int) -> None:
    """Elsewhere: a grandchild waits for the end of standard input, a pipe only the starter holds open."""
    target = os.getpid()
    if os.fork() == 0:
        if os.fork() == 0:
            os.closerange(3, 256)
            while os.read(0, 1):
                pass
            with contextlib.suppress(ProcessLookupError):
                os.kill(target, sign)
        os._exit(0)
    os.wait()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)


def main(sign: int, parent: int, user: int, group: int, directory: str, command: list[str]) -> None:
    os.chdir(directory)
    drop_privileges(user, group)
    if sys.platform == "linux" and not os.environ.pop("MARQUEE_WATCH_PIPE", ""):
        die_with_parent(sign, parent)
    else:
        watch_pipe(sign)
    os.execvp(command[0], command)  # noqa: S606  no shell is the point


if __name__ == "__main__":
    sign, parent, user, group = map(int, sys.argv[1:5])
    main(sign, parent, user, group, sys.argv[5], sys.argv[6:])
