"""The environment of a development machine: secrets made once, addresses, folders.."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from app.embedded.databases import Urls
from app.embedded.server import exclusive, write_private

LOOK_AROUND = "MANAGER=optional,ADMIN=optional"
"""STAFF_TOTP of a development machine: whoever tries the demo's staff need not set up an app first."""
SERVED = "run/port"
"""Below VAR_DIR while bin/run is open: the links that commands print lead to it."""
ROOT = Path(__file__).resolve().parents[2]


def _new_secrets() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_hex(32),
        "TICKET_SIGNING_KEYS": "1:" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "SANDBOX_WEBHOOK_SECRET": secrets.token_hex(32),
    }


def development_secrets(var_dir: Path | str) -> dict[str, str]:
    """The secrets of this VAR_DIR, made on the first call and kept in secrets.env, which is private."""
    path = Path(var_dir) / "secrets.env"
    path.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(path.parent / "secrets.lock"):
        known = _read(path)
        if missing := {key: value for key, value in _new_secrets().items() if key not in known}:
            known |= missing
            write_private(path, "".join(f"{key}={value}\n" for key, value in known.items()))
    return known


def _read(path: Path) -> dict[str, str]:
    with contextlib.suppress(FileNotFoundError):
        lines = (line.strip() for line in path.read_text().splitlines())
        return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {}


def served_port(folder: Path) -> str:
    """The port that this VAR_DIR's pages are served on now; empty when they aren't, or nobody knows."""
    with contextlib.suppress(FileNotFoundError):
        return (folder / SERVED).read_text()
    return ""


def var_dir(env: Mapping[str, str] | None = None) -> Path:
    """VAR_DIR, absolute; `var` in the project when it isn't set."""
    chosen = (os.environ if env is None else env).get("VAR_DIR")
    return Path(chosen).resolve() if chosen else ROOT / "var"


def environment(urls: Urls, folder: Path) -> dict[str, str]:
    """What the application's processes get; the present environment wins over what is made here."""
    port = os.environ.get("PORT") or served_port(folder) or "8000"
    made = development_secrets(folder) | {
        "PORT": port,
        "HOST": "127.0.0.1",
        "BASE_URL": f"http://localhost:{port}",
    }
    if os.environ.get("ENV") != "production":
        made["STAFF_TOTP"] = LOOK_AROUND
    given = {key: value for key, value in os.environ.items() if value or key not in made}
    tools = f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return made | given | urls.environ() | {"VAR_DIR": str(folder), "PATH": tools}
