"""Which composition and palette a film gets: its hash, and a bag filled by genres and by hint words."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from app.domain.posters.film import PosterFilm
from app.domain.posters.palettes import PALETTES, Palette

SALT = "reel 8135"
TITLE_HINT = 120
SYNOPSIS_HINT = 60

COMPOSITIONS = (
    "moon", "tower", "beam", "cut", "shards", "vortex", "twomoons", "wood", "dial", "emblem", "express",
    "field", "hills", "curtain", "face", "lens", "fingers",
)  # fmt: skip

GENRES = {
    "action": "express lens vortex tower wood",
    "adventure": "hills express moon emblem twomoons",
    "animation": "moon hills emblem vortex",
    "anime": "moon tower hills",
    "biography": "face dial lens wood",
    "comedy": "emblem dial wood curtain beam",
    "crime": "cut beam emblem face shards",
    "disaster": "tower fingers express vortex",
    "documentary": "lens wood hills beam",
    "drama": "face twomoons emblem hills curtain dial",
    "experimental": "vortex wood twomoons lens",
    "family": "emblem hills moon wood",
    "fantasy": "moon hills tower vortex",
    "film noir": "cut beam shards face",
    "history": "field hills express face",
    "horror": "shards fingers vortex curtain moon",
    "lgbtq": "twomoons face curtain",
    "martial arts": "hills twomoons vortex wood",
    "music": "curtain wood beam twomoons",
    "musical": "curtain wood twomoons beam",
    "mystery": "beam vortex emblem shards lens",
    "romance": "twomoons face hills curtain moon",
    "science fiction": "moon tower lens vortex",
    "short": "vortex wood dial",
    "silent": "beam curtain wood",
    "sport": "dial lens wood express",
    "spy": "lens beam dial emblem",
    "superhero": "tower lens fingers moon",
    "thriller": "vortex cut dial lens shards",
    "war": "field express hills fingers",
    "western": "hills cut wood express",
}  # fmt: skip
ANY_GENRE = "emblem twomoons hills wood lens dial"

# A composition, then the words that call for it. After a stroke stands the variant the word asks for.
_HINTS = """
moon: moon lunar star stars space planet planets galaxy universe cosmic comet astronaut alien aliens night
moon/rocket: rocket spaceship mars orbit gravity astronauts spacecraft
moon/birds: bird birds raven crow eagle owl bat
tower: tower city metropolis skyscraper manhattan york chicago castle empire robot kong godzilla
beam/screen: cinema projectionist movie movies film hollywood
beam/lamp: detective streetlamp noir alley gangster
cut: road highway detour hitch drive driver route car cars wheel street truck truckers
shards: crooked vampire vampires dracula nosferatu haunted ghost ghosts witch witches monster werewolf
vortex: vertigo spiral madness mad dream dreams nightmare asylum psycho fall falling crazy insane memory
twomoons: sunrise sunset lovers sea ocean island lake love heart hearts boat
wood: newspaper headline girl girls boy boys gang
dial: clock hour hours minute minutes time noon midnight tomorrow yesterday o'clock last
emblem/hat: hat tramp kid gentleman mister mr
emblem/key: key secret charade fortune door locked
emblem/cup: coffee tea breakfast cup cafe
emblem/case: suitcase case holiday vacation heist money travel bag
emblem/umbrella: rain umbrella weather
emblem/nugget: gold golden treasure diamond diamonds jewel mine stone
express/train: train express locomotive railway railroad engine station runaway
express/prow: battleship ship fleet navy submarine titanic captain pirate pirates voyage
field/crosses: trenches soldier soldiers front army war battle grave cemetery
field/rows: harvest farm farmer corn wheat grapes country
hills: hill hills mountain mountains valley river canyon prairie
hills/rider: horse rider cowboy cowboys ranger sheriff outlaw outlaws gunfighter west western
curtain: opera theatre theater stage curtain phantom show circus dance dancer dancing broadway mask
curtain/microphone: song sing singer jazz concert band rock music
face: woman women wife mother lady saint girlfriend bride daughter queen
lens: camera spy spies witness window watch eye eyes photograph
fingers: dead zombie zombies hand hands undead evil hell
"""


@dataclass(frozen=True)
class Choice:
    """What the hash picked; `hint` is the variant a word of title or synopsis asks for, or empty."""

    composition: str
    palette: Palette
    hint: str
    seed: int
    key: str


def _hints() -> dict[str, tuple[str, str]]:
    words: dict[str, tuple[str, str]] = {}
    for line in _HINTS.strip().splitlines():
        target, _, listed = line.partition(":")
        name, _, variant = target.partition("/")
        words |= dict.fromkeys(listed.split(), (name, variant))
    return words


HINTS = _hints()


def choose(film: PosterFilm) -> Choice:
    """The same film always gets the same composition, palette and seed."""
    digest = hashlib.sha256(f"{SALT}{film.id}".encode()).digest()
    number = int.from_bytes(digest)
    bag = bag_of(film)
    composition = bag[number % len(bag)]
    palette = PALETTES[(number >> 16) % len(PALETTES)]
    return Choice(composition, palette, _variant(film, composition), number >> 32, f"p{digest.hex()[:8]}")


def bag_of(film: PosterFilm) -> list[str]:
    """First genre's compositions four times, second's twice, others' once; hints on top."""
    bag: list[str] = []
    for place, genre in enumerate(film.genres):
        bag += GENRES.get(genre.strip().lower(), "").split() * (4, 2, 1)[min(place, 2)]
    bag = bag or ANY_GENRE.split()
    for text, weight in ((film.title, TITLE_HINT), (film.synopsis, SYNOPSIS_HINT)):
        for name in sorted({HINTS[word][0] for word in _words(text) if word in HINTS}):
            bag += [name] * weight
    return bag


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def _variant(film: PosterFilm, composition: str) -> str:
    asked = (HINTS[word] for word in _words(f"{film.title} {film.synopsis}") if word in HINTS)
    return next((variant for name, variant in asked if name == composition and variant), "")
