"""The invoices and credit notes of groups as PDFs, each drawn once from what was written when it was issued, and kept."""

from __future__ import annotations

import json
import subprocess
import sys

from sqlalchemy import text

from app import clock
from app.adapters.templates import fill
from app.db import by_the_way, end_read, transaction
from app.domain.groups import Standing
from app.errors import NotDrawn
from app.models import Booking
from app.queries.groups import GroupOffer, group_of
from app.queries.invoices import Paper, papers_of
from app.queries.papers import document
from app.services.invoices import invoice_what_stands
from app.services.letting_go import lock_booking

STYLE = "invoice.css"
SECONDS = 60
_KEEP = text("""
INSERT INTO booking_documents (show_id, booking_id, kind, content, made_at)
VALUES (:show_id, :booking_id, :kind, :content, :now)
ON CONFLICT (show_id, booking_id, kind) DO NOTHING
""")


def group_papers(group_id: int) -> list[Paper]:
    """All papers of a group in the order they were issued; an offer from before they had numbers gets its invoice now."""
    group, papers = group_of(group_id), papers_of(group_id)
    end_read()
    if papers or group.offer is None or group.standing not in (Standing.OFFERED, Standing.PAID):
        return papers
    _invoice_now(group.offer)
    papers = papers_of(group_id)
    end_read()
    return papers


def _invoice_now(offer: GroupOffer) -> None:
    with by_the_way(), transaction() as session:
        lock_booking(session, offer.show_id, offer.booking_id)
        booking = session.get_one(Booking, (offer.show_id, offer.booking_id), populate_existing=True)
        invoice_what_stands(session, booking, clock.now())


def paper_pdf(paper: Paper) -> bytes:
    """The paper's file: the kept one, or drawn now and kept. Raises NotDrawn.

    It is drawn in a process of its own, outside of any transaction, so that web processes stay small.
    """
    key = {"show_id": paper.show_id, "booking_id": paper.booking_id, "kind": f"paper-{paper.id}"}
    kept = document(paper.show_id, paper.booking_id, f"paper-{paper.id}")
    end_read()
    if kept is not None:
        return kept
    content = _drawn(fill("pdf/invoice.html", paper=paper, content=paper.content))
    with transaction() as session:
        session.execute(_KEEP, {**key, "content": content, "now": clock.now()})
    return content


def _drawn(html: str) -> bytes:
    task = json.dumps({"html": html, "style": STYLE}).encode()
    command = [sys.executable, "-m", "app.adapters.pdf_child"]
    try:
        done = subprocess.run(command, input=task, capture_output=True, check=True, timeout=SECONDS)
    except (subprocess.SubprocessError, OSError) as problem:
        raise NotDrawn from problem
    return done.stdout
