"""All tables. Import from here."""

from app.models.admission import AdmissionReport
from app.models.booking import Booking, BookingDocument, BookingLine, Cancellation, Ticket
from app.models.catalogue import City, Movie
from app.models.figures import (
    FigureCoupon,
    FigureDay,
    FigureMark,
    FigureMoney,
    FigureRefund,
    FigureSale,
    FigureShow,
    ShowView,
)
from app.models.groups import GroupRequest
from app.models.ledger import LedgerAccount, LedgerEntry
from app.models.log import Alert, Outbox, ScheduleMark, StateChange
from app.models.message import Message
from app.models.offers import BookingCredit, Coupon, CouponUse, GiftCard, Wallet
from app.models.payment import GatewayCustomer, GatewayEvent, Payment, Refund, SavedMethod
from app.models.people import LoginSession, User
from app.models.sandbox import SandboxMessage, SandboxRefund, SandboxSession
from app.models.shift import Shift
from app.models.show import Show, ShowCancellation, ShowSeat
from app.models.staff import AuditEntry, RecoveryCode, SecondFactor, StaffRole
from app.models.venue import Cinema, Layout, LayoutDraft, Price, PriceList, Screen, Seat

__all__ = [
    "AdmissionReport",
    "Alert",
    "AuditEntry",
    "Booking",
    "BookingCredit",
    "BookingDocument",
    "BookingLine",
    "Cancellation",
    "Cinema",
    "City",
    "Coupon",
    "CouponUse",
    "FigureCoupon",
    "FigureDay",
    "FigureMark",
    "FigureMoney",
    "FigureRefund",
    "FigureSale",
    "FigureShow",
    "GatewayCustomer",
    "GatewayEvent",
    "GiftCard",
    "GroupRequest",
    "Layout",
    "LayoutDraft",
    "LedgerAccount",
    "LedgerEntry",
    "LoginSession",
    "Message",
    "Movie",
    "Outbox",
    "Payment",
    "Price",
    "PriceList",
    "RecoveryCode",
    "Refund",
    "SandboxMessage",
    "SandboxRefund",
    "SandboxSession",
    "SavedMethod",
    "ScheduleMark",
    "Screen",
    "Seat",
    "SecondFactor",
    "Shift",
    "Show",
    "ShowCancellation",
    "ShowSeat",
    "ShowView",
    "StaffRole",
    "StateChange",
    "Ticket",
    "User",
    "Wallet",
]
