"""What we tell people, by which ways, and when."""

from __future__ import annotations

import datetime as dt
import re
from enum import StrEnum
from zoneinfo import ZoneInfo


class MessageKind(StrEnum):
    CONFIRMATION = "confirmation"
    PAYMENT_FAILED = "payment_failed"
    LATE_PAYMENT = "late_payment"
    CANCELLATION = "cancellation"
    REFUND_SENT = "refund_sent"
    REFUND_DONE = "refund_done"
    REMINDER = "reminder"
    GIFT_CARD = "gift_card"
    GIFT_CARD_RECEIPT = "gift_card_receipt"
    GIFT_CARD_VOID = "gift_card_void"
    GIFT_CARD_TO_WALLET = "gift_card_to_wallet"
    SHOW_CANCELLED = "show_cancelled"
    GROUP_REQUEST = "group_request"
    GROUP_OFFER = "group_offer"
    GROUP_REMINDER = "group_reminder"
    GROUP_WITHDRAWN = "group_withdrawn"
    GROUP_DECLINED = "group_declined"
    GROUP_EXPIRED = "group_expired"
    GROUP_SHOW_CANCELLED = "group_show_cancelled"


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"


TO_THE_RECEIVER = frozenset({MessageKind.GIFT_CARD, MessageKind.GIFT_CARD_VOID})
"""What of a gift card is told to whom it is for; everything else is its buyer's."""
SHORT = frozenset(
    {
        MessageKind.CONFIRMATION,
        MessageKind.CANCELLATION,
        MessageKind.REMINDER,
        MessageKind.SHOW_CANCELLED,
    }
)
"""What is also told by text message or push, to those who asked for it."""

_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{7,14}")


def mobile_number(typed: str) -> str | None:
    """The number as networks know it, +447700900123; None unless it begins with + and a country's number."""
    bare = re.sub(r"[ ()./-]", "", typed)
    return bare if _INTERNATIONAL.fullmatch(bare) else None


def remind_at(starts_at: dt.datetime, zone: str, hours: int) -> dt.datetime:
    """When a visitor is reminded of a show: so many hours earlier by the clocks on the cinema's wall, as an instant.

    On the nights clocks change, 24 hours on the wall are 23 or 25 real ones. Of a time the wall shows twice it is the
    first; one it never shows is counted on from before the change.
    """
    there = starts_at.astimezone(ZoneInfo(zone))
    wall = there.replace(tzinfo=None, fold=0) - dt.timedelta(hours=hours)
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
