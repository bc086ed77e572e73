"""Makes docs/screenshots/ from a running demo house: .venv/bin/python docs/make_screenshots.py [http://localhost:8000]

Books two seats on the way, as a guest in the sandbox, and opens a shift for the manager. Needs requirements-dev.txt and
Chromium (CHROMIUM names another one). Without a mail server the last page tells where mails are on this machine, so
start the house with one:
    .venv/bin/python -m aiosmtpd --nosetuid --listen 127.0.0.1:2525 &
    SMTP_URL=smtp://127.0.0.1:2525 bin/run
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

FOLDER = Path(__file__).parent / "screenshots"
MOST_BYTES = 120_000
DESKTOP, PHONE = (1280, 860), (390, 844)
FILM = "metropolis"
MANAGER, PASSWORD = "manager@example.org", "popcorn-and-a-shift"
QUIET = ["--no-sandbox", "--disable-background-networking", "--hide-scrollbars"]
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, Theme] = ("light", "dark")


class Camera:
    """One visitor, seen on a desktop and, with the same cookies, on a phone."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser, self.address = browser, address
        self.page = self.context(DESKTOP, 1).new_page()

    def context(self, size: tuple[int, int], scale: int, like: BrowserContext | None = None) -> BrowserContext:
        return self.browser.new_context(
            base_url=self.address,
            viewport={"width": size[0], "height": size[1]},
            device_scale_factor=scale,
            is_mobile=scale > 1,
            has_touch=scale > 1,
            reduced_motion="reduce",
            storage_state=like.storage_state() if like else None,
        )

    def take(self, name: str, do: Callable[[Page], None] = lambda page: None) -> None:
        """name-light, name-dark and name-phone of the page we are on, after `do` on each device."""
        do(self.page)
        for theme in THEMES:
            self.page.emulate_media(color_scheme=theme)
            shoot(self.page, f"{name}-{theme}")
        context = self.context(PHONE, 2, self.page.context)
        phone = context.new_page()
        phone.goto(self.page.url)
        do(phone)
        shoot(phone, f"{name}-phone")
        context.close()


def shoot(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.evaluate("() => document.fonts.ready")
    picture = smaller(page.screenshot())
    (FOLDER / f"{name}.png").write_bytes(picture)
    print(f"{name}.png  {len(picture) // 1000} KB")


def smaller(png: bytes) -> bytes:
    """The same picture with as many colours as fit into MOST_BYTES."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    packed = b""
    for colours in (256, 128, 64, 32):
        out = io.BytesIO()
        palette = picture.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        palette.save(out, "PNG", optimize=True)
        packed = out.getvalue()
        if len(packed) <= MOST_BYTES:
            break
    return packed


def fullest_large_hall(page: Page) -> str:
    """Of the shows that the page links to, the one in the largest hall with the most seats sold: its address."""
    links = page.locator('a[href^="/shows/"]').evaluate_all("all => all.map(it => it.getAttribute('href'))")
    seats = {}
    for address in list(dict.fromkeys(links))[:16]:
        page.goto(address)
        seats[address] = (page.locator("#seats input").count(), page.locator("#seats td.s").count())
    return max(seats, key=lambda address: seats[address])


def choose(page: Page) -> None:
    page.locator("#best").click()
    page.locator("#seats input:checked").first.wait_for()
    page.evaluate("() => scrollTo(0, 0)")


def fill_in(page: Page) -> None:
    page.get_by_label("Name").fill("Ada Byron")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0) }")


def visit(camera: Camera) -> None:
    page = camera.page
    page.goto("/")
    camera.take("home")
    page.goto(f"/movies/{FILM}")
    camera.take("film")
    page.goto("/")
    page.goto(fullest_large_hall(page))
    camera.take("seats", choose)
    page.locator("#keep").click()
    page.wait_for_url("**/checkout")
    camera.take("checkout", fill_in)
    page.locator("#pay").click()
    page.wait_for_url("**/pay/sandbox/**")
    page.locator("button[name=do][value=pay]").click()
    page.get_by_role("link", name="Tickets as PDF").wait_for()
    camera.take("ticket")


def open_the_till(page: Page) -> None:
    page.goto("/staff/box-office")
    if page.url.endswith("/shifts"):
        page.get_by_label("Float").fill("100")
        page.get_by_role("button", name="Open it").click()
    page.get_by_label("Show, tickets, cash").fill("7 AA 30")


def pick_a_row(page: Page) -> None:
    page.goto("/staff/layouts")
    page.locator("main tbody th a").first.click()
    page.locator(".drawn .ps").nth(110).dblclick()
    page.locator("#do-category summary").click()
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0) }")


def behind_the_counter(camera: Camera) -> None:
    """The staff's pages by day, and the door on a phone in the dark."""
    page = camera.page
    page.goto("/login")
    page.get_by_label("E-mail").fill(MANAGER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/staff/dashboard")
    shoot(page, "dashboard-light")
    open_the_till(page)
    shoot(page, "counter-light")
    page.goto("/staff/planner")
    shoot(page, "planner-light")
    pick_a_row(page)
    shoot(page, "editor-light")
    context = camera.context(PHONE, 1, page.context)
    door = context.new_page()
    door.emulate_media(color_scheme="dark")
    door.goto("/staff/scan")
    shoot(door, "door-phone")
    context.close()


def main(address: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        visit(Camera(browser, address))
        behind_the_counter(Camera(browser, address))
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000")
