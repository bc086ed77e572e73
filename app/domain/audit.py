"""What staff do that is written down: the actions, and what changed from what to what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """subject.verb: what it was done to, and what was done. Add a line for each new one; none is renamed."""

    CINEMA_MADE = "cinema.made"
    CINEMA_CHANGED = "cinema.changed"
    SCREEN_MADE = "screen.made"
    SCREEN_RENAMED = "screen.renamed"
    SCREEN_CLOSED = "screen.closed"
    SCREEN_REOPENED = "screen.reopened"
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
    PRICES_MADE = "price_list.made"
    PRICES_CHANGED = "price_list.changed"
    PRICES_RENAMED = "price_list.renamed"
    PRICES_ARCHIVED = "price_list.archived"
    PRICES_RESTORED = "price_list.restored"
    PRICES_BY_DEFAULT = "cinema.price_list_for_the_rest_chosen"
    PRICE_RULE_ADDED = "price_rule.added"
    PRICE_RULE_CHANGED = "price_rule.changed"
    PRICE_RULE_MOVED = "price_rule.moved"
    PRICE_RULE_REMOVED = "price_rule.removed"
    SHOW_MOVED_TO_PRICES = "show.moved_to_price_list"
    SHOW_SCHEDULED = "show.scheduled"
    SHOW_PUBLISHED = "show.put_on_sale"
    SHOW_UNPUBLISHED = "show.taken_off_sale"
    SHOW_CHANGED = "show.changed"
    SHOW_MOVED = "show.moved"
    SHOW_DELETED = "show.deleted"
    FILM_MADE = "film.made"
    FILM_CHANGED = "film.changed"
    FILM_ARCHIVED = "film.archived"
    FILM_RESTORED = "film.restored"
    FILM_IMPORTED = "film.imported"
    FILM_POSTER_UPLOADED = "film.poster_uploaded"
    FILM_POSTER_REMOVED = "film.poster_removed"
    SEATS_BLOCKED = "show.seats_blocked"
    SEATS_PUT_BACK = "show.seats_put_back"
    SCREEN_SEATS_BLOCKED = "screen.seats_blocked"
    SCREEN_SEATS_PUT_BACK = "screen.seats_put_back"
    SCREEN_BLOCK_CHANGED = "screen.seats_block_changed"
    SHOW_CALLED_OFF = "show.called_off"
    SHOW_REFUNDS_RESUMED = "show.refunds_resumed"
    RECOVERY_CODE_USED = "person.recovery_code_used"
    SHIFT_OPENED = "shift.opened"
    SHIFT_CLOSED = "shift.closed"
    BOOKING_SOLD = "booking.sold"
    BOOKING_EXCHANGED = "booking.exchanged"
    BOOKING_CANCELLED = "booking.cancelled"
    BOOKING_REPRINTED = "booking.reprinted"
    BOOKING_RESENT = "booking.resent"
    BOOKING_NOTED = "booking.noted"
    REFUND_PAID_OUT = "refund.paid_out"
    TICKET_ADMITTED = "ticket.admitted"
    TICKET_ADMITTED_TWICE = "ticket.admitted_twice"
    TICKET_ADMITTED_WRONGLY = "ticket.admitted_wrongly"
    ADMISSION_UNDONE = "ticket.admission_undone"
    DEMAND_RULE_MADE = "demand_rule.made"
    DEMAND_RULE_CHANGED = "demand_rule.changed"
    DEMAND_RULE_SWITCHED_ON = "demand_rule.switched_on"
    DEMAND_RULE_SWITCHED_OFF = "demand_rule.switched_off"
    DEMAND_LIMITS_CHANGED = "cinema.demand_limits_changed"
    GROUP_OFFERED = "group.offered"
    GROUP_WITHDRAWN = "group.offer_withdrawn"
    GROUP_DECLINED = "group.declined"
    ALERT_RESOLVED = "alert.resolved"
    COUPON_MADE = "coupon.made"
    COUPONS_MADE = "coupon.many_made"
    COUPON_CHANGED = "coupon.changed"
    COUPON_STOPPED = "coupon.stopped"
    COUPON_STARTED = "coupon.started_again"
    GIFT_CARD_VOIDED = "gift_card.voided"
    GIFT_CARD_RESENT = "gift_card.resent"
    MESSAGE_RESENT = "message.resent"
    MESSAGES_RESENT = "message.failures_resent"
    PASSWORD_CHANGED = "person.password_changed"  # noqa: S105

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
