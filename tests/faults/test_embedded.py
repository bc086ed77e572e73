"""The embedded servers: started once per folder, joined by others, gone with whoever started them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from app import embedded
from app.embedded import Postgres, Urls, Valkey, process, run
from app.embedded.server import until

ROOT = Path(__file__).resolve().parents[2]
NO_SERVERS: dict[str, str] = {}

HOLD = """
import sys
from app import embedded
with embedded.services(sys.argv[1], env={}):
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A VAR_DIR with a space in its path. Under root the servers run as nobody, so nobody may walk there."""
    made = Path(tempfile.mkdtemp(prefix="marquee "))
    made.chmod(0o711)
    yield made / "var"
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def urls(folder: Path) -> Iterator[Urls]:
    with embedded.services(folder, env=NO_SERVERS) as found:
        yield found


@pytest.fixture
def other_folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="marquee-"))
    made.chmod(0o711)
    yield made / "var"
    shutil.rmtree(made)


def child(folder: Path, **env: str) -> subprocess.Popen[str]:
    """Another process that starts or joins the services of `folder` and waits."""
    ready = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | env,
    )
    assert ready.stdout is not None
    assert ready.stdout.readline() == "ready\n"
    return ready


def command(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """`python -m app.embedded …` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "app.embedded", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT), "DATABASE_URL": "", "REDIS_URL": ""} | env,
    )


def end(running: subprocess.Popen[str]) -> None:
    running.communicate("")
    assert running.returncode == 0


def serving(folder: Path) -> list[int]:
    return [pid for server in (Postgres(folder), Valkey(folder)) if (pid := server.pid)]


def test_the_owner_makes_tables_and_the_application_only_uses_them(urls: Urls) -> None:
    with embedded.connect(urls.migration_database_url) as owner:
        owner.execute("CREATE TABLE films (id bigint GENERATED ALWAYS AS IDENTITY, title text)")
        owner.execute("CREATE SEQUENCE counter")
    with embedded.connect(urls.database_url) as app:
        app.execute("INSERT INTO films (title) VALUES ('Metropolis')")
        app.execute("UPDATE films SET title = 'Sunrise'")
        assert app.execute("SELECT title, nextval('counter') FROM films").fetchall() == [("Sunrise", 1)]
        app.execute("DELETE FROM films")
        forbidden = (
            "CREATE TABLE mine ()",
            "CREATE TEMP TABLE mine ()",
            "CREATE SCHEMA mine",
            "TRUNCATE films",
        )
        for statement in (*forbidden, "DROP TABLE films", "CREATE DATABASE mine"):
            with pytest.raises(psycopg.Error):
                app.execute(statement)


def test_the_database_sorts_and_stores_alike_on_every_machine(urls: Urls) -> None:
    with embedded.connect(urls.database_url) as app:
        found = app.execute(
            "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding) FROM pg_database"
            " WHERE datname = current_database()"
        )
        assert found.fetchone() == ("b", "C.UTF-8", "UTF8")


def test_nobody_gets_in_without_the_password(urls: Urls) -> None:
    for url in (urls.database_url, urls.migration_database_url):
        with pytest.raises(psycopg.OperationalError, match="password"):
            embedded.connect(url.replace(url.split(":")[2].split("@")[0], "guess"))
    with redis.Redis.from_url(urls.redis_url.replace(urls.redis_url.split("@")[0], "redis://:guess")) as client:
        with pytest.raises(redis.AuthenticationError):
            client.ping()


def test_ports_are_below_the_ephemeral_range(folder: Path, urls: Urls) -> None:
    assert all(server(folder).port < 32768 for server in (Postgres, Valkey))


def test_a_second_process_joins_and_leaves_without_stopping_anything(folder: Path, urls: Urls) -> None:
    before = serving(folder)
    end(child(folder))
    assert serving(folder) == before
    assert all(process.alive(pid) for pid in before)


def test_a_database_is_copied_from_a_template_with_its_rows_and_grants(urls: Urls) -> None:
    template = embedded.create_database(urls, "template")
    with embedded.connect(template.migration_database_url) as owner:
        owner.execute("CREATE TABLE screens (id int)")
        owner.execute("INSERT INTO screens VALUES (7)")
    copy = embedded.create_database(urls, "copy", template="template")
    with embedded.connect(copy.database_url) as app:
        assert app.execute("SELECT id FROM screens").fetchall() == [(7,)]
        with pytest.raises(psycopg.Error):
            app.execute("CREATE TEMP TABLE mine ()")
        embedded.drop_database(urls, "copy")  # although somebody is connected
    embedded.drop_database(urls, "template")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        embedded.connect(copy.database_url)


def test_what_was_committed_survives_a_crash_and_the_port_stays(folder: Path, urls: Urls) -> None:
    postgres, valkey = Postgres(folder), Valkey(folder)
    ports = postgres.port, valkey.port
    with embedded.connect(urls.migration_database_url) as owner:
        owner.execute("CREATE TABLE crash AS SELECT 1 AS kept")
    postgres.stop_immediate()
    valkey.kill()
    assert serving(folder) == []
    with pytest.raises(psycopg.OperationalError):
        embedded.connect(urls.database_url)
    assert postgres.ensure()
    assert valkey.ensure()
    assert (postgres.port, valkey.port) == ports
    with embedded.connect(urls.migration_database_url) as owner:
        assert owner.execute("SELECT kept FROM crash").fetchone() == (1,)


@pytest.mark.parametrize("watched_by", ["the system's own way", "a pipe"])
def test_killing_the_starter_leaves_no_process_and_loses_no_data(other_folder: Path, watched_by: str) -> None:
    starter = child(other_folder, **({"MARQUEE_WATCH_PIPE": "1"} if watched_by == "a pipe" else {}))
    servers = Postgres(other_folder), Valkey(other_folder)
    assert not any(server.gone() for server in servers)
    with redis.Redis.from_url(Valkey(other_folder).url()) as client:
        client.set("seat", "F7")
    starter.kill()
    starter.communicate()
    assert until(lambda: all(server.gone() for server in servers), 40)
    with (
        embedded.services(other_folder, env=NO_SERVERS) as urls,
        redis.Redis.from_url(urls.redis_url) as client,
    ):
        assert client.get("seat") == b"F7"
        with embedded.connect(urls.database_url) as app:
            assert app.execute("SELECT 1").fetchone() == (1,)
    assert serving(other_folder) == []


def test_servers_named_by_the_environment_are_used_and_none_is_started(other_folder: Path) -> None:
    env = {"DATABASE_URL": "postgres://u:p@db/cinema", "REDIS_URL": "redis://cache/1"}
    with embedded.services(other_folder, env=env) as urls:
        assert urls == Urls(
            "postgresql+psycopg://u:p@db/cinema", "postgresql+psycopg://u:p@db/cinema", "redis://cache/1"
        )
    assert not other_folder.exists()


def test_secrets_are_made_once_and_are_private(other_folder: Path) -> None:
    first = embedded.development_secrets(other_folder)
    assert embedded.development_secrets(other_folder) == first
    assert {"SECRET_KEY", "TICKET_SIGNING_KEYS", "SANDBOX_WEBHOOK_SECRET"} == set(first)
    assert (other_folder / "secrets.env").stat().st_mode & 0o777 == 0o600


def test_data_without_its_passwords_is_not_overwritten(other_folder: Path) -> None:
    (other_folder / "valkey").mkdir(parents=True)
    with pytest.raises(embedded.ServiceError, match="passwords"):
        Valkey(other_folder).ensure()


def test_a_command_gets_the_addresses_and_its_status_is_passed_on(folder: Path, urls: Urls) -> None:
    done = command("exec", "sh", "-c", 'echo "$DATABASE_URL $SECRET_KEY"; exit 3', VAR_DIR=str(folder))
    secret = embedded.development_secrets(folder)["SECRET_KEY"]
    assert (done.stdout, done.returncode) == (f"{urls.database_url} {secret}\n", 3)


def test_links_that_a_command_prints_lead_to_where_the_pages_are(folder: Path, urls: Urls) -> None:
    base = ("exec", "sh", "-c", 'echo "$BASE_URL"')
    with run.told_port({"PORT": "8061"}, folder):
        assert command(*base, VAR_DIR=str(folder), PORT="").stdout == "http://localhost:8061\n"
        assert command(*base, VAR_DIR=str(folder), PORT="8070").stdout == "http://localhost:8070\n"
    assert command(*base, VAR_DIR=str(folder), PORT="").stdout == "http://localhost:8000\n"


def test_a_taken_port_is_told_in_one_sentence(other_folder: Path, folder: Path, urls: Urls) -> None:
    taken = Valkey(folder).port
    done = command("run", PORT=str(taken), HOST="127.0.0.1", VAR_DIR=str(other_folder))
    assert done.stderr == f"Port {taken} is taken; choose another one: PORT={taken + 1} bin/run\n"
    assert done.returncode == 1
    assert not other_folder.exists()
