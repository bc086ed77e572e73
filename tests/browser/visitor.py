"""A browser that looks hard: what every page must keep, whichever test shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = "only => axe.run(document, {runOnly: only, resultTypes: ['violations']})"
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules that see another theme: it changes nothing else, and no width changes it."""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WIDE, PHONE, SMALL = 1280, 390, 320
REFUSED = ("409", "410", "404", "422")
LEFT = ("htmx:afterRequest", "htmx:sendAbort", "htmx:timeout")
"""A page left while a poll was under way (a failed one says sendError too), or a poll on a slow machine."""


class Visitor:
    """A browser that looks hard at each page: axe, its colours in both themes, one h1, no sideways scroll."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.troubles: list[str] = []
        self._seen_dark: set[int] = set()
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

    def look(self, name: str, *widths: int) -> None:
        """At each width in light, and once in the dark."""
        page = self.page
        page.wait_for_load_state()
        for width in widths or (WIDE,):
            page.set_viewport_size({"width": width, "height": 800})
            self._see(f"{name} {width} light", "light", TAGS)
            if page.evaluate(SIDEWAYS) > 0:
                self.troubles.append(f"{name} {width}: scrolls sideways")
        if page.locator("h1").count() != 1:
            self.troubles.append(f"{name}: {page.locator('h1').count()} h1")
        if (content := hash(page.locator("body").evaluate("body => body.innerHTML"))) not in self._seen_dark:
            self._seen_dark.add(content)
            self._see(f"{name} dark", "dark", {"type": "rule", "values": COLOURS})

    def _see(self, name: str, theme: str, only: list[str] | dict[str, object]) -> None:
        """Injects by the debugger: a script element would be refused, as it should be."""
        self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        if self.page.evaluate("typeof axe") == "undefined":
            self.page.evaluate(AXE)
        for found in self.page.evaluate(RUN, only)["violations"]:
            nodes = "; ".join(node["html"][:160] for node in found["nodes"][:3])
            self.troubles.append(f"{name}: {found['id']}: {nodes}")
