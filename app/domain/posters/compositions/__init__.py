"""The seventeen pictures, in rooms by kin. Each takes a sheet and gives its art."""

from __future__ import annotations

from collections.abc import Callable

from app.domain.posters.compositions.beams import beam
from app.domain.posters.compositions.city import shards, tower
from app.domain.posters.compositions.discs import dial, lens, vortex
from app.domain.posters.compositions.emblems import emblem
from app.domain.posters.compositions.land import field, hills
from app.domain.posters.compositions.people import curtain, face, fingers
from app.domain.posters.compositions.sky import moon, twomoons
from app.domain.posters.compositions.type import wood
from app.domain.posters.compositions.ways import cut, express
from app.domain.posters.sheet import Art, Sheet

DRAWERS: dict[str, Callable[[Sheet], Art]] = {
    "moon": moon,
    "tower": tower,
    "beam": beam,
    "cut": cut,
    "shards": shards,
    "vortex": vortex,
    "twomoons": twomoons,
    "wood": wood,
    "dial": dial,
    "emblem": emblem,
    "express": express,
    "field": field,
    "hills": hills,
    "curtain": curtain,
    "face": face,
    "lens": lens,
    "fingers": fingers,
}
