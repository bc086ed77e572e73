"""Child processes, ports and the unprivileged account: what any embedded server needs, whatever it serves."""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import signal
import socket
import subprocess
import sys
from pathlib import Path

GUARD = Path(__file__).with_name("guard.py")
FIRST_PORT, LAST_PORT = 20000, 32767  # ephemeral ports begin at 32768 on Linux and would collide
SYSTEM_DIR = Path("/var/lib/marquee")


class ServiceError(RuntimeError):
    """An embedded server can't be started; the message says why and where its log is."""


def account() -> tuple[int, int]:
    """User and group id that servers run as: nobody's when we are root, (-1, -1) = unchanged otherwise."""
    if os.geteuid() != 0:
        return -1, -1
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def reachable(path: Path) -> bool:
    """Whether the servers' account may walk to `path`; root's own folders are often closed to others."""
    if os.geteuid() != 0:
        return True
    return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents if folder.exists())


def give(path: Path) -> None:
    """Make `path` the servers' own."""
    user, group = account()
    if user >= 0:
        os.chown(path, user, group)


def spawn(
    command: list[str],
    directory: Path,
    *,
    log: Path | None = None,
    sign: int = signal.SIGINT,
    own_account: bool = True,
    lock: int | None = None,
    env: dict[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` so that it gets `sign` when this process ends.

    On Linux that is also when the thread ends that called this: start servers from a thread that lives on.
    `lock` is a file descriptor the command inherits, so that its lock lasts exactly as long as the server.
    """
    user, group = account() if own_account else (-1, -1)
    numbers = map(str, (int(sign), os.getpid(), user, group))
    guard = [sys.executable, "-I", "-S", str(GUARD), *numbers, str(directory)]
    with contextlib.ExitStack() as stack:
        out = None if log is None else stack.enter_context(log.open("ab"))
        piped = sys.platform != "linux" or bool((env or os.environ).get("MARQUEE_WATCH_PIPE"))
        return subprocess.Popen(
            [*guard, *command],
            stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
            stdout=out,
            stderr=None if out is None else subprocess.STDOUT,
            start_new_session=True,
            pass_fds=() if lock is None else (lock,),
            env=env,
        )


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def listening(address: tuple[str, int]) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(address, timeout=5):
        return True
    return False


def free_port(wanted: int | None) -> int:
    """`wanted` when nobody listens there, otherwise a random free one below the ephemeral range."""
    if wanted and port_is_free(wanted):
        return wanted
    tries = (random.randint(FIRST_PORT, LAST_PORT) for _ in range(200))  # noqa: S311  not a secret
    port = next((port for port in tries if port_is_free(port)), None)
    if port is None:
        raise ServiceError(f"no free port between {FIRST_PORT} and {LAST_PORT}")
    return port


def tail(log: Path, lines: int = 8) -> str:
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(text.splitlines()[-lines:])
