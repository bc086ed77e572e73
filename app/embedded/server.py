"""What the two embedded servers have in common: one per VAR_DIR, joined by everyone who comes later.

A server process holds an OS lock on `run/<name>.lock` for as long as it lives: who gets the lock starts the
server, who doesn't joins it. `<name>.json` keeps port and passwords, `<name>.running` says who started it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from app.embedded import process
from app.embedded.process import ServiceError

START_SECONDS = 60.0
STOP_SECONDS = 15.0

# The children of this process by lock file: a handle may be dropped, its server is still ours to wait for.
_children: dict[Path, subprocess.Popen[bytes]] = {}


def write_private(path: Path, text: str) -> None:
    """Replace `path` in one step; only its owner can read it."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


@contextlib.contextmanager
def exclusive(path: Path, wait: bool = True) -> Iterator[int | None]:
    """The lock on the file `path` as a descriptor; None when another holds it and we don't wait."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(fd)
        yield None
        return
    try:
        yield fd
    finally:
        os.close(fd)


def until(ready: Callable[[], bool], seconds: float, step: float = 0.005) -> bool:
    """Ask `ready` every `step` seconds; False when it never was within `seconds`."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True


class Server:
    """A handle on the server of one VAR_DIR. It holds no state: any process may have and use one."""

    name: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, var_dir: Path | str) -> None:
        self.var_dir = Path(var_dir).resolve()
        run = self.var_dir / "run"
        self.lock_file = run / f"{self.name}.lock"
        self.state_file = run / f"{self.name}.json"
        self.running_file = run / f"{self.name}.running"
        self.log = self.var_dir / "log" / f"{self.name}.log"

    # What a kind of server says about itself.

    def _new_state(self) -> dict[str, Any]:
        raise NotImplementedError

    def _create(self, state: dict[str, Any], home: Path) -> None:
        raise NotImplementedError

    def _command(self, state: dict[str, Any], home: Path) -> list[str]:
        """What to run in `home`; clears and writes what it needs there."""
        raise NotImplementedError

    def _answers(self, state: dict[str, Any], home: Path, pid: int) -> bool:
        raise NotImplementedError

    def _first_start(self, state: dict[str, Any]) -> None:
        """What only a running server can be told, once."""

    # What is the same for all.

    def ensure(self) -> bool:
        """Start the server unless it already runs for this VAR_DIR; True when this call started it.

        Raises ServiceError. It ends with this process (on Linux: with the calling thread).
        """
        for folder in (self.lock_file.parent, self.log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            with exclusive(self.lock_file, wait=False) as lock:
                if lock is not None:
                    self._start(lock)
                    return True
            if self._serving():
                return False
            time.sleep(0.02)
        raise ServiceError(f"{self.title} in {self.var_dir} neither runs nor ends; see {self.log}")

    def stop(self, sign: int | None = None) -> None:
        """Stop the server, whoever started it, and wait for its end. `sign` replaces the polite signal."""
        pid = self.pid
        self.running_file.unlink(missing_ok=True)
        for attempt in (sign or signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if pid is None or self.gone():
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, attempt)
            until(self.gone, STOP_SECONDS)
        self._reap()

    def kill(self) -> None:
        """SIGKILL: what a crash looks like."""
        self.stop(signal.SIGKILL)

    def gone(self) -> bool:
        """Whether no process of the server is left, whoever started it."""
        child = _children.get(self.lock_file)
        if child is not None:
            child.poll()
        with exclusive(self.lock_file, wait=False) as lock:
            return lock is not None

    @property
    def pid(self) -> int | None:
        """Process id of the running server, None when it is stopped."""
        running = self._running()
        return running["pid"] if running and not self.gone() else None

    @property
    def port(self) -> int:
        return int(self.state["port"])

    @property
    def home(self) -> Path:
        """Where the data is: in VAR_DIR, unless we are root and nobody may not walk there."""
        return Path(self.state["home"])

    @property
    def state(self) -> dict[str, Any]:
        """Port and passwords."""
        return dict(json.loads(self.state_file.read_text()))

    def _running(self) -> dict[str, int]:
        with contextlib.suppress(FileNotFoundError, ValueError):
            return dict(json.loads(self.running_file.read_text()))
        return {}

    def _serving(self) -> bool:
        running = self._running()
        if not running or not process.alive(running["starter"]):
            return False
        return self._answers(self.state, self.home, running["pid"])

    def _start(self, lock: int) -> None:
        self.running_file.unlink(missing_ok=True)
        self._reap()
        state = self.state if self.state_file.exists() else self._fresh_state()
        home = Path(state["home"])
        if not state.get("made"):
            self._make_home(state, home)
        child = self._launch(state, home, lock)
        _children[self.lock_file] = child
        try:
            if not state.get("made"):
                self._first_start(state)
                state["made"] = True
                write_private(self.state_file, json.dumps(state))
        except BaseException:
            child.kill()
            raise
        write_private(self.running_file, json.dumps({"pid": child.pid, "starter": os.getpid()}))

    def _fresh_state(self) -> dict[str, Any]:
        home = self.var_dir / self.name
        if not process.reachable(home):
            home = process.SYSTEM_DIR / f"{secrets.token_hex(6)}-{self.name}"
        if home.exists():
            raise ServiceError(f"{home} is there, but {self.state_file} with its passwords is gone; move it away")
        state = self._new_state() | {"home": str(home)}
        write_private(self.state_file, json.dumps(state))
        return state

    def _make_home(self, state: dict[str, Any], home: Path) -> None:
        shutil.rmtree(home, ignore_errors=True)  # what a start left that never came to its end
        home.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        home.mkdir(mode=0o700)
        process.give(home)
        self._create(state, home)

    def _launch(self, state: dict[str, Any], home: Path, lock: int) -> subprocess.Popen[bytes]:
        for _ in range(3):
            state["port"] = process.free_port(state.get("port"))
            write_private(self.state_file, json.dumps(state))
            child = process.spawn(self._command(state, home), home, log=self.log, lock=lock)
            if self._came_up(child, state, home):
                return child
            child.kill()
            child.wait()
            if process.port_is_free(state["port"]):  # not a port that another took: no use in trying again
                break
        raise ServiceError(f"{self.title} did not start; {self.log} ends with\n{process.tail(self.log)}")

    def _came_up(self, child: subprocess.Popen[bytes], state: dict[str, Any], home: Path) -> bool:
        until(lambda: child.poll() is not None or self._answers(state, home, child.pid), START_SECONDS)
        return child.poll() is None and self._answers(state, home, child.pid)

    def _reap(self) -> None:
        child = _children.pop(self.lock_file, None)
        if child is None:
            return
        child.wait()
        if child.stdin:
            child.stdin.close()
