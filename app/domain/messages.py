"""What we tell people, and by which ways."""

from __future__ import annotations

from enum import StrEnum


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
    SHOW_CANCELLED = "show_cancelled"


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"


SHORT = frozenset(
    {
        MessageKind.CONFIRMATION,
        MessageKind.CANCELLATION,
        MessageKind.REMINDER,
        MessageKind.SHOW_CANCELLED,
    }
)
"""What is also told by text message or push, to those who asked for it."""
