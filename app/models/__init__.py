"""All tables. Import from here."""

from app.models.admission import AdmissionReport
from app.models.block import SeatBlock, SeatBlockSeat
from app.models.booking import Booking, BookingDocument, BookingLine, Cancellation, Ticket
from app.models.catalogue import City, FilmFile, Movie, MoviePoster
from app.models.demand import DemandLimits, DemandRule
from app.models.figures import (
    FigureCoupon,
    FigureDay,
    FigureMark,
    FigureMoney,
    FigureMoneyDaily,
    FigureRefund,
    FigureSale,
    FigureSaleDaily,
    FigureShow,
    ShowView,
)
from app.models.groups import GroupRequest
from app.models.invoices import Invoice, InvoiceCounter
from app.models.ledger import LedgerAccount, LedgerEntry
from app.models.log import Alert, Outbox, ScheduleMark, StateChange
from app.models.message import Message
from app.models.offers import BookingCredit, Coupon, CouponUse, GiftCard, Wallet
from app.models.payment import GatewayCustomer, GatewayEvent, Payment, Refund, SavedMethod
from app.models.people import LoginSession, User
from app.models.prices import PricePlan, PriceRule
from app.models.sandbox import SandboxMessage, SandboxRefund, SandboxSession
from app.models.shift import Shift
from app.models.show import Show, ShowCancellation, ShowSeat
from app.models.staff import AuditEntry, RecoveryCode, SecondFactor, SentForm, StaffRole
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
    "DemandLimits",
    "DemandRule",
    "FigureCoupon",
    "FigureDay",
    "FigureMark",
    "FigureMoney",
    "FigureMoneyDaily",
    "FigureRefund",
    "FigureSale",
    "FigureSaleDaily",
    "FigureShow",
    "FilmFile",
    "GatewayCustomer",
    "GatewayEvent",
    "GiftCard",
    "GroupRequest",
    "Invoice",
    "InvoiceCounter",
    "Layout",
    "LayoutDraft",
    "LedgerAccount",
    "LedgerEntry",
    "LoginSession",
    "Message",
    "Movie",
    "MoviePoster",
    "Outbox",
    "Payment",
    "Price",
    "PriceList",
    "PricePlan",
    "PriceRule",
    "RecoveryCode",
    "Refund",
    "SandboxMessage",
    "SandboxRefund",
    "SandboxSession",
    "SavedMethod",
    "ScheduleMark",
    "Screen",
    "Seat",
    "SeatBlock",
    "SeatBlockSeat",
    "SecondFactor",
    "SentForm",
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
