"""What a buyer adds to a booking before paying it: coupons, gift cards, the wallet. Each use case locks the booking."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app import clock
from app.db import transaction
from app.domain.coupons import CouponProblem, fold_code
from app.domain.gift_cards import code_hash
from app.domain.groups import is_group
from app.domain.states import LIVE_BOOKING, BookingState
from app.domain.tenders import CreditKind
from app.errors import HoldExpired, InvalidCoupon, InvalidGiftCard, PaymentStarted
from app.models import Booking
from app.services.billing import keep_bill
from app.services.coupons import give_back_coupons, invalid_coupon
from app.services.credits import give_back_credits
from app.services.letting_go import lock_booking
from app.services.quoting import quote_booking

MOST_COUPONS = 5
"""On one booking, stackable ones too."""
MOST_GIFT_CARDS = 5

_RUNNING = text(
    "SELECT redirect_url FROM payments WHERE show_id = :show_id AND booking_id = :booking_id "
    "AND state IN ('created', 'pending') ORDER BY id DESC LIMIT 1"
)


def _open_booking(session: Session, show_id: int, booking_id: int) -> Booking:
    """A live booking that is not being paid, locked with its seats, with nothing taken from coupons and balances.

    Raises HoldExpired, PaymentStarted.
    """
    state, expires_at = lock_booking(session, show_id, booking_id)
    now = clock.now()
    if state in (BookingState.CONFIRMED, BookingState.CANCELLED):
        raise PaymentStarted("This booking is already paid.")
    if state not in LIVE_BOOKING or expires_at <= now:
        raise HoldExpired
    running = session.execute(_RUNNING, {"show_id": show_id, "booking_id": booking_id}).one_or_none()
    if running is not None:
        raise PaymentStarted(redirect_url=running.redirect_url)
    booking = session.get_one(Booking, (show_id, booking_id), populate_existing=True)
    give_back_coupons(session, show_id, booking_id)
    give_back_credits(session, booking, now)
    return booking


def _bill_again(session: Session, booking: Booking) -> None:
    """After a change to what pays: a bill that an earlier attempt was to pay no longer stands, so that its money,
    should it come after all, is not taken for the new one's."""
    if booking.payment_started_at is not None:
        session.flush()
        keep_bill(session, booking, quote_booking(session, booking))


_FIND = text("SELECT id FROM coupons WHERE code = :code")
_ENTER = text(
    "INSERT INTO coupon_uses (show_id, booking_id, coupon_id, state, entered_at) "
    "VALUES (:show_id, :booking_id, :coupon_id, 'entered', :now) ON CONFLICT DO NOTHING RETURNING coupon_id"
)
_COUNT = text("SELECT count(*) FROM coupon_uses WHERE show_id = :show_id AND booking_id = :booking_id")


def add_coupon(show_id: int, booking_id: int, typed: str, email: str = "") -> str:
    """Put a coupon on a booking that is not being paid; gives its name. `email` is the buyer's, as far as it is known.

    Raises InvalidCoupon (details: `problem`) if it doesn't count here, HoldExpired, PaymentStarted.
    """
    with transaction() as session:
        booking = _open_booking(session, show_id, booking_id)
        if is_group(booking.owner_key):
            raise InvalidCoupon("The price of a group is agreed, so no code lowers it. A gift card can pay of it.")
        coupon_id = session.execute(_FIND, {"code": fold_code(typed)}).scalar_one_or_none()
        if coupon_id is None:
            raise invalid_coupon(CouponProblem.UNKNOWN)
        key = {"show_id": show_id, "booking_id": booking_id}
        if session.execute(_ENTER, {**key, "coupon_id": coupon_id, "now": clock.now()}).one_or_none() is None:
            raise invalid_coupon(CouponProblem.ALREADY_HERE)
        if session.execute(_COUNT, key).scalar_one() > MOST_COUPONS:
            raise invalid_coupon(CouponProblem.NOT_TOGETHER)
        priced = quote_booking(session, booking, email=email)
        here = next(found for found in priced.coupons if found.terms.id == coupon_id)
        if here.problem is not None:
            raise invalid_coupon(here.problem)
        _bill_again(session, booking)
    return here.terms.name


_DROP_COUPON = text(
    "DELETE FROM coupon_uses WHERE show_id = :show_id AND booking_id = :booking_id AND coupon_id = :coupon_id"
)


def drop_coupon(show_id: int, booking_id: int, coupon_id: int) -> None:
    """Take a coupon off a booking that is not being paid. Raises HoldExpired, PaymentStarted."""
    with transaction() as session:
        booking = _open_booking(session, show_id, booking_id)
        session.execute(_DROP_COUPON, {"show_id": show_id, "booking_id": booking_id, "coupon_id": coupon_id})
        _bill_again(session, booking)


_CARD = text("SELECT id, state, currency, balance_minor, expires_at FROM gift_cards WHERE code_hash = :hash")
_ADD_CREDIT = text("""
INSERT INTO booking_credits (show_id, booking_id, kind, source_id, state, amount_minor, entered_at)
VALUES (:show_id, :booking_id, :kind, :source_id, 'entered', :balance, :now)
ON CONFLICT (show_id, booking_id, kind, source_show_id, source_id)
  DO UPDATE SET state = 'entered', amount_minor = excluded.amount_minor
""")
_CARDS = text(
    "SELECT count(*) FROM booking_credits WHERE show_id = :show_id AND booking_id = :booking_id AND kind = 'gift_card'"
)


def add_gift_card(show_id: int, booking_id: int, typed: str) -> int:
    """Let a gift card pay as much of a booking as it holds; gives its balance, minor units.

    Raises InvalidGiftCard, HoldExpired, PaymentStarted.
    """
    with transaction() as session:
        booking = _open_booking(session, show_id, booking_id)
        card = session.execute(_CARD, {"hash": code_hash(typed)}).one_or_none()
        now = clock.now()
        if card is None or card.state != "active":
            raise InvalidGiftCard("We don't know this gift card. Check its code for typing mistakes.")
        if card.expires_at is not None and card.expires_at <= now:
            raise InvalidGiftCard("This gift card has expired.")
        if card.currency != booking.currency:
            raise InvalidGiftCard(f"This gift card is in {card.currency}; this show is paid in {booking.currency}.")
        if card.balance_minor == 0:
            raise InvalidGiftCard("Nothing is left on this gift card.")
        _enter(session, booking, CreditKind.GIFT_CARD, card.id, card.balance_minor)
        if session.execute(_CARDS, {"show_id": show_id, "booking_id": booking_id}).scalar_one() > MOST_GIFT_CARDS:
            raise InvalidGiftCard(f"A booking can be paid with at most {MOST_GIFT_CARDS} gift cards.")
        _bill_again(session, booking)
        balance: int = card.balance_minor
    return balance


def _enter(session: Session, booking: Booking, kind: CreditKind, source_id: int, balance: int) -> None:
    session.execute(
        _ADD_CREDIT,
        {
            "show_id": booking.show_id,
            "booking_id": booking.id,
            "kind": kind.value,
            "source_id": source_id,
            "balance": balance,
            "now": clock.now(),
        },
    )


_BALANCE = text("SELECT balance_minor FROM wallets WHERE user_id = :user_id AND currency = :currency")


def use_wallet(show_id: int, booking_id: int, user_id: int) -> int:
    """Let the account's wallet pay what gift cards leave of a booking; gives its balance, minor units.

    Raises InvalidGiftCard if it is empty, HoldExpired, PaymentStarted.
    """
    with transaction() as session:
        booking = _open_booking(session, show_id, booking_id)
        values = {"user_id": user_id, "currency": booking.currency}
        balance: int = session.execute(_BALANCE, values).scalar_one_or_none() or 0
        if balance == 0:
            raise InvalidGiftCard("Your wallet is empty.")
        _enter(session, booking, CreditKind.WALLET, user_id, balance)
        _bill_again(session, booking)
    return balance


_DROP_CREDIT = text(
    "DELETE FROM booking_credits WHERE show_id = :show_id AND booking_id = :booking_id AND id = :id "
    "AND kind IN ('gift_card', 'wallet')"
)


def drop_credit(show_id: int, booking_id: int, credit_id: int) -> None:
    """Don't let this gift card or wallet pay after all. Raises HoldExpired, PaymentStarted."""
    with transaction() as session:
        booking = _open_booking(session, show_id, booking_id)
        session.execute(_DROP_CREDIT, {"show_id": show_id, "booking_id": booking_id, "id": credit_id})
        _bill_again(session, booking)


_SHOWN = text(
    "UPDATE booking_credits SET amount_minor = :balance, state = 'entered' WHERE show_id = :show_id "
    "AND booking_id = :booking_id AND id = :id"
)


def note_balance(show_id: int, booking_id: int, credit_id: int, balance: int) -> None:
    """A balance is not what the buyer was shown: from now on this is what is shown; an empty one is taken off.

    Raises HoldExpired, PaymentStarted.
    """
    with transaction() as session:
        booking = _open_booking(session, show_id, booking_id)
        key = {"show_id": show_id, "booking_id": booking_id, "id": credit_id}
        if balance:
            session.execute(_SHOWN, {**key, "balance": balance})
        else:
            session.execute(_DROP_CREDIT, key)
        _bill_again(session, booking)
