"""Accounts: make one, log in, log out, and the visitor's tickets, which guests have too."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, flash, redirect, request, session, url_for
from flask_login import current_user, login_user

from app.config import settings
from app.domain.states import BookingState, ShowState
from app.errors import EmailTaken
from app.money import format_money
from app.queries.bookings import BookingRef, find_booking
from app.queries.contacts import contact_of
from app.queries.gift_cards import cards_bought
from app.queries.my_bookings import BookingSummary, my_bookings
from app.queries.pay_ways import saved_ways
from app.queries.people import account_of_token
from app.queries.wallets import wallet_page
from app.services.accounts import Claim, WrongPassword, log_in, log_out
from app.services.accounts import register as make_account
from app.services.saved_methods import forget_method
from app.web.account_forms import LoginForm, RegisterForm
from app.web.devices import known_device, remember_device
from app.web.guards import logged_in, public
from app.web.identity import GUEST, UNUSED, known_owner_keys, may_open, user_id
from app.web.limits import count
from app.web.links import HOME, local_path
from app.web.render import render

account = Blueprint("account", __name__)
KEPT_AT_LOGIN = (GUEST, UNUSED, "opened")
"""What a guest's session takes along: the key of its holds, and the bookings it opened by a signed link."""


@account.route("/login", methods=["GET", "POST"])
@public
def login() -> Response:
    form = LoginForm(next=request.args.get("next"))
    if current_user.is_authenticated and request.method == "GET":
        return _to(form.next.data)
    if form.validate_on_submit():
        email = form.email.data.lower()
        _throttle(email)
        try:
            token = log_in(email, form.password.data)
        except WrongPassword as problem:
            form.form_errors.append(problem.message)
        else:
            return start_log_in(token, email, form.next.data)
    return render("account/login.html", status_code=422 if form.errors else 200, form=form)


def _throttle(email: str) -> None:
    """Count this try for the address, and for the account: by its device where it has been logged in before, so
    that a stranger's tries don't lock out whom the account belongs to."""
    count(f"login:address:{request.remote_addr}", settings.logins_per_minute)
    device = known_device(email)
    key = f"device:{device}" if device else f"account:{hashlib.sha256(email.encode()).hexdigest()[:32]}"
    count(f"login:{key}", settings.logins_per_minute)


def start_log_in(token: str, email: str, address: str | None) -> Response:
    """A new session for the log-in; what was logged in here before is ended."""
    if current_user.is_authenticated:
        log_out(current_user.token)
    kept = {name: session[name] for name in KEPT_AT_LOGIN if name in session}
    session.clear()
    session.update(kept)
    session.permanent = True
    account = account_of_token(token)
    login_user(account)
    own = url_for("staff.home") if account and account.is_staff else None
    response = _to(address or own)
    remember_device(response, email)
    return response


def _to(address: str | None) -> Response:
    wanted = local_path(address)
    return redirect(url_for("account.bookings") if wanted == HOME and not address else wanted, 303)  # type: ignore[return-value]


@account.route("/register", methods=["GET", "POST"])
@public
def register() -> Response:
    form = RegisterForm(next=request.args.get("next"), booking=request.args.get("booking"))
    if current_user.is_authenticated:
        return _to(form.next.data)
    booking = _own_booking(form.booking.data)
    if form.validate_on_submit():
        count(f"register:{request.remote_addr}", settings.logins_per_minute)
        try:
            token = make_account(form.name.data, form.email.data, form.password.data, _claim(booking))
        except EmailTaken as problem:
            form.email.errors = [*form.email.errors, f"{problem.message} Sign in instead, or use another one."]
        else:
            response = start_log_in(token, form.email.data.lower(), form.next.data)
            flash(f"Your account is ready, {form.name.data}.", "ok")
            return response
    elif booking and request.method == "GET":
        contact = contact_of(booking.show_id, booking.id)
        form.name.data, form.email.data = contact.name, contact.email
    return render("account/register.html", status_code=422 if form.errors else 200, form=form, booking=booking)


def _own_booking(code: str | None) -> BookingRef | None:
    """The booking an account is made from, if this visitor may open it; nothing is said of others."""
    booking = find_booking(code[:40]) if code else None
    return booking if booking and may_open(booking) else None


def _claim(booking: BookingRef | None) -> Claim | None:
    """The booking, and everything of its key if that is this browser's own: who came by a mailed link gets the one."""
    if booking is None:
        return None
    own = [booking.owner_key] if booking.owner_key in known_owner_keys() else []
    return Claim(booking.show_id, booking.id, own)


@account.post("/logout")
@public
def logout() -> Response:
    if current_user.is_authenticated:
        log_out(current_user.token)
    session.clear()
    return redirect(HOME, 303)  # type: ignore[return-value]


@account.get("/account")
@logged_in
def page() -> Response:
    owner = user_id()
    assert owner is not None
    return render(
        "account/account.html", saved=saved_ways(owner), wallet=wallet_page(owner), bought=cards_bought(owner)
    )


@account.post("/account/cards/<int:method_id>/forget")
@logged_in
def forget_card(method_id: int) -> Response:
    """Remove a saved card. One that is not this account's is not there."""
    owner = user_id()
    assert owner is not None
    if forget_method(method_id, owner):
        flash("The card is removed.", "ok")
    return redirect(url_for("account.page"), 303)  # type: ignore[return-value]


@account.get("/account/bookings")
@public
def bookings() -> Response:
    """My tickets: by account, or by what this browser booked as a guest."""
    mine = my_bookings(known_owner_keys(), user_id())
    return render("account/bookings.html", mine=mine, address=_address, state_words=state_words)


def _address(booking: BookingSummary) -> str:
    """The booking's page; its checkout while it is only held."""
    endpoint = "booking.checkout" if booking.state == BookingState.HELD else "booking.page"
    return url_for(endpoint, code=booking.code)


def state_words(booking: BookingSummary) -> str:
    if booking.show_state == ShowState.CANCELLED:
        return "Show cancelled"
    if booking.state == BookingState.HELD:
        return "Kept for you, not paid yet"
    if booking.state == BookingState.AWAITING_PAYMENT:
        return "Waiting for the payment"
    if booking.state == BookingState.CONFIRMED:
        return f"Booked and paid, {booking.cancelled_seats} cancelled" if booking.cancelled_seats else "Booked and paid"
    back = format_money(booking.returned_minor, booking.currency)
    return f"Cancelled, {back} back" if booking.returned_minor else "Cancelled"
