"""The processes that are measured: the product's own and the bare floor, each under gunicorn with the same settings."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.embedded import process
from app.embedded.development import ROOT
from app.embedded.run import descendants
from app.embedded.server import until
from bench.load import WrongAnswer, ask

START_SECONDS = 300.0
GUNICORN = ("-m", "gunicorn", "--config", "gunicorn.conf.py")


@contextlib.contextmanager
def running(env: Mapping[str, str], *arguments: str) -> Iterator[int]:
    """One Python process of ours; gives its id. It ends with us, whatever happens to us."""
    child = process.spawn([sys.executable, *arguments], ROOT, sign=15, own_account=False, env=dict(env))
    try:
        yield child.pid
    finally:
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    below = descendants(child.pid)
    child.terminate()
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    for pid in below:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 9)
    if child.stdin:
        child.stdin.close()


@contextlib.contextmanager
def web(env: Mapping[str, str], app: str, path: str = "/") -> Iterator[tuple[int, int]]:
    """gunicorn serving `app` as production does; gives its process id and its port."""
    port = process.free_port(None)
    metrics = Path(env["VAR_DIR"]) / f"metrics-{port}"
    metrics.mkdir()
    own = {"PORT": str(port), "BASE_URL": f"http://localhost:{port}", "PROMETHEUS_MULTIPROC_DIR": str(metrics)}
    with running({**env, **own}, *GUNICORN, app) as pid:
        if not until(lambda: process.listening(("127.0.0.1", port)), START_SECONDS, 0.05):
            raise WrongAnswer(f"{app} did not start")
        for _ in range(8):
            ask(port, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        yield pid, port


def memory_of(pids: list[int]) -> int | None:
    """Proportional set size of these processes and all below them, in bytes; None where there is no /proc."""
    every = [one for pid in pids for one in (pid, *descendants(pid))]
    files = [Path(f"/proc/{pid}/smaps_rollup") for pid in every]
    if not all(file.exists() for file in files):
        return None
    lines = [line for file in files for line in file.read_text().splitlines()]
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
