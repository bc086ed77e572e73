"""What a visitor filters the programme by, as it stands in the address. Asking the database is showings'."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.domain.text import fold, tidy

NEEDS = {"captions": "captions", "audio-description": "audio description", "wheelchair": "a wheelchair space"}
"""The access a show can be asked to have, and the words for it."""
LONGEST = 100
MOST_WORDS = 8
TITLES = " (intertitles)"
"""What a film's language ends with when it is read, not heard."""
WORDLESS = ("", "Silent")
"""Languages of a show that leave the question to the film."""
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of a listing; empty means any. `cinema` is a slug."""

    q: str = ""
    cinema: str = ""
    genre: str = ""
    format: str = ""
    language: str = ""
    needs: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != Wanted()

    def query(self) -> dict[str, str | list[str]]:
        """The filters that are set, as arguments of an address."""
        plain = {name: getattr(self, name) for name in ("q", "cinema", "genre", "format", "language")}
        return {
            **{name: value for name, value in plain.items() if value},
            **({"need": list(self.needs)} if self.needs else {}),
        }

    def names(self) -> list[str]:
        """The filters that are set: a plain name, or need:captions."""
        plain = [name for name in ("q", "cinema", "genre", "format", "language") if getattr(self, name)]
        return plain + [f"need:{need}" for need in self.needs]

    def without(self, name: str) -> Wanted:
        """The filters without one of names()."""
        if name.startswith("need:"):
            return dataclasses.replace(self, needs=tuple(n for n in self.needs if n != name[5:]))
        return Wanted(**{**dataclasses.asdict(self), name: ""})


def read_wanted(args: Mapping[str, str], needs: Iterable[str]) -> Wanted:
    """The filters of an address; `needs` are all its `need` arguments. Unknown needs are passed over."""
    asked = set(needs)
    plain = {name: tidy(args.get(name, "")[:LONGEST]) for name in ("q", "cinema", "genre", "format", "language")}
    return Wanted(**plain, needs=tuple(need for need in NEEDS if need in asked))


def search_words(q: str) -> str:
    """What was typed as a tsquery of prefixes: "le jour" becomes le:* & jour:*. Empty if no word is in it."""
    return " & ".join(f"{word}:*" for word in _WORD.findall(fold(q))[:MOST_WORDS])


def languages_of(showing_language: str, film_languages: Iterable[str]) -> list[str]:
    """The languages that a show can be looked for by: its own, or its film's; heard or read is the same here."""
    names = film_languages if showing_language in WORDLESS else (showing_language,)
    return [name.removesuffix(TITLES) for name in names]
