"""A real server for races, faults and browsers: gunicorn with its worker and schedule, as the Procfile starts them."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.embedded.process import free_port

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120


class Server:
    """The web process and, if asked for, worker and schedule; stopped by stop(), killed by kill()."""

    def __init__(self, env: dict[str, str], port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.env = env
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: list[str]) -> None:
        self.processes[name] = subprocess.Popen(
            command, cwd=ROOT, env=self.env, stdout=subprocess.DEVNULL, stderr=None, start_new_session=True
        )

    def start_web(self) -> None:
        self.start("web", [sys.executable, "-m", "gunicorn", "wsgi:app"])
        self._wait_for_web()

    def start_worker(self) -> None:
        self.start("worker", [sys.executable, "worker.py"])

    def start_schedule(self) -> None:
        self.start("schedule", [sys.executable, "schedule.py"])

    def work(self) -> None:
        """Worker and schedule run from now on, if they don't already."""
        if "worker" not in self.processes:
            self.start_worker()
            self.start_schedule()

    def rest(self) -> None:
        """Worker and schedule stop: they would do the work of tests that do it themselves."""
        self._end("worker", "schedule")

    def stop(self) -> None:
        self._end(*self.processes)

    def _end(self, *names: str) -> None:
        ending = [process for name in names if (process := self.processes.pop(name, None))]
        for process in ending:
            process.terminate()
        for process in ending:
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _wait_for_web(self) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if self.processes["web"].poll() is not None:
                raise RuntimeError("the web process ended at once")
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            try:
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.05)
            finally:
                connection.close()  # also after a time-out: left open it would be a warning, and so an error
        raise RuntimeError("the web process does not answer")


@contextmanager
def serve(environment: dict[str, str], worker: bool = True, **changes: str) -> Iterator[Server]:
    """The product's own processes on a free port, with these settings changed."""
    port = free_port(None)
    metrics = Path(environment["VAR_DIR"]) / f"metrics-{port}"
    metrics.mkdir(parents=True, exist_ok=True)
    env = (
        os.environ
        | environment
        | {
            "PORT": str(port),
            "HOST": "127.0.0.1",
            "BASE_URL": f"http://127.0.0.1:{port}",
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
            "PYTHONWARNINGS": "default",
            **changes,
        }
    )
    server = Server(env, port)
    try:
        server.start_web()
        if worker:
            server.work()
        yield server
    finally:
        server.stop()
