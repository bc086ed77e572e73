"""A group's invoice or credit note as the answer to a request."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, request

from app.queries.invoices import Paper
from app.services.group_papers import paper_pdf


def chosen_paper(papers: Sequence[Paper]) -> Paper | None:
    """The ?paper= that is asked for, else the last invoice; None where there is none."""
    asked = request.args.get("paper")
    found = [one for one in papers if (not one.is_note if asked is None else str(one.id) == asked)]
    return found[-1] if found else None


def paper_file(paper: Paper) -> Response:
    """The PDF, to be looked at. Raises NotDrawn."""
    response = Response(paper_pdf(paper), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{paper.file_name}"'
    return response
