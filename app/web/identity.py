"""Who is asking: the account, or the browser's session; what makes a booking theirs; and the links we sign."""

from __future__ import annotations

import secrets

from flask import Flask, g, request, session
from flask_login import current_user

from app.config import settings
from app.domain import links
from app.queries.bookings import BookingRef
from app.queries.people import Account, account_of_token
from app.web.extensions import login_manager

GUEST = "guest"
UNUSED = "unused"
"""Marks a guest's key that no hold was made with: nobody needs to look for its bookings."""


def init_identity(app: Flask) -> None:
    login_manager.init_app(app)
    login_manager.session_protection = None
    # We have no remember cookie; looking for one would touch the session of every answer, public ones too.
    app.after_request_funcs[None].remove(login_manager._update_remember_cookie)


@login_manager.user_loader
def _load(token: str) -> Account | None:
    return account_of_token(token)


def owner_key() -> str:
    """The key that a hold belongs to, made and remembered in the session for a guest."""
    if current_user.is_authenticated:
        return f"u:{current_user.id}"
    if GUEST not in session:
        session[GUEST], session[UNUSED] = f"s:{secrets.token_urlsafe(18)}", True
        session.permanent = True
    return str(session[GUEST])


def known_owner_keys() -> list[str]:
    """Every key this visitor has; empty for a visitor who never held a seat. Never writes."""
    keys = [f"u:{current_user.id}"] if current_user.is_authenticated else []
    return keys + ([session[GUEST]] if GUEST in session and UNUSED not in session else [])


def remember_hold() -> None:
    """From now on this visitor may have bookings, or gift cards."""
    session.pop(UNUSED, None)


def actor() -> str:
    """The id written beside a change this visitor makes."""
    return f"user:{current_user.id}" if current_user.is_authenticated else GUEST


def user_id() -> int | None:
    return int(current_user.id) if current_user.is_authenticated else None


def has_wallet(booking: BookingRef) -> bool:
    """Only to the account that holds the booking is its wallet on offer."""
    return booking.user_id is not None and booking.user_id == user_id()


def is_mine(key: str, account: int | None) -> bool:
    """Whether what belongs to this key, or this account, is the visitor's."""
    return key in known_owner_keys() or (account is not None and account == user_id())


def may_open(booking: BookingRef) -> bool:
    """Whether the booking is this visitor's: by session, by account, or by the signed link (then remembered)."""
    if is_mine(booking.owner_key, booking.user_id):
        return True
    if booking.code in session.get("opened", []):
        return True
    if link_is_valid(booking.code, request.args.get("key", "")):
        open_from_now_on(booking.code)
        return True
    return False


def open_from_now_on(code: str) -> None:
    """This browser came with a signed link to the booking, so it may open it again."""
    if code not in session.get("opened", []):
        session["opened"] = [*session.get("opened", [])[-9:], code]
        session.permanent = True


def link_key(code: str) -> str:
    """What `?key=` carries in the mailed link to a booking."""
    return links.link_key(settings.secret_key, code)


def link_is_valid(code: str, key: str) -> bool:
    return links.link_is_valid(settings.secret_key, code, key)


__all__ = ["actor", "g", "known_owner_keys", "link_key", "may_open", "owner_key", "user_id"]
