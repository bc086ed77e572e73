"""bin/run after its set-up: services, migrations, demo data, the Procfile; on Ctrl-C nothing is left."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from app.embedded import needed_servers, process, services
from app.embedded.development import ROOT, SERVED, environment, var_dir
from app.embedded.process import ServiceError
from app.embedded.server import Server, until

PR_SET_CHILD_SUBREAPER = 36
FIRST_PAGE_SECONDS = 60.0
ACCOUNTS, PREPARED = "run/accounts.txt", "run/prepared"
STOP_SECONDS = 12.0  # honcho itself kills after 5
REVIVE_SECONDS = 2.0


class Stopped(BaseException):
    """Ctrl-C or SIGTERM."""


def say(text: str) -> None:
    print(f"· {text}", flush=True)


def run() -> int:
    """Serve the demo cinema, or with DEMO=no an empty house; the exit status of bin/run."""
    folder = var_dir()
    os.chdir(ROOT)
    adopt_orphans()
    try:
        listen_for_the_end()
        check_port()
        servers = needed_servers(folder)
        say(f"Starting {' and '.join(server.title for server in servers) or 'with your own servers'}")
        with services(folder) as urls:
            for server in servers:
                say(f"{server.title} is at port {server.port}, its data in {server.home}")
            (folder / SERVED).unlink(missing_ok=True)  # of a run that was killed
            env = environment(urls, folder) | {"PROMETHEUS_MULTIPROC_DIR": empty(folder / "metrics")}
            ready = was_prepared(env, folder)
            if not ready:
                prepare(env, folder)
            with told_port(env, folder), processes(env) as honcho:
                wait_for_first_page(honcho, env)
                if ready:  # the same tables as last time: the visitor need not wait for the check
                    prepare(env, folder)
                welcome(env, (folder / ACCOUNTS).read_text().strip())
                return keep(honcho, servers)
    except Stopped:
        return 0
    finally:
        end_orphans()


def adopt_orphans() -> None:
    """Linux: whatever loses its parent below us becomes our child, so that end_orphans() finds it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_orphans() -> None:
    for sign, seconds in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 1.0), (signal.SIGKILL, 1.0)):
        for pid in descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
        if until(no_child_left, seconds, 0.02):
            return


def descendants(pid: int) -> list[int]:
    """Every process below `pid`; none where there is no /proc."""
    files = Path(f"/proc/{pid}/task").glob("*/children")
    children: list[int] = []
    for file in files:
        with contextlib.suppress(OSError):
            children += map(int, file.read_text().split())
    return children + [below for child in children for below in descendants(child)]


def no_child_left() -> bool:
    """Take note of the children that ended; whether that was all of them."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
        return False
    return True


def listen_for_the_end() -> None:
    def stop(*_: object) -> None:
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, signal.SIG_IGN)  # once is enough; what follows is the orderly end
        raise Stopped

    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, stop)


def check_port() -> None:
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ServiceError(f"PORT={port} is not a port number.")
    if not process.port_is_free(int(port), host):
        raise ServiceError(f"Port {port} is taken; choose another one: PORT={int(port) + 1} bin/run")


def empty(folder: Path) -> str:
    """Figures of an earlier run would be counted again."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return str(folder)


def version_of_tables(env: Mapping[str, str]) -> str:
    """Changes with every migration and with the database."""
    files = sorted((ROOT / "migrations" / "versions").glob("*.py"))
    parts = [env["MIGRATION_DATABASE_URL"].encode(), *(file.read_bytes() for file in files)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def was_prepared(env: Mapping[str, str], folder: Path) -> bool:
    stamp = folder / PREPARED
    return (folder / ACCOUNTS).exists() and stamp.exists() and stamp.read_text() == version_of_tables(env)


def prepare(env: dict[str, str], folder: Path) -> None:
    """Tables and demo data, and in ACCOUNTS what to say about the demo accounts."""
    say("Preparing the database")
    accounts = folder / ACCOUNTS
    accounts.parent.mkdir(parents=True, exist_ok=True)
    child = process.spawn(
        [sys.executable, str(ROOT / "bin" / "_prepare.py"), str(accounts)], ROOT, own_account=False, env=env
    )
    if wait(child) != 0:
        raise ServiceError("Preparing the database failed; see above.")
    (folder / PREPARED).write_text(version_of_tables(env))


@contextlib.contextmanager
def told_port(env: Mapping[str, str], folder: Path) -> Iterator[None]:
    """Commands of this VAR_DIR know where its pages are, so the links that they print work."""
    served = folder / SERVED
    served.parent.mkdir(parents=True, exist_ok=True)
    served.write_text(env["PORT"])
    try:
        yield
    finally:
        served.unlink(missing_ok=True)


@contextlib.contextmanager
def processes(env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The Procfile under honcho, ended in order."""
    say("Starting web, worker and schedule")
    command = [sys.executable, "-m", "honcho", "--env", os.devnull, "--procfile", "Procfile", "start"]
    honcho = process.spawn(command, ROOT, sign=signal.SIGTERM, own_account=False, env=env | {"PYTHONUNBUFFERED": "1"})
    try:
        yield honcho
    finally:
        say("Stopping")
        honcho.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            honcho.wait(STOP_SECONDS)
        honcho.kill()
        wait(honcho)


def wait(child: subprocess.Popen[bytes]) -> int:
    try:
        return child.wait()
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait()
        if child.stdin:
            child.stdin.close()


def address(env: Mapping[str, str]) -> str:
    host = env["HOST"]
    local = host in ("127.0.0.1", "0.0.0.0", "::")  # noqa: S104  read, not bound
    return f"http://{'localhost' if local else host}:{env['PORT']}"


def wait_for_first_page(honcho: subprocess.Popen[bytes], env: Mapping[str, str]) -> None:
    """Until the home page was served once, which also leaves it warm for the visitor."""
    url = urlsplit(address(env))
    there = (url.hostname or "", url.port or 80)
    until(lambda: honcho.poll() is not None or process.listening(there), FIRST_PAGE_SECONDS, 0.03)
    try:
        urllib.request.urlopen(address(env), timeout=FIRST_PAGE_SECONDS).close()  # noqa: S310  our own address
    except urllib.error.HTTPError as problem:
        say(f"The home page answers {problem.code}; see above")
    except OSError as problem:
        raise ServiceError("The home page could not be loaded; see above.") from problem


def welcome(env: Mapping[str, str], accounts: str) -> None:
    lines = [f"Marquee is open: {address(env)}", "", *accounts.splitlines(), "", "Ctrl-C closes it."]
    print("", *(f"  {line}".rstrip() for line in lines), "", sep="\n", flush=True)


def keep(honcho: subprocess.Popen[bytes], servers: list[Server]) -> int:
    """Watch until the end; a server that crashed is started again."""
    while honcho.poll() is None:
        for server in servers:
            if server.ensure():
                say(f"{server.title} had stopped; started it again")
        with contextlib.suppress(subprocess.TimeoutExpired):
            honcho.wait(REVIVE_SECONDS)
    say("Web, worker or schedule ended by itself (see above), so the others were closed too. Nothing is lost.")
    return abs(honcho.returncode) or 1
