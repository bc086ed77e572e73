"""Films on the staff pages, in one line."""

from __future__ import annotations

import io
from typing import Any

from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from app.db import db
from app.models import Movie
from tests.support.client import PageClient, soup

TABLE = "id,title,runtime_min,genres\nm1,Amélie,122,Comedy;Romance\nm2,Safety Last!,73,Comedy\n"


def the_film(movie_id: int) -> Movie:
    found = db.session.get_one(Movie, movie_id, populate_existing=True)
    db.session.commit()
    return found


def count(model: Any) -> int:
    found = db.session.scalar(select(func.count()).select_from(model)) or 0
    db.session.commit()
    return found


def page_of(movie: Movie) -> str:
    return f"/staff/films/{movie.id}"


def entries(client: PageClient, page: str) -> dict[str, str]:
    """What the form of the facts would send if nobody touched it."""
    form = soup(client.get(page)).select_one("form.film-form")
    assert form is not None
    sent = {one["name"]: one.get("value", "") for one in form.select("input[name]")}
    sent |= {one["name"]: one.get_text().removeprefix("\r\n") for one in form.select("textarea")}
    sent |= {one["name"]: one.select_one("option[selected]")["value"] for one in form.select("select")}
    return {str(name): str(value) for name, value in sent.items() if name != "csrf_token"}


def file_of(data: bytes, name: str = "poster.jpg") -> FileStorage:
    return FileStorage(io.BytesIO(data), name, content_type="image/jpeg")


def send(client: PageClient, address: str, fields: dict[str, Any]) -> Any:
    """Post files as a browser would. Flask's client would leave a large body in a file that nobody closes."""
    boundary, body = encode_multipart(fields)
    return client.post(address, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def upload(client: PageClient, movie: Movie, data: bytes, name: str = "poster.jpg", seen: str | None = None) -> Any:
    sent = {"picture": file_of(data, name), "seen": movie.poster_hash or "" if seen is None else seen}
    return send(client, f"{page_of(movie)}/poster", {**sent, "csrf_token": client.token(page_of(movie))})
