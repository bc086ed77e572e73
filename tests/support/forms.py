"""What a browser sends of a form as it stands on a page."""

from __future__ import annotations

from typing import Any

from bs4 import Tag
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests.support.client import soup


def form_for(page: TestResponse, action: str) -> Tag:
    """The form of a page that is sent to this address, by itself or by one of its buttons."""
    found = soup(page)
    for form in found.find_all("form", method="post"):
        if (form.get("action") or page.request.full_path.rstrip("?")) == action:
            return form
        if form.find("button", attrs={"formaction": action}):
            return form
    raise AssertionError(f"no form on {page.request.path} is sent to {action}")


def filled(form: Tag, typed: dict[str, Any]) -> MultiDict[str, Any]:
    """Its fields as they stand, with these typed in or ticked. Lists are repeated fields."""
    sent: MultiDict[str, Any] = MultiDict()
    for field in form.find_all(["input", "select", "textarea"]):
        name, kind = str(field.get("name", "")), field.get("type")
        untouched = kind in ("radio", "checkbox") and not field.has_attr("checked")
        if not name or name in typed or untouched or kind in ("submit", "file") or field.has_attr("disabled"):
            continue
        sent.add(name, _value(field))
    for name, value in typed.items():
        sent.setlist(name, value if isinstance(value, list) else [value])
    return sent


def _value(field: Tag) -> str:
    if field.name == "textarea":
        return field.get_text().lstrip("\n")
    if field.name == "select":
        chosen = field.find("option", selected=True) or field.find("option")
        return str(chosen["value"]) if isinstance(chosen, Tag) else ""
    return str(field.get("value", "on" if field.get("type") == "checkbox" else ""))
