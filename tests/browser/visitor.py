"""A browser that looks hard: what every page must keep, whichever test shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})"
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WIDE, PHONE, SMALL = 1280, 390, 320
REFUSED = ("409", "410", "404", "422")
LEFT = (
    "htmx:afterRequest",
    "htmx:sendAbort",
)  # a page left while a poll was under way; a failed one says sendError too


class Visitor:
    """A browser that looks hard at each page: axe in both themes, one h1, no sideways scroll, empty live regions."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.troubles: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))

    def _hear(self, line: Any) -> None:
        """A refused answer is an error to the console too, and here part of the test."""
        meant = line.text.startswith(LEFT) or any(f"status of {code}" in line.text for code in REFUSED)
        if line.type == "error" and not meant:
            self.troubles.append(line.text)

    def go(self, path: str, width: int = WIDE) -> None:
        self.page.goto(path)
        self.look(path, width)

    def look(self, name: str, *widths: int, dark_too: bool = True) -> None:
        """Inject by the debugger: a script element would be refused, as it should be."""
        page = self.page
        for width in widths or (WIDE,):
            page.set_viewport_size({"width": width, "height": 800})
            if page.evaluate("typeof axe") == "undefined":
                page.evaluate(AXE)
            for theme in ("light", "dark") if dark_too else ("light",):
                page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                for found in page.evaluate(RUN, TAGS)["violations"]:
                    nodes = "; ".join(node["html"][:160] for node in found["nodes"][:3])
                    self.troubles.append(f"{name} {width} {theme}: {found['id']}: {nodes}")
            if page.evaluate(SIDEWAYS) > 0:
                self.troubles.append(f"{name} {width}: scrolls sideways")
            if page.locator("h1").count() != 1:
                self.troubles.append(f"{name}: {page.locator('h1').count()} h1")
