"""The delivery log: what was sent to whom, failures first, and sending again. A manager sees the messages of their
cinemas' bookings and groups, and those about gift cards, which are good everywhere."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.domain.messages import MessageKind
from app.domain.staff import Role
from app.domain.states import MessageState
from app.errors import NotFound
from app.queries.deliveries import DeliverySearch, about_card, deliveries, failures, failures_since, is_about_group
from app.services.sending import resend_failures, resend_message
from app.web.guards import staff
from app.web.links import local_path
from app.web.once import once
from app.web.render import render
from app.web.staff import StaffHouse

FILTERS = ("number", "address", "kind", "state", "cinema")


@pages.get("/messages")
@staff(Role.MANAGER)
def messages(house: StaffHouse) -> Response:
    search = _search(house)
    rows, older = deliveries(search)
    kept: dict[str, Any] = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    first = not kept and not search.below
    cinema = house.cinema
    return render(
        "staff/desk/messages.html",
        house=house,
        rows=rows,
        kept=kept,
        kinds=list(MessageKind),
        states=list(MessageState),
        failed=failures(house.where) if first else [],
        today=failures_since(cinema.id, _midnight(house)) if first and cinema else 0,
        older=url_for("staff.messages", **kept, below=f"{older[0].isoformat()}_{older[1]}") if older else None,
        newest=url_for("staff.messages", **kept) if search.below else None,
    )


def _midnight(house: StaffHouse) -> dt.datetime:
    """When the cinema's day began."""
    return dt.datetime.combine(house.now.date(), dt.time(), house.zone).astimezone(dt.UTC)


def _search(house: StaffHouse) -> DeliverySearch:
    """What the address asks for; what can't be read there is as if it was not there."""
    args = request.args
    cinema_id = args.get("cinema", type=int)
    return DeliverySearch(
        house.where,
        number=args.get("number", "")[:40],
        address=args.get("address", "")[:254],
        kind=args.get("kind", "") if args.get("kind") in set(MessageKind) else "",
        state=args.get("state", "") if args.get("state") in set(MessageState) else "",
        cinema_id=cinema_id if cinema_id is not None and cinema_id in {one.id for one in house.cinemas} else None,
        below=_below(args.get("below", "")),
    )


def _below(words: str) -> tuple[dt.datetime, int] | None:
    at, _, number = words.partition("_")
    try:
        instant, last = dt.datetime.fromisoformat(at), int(number)
    except ValueError:
        return None
    return (instant, last) if instant.tzinfo and 1900 <= instant.year <= 9000 and 0 <= last < 2**63 else None


@pages.post("/shows/<int:show_id>/messages/<int:number>/resend")
@staff(Role.MANAGER)
@once(lambda made, show_id, number: _asked_at())
def resend_of_show(house: StaffHouse, show_id: int, number: int) -> AnyResponse:
    return _resend(house, show_id, number)


@pages.post("/gift-cards/<int:gift_card_id>/messages/<int:number>/resend")
@staff(Role.MANAGER)
@once(lambda made, gift_card_id, number: _asked_at())
def resend_of_card(house: StaffHouse, gift_card_id: int, number: int) -> AnyResponse:
    if number not in {one.id for one in about_card(gift_card_id)}:
        raise NotFound("There is no such message.")
    return _resend(house, 0, number)


@pages.post("/groups/<int:group_id>/messages/<int:number>/resend")
@staff(Role.MANAGER)
@once(lambda made, group_id, number: _asked_at())
def resend_of_group(house: StaffHouse, group_id: int, number: int) -> AnyResponse:
    if not is_about_group(number, group_id):
        raise NotFound("There is no such message.")
    return _resend(house, 0, number)


def _resend(house: StaffHouse, show_id: int, number: int) -> AnyResponse:
    sent = resend_message(show_id, number, house.by)
    flash("It is tried again now." if sent == number else "It goes out again, as a message of its own.", "ok")
    return redirect(_asked_at(), 303)


def _asked_at() -> str:
    """Back to where it was asked for."""
    return local_path(request.form.get("next") or url_for("staff.messages"))


@pages.post("/messages/resend-failures")
@staff(Role.MANAGER)
@once(lambda made: url_for("staff.messages"))
def resend_all(house: StaffHouse) -> AnyResponse:
    """All failures of the cinema's day, and of today's gift cards."""
    count = resend_failures(house.by, house.the_cinema().id, _midnight(house))
    words = "Nothing had failed any more." if not count else f"{count} {'goes' if count == 1 else 'go'} out again."
    flash(words, "ok" if count else "note")
    return redirect(url_for("staff.messages"), 303)
