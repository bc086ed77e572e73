"""All tables. Import from here."""

from app.models.booking import Booking, BookingDocument, BookingLine, Ticket
from app.models.catalogue import City, Movie
from app.models.log import Alert, Outbox, ScheduleMark, StateChange
from app.models.payment import GatewayEvent, Payment, Refund
from app.models.people import LoginSession, User
from app.models.sandbox import SandboxMessage, SandboxRefund, SandboxSession
from app.models.show import Show, ShowSeat
from app.models.venue import Cinema, Layout, Price, PriceList, Screen, Seat

__all__ = [
    "Alert",
    "Booking",
    "BookingDocument",
    "BookingLine",
    "Cinema",
    "City",
    "GatewayEvent",
    "Layout",
    "LoginSession",
    "Movie",
    "Outbox",
    "Payment",
    "Price",
    "PriceList",
    "Refund",
    "SandboxMessage",
    "SandboxRefund",
    "SandboxSession",
    "ScheduleMark",
    "Screen",
    "Seat",
    "Show",
    "ShowSeat",
    "StateChange",
    "Ticket",
    "User",
]
