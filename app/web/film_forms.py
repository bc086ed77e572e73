"""The forms of the films' pages. What a film may be is judged by domain/csv_import.py, as for a row of a file."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from app.domain.csv_import import KINDS, MovieRow, read_film
from app.domain.films import LISTS, Facts, joined, typed
from app.domain.text import tidy

COLUMNS = {"year": "release_year", "runtime_minutes": "runtime_min"}
"""The columns of a file that a fact is told in, where they have another name."""
_VERBS = ("is ", "has ", "holds ", "must ")


class FilmForm(FlaskForm):
    """Every fact of a film as it is typed. `seen` names the facts that were there when the form was opened."""

    title = StringField("Title")
    original_title = StringField("Original title")
    kind = SelectField(
        "Kind", choices=[SelectChoice(kind, kind.capitalize()) for kind in KINDS], default="film", validate_choice=False
    )
    release_date = StringField("First shown")
    year = StringField("Year")
    runtime_minutes = StringField("Running time in minutes")
    certificate = StringField("Certificate")
    advice = StringField("Advice")
    sound = StringField("Sound")
    languages = TextAreaField("Languages")
    countries = TextAreaField("Countries")
    genres = TextAreaField("Genres")
    directors = TextAreaField("Directors")
    cast = TextAreaField("Cast")
    synopsis = TextAreaField("Synopsis")
    trailer_url = StringField("Trailer")
    seen = HiddenField()

    row: MovieRow | None = None

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether a good row can be read from what was typed; it is in `row` then, else the errors are at the fields."""
        good = super().validate(extra_validators)
        self.row, wrong = read_film({"id": "form", **self._cells()})
        for name in self.facts():
            if COLUMNS.get(name, name) in wrong:
                field = self[name]
                field.errors = [*field.errors, _sentence(field.label.text, wrong[COLUMNS.get(name, name)])]
        return bool(good and self.row is not None)

    def _cells(self) -> dict[str, str]:
        return {COLUMNS.get(name, name): self._cell(name) for name in self.facts()}

    def _cell(self, name: str) -> str:
        words = self[name].data or ""
        return joined(words) if name in LISTS else words

    def facts(self) -> list[str]:
        """The names of the fields that are facts of a film."""
        return [name for name in self._fields if name not in ("seen", "csrf_token")]

    def show(self, facts: Facts, seen: str) -> None:
        """Fill the fields with what is kept."""
        for name in self.facts():
            self[name].data = shown(name, facts[name])
        self.seen.data = seen

    def other_than(self, facts: Facts) -> dict[str, str]:
        """The fields whose entries differ from what is kept, and what is kept."""
        kept = {name: shown(name, facts[name]) for name in self.facts()}
        return {name: words for name, words in kept.items() if not _same(name, self[name].data or "", words)}


def shown(name: str, value: Any) -> str:
    """A fact as it stands in its field."""
    return typed(value) if name in LISTS else str(value if value is not None else "")


def _same(name: str, one: str, other: str) -> bool:
    return joined(one) == joined(other) if name in LISTS else tidy(one) == tidy(other)


def _sentence(label: str, reason: str) -> str:
    """A reason of the reader as a sentence that can stand alone: "is empty" needs to say what is."""
    words = f"{label} {reason}" if reason.startswith(_VERBS) else f"{label}: {reason}"
    return words if words.endswith(".") else f"{words}."
