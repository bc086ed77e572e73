"""The refusals of the business, each with a stable code and an HTTP status. How they look is web/errors.py's."""

from __future__ import annotations

from typing import Any, ClassVar


class DomainError(Exception):
    """A request that the rules refuse: `code` is stable for machines, `message` is a sentence for people."""

    code: ClassVar[str] = "REFUSED"
    status: ClassVar[int] = 400
    default: ClassVar[str] = "That is not possible."

    def __init__(self, message: str | None = None, **details: Any) -> None:
        self.message = message or self.default
        self.details = details
        super().__init__(self.message)


class NotFound(DomainError):
    code, status, default = "NOT_FOUND", 404, "There is no such thing here."


class Forbidden(DomainError):
    """Somebody of the staff, but not for this."""

    code, status, default = "FORBIDDEN", 403, "Your role does not include this. Ask a manager if it should."


class WrongCode(DomainError):
    """A second factor that does not fit: wrong, too old, or used before."""

    code, status = "WRONG_CODE", 422
    default = "This code is wrong, too old or used already. Wait for the next one and try again."


class BadPasswordLink(DomainError):
    """A link to choose a password that is too old, used already, or not ours."""

    code, status = "BAD_PASSWORD_LINK", 410
    default = "This link has been used or is too old. Ask whoever gave it to you for a new one."


class Gone(DomainError):
    """What was asked for is over: a past show, a run-out hold."""

    code, status, default = "GONE", 410, "That is over."


class ShowNotOnSale(Gone):
    code, default = "SHOW_NOT_ON_SALE", "This show is not on sale."


class HoldExpired(Gone):
    code, default = "HOLD_EXPIRED", "The time to pay for these seats has run out."


class Invalid(DomainError):
    """The request itself is wrong; `details["fields"]` may name the fields."""

    code, status, default = "INVALID", 422, "Something in the form needs another look."


class BadPicture(Invalid):
    """An upload that is no picture, or none that a poster can be made of."""

    code, default = "BAD_PICTURE", "This picture can't be used."


class TooLarge(DomainError):
    code, status, default = "TOO_LARGE", 413, "What was sent is larger than we take."


class InvalidSeats(Invalid):
    code, default = "INVALID_SEATS", "Those seats can't be chosen."


class OrphanSeat(InvalidSeats):
    """A choice that would leave one seat alone; details: `orphans` (seat ids), `shifts` (lists of seat ids)."""

    code, default = "ORPHAN_SEAT", "That would leave one seat on its own."


class InvalidCoupon(Invalid):
    """A code that does not count here; `details["problem"]` is the CouponProblem, the message its words."""

    code, default = "INVALID_COUPON", "This code can't be used here."


class InvalidGiftCard(Invalid):
    code, default = "INVALID_GIFT_CARD", "This gift card can't be used here."


class Conflict(DomainError):
    code, status, default = "CONFLICT", 409, "Someone else was quicker."


class SeatsTaken(Conflict):
    """Some wanted seats went to somebody else; details: `taken` (seat ids)."""

    code, default = "SEAT_NOT_AVAILABLE", "Some of these seats have just been taken."


class ShowMoved(Conflict):
    """The show begins at another time than the buyer's page says."""

    code, default = (
        "SHOW_MOVED",
        "This show has another time now. Load the page again and look whether it suits you.",
    )


class Busy(Conflict):
    """Too many buyers at the same rows; asking again helps."""

    code, default = "BUSY", "Many people want these seats at this moment. Please try again."


class ConcurrentModification(Conflict):
    code, default = "CONCURRENT_MODIFICATION", "This changed while you were looking at it. Please try again."


class PaymentStarted(Conflict):
    """The booking is already being paid."""

    code, default = "PAYMENT_STARTED", "A payment for this booking has already begun."


class AmountChanged(Conflict):
    """What is to pay is not what was shown, because a balance or a rule changed meanwhile; nothing was charged."""

    code, default = "AMOUNT_CHANGED", "The amount has changed meanwhile. Please look at it once more."


class PricesChanged(Conflict):
    """A show's prices are not those that the buyer chose by; nothing is kept."""

    code, default = "PRICES_CHANGED", "The prices have changed meanwhile. Please look at them and choose again."


class NotCancellable(Conflict):
    """Seats that can't be given back: too late, already used at the door, already cancelled."""

    code, default = "NOT_CANCELLABLE", "These seats can't be cancelled any more."


class NotAdmissible(Conflict):
    """A ticket that opens no door: cancelled, or never paid."""

    code, default = "NOT_ADMISSIBLE", "This ticket is not valid."


class NotExchangeable(Conflict):
    """Seats that can't be changed for others: too late, used, given back or changed meanwhile."""

    code, default = "NOT_EXCHANGEABLE", "These seats can't be changed any more."


class ExchangeUnderway(Conflict):
    """Another change of the same seats is being paid for."""

    code, default = "EXCHANGE_UNDERWAY", "Another change of these seats is being paid for."


class NoShift(Conflict):
    code, default = "NO_SHIFT", "Open a shift first: the money needs a drawer."


class ShiftOpen(Conflict):
    code, default = "SHIFT_OPEN", "You have an open shift at this cinema already."


class AlreadyExtended(Conflict):
    code, default = "ALREADY_EXTENDED", "The time was already prolonged once."


class ScreenBusy(Conflict):
    code, default = "SCREEN_BUSY", "Another show is on this screen at that time."


class EmailTaken(Conflict):
    code, default = "EMAIL_TAKEN", "There is already an account with this e-mail address."


class CodeTaken(Conflict):
    code, default = "CODE_TAKEN", "There is a coupon with this code already. Codes are never used twice."


class CinemaAddressTaken(Conflict):
    code, default = "CINEMA_ADDRESS_TAKEN", "Another cinema has this name in its address. Choose another one."


class ScreenNameTaken(Conflict):
    code, default = "SCREEN_NAME_TAKEN", "This cinema has a screen with this name already."


class GatewayUnavailable(DomainError):
    code, status = "GATEWAY_UNAVAILABLE", 502
    default = "The payment service does not answer just now. Your seats stay kept; please try again."


class BadSignature(DomainError):
    """A message that claims to come from a gateway and does not, or comes too late to be believed."""

    code, status, default = "BAD_SIGNATURE", 400, "This message is not from the payment service."


class TooManyRequests(DomainError):
    code, status, default = "TOO_MANY_REQUESTS", 429, "That was a lot at once. Please wait a moment."


class NotDrawn(DomainError):
    code, status, default = "NOT_DRAWN", 503, "The PDF could not be drawn. Try again, or take the CSV file."


class ImportRefused(DomainError):
    """A file that can't be taken in; `message` says where in the file and why."""

    code, status, default = "IMPORT_REFUSED", 422, "This file can't be read."


CONSTRAINT_ERRORS: dict[str, type[DomainError]] = {
    "uq_tickets_live_seat": SeatsTaken,
    "uq_bookings_live_owner": ConcurrentModification,
    "ex_shows_screen_during": ScreenBusy,
    "uq_users_email": EmailTaken,
    "uq_coupons_code": CodeTaken,
    "uq_movies_slug": ConcurrentModification,
    "uq_movies_external_id": ConcurrentModification,
    "uq_shifts_open": ShiftOpen,
    "uq_cinemas_slug": CinemaAddressTaken,
    "uq_screens_cinema_id_name": ScreenNameTaken,
    "uq_cities_slug": ConcurrentModification,
    "uq_cities_country_code_name": ConcurrentModification,
    "uq_group_requests_key": ConcurrentModification,
    "uq_payments_show_id_provider_provider_ref": ConcurrentModification,
    "uq_price_lists_cinema_id_name_version": ConcurrentModification,
    "uq_price_lists_replaces_id": ConcurrentModification,
}
"""Which refusal a broken database constraint means, by the constraint's name."""
