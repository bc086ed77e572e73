"""The house that is measured: servers, database and folder of its own, durable as in production, gone afterwards."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from app.embedded import Postgres, Urls, Valkey, connect, create_database, services
from app.embedded.development import ROOT, development_secrets, var_dir

DATABASE = "bench"
CINEMA = "FR-237933"
SCREENS = {
    "FR-237933": (("Screen 1", "standard-300"), ("Screen 2", "village-92"), ("Screen 3", "boutique-46")),
    "FR-238351": (("Screen 1", "village-92"), ("Screen 2", "boutique-46")),
    "BR-49176": (("Sala 1", "standard-300"),),
    "BR-37902": (("Sala 1", "village-92"),),
}
SLOTS = 12
HOURS_BETWEEN = 4
LIMITS_OFF = {"HOLDS_PER_MINUTE": "0", "REQUESTS_PER_MINUTE": "0", "LOGINS_PER_MINUTE": "0"}


@dataclass(frozen=True, slots=True)
class House:
    """Running services and the environment that the product's processes get."""

    folder: Path
    urls: Urls
    env: Mapping[str, str]

    def superuser_url(self, database: str) -> str:
        return Postgres(self.folder).superuser_url(database)

    def copy(self, name: str) -> Urls:
        """A copy of the database. Nobody may be connected to it."""
        return create_database(self.urls, name, template=DATABASE)


@contextlib.contextmanager
def open_house() -> Iterator[House]:
    """Start everything in a new folder below VAR_DIR, on the disk where real data lies; leave nothing of it."""
    there = var_dir().exists()
    var_dir().mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=var_dir()))
    folder.chmod(0o755)  # the servers' own account walks through it
    try:
        with services(folder, env={}) as shared:
            urls = create_database(shared, DATABASE)
            env = environment(urls, folder)
            migrate(env)
            yield House(folder, urls, env)
    finally:
        for server in (Postgres(folder), Valkey(folder)):
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(server.home, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        if not there:
            var_dir().rmdir()


def environment(urls: Urls, folder: Path) -> dict[str, str]:
    """What the product's processes get; settings of the machine's own environment stay out of the figures."""
    keep = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG", "DYLD_FALLBACK_LIBRARY_PATH") if name in os.environ
    }
    made = {"VAR_DIR": str(folder), "HOST": "127.0.0.1", "LOG_LEVEL": "WARNING", "PYTHONPATH": str(ROOT)}
    return keep | development_secrets(folder) | urls.environ() | made | LIMITS_OFF


def migrate(env: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    subprocess.run(command, cwd=ROOT, env=dict(env), check=True, capture_output=True)


def furnish() -> None:
    """The demo's films, cinemas and plans through the import functions, and two days of shows. Needs the app."""
    from app.services.importing import import_cinemas, import_movies, import_plan

    demo = ROOT / "demo"
    import_movies((demo / "movies.csv").read_bytes(), posters=demo / "posters")
    import_cinemas((demo / "cinemas.csv").read_bytes())
    for cinema, screens in SCREENS.items():
        for screen, plan in screens:
            import_plan((demo / "plans" / f"{plan}.json").read_bytes(), cinema=cinema, screen=screen)
    _put_on_shows()


def _put_on_shows() -> None:
    from app import clock
    from app.db import db, end_read
    from app.services.scheduling import NewShow, publish_show, schedule_show

    films = db.session.execute(text("SELECT id FROM movies ORDER BY id")).scalars().all()
    screens = db.session.execute(text("SELECT id, cinema_id, layout_id FROM screens ORDER BY id")).all()
    end_read()
    first = clock.now() + dt.timedelta(minutes=20)
    for place, screen in enumerate(screens):
        prices = _price_list(screen.cinema_id, screen.layout_id)
        for slot in range(SLOTS):
            film = films[(place * 7 + slot * 3) % len(films)]
            starts_at = first + dt.timedelta(hours=HOURS_BETWEEN * slot)
            publish_show(schedule_show(NewShow(film, screen.id, prices, starts_at), "bench"), "bench")


def _price_list(cinema_id: int, layout_id: int) -> int:
    from app.db import transaction
    from app.models import Cinema, Layout, Price, PriceList

    with transaction() as session:
        cinema, layout = session.get_one(Cinema, cinema_id), session.get_one(Layout, layout_id)
        prices = PriceList(cinema_id=cinema.id, name=f"Prices {layout_id}", currency=cinema.currency)
        session.add(prices)
        session.flush()
        for place, category in enumerate(layout.categories):
            amounts = {"adult": 900 + 200 * place, "child": 600 + 200 * place, "senior": 750 + 200 * place}
            session.add_all(
                Price(price_list_id=prices.id, category=category, ticket_type=kind, amount_minor=amount)
                for kind, amount in amounts.items()
            )
    return prices.id


_SHOWS = """
INSERT INTO shows (movie_id, cinema_id, screen_id, layout_id, price_list_id, state, starts_at, ends_at,
                   sales_open_at, sales_close_at)
SELECT movie_id, cinema_id, screen_id, layout_id, price_list_id, 'published', at, at + interval '2 hours',
       sales_open_at, at
FROM (SELECT shows.*, (SELECT max(ends_at) FROM shows all_shows) + interval '1 year' + n * interval '3 hours' AS at
      FROM shows, generate_series(1, %(count)s) AS n WHERE shows.id = %(like)s) AS wanted
RETURNING id
"""
_STATES = """
INSERT INTO state_changes (show_id, subject, subject_id, before, after, at, actor)
SELECT id, 'show', id, step.before, step.after, now(), 'bench'
FROM unnest(%(shows)s::bigint[]) AS id, (VALUES (1, NULL, 'draft'), (2, 'draft', 'published')) AS step (number, before, after)
ORDER BY id, step.number
"""
_SEATS = """
INSERT INTO show_seats (show_id, seat_id)
SELECT shows.id, seats.id FROM shows JOIN seats ON seats.layout_id = shows.layout_id
WHERE shows.id = ANY(%(shows)s) ORDER BY shows.id, seats.id
"""


def add_shows(url: str, like: int, count: int) -> list[int]:
    """So many more shows of the same screen, on sale, far ahead; gives their ids. `url` is the superuser's.

    The keys of new rows are right by construction, so they are not looked up one by one.
    """
    with connect(url) as database:
        database.execute("SET session_replication_role = replica")
        made = [row[0] for row in database.execute(_SHOWS, {"count": count, "like": like})]
        database.execute(_STATES, {"shows": made})
        database.execute(_SEATS, {"shows": made})
        database.execute("VACUUM ANALYZE")
    return made
