"""Real PostgreSQL and real Valkey from wheels, for one machine and for the tests. Knows nothing of Flask.

`with services(var_dir) as urls:` starts what does not run yet, joins what does, and stops what it started.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.embedded.databases import Urls, connect, create_database, drop_database, sqlalchemy_url
from app.embedded.development import development_secrets
from app.embedded.postgres import Postgres
from app.embedded.process import ServiceError
from app.embedded.server import Server
from app.embedded.valkey import Valkey

__all__ = [
    "Postgres",
    "ServiceError",
    "Urls",
    "Valkey",
    "connect",
    "create_database",
    "development_secrets",
    "drop_database",
    "needed_servers",
    "services",
]


Strings = Mapping[str, str]


def needed_servers(var_dir: Path | str, env: Strings | None = None, settings: Strings | None = None) -> list[Server]:
    """Handles on the servers that the environment doesn't name; `settings` are for PostgreSQL's start."""
    env = os.environ if env is None else env
    servers: list[Server] = []
    if not env.get("DATABASE_URL"):
        servers.append(Postgres(var_dir, settings))
    if not env.get("REDIS_URL"):
        servers.append(Valkey(var_dir))
    return servers


def urls_of(var_dir: Path | str, env: Strings | None = None) -> Urls:
    """The addresses: the environment's where it names them, otherwise those of the embedded servers."""
    env = os.environ if env is None else env
    redis_url = env.get("REDIS_URL") or Valkey(var_dir).url()
    database = env.get("DATABASE_URL")
    if not database:
        return Urls(Postgres(var_dir).url(), Postgres(var_dir).owner_url(), redis_url)
    owner = env.get("MIGRATION_DATABASE_URL") or database
    return Urls(sqlalchemy_url(database), sqlalchemy_url(owner), redis_url)


@contextmanager
def services(var_dir: Path | str, env: Strings | None = None, settings: Strings | None = None) -> Iterator[Urls]:
    """The services of `var_dir`, running. Who started a server stops it; who joined leaves it alone.

    Raises ServiceError. Call it from a thread that lives until the end.
    """
    with ExitStack() as stack:
        for server in needed_servers(var_dir, env, settings):
            if server.ensure():
                stack.callback(server.stop)
        yield urls_of(var_dir, env)
