"""A real Chromium against the product's own processes. Every page must keep its content security policy."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.visitor import Visitor
from tests.support.server import Server

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
expect.set_options(timeout=20_000)  # as long as a busy machine may need; what comes at once costs nothing
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": QUIET}


ACTS = (
    "check",
    "click",
    "dblclick",
    "fill",
    "focus",
    "hover",
    "press",
    "select_option",
    "set_input_files",
    "tap",
    "uncheck",
)


@pytest.fixture(scope="session", autouse=True)
def acts_wait_for_the_scripts() -> Iterator[None]:
    """On a slow machine a page can be seen long before its scripts run. What it is without them, `plain_page` shows."""
    patch = pytest.MonkeyPatch()
    for name in ACTS:
        patch.setattr(Locator, name, _loaded(getattr(Locator, name)))
    keyboard = Page.keyboard.fget
    patch.setattr(Page, "keyboard", property(lambda page: page.wait_for_load_state() or keyboard(page)))
    yield
    patch.undo()


def _loaded(act: Callable[..., Any]) -> Callable[..., Any]:
    def acts(locator: Locator, *args: Any, **options: Any) -> Any:
        locator.page.wait_for_load_state()
        return act(locator, *args, **options)

    return acts


@pytest.fixture(scope="session")
def base_url(live_server: Server) -> str:
    return live_server.url


@pytest.fixture(autouse=True)
def an_empty_house(app: object, live_server: Server) -> None:
    """Each test builds its own shows in the database that the server reads, and its worker is at work."""
    live_server.work()


@pytest.fixture
def context(context: BrowserContext) -> Iterator[BrowserContext]:
    """Fails the test if a page's script broke or a page asked for what its policy forbids."""
    troubles: list[str] = []
    context.on("weberror", lambda error: troubles.append(str(error.error)))
    context.on("console", lambda line: troubles.append(line.text) if "Security Policy" in line.text else None)
    yield context
    assert not troubles


@pytest.fixture
def second_page(browser: Browser, base_url: str) -> Iterator[Page]:
    """Another visitor's browser."""
    context = browser.new_context(base_url=base_url)
    yield context.new_page()
    context.close()


@pytest.fixture
def plain_page(browser: Browser, base_url: str) -> Iterator[Page]:
    """A browser without JavaScript."""
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture
def phone_page(browser: Browser, base_url: str) -> Iterator[Page]:
    context = browser.new_context(
        base_url=base_url, viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def visitor(browser: Browser, base_url: str) -> Iterator[Visitor]:
    """A browser that looks hard at each page."""
    context = browser.new_context(base_url=base_url)
    visitor = Visitor(context.new_page())
    yield visitor
    context.close()
    assert not visitor.troubles, "\n".join(visitor.troubles)
