"""A browser without JavaScript that looks at every page it gets: title, one h1, unique ids, labels, no inline code."""

from __future__ import annotations

from collections import Counter
from typing import Any

from bs4 import BeautifulSoup, Tag
from flask import g, has_app_context
from flask.testing import FlaskClient
from werkzeug.test import TestResponse


class PageClient(FlaskClient):
    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        _forget_the_last_request()
        response = super().open(*args, **kwargs)
        if response.mimetype == "text/html" and response.data and b"<html" in response.data[:300]:
            look_at(response)
        return response

    def post_form(
        self, url: str, data: dict[str, Any] | None = None, page: str = "/login", **kwargs: Any
    ) -> TestResponse:
        """Post as the form on `page` would: with its token. Lists are repeated fields."""
        return self.post(url, data={**(data or {}), "csrf_token": self.token(page)}, **kwargs)

    def token(self, page: str = "/login") -> str:
        found = soup(self.get(page)).find("input", attrs={"name": "csrf_token"})
        assert isinstance(found, Tag), f"no form on {page}"
        return str(found["value"])


def _forget_the_last_request() -> None:
    """The tests' app context lives on, and with it what Flask's extensions noted of the last visitor."""
    if has_app_context():
        for name in list(g):
            g.pop(name)


def soup(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.get_data(as_text=True), "html.parser")


def words(response: TestResponse) -> str:
    """The text of a page, spaces folded."""
    return " ".join(soup(response).get_text(" ").split())


def look_at(response: TestResponse) -> None:
    page = soup(response)
    assert page.title is not None, "a page needs a title"
    assert page.title.get_text().strip(), "a page needs a title"
    assert len(page.find_all("h1")) == 1, f"one h1 a page, not {len(page.find_all('h1'))}"
    ids = Counter(tag["id"] for tag in page.find_all(id=True))
    assert not [name for name, count in ids.items() if count > 1], "ids are unique"
    assert not page.find_all(style=True), "no inline styles"
    assert not page.find_all("style"), "no inline styles"
    assert not [tag for tag in page.find_all("script") if not tag.get("src")], "no inline scripts"
    assert not [tag.name for tag in page.find_all(True) for name in tag.attrs if name.startswith("on")], "no handlers"
    _labelled(page)
    assert "Content-Security-Policy" in response.headers


def _labelled(page: BeautifulSoup) -> None:
    pointed_at = {label.get("for") for label in page.find_all("label")}
    for field in page.find_all(["input", "select", "textarea"]):
        if field.get("type") in ("hidden", "submit", "button"):
            continue
        named = field.get("aria-label") or field.get("aria-labelledby") or field.get("id") in pointed_at
        assert named or field.find_parent("label"), f"a field without a label: {field}"
