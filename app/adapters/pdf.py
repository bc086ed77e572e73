"""PDF pages by WeasyPrint: fonts and style sheet are read once and shared. What stands on a page is its template's.

A page reaches only our own files and the pictures handed in with it, both as `marquee:<name>`; nothing that a
visitor or an imported file wrote can make the renderer open a file or an address.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Mapping, Sequence
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

from app.adapters.qr import Squares

FOLDER = Path(__file__).resolve().parent.parent / "templates" / "pdf"
SCHEME = "marquee:"
VARIANT = "pdf/ua-1"
Picture = str | bytes | Squares
"""An SVG in words, a JPEG, or a QR code."""
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

    def __init__(self, pictures: Mapping[str, Picture]) -> None:
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
            words = picture.svg if isinstance(picture, Squares) else picture
            return words.encode() if isinstance(words, str) else words
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


class CodeDrawing:
    """A QR code as one path of rectangles. Through SVG each run of modules would be read and drawn by itself: a fifth of
    the time that a ticket takes."""

    ratio = 1.0

    def __init__(self, code: Squares) -> None:
        self._side = code.side
        self._path = " ".join(f"{x} {y} {length} 1 re" for x, y, length in code.runs).encode()

    def get_intrinsic_size(self, image_resolution: Any, font_size: Any) -> tuple[float, float, float]:
        return float(self._side), float(self._side), self.ratio

    def draw(self, stream: Any, width: float, height: float, style: Any) -> None:
        with stream.stacked():
            stream.transform(a=width / self._side, d=height / self._side)
            stream.set_color_rgb(1, 1, 1)
            stream.rectangle(0, 0, self._side, self._side)
            stream.fill()
            stream.set_color_rgb(0, 0, 0)
            stream.stream.append(self._path)
            stream.fill()


def _ready(
    names: Sequence[str], pictures: Mapping[str, Picture], fetcher: OwnFiles
) -> dict[str, SharedDrawing | CodeDrawing]:
    """What is drawn by ourselves, by address. A picture that is no SVG is left out, and its place on the page stays empty."""
    drawings: dict[str, SharedDrawing | CodeDrawing] = {
        f"{SCHEME}{name}": CodeDrawing(picture) for name, picture in pictures.items() if isinstance(picture, Squares)
    }
    for url in (f"{SCHEME}{name}" for name in names):
        with suppress(ElementTree.ParseError):
            drawings[url] = SharedDrawing(fetcher.fetch(url).read(), url, fetcher)
    return drawings


def render_pdf(
    parts: Sequence[str],
    style: str,
    pictures: Mapping[str, Picture],
    repeated: Sequence[str] = (),
    after_part: Callable[[], object] = lambda: None,
) -> bytes:
    """A tagged PDF (PDF/UA-1) of the pages of one or more HTML documents; `style` is a file of templates/pdf.

    `repeated` names the pictures and files that stand on many pages: they are stored once. `after_part` is called after
    each of them: a long file may say that it is still at work.
    """
    fetcher = OwnFiles(pictures)
    with _one_at_a_time:
        drawn = _draw(parts, style, fetcher, _ready(repeated, pictures, fetcher), after_part)
    _clear_away()
    return drawn


def _draw(
    parts: Sequence[str],
    style: str,
    fetcher: OwnFiles,
    drawings: dict[str, SharedDrawing | CodeDrawing],
    after_part: Callable[[], object],
) -> bytes:
    documents = []
    for part in parts:
        page = HTML(string=part, base_url=SCHEME, url_fetcher=fetcher)
        options = {"font_config": _fonts(), "pdf_variant": VARIANT, "cache": drawings}
        documents.append(page.render(stylesheets=[_style(style)], **options))
        after_part()
    whole = documents[0].copy([page for document in documents for page in document.pages])
    return bytes(whole.write_pdf(pdf_variant=VARIANT))


def _clear_away() -> None:
    """A drawn page is a knot of boxes, 3 MB that only the collector undoes. Left to itself it lets six of them lie."""
    gc.collect()
    _freeze_what_stays()


@lru_cache(maxsize=1)
def _freeze_what_stays() -> None:
    """Libraries, fonts and styles, after the first drawing: the collector need not look through them after each."""
    gc.freeze()
