"""From a film to its poster: choose, draw, letter, wrap. Pure; the same film gives the same text."""

from __future__ import annotations

from xml.sax.saxutils import escape

from app.domain.posters.choice import Choice, choose
from app.domain.posters.compositions import DRAWERS
from app.domain.posters.film import PosterFilm
from app.domain.posters.shapes import HEIGHT, WIDTH
from app.domain.posters.sheet import Art, Sheet

# What XML 1.0 allows: tab, newlines and everything from the space up but surrogates and two non-characters.
_FORBIDDEN = {code: None for code in (*range(32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF) if code not in (9, 10, 13)}


def poster_svg(film: PosterFilm) -> str:
    """A poster of 400 by 600 as an SVG text, safe to inline several times on a page."""
    choice = choose(film)
    sheet = Sheet.of(film, choice)
    return _wrapped(sheet, drawn(sheet, choice))


def drawn(sheet: Sheet, choice: Choice) -> Art:
    """The picture without its wrapping."""
    return DRAWERS[choice.composition](sheet)


def _wrapped(sheet: Sheet, art: Art) -> str:
    foot = sheet.foot_line(art.foot) if art.foot else ""
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    body = "".join(art.shapes) + art.heading.svg + foot
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><title>{_name(sheet.film)}</title>{body}</svg>\n'


def _name(film: PosterFilm) -> str:
    title = " ".join(film.title.translate(_FORBIDDEN).split())
    return escape(f"{title} ({film.year})" if film.year else title)
