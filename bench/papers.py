"""One ticket's PDF: the service that reads the booking, draws and keeps it, against WeasyPrint alone on its HTML.

Both have the style sheet and the fonts ready. Above 1 is possible: the service draws repeated pictures once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

from weasyprint import HTML

from app.adapters import pdf
from app.adapters.payments import EventKind, PaymentEvent
from app.services import tickets
from app.services.checkout import Buyer, begin_payment
from app.services.holds import hold_seats
from app.services.payments import settle_payment
from bench.holds import timed
from bench.sizes import Sizes
from bench.table import Row


def paid_booking(show_id: int, seats: Sequence[int]) -> int:
    """A booking paid through the ordinary path; gives its id."""
    held = hold_seats(show_id, seats, "s:bench-pays")
    begun = begin_payment(
        show_id, held.booking_id, Buyer("A Buyer", "buyer@example.org"), {}, "sandbox", "card", "bench"
    )
    assert begun is not None
    assert begun.order is not None
    order = begun.order
    outcome = settle_payment(
        PaymentEvent(
            provider="sandbox",
            event_id=f"bench-{order.key}",
            kind=EventKind.CAPTURED,
            provider_ref=f"bench-{order.key}",
            show_id=show_id,
            payment_id=order.payment_id,
            amount_minor=order.amount_minor,
            currency=order.currency,
        )
    )
    assert outcome == "confirmed"
    return held.booking_id


def pdf_row(show_id: int, booking_id: int, sizes: Sizes) -> Row:
    """Needs the app context."""
    html, style, pictures = recorded(show_id, booking_id)

    def figure(_: int) -> None:
        tickets.render_tickets(show_id, booking_id)

    def floor(_: int) -> None:
        page = HTML(string=html, base_url=pdf.SCHEME, url_fetcher=pdf.OwnFiles(pictures))
        page.write_pdf(stylesheets=[pdf._style(style)], font_config=pdf._fonts(), pdf_variant="pdf/ua-1")

    timed(figure, range(2)), timed(floor, range(2))
    pairs, seconds = [], []
    for _ in range(max(5, sizes.rounds)):
        spent, bare = timed(figure, range(sizes.documents)), timed(floor, range(sizes.documents))
        pairs.append((len(spent) / sum(spent), len(bare) / sum(bare)))
        seconds += spent
    return Row("one ticket's PDF", "WeasyPrint alone on its HTML", pairs, 0.7, seconds)


def recorded(show_id: int, booking_id: int) -> tuple[str, str, dict[str, pdf.Picture]]:
    """The HTML of one ticket, the style sheet's name and the pictures that the service gives to the renderer."""
    with patch.object(pdf, "render_pdf", wraps=pdf.render_pdf) as spy:
        tickets.render_tickets(show_id, booking_id)
    given: tuple[Any, ...] = spy.call_args.args
    return given[0][0], given[1], dict(given[2])
