"""PDF pages by WeasyPrint: fonts and style sheet are read once and shared. What stands on a page is its template's.

A page reaches only our own files and the pictures handed in with it, both as `marquee:<name>`; nothing that a
visitor or an imported file wrote can make the renderer open a file or an address.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any
from xml.etree import ElementTree

from weasyprint import CSS, HTML
from weasyprint.images import SVGImage
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

FOLDER = Path(__file__).resolve().parent.parent / "templates" / "pdf"
SCHEME = "marquee:"
TYPES = {".svg": "image/svg+xml", ".jpg": "image/jpeg", ".woff2": "font/woff2"}
_one_at_a_time = Lock()
"""Pango's font map is shared, and not made for several threads."""
# Its warnings repeat for every page what a poster's SVG holds that no PDF can show.
logging.getLogger("weasyprint").setLevel(logging.ERROR)
logging.getLogger("fontTools").setLevel(logging.ERROR)


class ForbiddenAddress(ValueError):
    """A page asked for something that is not ours to give."""


class OwnFiles(URLFetcher):
    """Answers `marquee:<name>` from the given pictures and from the folder of PDF templates, refuses all else."""

    def __init__(self, pictures: Mapping[str, str | bytes]) -> None:
        super().__init__()
        self._pictures = pictures

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        name = url.removeprefix(SCHEME)
        if name == url:
            raise ForbiddenAddress(url)
        return URLFetcherResponse(url, self._read(name), {"Content-Type": TYPES[Path(name).suffix]})

    def _read(self, name: str) -> bytes:
        if name in self._pictures:
            picture = self._pictures[name]
            return picture.encode() if isinstance(picture, str) else picture
        path = (FOLDER / name).resolve()
        if not path.is_relative_to(FOLDER):
            raise ForbiddenAddress(name)
        return path.read_bytes()


@lru_cache(maxsize=1)
def _fonts() -> FontConfiguration:
    return FontConfiguration()


@lru_cache(maxsize=8)
def _style(name: str) -> CSS:
    return CSS(string=(FOLDER / name).read_text(), font_config=_fonts(), url_fetcher=OwnFiles({}))


class SharedDrawing:
    """An SVG that is drawn once in a document and shown again on each page. WeasyPrint would draw it each time."""

    def __init__(self, svg: bytes, url: str, fetcher: OwnFiles) -> None:
        self._image = SVGImage(ElementTree.fromstring(svg), url, fetcher, None)  # noqa: S314  expat bounds entities
        self._names: dict[tuple[float, float], str] = {}

    def get_intrinsic_size(self, image_resolution: Any, font_size: Any) -> Any:
        return self._image.get_intrinsic_size(image_resolution, font_size)

    def draw(self, stream: Any, width: float, height: float, style: Any) -> None:
        """All pages of a document share their resources, so a form drawn for one is known to all."""
        name = self._names.get((width, height))
        if name is None:
            form = stream.add_group(0, 0, width, height)
            self._image.draw(form, width, height, style)
            name = self._names[width, height] = form.id
        stream.draw_x_object(name)


def _shared(names: Sequence[str], fetcher: OwnFiles) -> dict[str, SharedDrawing]:
    """By address. A picture that is no SVG is left out, and its place on the page stays empty."""
    drawings = {}
    for url in (f"{SCHEME}{name}" for name in names):
        with suppress(ElementTree.ParseError):
            drawings[url] = SharedDrawing(fetcher.fetch(url).read(), url, fetcher)
    return drawings


def render_pdf(html: str, style: str, pictures: Mapping[str, str | bytes], repeated: Sequence[str] = ()) -> bytes:
    """A tagged PDF (PDF/UA-1) of one HTML page; `style` is a file of templates/pdf, `pictures` are SVGs, or JPEGs in
    bytes, by name.

    `repeated` names the pictures and files that stand on many pages: they are stored once.
    """
    with _one_at_a_time:
        drawn = _draw(html, style, OwnFiles(pictures), repeated)
    _clear_away()
    return drawn


def _draw(html: str, style: str, fetcher: OwnFiles, repeated: Sequence[str]) -> bytes:
    page = HTML(string=html, base_url=SCHEME, url_fetcher=fetcher)
    shared = _shared(repeated, fetcher)
    return bytes(
        page.write_pdf(stylesheets=[_style(style)], font_config=_fonts(), pdf_variant="pdf/ua-1", cache=shared)
    )


def _clear_away() -> None:
    """A drawn page is a knot of boxes, 3 MB that only the collector undoes. Left to itself it lets six of them lie."""
    gc.collect()
    _freeze_what_stays()


@lru_cache(maxsize=1)
def _freeze_what_stays() -> None:
    """Libraries, fonts and styles, after the first drawing: the collector need not look through them after each."""
    gc.freeze()
