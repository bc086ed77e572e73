"""Taking in films, cinemas and seating plans. The files are read by domain/csv_import.py and domain/seating_plan.py;
here is what becomes of a good row. The same file twice changes nothing."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.config import settings
from app.db import on_commit, transaction
from app.domain.csv_import import CinemaRow, MovieRow, RowError, parse_cinemas, parse_movies
from app.domain.films import facts_of_row
from app.domain.layout_edit.document import kinds_of, with_kinds
from app.domain.poster_sizes import drawing_name, is_upload
from app.domain.seating_plan import Plan, PlanError, parse_plan
from app.errors import ImportRefused, NotFound
from app.models import Cinema, City, Layout, Movie, Screen, Seat
from app.queries.browse_cache import browse_changed
from app.queries.cinemas import bound
from app.services.film_rows import free_slug, new_film, slugs_taken, write_facts

Thing = TypeVar("Thing", Movie, Cinema)
UNSAFE_SVG = re.compile(r"<script|<foreignObject|<!ENTITY|\son\w+\s*=|javascript:|<use[^>]+href\s*=\s*[\"'][^#]", re.I)
MAX_POSTER = 300_000


@dataclass(slots=True)
class Imported:
    """What a table did: counts, and what was wrong with the rows left out."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    errors: list[RowError] = field(default_factory=list)
    notes: list[RowError] = field(default_factory=list)

    def count(self, what: str) -> None:
        setattr(self, what, getattr(self, what) + 1)


class _DryRun(Exception):
    """Ends a transaction without keeping anything."""


def import_movies(data: bytes, *, posters: Path | None = None, dry_run: bool = False) -> Imported:
    """Films of a CSV file, found again by their id. Raises ImportRefused if the file itself can't be read."""
    result = parse_movies(data)
    done = Imported(errors=list(result.errors), notes=list(result.notes))
    _refuse_if_nothing(result.rows, done)

    def take(session: Session) -> None:
        known = _known(session, Movie)
        slugs = slugs_taken(session)
        for row in result.rows:
            facts = facts_of_row(row, result.columns)
            movie = known.get(row.id)
            if movie is None:
                movie = new_film(session, facts, free_slug(row.slug or row.title, slugs), row.id)
                done.count("added")
                _draw(movie, row, posters, done)
            else:
                differing = write_facts(movie, facts)
                drawn = _draw(movie, row, posters, done)
                done.count("changed" if differing or drawn else "unchanged")

    _keep(take, dry_run)
    return done


def import_cinemas(data: bytes, *, dry_run: bool = False) -> Imported:
    """Cinemas of a CSV file, found again by their id, and the cities they stand in."""
    result = parse_cinemas(data)
    done = Imported(errors=list(result.errors), notes=list(result.notes))
    _refuse_if_nothing(result.rows, done)

    def take(session: Session) -> None:
        known = _known(session, Cinema)
        slugs = set(session.scalars(select(Cinema.slug)))
        cities = {(city.country_code, city.name): city for city in session.scalars(select(City))}
        for row in result.rows:
            values = _cinema_values(row, _city(session, cities, row))
            if row.id in known:
                _leave_bound(session, known[row.id], values, row.line, done)
            _put(
                session,
                done,
                known,
                Cinema,
                row.id,
                values,
                lambda row=row: free_slug(row.slug or row.name, slugs),
            )

    _keep(take, dry_run)
    return done


def _refuse_if_nothing(rows: Iterable[object], done: Imported) -> None:
    if not rows and done.errors and done.errors[0].line <= 1:
        raise ImportRefused(f"line {done.errors[0].line}: {done.errors[0].reason}")


def _keep(take: Any, dry_run: bool) -> None:
    try:
        with transaction() as session:
            take(session)
            session.flush()
            if dry_run:
                raise _DryRun
            on_commit(browse_changed)
    except _DryRun:
        return


def _known(session: Session, model: type[Thing]) -> dict[str, Thing]:
    return {str(thing.external_id): thing for thing in session.scalars(select(model)) if thing.external_id}


def _put(
    session: Session,
    done: Imported,
    known: dict[str, Thing],
    model: type[Thing],
    external_id: str,
    values: dict[str, Any],
    new_slug: Any,
) -> None:
    thing = known.get(external_id)
    if thing is None:
        known[external_id] = model(external_id=external_id, slug=new_slug(), **values)
        session.add(known[external_id])
        done.count("added")
        return
    differing = {key: value for key, value in values.items() if getattr(thing, key) != value}
    for key, value in differing.items():
        setattr(thing, key, value)
    done.count("changed" if differing else "unchanged")


def _draw(movie: Movie, row: MovieRow, posters: Path | None, done: Imported) -> bool:
    """Give the film the poster drawn for it; whether it is another one. An uploaded poster stays in front of it."""
    svg = _drawing(row, posters, done) if posters is not None and row.poster else None
    if svg is None or movie.poster_svg == svg:
        return False
    movie.poster_svg = svg
    if not is_upload(movie.poster_hash):
        movie.poster_hash = drawing_name(svg)
    return True


def _drawing(row: MovieRow, posters: Path, done: Imported) -> str | None:
    """The drawn poster, if the file is there, lies in that folder and is a plain drawing."""
    path = (posters / row.poster).resolve()
    if path.parent != posters.resolve() or not path.is_file():
        done.notes.append(RowError(row.line, "poster", f"there is no {row.poster} among the posters"))
        return None
    svg = path.read_text("utf-8")
    if len(svg) > MAX_POSTER or UNSAFE_SVG.search(svg) or not svg.lstrip().startswith("<svg"):
        done.notes.append(
            RowError(row.line, "poster", f"{row.poster} is not a plain drawing; a poster is made instead")
        )
        return None
    return svg


def _city(session: Session, cities: dict[tuple[str, str], City], row: CinemaRow) -> City:
    city = cities.get((row.country_code, row.city))
    if city is None:
        taken = {known.slug for known in cities.values()}
        city = City(
            slug=free_slug(row.city, taken),
            name=row.city,
            country_code=row.country_code,
            timezone=row.timezone,
            currency=row.currency,
        )
        session.add(city)
        session.flush()
        cities[row.country_code, row.city] = city
    return city


def _cinema_values(row: CinemaRow, city: City) -> dict[str, Any]:
    fee = row.booking_fee if row.booking_fee is not None else settings.booking_fees.get(row.currency, 0)
    tax = row.tax_percent if row.tax_percent is not None else settings.tax_percent.get(row.country_code, "0")
    return {
        "name": row.name,
        "city_id": city.id,
        "address": row.address,
        "postal_code": row.postal_code,
        "latitude": row.lat,
        "longitude": row.lon,
        "timezone": row.timezone,
        "currency": row.currency,
        "fee_minor": fee,
        "tax_percent": Decimal(tax),
        "facilities": list(row.facilities),
        "website": row.website or None,
    }


def _leave_bound(session: Session, cinema: Cinema, values: dict[str, Any], line: int, done: Imported) -> None:
    """Keep a currency or a time zone that something counts on, and say so."""
    binds = bound(session, cinema.id)
    for name, why in (("currency", binds.currency), ("timezone", binds.timezone)):
        if why and values[name] != getattr(cinema, name):
            done.notes.append(RowError(line, name, f"was left as it is. {why}"))
            values[name] = getattr(cinema, name)
            if name == "currency":
                values["fee_minor"] = cinema.fee_minor


@dataclass(frozen=True, slots=True)
class PlanImported:
    """What a plan became: the layout in force now, and category names whose kind nobody told."""

    layout_id: int | None
    sentence: str
    unmapped: tuple[str, ...]


def import_plan(
    data: bytes, *, cinema: str, screen: str, kinds: Mapping[str, str] | None = None, dry_run: bool = False
) -> PlanImported:
    """A seating plan as the newest layout of a screen; shows on sale keep theirs.

    `cinema` is a slug or an imported id. Raises ImportRefused naming the place in the file, NotFound; writes nothing
    then. Locks the screen's row.
    """
    try:
        plan = parse_plan(data, kinds)
    except PlanError as problem:
        raise ImportRefused(str(problem)) from problem
    document, digest = storable(json.loads(data.decode("utf-8-sig")), plan)
    counted = f"{len(plan.seats)} seats in {len(plan.categories)} categories"
    layout_id: int | None = None
    sentence = f"The plan is good: {counted}."
    try:
        with transaction() as session:
            place = _screen(session, _cinema(session, cinema), screen)
            current = session.get(Layout, place.layout_id) if place.layout_id else None
            if current is not None and current.digest == digest:
                return PlanImported(current.id, f"{screen} has this plan already ({counted}).", plan.unmapped)
            layout_id = new_layout(session, place, plan, document, digest, (current.version if current else 0) + 1)
            if dry_run:
                raise _DryRun
            on_commit(browse_changed)
            sentence = f"{screen} has {counted} now."
    except _DryRun:
        layout_id = None
    return PlanImported(layout_id, sentence, plan.unmapped)


def _cinema(session: Session, name: str) -> Cinema:
    found = session.scalar(select(Cinema).where((Cinema.slug == name) | (Cinema.external_id == name)))
    if found is None:
        raise NotFound(f"There is no cinema {name!r}; import-cinemas takes one in.")
    return found


def _screen(session: Session, cinema: Cinema, name: str) -> Screen:
    wanted = select(Screen).where(Screen.cinema_id == cinema.id, Screen.name == name).with_for_update()
    screen = session.scalar(wanted)
    if screen is None:
        screen = Screen(cinema_id=cinema.id, name=name)
        session.add(screen)
        session.flush()
    return screen


def storable(document: dict[str, Any], plan: Plan) -> tuple[dict[str, Any], str]:
    """The document as a layout keeps it, and its digest: the kinds that were told stand in it, so it goes out whole.

    Raises ImportRefused for what no text in the database can hold.
    """
    document = with_kinds(document, kinds_of(plan))
    canonical = json.dumps([document, {}], sort_keys=True)
    if "\\u0000" in canonical:
        raise ImportRefused("Somewhere in the file is a NUL character (\\u0000), which no text can hold.")
    return document, hashlib.sha256(canonical.encode()).hexdigest()


def new_layout(
    session: Session, screen: Screen, plan: Plan, document: dict[str, object], digest: str, version: int
) -> int:
    """The next version of a screen's seats, inside the caller's transaction, which has the screen's row locked."""
    layout = Layout(
        screen_id=screen.id,
        version=version,
        name=plan.name,
        seat_count=len(plan.seats),
        digest=digest,
        plan=document,
        categories={category.code: category.name for category in plan.categories},
    )
    session.add(layout)
    session.flush()
    gaps = {number for number, line in enumerate(plan.lines) if line.gap_before}
    session.execute(insert(Seat), [_seat_row(layout.id, seat, gaps) for seat in plan.seats])
    screen.layout_id = layout.id
    return layout.id


def _seat_row(layout_id: int, seat: Any, gaps: set[int]) -> dict[str, Any]:
    names = (
        "guid", "level", "row", "number", "label", "kind", "category", "x", "y", "row_index", "position", "run", "line",
        "column",
    )  # fmt: skip
    return {"layout_id": layout_id, "gap_before": seat.line in gaps} | {name: getattr(seat, name) for name in names}
