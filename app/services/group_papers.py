"""The invoice of a group's offer as a PDF, drawn once for each offer and kept (ADR 6)."""

from __future__ import annotations

import json
import subprocess
import sys

from sqlalchemy import text

from app import clock
from app.adapters.templates import fill
from app.db import end_read, transaction
from app.domain.groups import Standing, in_runs
from app.errors import NotDrawn, NotFound
from app.queries.groups import Group, group_of
from app.queries.papers import document
from app.queries.tickets import booking_view

KIND = "invoice"
STYLE = "invoice.css"
SECONDS = 60
_KEEP = text("""
INSERT INTO booking_documents (show_id, booking_id, kind, content, made_at)
VALUES (:show_id, :booking_id, :kind, :content, :now)
ON CONFLICT (show_id, booking_id, kind) DO NOTHING
""")


def invoice_pdf(group_id: int) -> bytes:
    """The invoice of the last offer: the kept one, or drawn now and kept. Raises NotFound (nothing was offered), NotDrawn.

    It is drawn in a process of its own, outside of any transaction, so that web processes stay small.
    """
    group = group_of(group_id)
    if group.offer is None:
        raise NotFound("Nothing was offered to this group.")
    key = {"show_id": group.offer.show_id, "booking_id": group.offer.booking_id}
    kept = document(kind=KIND, **key)
    if kept is not None:
        end_read()
        return kept
    if group.standing not in (Standing.OFFERED, Standing.PAID):
        raise NotFound("This offer is over, so there is nothing to pay.")
    html = invoice_page(group)
    end_read()
    content = _drawn(html)
    with transaction() as session:
        session.execute(_KEEP, {**key, "kind": KIND, "content": content, "now": clock.now()})
    return content


def invoice_page(group: Group) -> str:
    """The page that becomes the PDF."""
    assert group.offer is not None
    booking = booking_view(group.offer.show_id, group.offer.booking_id)
    seats = in_runs([ticket.seat for ticket in booking.tickets])
    return fill("pdf/invoice.html", group=group, offer=group.offer, b=booking, seats=seats)


def _drawn(html: str) -> bytes:
    task = json.dumps({"html": html, "style": STYLE}).encode()
    command = [sys.executable, "-m", "app.adapters.pdf_child"]
    try:
        done = subprocess.run(command, input=task, capture_output=True, check=True, timeout=SECONDS)
    except (subprocess.SubprocessError, OSError) as problem:
        raise NotDrawn from problem
    return done.stdout
