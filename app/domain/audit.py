"""What staff do that is written down: the actions, and what changed from what to what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """subject.verb: what it was done to, and what was done. Add a line for each new one; none is renamed."""

    PERSON_MADE = "person.made"
    PERSON_DEACTIVATED = "person.deactivated"
    PERSON_REACTIVATED = "person.reactivated"
    PASSWORD_LINK_MADE = "person.password_link_made"  # noqa: S105  the name of an act
    PASSWORD_CHOSEN = "person.password_chosen"  # noqa: S105
    ROLE_GIVEN = "person.role_given"
    ROLE_TAKEN = "person.role_taken"
    FACTOR_SET_UP = "person.second_factor_set_up"
    FACTOR_REFUSED = "person.second_factor_refused"
    FACTOR_RESET = "person.second_factor_reset"
    RECOVERY_CODES_MADE = "person.recovery_codes_made"
    LAYOUT_DRAWN = "screen.plan_drawn"
    LAYOUT_UPLOADED = "screen.plan_uploaded"
    LAYOUT_DISCARDED = "screen.plan_discarded"
    LAYOUT_USED = "screen.plan_put_into_use"
    SHOW_MOVED_TO_LAYOUT = "show.moved_to_plan"
    RECOVERY_CODE_USED = "person.recovery_code_used"
    SHIFT_OPENED = "shift.opened"
    SHIFT_CLOSED = "shift.closed"
    BOOKING_SOLD = "booking.sold"
    BOOKING_CANCELLED = "booking.cancelled"
    BOOKING_REPRINTED = "booking.reprinted"
    BOOKING_RESENT = "booking.resent"
    BOOKING_NOTED = "booking.noted"
    REFUND_PAID_OUT = "refund.paid_out"
    TICKET_ADMITTED = "ticket.admitted"
    TICKET_ADMITTED_TWICE = "ticket.admitted_twice"
    TICKET_ADMITTED_WRONGLY = "ticket.admitted_wrongly"
    ADMISSION_UNDONE = "ticket.admission_undone"
    GROUP_OFFERED = "group.offered"
    GROUP_WITHDRAWN = "group.offer_withdrawn"
    GROUP_DECLINED = "group.declined"
    ALERT_RESOLVED = "alert.resolved"

    @property
    def subject(self) -> str:
        """The kind of thing it is done to."""
        return self.value.partition(".")[0]

    @property
    def words(self) -> str:
        """Person: role given."""
        subject, _, verb = self.value.partition(".")
        return f"{subject.replace('_', ' ').capitalize()}: {verb.replace('_', ' ')}"


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only what changed, from what and to what. A name that one side lacks was or becomes None."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: before.get(name) for name in names}, {name: after.get(name) for name in names}


def plain(value: Any) -> Any:
    """A value as JSON takes it: instants in ISO, decimals and enums as words, collections in order."""
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(one) for one in value)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | StrEnum) else value
