"""Keeping a bill: the quote that was shown becomes what will be charged."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.models import Booking
from app.services.quoting import Priced

_BILL_TICKET = text("""
UPDATE tickets SET ticket_type = :type, price_minor = :price, fee_minor = :fee, discount_minor = :discount,
  tax_minor = :tax
WHERE show_id = :show_id AND id = :id
""")
_DROP_LINES = text("DELETE FROM booking_lines WHERE show_id = :show_id AND booking_id = :booking_id")
_ADD_LINE = text(
    "INSERT INTO booking_lines (show_id, booking_id, position, kind, label, quantity, amount_minor) "
    "VALUES (:show_id, :booking_id, :position, :kind, :label, :quantity, :amount)"
)


def keep_bill(session: Session, booking: Booking, priced: Priced) -> None:
    """Write the bill on the booking, its tickets and its lines; nothing of it is paid by credits yet. Commits nothing.

    The caller holds the booking's lock.
    """
    key, bill = {"show_id": booking.show_id, "booking_id": booking.id}, priced.bill
    session.execute(
        _BILL_TICKET,
        [
            {
                "show_id": booking.show_id,
                "id": ticket.id,
                "type": seat.ticket_type.value,
                "price": cost.price_minor,
                "fee": cost.fee_minor,
                "discount": cost.discount_minor,
                "tax": cost.tax_minor,
            }
            for ticket, seat, cost in zip(priced.tickets, priced.seats, bill.seats, strict=True)
        ],
    )
    session.execute(_DROP_LINES, key)
    session.execute(
        _ADD_LINE,
        [
            {
                **key,
                "position": place,
                "kind": line.kind.value,
                "label": line.label,
                "quantity": line.quantity,
                "amount": line.amount_minor,
            }
            for place, line in enumerate(bill.lines)
        ],
    )
    booking.fee_minor, booking.tax_minor = bill.fee_minor, bill.tax_minor
    booking.discount_minor, booking.total_minor = bill.discount_minor, bill.total_minor
    booking.credit_minor = 0
