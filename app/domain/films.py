"""A film's facts as staff write them: what they are called, lists as people type them, what changed between two versions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from app.domain.cells import JOINT
from app.domain.csv_import import MovieRow
from app.domain.text import fold

FACTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "kind": ("Kind", ("kind",)),
    "title": ("Title", ("title",)),
    "original_title": ("Original title", ("original_title",)),
    "release_date": ("First shown", ("release_date",)),
    "year": ("Year", ("release_year", "release_date")),
    "runtime_minutes": ("Running time", ("runtime_min",)),
    "certificate": ("Certificate", ("certificate",)),
    "advice": ("Advice", ("advice",)),
    "sound": ("Sound", ("sound",)),
    "languages": ("Languages", ("languages",)),
    "countries": ("Countries", ("countries",)),
    "genres": ("Genres", ("genres",)),
    "directors": ("Directors", ("directors",)),
    "cast": ("Cast", ("cast",)),
    "synopsis": ("Synopsis", ("synopsis",)),
    "trailer_url": ("Trailer", ("trailer_url",)),
}
"""Each fact that is kept of a film: what it is called, and the columns of a file that tell it."""
LISTS = frozenset({"languages", "countries", "genres", "directors", "cast"})
Facts = dict[str, Any]


def facts_of_row(row: MovieRow, columns: Collection[str] | None = None) -> Facts:
    """What a row tells of a film; of columns that its file lacks it tells nothing."""
    facts: Facts = {
        "kind": row.kind or "film",
        "title": row.title,
        "original_title": row.original_title or None,
        "release_date": row.release_date,
        "year": row.release_year,
        "runtime_minutes": row.runtime_min,
        "certificate": row.certificate or None,
        "advice": row.advice or None,
        "sound": row.sound or None,
        "synopsis": row.synopsis,
        "trailer_url": row.trailer_url or None,
    } | {name: list(getattr(row, name)) for name in LISTS}
    return {name: facts[name] for name in FACTS if columns is None or not set(FACTS[name][1]).isdisjoint(columns)}


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Facts:
    """What of `after` differs from what is there."""
    return {name: value for name, value in after.items() if before.get(name) != value}


def folded(facts: Mapping[str, Any]) -> str:
    """What the search reads: title, people, genres and synopsis without accents and case."""
    people = [*facts["directors"], *facts["cast"], *facts["genres"]]
    return fold(" ".join([facts["title"], facts["original_title"] or "", *people, facts["synopsis"]]))


def joined(typed: str) -> str:
    """A typed list as a file's cell holds it: one entry a line, or on a single line separated by commas."""
    parts = typed.splitlines() if "\n" in typed or "\r" in typed else typed.split(",")
    return ";".join(entry.strip() for part in parts for entry in JOINT.split(part) if entry.strip())


def typed(entries: Collection[str]) -> str:
    """A list as it stands in its field: `joined` reads the same entries from it."""
    lone_comma = len(entries) == 1 and "," in next(iter(entries))
    return "\n".join(entries) + ("\n" if lone_comma else "")
