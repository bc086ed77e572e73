"""The film return as a PDF. It is drawn in a process of its own, so that web processes stay small and free."""

from __future__ import annotations

import json
import subprocess
import sys

from app.adapters.templates import fill
from app.domain.film_week import FilmWeek
from app.errors import NotDrawn
from app.queries.figures.film_return import film_returns

STYLE = "film_return.css"
SECONDS = 60


def film_return_pdf(cinema_id: int, cinema: str, week: FilmWeek, movie_id: int | None) -> bytes:
    """All films of a film week at a cinema, or one, each on a page of its own. Raises NotDrawn."""
    films = film_returns(cinema_id, week, movie_id)
    html = fill("pdf/film_return.html", films=films, cinema=cinema, week=week)
    task = json.dumps({"html": html, "style": STYLE}).encode()
    command = [sys.executable, "-m", "app.adapters.pdf_child"]
    try:
        done = subprocess.run(command, input=task, capture_output=True, check=True, timeout=SECONDS)
    except (subprocess.SubprocessError, OSError) as problem:
        raise NotDrawn from problem
    return done.stdout
