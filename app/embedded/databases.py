"""Roles, grants and databases of a PostgreSQL server, embedded or not. Tables are for the migrations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg
from psycopg.sql import SQL, Identifier, Literal


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the services are. Both database addresses are the same database, as two roles."""

    database_url: str
    migration_database_url: str
    redis_url: str

    def environ(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database_url,
            "MIGRATION_DATABASE_URL": self.migration_database_url,
            "REDIS_URL": self.redis_url,
        }

    def for_database(self, name: str) -> Urls:
        """The same servers and roles, another database."""
        return replace(
            self,
            database_url=with_database(self.database_url, name),
            migration_database_url=with_database(self.migration_database_url, name),
        )


def with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def sqlalchemy_url(url: str) -> str:
    """The same address with the driver named; hosts hand out postgres:// and postgresql://."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url


def connect(url: str) -> psycopg.Connection:
    """A plain psycopg connection to a SQLAlchemy address, each statement its own transaction."""
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    return psycopg.connect(plain, autocommit=True, connect_timeout=10)


def role_of(url: str) -> str:
    return unquote(urlsplit(url).username or "")


def create_database(urls: Urls, name: str, template: str | None = None) -> Urls:
    """A new database owned by the migrating role; with `template`, a copy of that one.

    Needs CREATEDB, which the embedded owner has. Nobody may be connected to the template.
    """
    with connect(with_database(urls.migration_database_url, "postgres")) as server:
        source = SQL("TEMPLATE {}").format(Identifier(template)) if template else SQL("")
        server.execute(SQL("CREATE DATABASE {} {}").format(Identifier(name), source))
    made = urls.for_database(name)
    prepare_database(made.migration_database_url, role_of(urls.database_url))
    return made


def drop_database(urls: Urls, name: str) -> None:
    """Drop a database if it exists, and whoever is connected to it."""
    with connect(with_database(urls.migration_database_url, "postgres")) as server:
        server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


def prepare_cluster(url: str, database: str, *, owner: tuple[str, str], app: tuple[str, str]) -> None:
    """Both roles and the empty database, on a fresh server and as its superuser."""
    with connect(url) as server:
        for name, password in (owner, app):
            made = SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(Identifier(name), Literal(password))
            server.execute(made)
        role = Identifier(owner[0])
        # The owner makes and drops the tests' databases, and may have to disconnect others from them.
        server.execute(SQL("ALTER ROLE {} CREATEDB").format(role))
        server.execute(SQL("GRANT pg_signal_backend TO {}").format(role))
        for shared in ("postgres", "template1"):
            server.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(shared)))
        server.execute(SQL("GRANT CONNECT ON DATABASE postgres TO {}").format(role))
        server.execute(SQL("CREATE DATABASE {} OWNER {}").format(Identifier(database), role))


def prepare_database(url: str, app: str) -> None:
    """What the application's role may do in the tables to come: read and write rows, create nothing."""
    owner = role_of(url)
    if owner == app:
        return
    database = unquote(urlsplit(url).path.lstrip("/"))
    defaults = "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT"
    with connect(url) as server:
        for statement in (
            "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
            "GRANT CONNECT ON DATABASE {database} TO {app}",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            "GRANT USAGE ON SCHEMA public TO {app}",
            f"{defaults} SELECT, INSERT, UPDATE, DELETE ON TABLES TO {{app}}",
            f"{defaults} USAGE ON SEQUENCES TO {{app}}",
        ):
            server.execute(SQL(statement).format(database=Identifier(database), app=Identifier(app)))
