"""The invoices and credit notes of groups, as pages, mails and files show them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text

from app.db import db
from app.domain.invoices import Content, PaperKind, number_of, read_content


@dataclass(frozen=True, slots=True)
class Paper:
    """One invoice or credit note; `issued_at` is on the cinema's clocks."""

    id: int
    kind: PaperKind
    number: str
    corrects: str | None
    """The number of the invoice that a credit note is about."""
    cinema: str
    show_id: int
    booking_id: int
    issued_at: dt.datetime
    currency: str
    total_minor: int
    content: Content

    @property
    def is_note(self) -> bool:
        return self.kind is PaperKind.CREDIT_NOTE

    @property
    def file_name(self) -> str:
        return f"{self.kind.value.replace('_', '-')}-{self.number}.pdf"


_SELECT = """
SELECT i.id, i.kind, i.cinema_id, i.year, i.number, i.show_id, i.booking_id, i.issued_at, i.currency, i.total_minor,
       i.content, old.year AS old_year, old.number AS old_number, c.name AS cinema, c.timezone
FROM invoices i JOIN cinemas c ON c.id = i.cinema_id LEFT JOIN invoices old ON old.id = i.corrects_id
"""
_OF_GROUP = text(f"{_SELECT} WHERE i.group_id = :group_id ORDER BY i.id")
# A credit note is issued at the instant of the cancellation that it is about.
_OF_CANCELLATION = text(f"""
{_SELECT} JOIN cancellations x ON x.show_id = i.show_id AND x.booking_id = i.booking_id AND x.at = i.issued_at
WHERE x.show_id = :show_id AND x.id = :id AND i.kind = 'credit_note' ORDER BY i.id
""")


def papers_of(group_id: int) -> list[Paper]:
    """All of a group's invoices and credit notes, in the order they were issued. Ends no read."""
    return [_paper(row) for row in db.session.execute(_OF_GROUP, {"group_id": group_id})]


def notes_of(show_id: int, cancellation_id: int) -> list[Paper]:
    """The credit note for what came back of seats given back; only a group's has any. Ends no read."""
    return [_paper(row) for row in db.session.execute(_OF_CANCELLATION, {"show_id": show_id, "id": cancellation_id})]


def _paper(row: Row[Any]) -> Paper:
    old = None if row.old_number is None else number_of(row.cinema_id, row.old_year, row.old_number)
    return Paper(
        id=row.id,
        kind=PaperKind(row.kind),
        number=number_of(row.cinema_id, row.year, row.number),
        corrects=old,
        cinema=row.cinema,
        show_id=row.show_id,
        booking_id=row.booking_id,
        issued_at=row.issued_at.astimezone(ZoneInfo(row.timezone)),
        currency=row.currency,
        total_minor=row.total_minor,
        content=read_content(row.content),
    )


def of_last_offer(papers: Sequence[Paper]) -> list[Paper]:
    """What a mail about the last offer brings: its invoice, and the credit notes that took the one before back."""
    last = max((place for place, paper in enumerate(papers) if not paper.is_note), default=None)
    return [] if last is None else [*last_notes(papers[:last]), papers[last]]


def last_notes(papers: Sequence[Paper]) -> list[Paper]:
    """What a mail about an end brings: the credit notes since the last invoice."""
    return [*takewhile(lambda paper: paper.is_note, reversed(papers))][::-1]
