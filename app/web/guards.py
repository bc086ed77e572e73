"""Who may: every route declares one of these guards next to its address; a test walks the URL map for it.

`public` opens to anyone. `booking_holder` opens to the session that made the booking, its owner's account, or who
comes with the signed link: to anyone else the booking does not exist. `card_buyer` is the same for a gift card's order,
without a link. `staff` opens to people with a role at the cinema that the address is about; another cinema's things do
not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, Response, abort, redirect, request, url_for
from flask_login import current_user

from app.domain.staff import Role

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Open to anyone."""
    view.guard = "public"  # type: ignore[attr-defined]
    return view


def logged_in(view: View) -> View:
    """Open to people with an account; others are led to the log-in and back."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not current_user.is_authenticated:
            return redirect(url_for("account.login", next=request.full_path.rstrip("?")), 303)
        return view(*args, **kwargs)

    guarded.guard = "logged_in"  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def booking_holder(view: View) -> View:
    """Open to the holder of the booking `code`; the view gets `booking`, a queries.bookings.BookingRef."""

    @wraps(view)
    def guarded(code: str, **kwargs: Any) -> Any:
        from app.queries.bookings import find_booking
        from app.web.identity import may_open

        booking = find_booking(code)
        if booking is None or not may_open(booking):
            abort(404)
        return view(booking=booking, **kwargs)

    guarded.guard = "booking_holder"  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def card_buyer(view: View) -> View:
    """Open to who bought the gift card of order `code`; the view gets `order`, a queries.gift_cards.CardOrder."""

    @wraps(view)
    def guarded(code: str, **kwargs: Any) -> Any:
        from app.queries.gift_cards import find_order
        from app.web.identity import is_mine

        order = find_order(code)
        if order is None or not is_mine(order.owner_key, order.user_id):
            abort(404)
        return view(order=order, **kwargs)

    guarded.guard = "card_buyer"  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def staff(*roles: Role, second_factor: bool = True) -> Callable[[View], View]:
    """Open to who holds one of these roles, and to admins; the view gets `house`, a web.staff.StaffHouse.

    A parameter of the address that names a thing of a cinema (queries/staff.py, PLACES) must name one within reach:
    another cinema's is a 404. `second_factor=False` is for the pages where it is set up and shown.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(**kwargs: Any) -> Any:
            from app.web.staff import enter

            house = enter(frozenset(roles), kwargs, second_factor)
            return house if isinstance(house, Response) else view(house=house, **kwargs)

        guarded.guard = "staff"  # type: ignore[attr-defined]
        guarded.roles = frozenset(roles)  # type: ignore[attr-defined]
        guarded.second_factor = second_factor  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return guard


UNGUARDED = frozenset({"static"})


def init_guards(app: Flask) -> None:
    """Refuse to serve a route without a guard: forgetting one is an error at the first request, not a hole."""

    @app.before_request
    def guarded() -> None:
        endpoint = request.endpoint
        if endpoint is None or endpoint in UNGUARDED:
            return
        if not hasattr(app.view_functions[endpoint], "guard"):
            raise RuntimeError(f"the route {endpoint} has no guard")
