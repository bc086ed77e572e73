"""The forms of the pages that take seats out of use and call shows off."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, ValidationError
from wtforms.widgets import DateTimeLocalInput

from app.domain.local_time import BadTime, instant_of, typed_wall, written
from app.queries.seat_blocks import BlockRow
from app.queries.show_cancellation import Sum
from app.web.account_forms import tidied
from app.web.staff_forms import LONGEST_REASON, at_most, reason_field

LONGEST_WORDS = 500


class BlockForm(FlaskForm):
    """Why, and what the page showed; the seats are beside it, as the map's boxes send them."""

    reason = reason_field()
    seen = HiddenField()

    @property
    def seen_blocks(self) -> list[int] | None:
        """The ids of the blocks that the page showed; None if it does not say."""
        if self.seen.data is None:
            return None
        return [int(part) for part in self.seen.data.split(",") if part.isdecimal() and len(part) < 16]


class _LocalTime(StringField):
    """A time on the cinema's clocks; `instant` is None where nothing was typed."""

    widget = DateTimeLocalInput()
    instant: dt.datetime | None = None


class ScreenBlockForm(BlockForm):
    begins = _LocalTime("From")
    ends = _LocalTime("Until")

    def __init__(self, zone: ZoneInfo, kept: BlockRow | None = None) -> None:
        """Empty for a new block, with what is kept for one that is changed."""
        super().__init__()
        self._zone, self._kept = zone, kept
        if kept is not None and not self.is_submitted():
            self.reason.data = kept.reason
            self.begins.data, self.ends.data = (written(at, zone) if at else "" for at in (kept.from_at, kept.until_at))

    def validate_begins(self, field: _LocalTime) -> None:
        self._read(field, self._kept.from_at if self._kept else None)

    def validate_ends(self, field: _LocalTime) -> None:
        self._read(field, self._kept.until_at if self._kept else None, last=True)

    def _read(self, field: _LocalTime, before: dt.datetime | None, *, last: bool = False) -> None:
        field.instant = None
        try:
            if field.data:
                field.instant = instant_of(self._zone, typed_wall(field.data), last=last, before=before)
        except BadTime as problem:
            raise ValidationError(str(problem)) from problem


class CallOffForm(FlaskForm):
    """What the buyers are told, what only the audit keeps, and the sum that the page showed."""

    reason = TextAreaField(
        "What the buyers are told",
        [
            DataRequired("Write why the show is cancelled; the buyers read it."),
            at_most(LONGEST_WORDS),
        ],
        filters=[tidied],
    )
    note = StringField(
        "Note for the audit",
        [at_most(LONGEST_REASON)],
        filters=[tidied],
    )
    seen = HiddenField()

    @property
    def seen_sum(self) -> Sum:
        try:
            return sum_of(json.loads(self.seen.data or ""))
        except ValueError:
            return NO_SUM


NO_SUM: Sum = (-1, ())


def sum_of(sent: Any) -> Sum:
    """What a page showed, as JSON brings it back. Anything else is a sum that can't be true, so the page asks again."""
    try:
        seats, amounts = sent
        return int(seats), tuple((str(currency), int(minor)) for currency, minor in amounts)
    except (ValueError, TypeError):
        return NO_SUM
