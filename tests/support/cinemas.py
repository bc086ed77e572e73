"""Cinemas on the staff pages, in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.db import db
from app.models import Cinema
from tests.support.client import PageClient, soup

PLANS = Path(__file__).parents[2] / "demo" / "plans"

WHOLE = {
    "name": "The Regent",
    "slug": "",
    "city": "0",
    "new_city": "Bristol",
    "country_code": "GB",
    "address": "1 High Street",
    "postal_code": "BS1 1AA",
    "latitude": "51.4545",
    "longitude": "−2.5879",
    "facilities": ["hearing loop", "bar"],
    "more_facilities": "an organ of 1931\r\n\r\nlove seats",
    "website": "regent.example",
    "seller": "Regent Pictures Ltd\r\n2 Low Street",
    "tax_number": " GB 123 ",
    "timezone": "Europe/London",
    "currency": "GBP",
    "fee": "0.85",
    "tax": "20",
    "refunds": "own",
    "hours": ["24", "1:30", ""],
    "percent": ["100", "50", ""],
    "seat_fee": ["", "0.50", ""],
    "offer": "all",
}


def make(client: PageClient, **changed: Any) -> Any:
    return client.post_form("/staff/cinemas/new", {**WHOLE, **changed}, page="/staff/cinemas/new")


def there(cinema: Cinema) -> str:
    return f"/staff/cinemas/{cinema.id}"


def typed(client: PageClient, address: str) -> dict[str, Any]:
    """What a browser would send of the form as it stands."""
    found: dict[str, Any] = {}
    for field in soup(client.get(address)).select("form.house-form [name]"):
        name, kind = str(field["name"]), field.get("type")
        if field.name == "button" or name == "csrf_token":
            continue
        if kind in ("radio", "checkbox") and not field.has_attr("checked"):
            continue
        if field.name == "select":
            chosen = field.find("option", selected=True)
            found[name] = str(chosen["value"]) if chosen else ""
        else:
            value = field.get_text().lstrip("\n") if field.name == "textarea" else str(field.get("value", ""))
            found.setdefault(name, []).append(value)
    return found


def change(client: PageClient, cinema: Cinema, **changed: Any) -> Any:
    address = f"{there(cinema)}/change"
    return client.post_form(address, {**typed(client, address), **changed}, page=address)


def a_row(cinema: Cinema) -> Cinema:
    found = db.session.get_one(Cinema, cinema.id, populate_existing=True)
    db.session.commit()
    return found


def why(answer: Any, field: str) -> str:
    """The sentence at a field."""
    return str(soup(answer).select_one(f"#{field}-why, fieldset:has(#{field}) .why").get_text())  # type: ignore[union-attr]
