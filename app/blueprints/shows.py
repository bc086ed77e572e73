"""The seats of one show: the map and the list, the live poll, best seats, and holding them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from app import clock
from app.config import settings
from app.db import end_read
from app.domain.pricing import SHOWN_NOWHERE, Shown
from app.domain.seating import best_blocks, neighbours_to_offer
from app.errors import (
    DomainError,
    InvalidSeats,
    NotFound,
    OrphanSeat,
    PricesChanged,
    SeatsTaken,
    ShowNotOnSale,
    TooManyRequests,
)
from app.money import format_money
from app.queries.exchange_page import exchangeable
from app.queries.layouts import layout_facts
from app.queries.offers import offer
from app.queries.seat_map import fresh_seat_map, seat_map
from app.queries.show_page import ShowPage, forget_show, own_bookings, show_page
from app.services.exchanging import Change, hold_for_exchange
from app.services.holding import Hold, Seen
from app.services.holds import hold_seats
from app.services.views import count_view
from app.web.booking_forms import remember_draft
from app.web.changing import carry_over, change_for, forget_change, note_for
from app.web.extensions import htmx
from app.web.guards import public
from app.web.identity import actor, known_owner_keys, owner_key, remember_hold, user_id
from app.web.limits import count
from app.web.live_seats import seats_since
from app.web.render import htmx_redirect, render
from app.web.seat_cells import cells_of_show
from app.web.seat_page import Says, SeatPage
from app.web.shared import Shared

shows = Blueprint("shows", __name__, url_prefix="/shows")
MOST_PARTY = 10
"""People one button finds seats for; how many a booking may have is a setting."""
LAST_RADIO = 6


@shows.get("/<int:show_id>")
@public
def show(show_id: int) -> Response:
    """The seat map, or with ?view=list the list; ?choose=1,2 ticks seats."""
    page = _find(show_id)
    if page.why_over(clock.now()):
        return _over(page)
    count_view(page.id)
    owner_key()  # known from the first page on, so that a form sent twice is one buyer's
    context = _context(_seats(page))
    end_read()
    if context["change"] and context["change"].problem:
        forget_change()
    return render("shows/show.html", **context)


def _over(page: ShowPage) -> Response:
    reason = page.why_over(clock.now()) or "This show is not on sale."
    return render("shows/over.html", status_code=ShowNotOnSale.status, show=page, reason=reason)


def _context(seats: SeatPage) -> dict[str, Any]:
    now = clock.now()
    left = (seats.held.expires_at - now).total_seconds() if seats.held else 0
    change = note_for(seats.show.id)
    return {
        "show": seats.show,
        "seats": seats,
        "on_sale": seats.show.sales_open_at <= now,
        "own_left": max(0, int(left)),
        "change": change,
        "most": change.count if change and change.count else settings.max_seats,
        "every": settings.poll_seconds,
        "orphans": settings.orphan_seats,
    }


def _find(show_id: int) -> ShowPage:
    page = show_page(show_id)
    if page is None:
        raise NotFound("There is no such show.")
    return page


def _seats(page: ShowPage) -> SeatPage:
    """What this visitor sees by the address: asked-for seats that are free, else the seats of their own hold."""
    blank = SeatPage(
        page,
        seat_map(page.id),
        frozenset(),
        own_bookings(page.id, known_owner_keys()),
        _party(request.args),
        _view(request.args.get("view")),
    )
    asked = _numbers(request.args.getlist("choose"))
    chosen = blank.free_ids.intersection(asked[:MOST_PARTY]) if asked else blank.own_ids
    return _with(blank, chosen, _missing(blank, asked))


def _missing(seats: SeatPage, asked: list[int]) -> Says | None:
    if request.args.get("none"):
        return Says(f"There are no {request.args.get('none', type=int) or ''} such seats left.".replace("  ", " "))
    gone = [one for one in asked if one in seats.layout.by_id and one not in seats.free_ids]
    return Says(f"{seats.names(gone)} {'is' if len(gone) == 1 else 'are'} no longer free.") if gone else None


def _with(seats: SeatPage, chosen: frozenset[int], says: Says | None) -> SeatPage:
    return SeatPage(seats.show, seats.now, chosen, seats.own, len(chosen) or seats.party, seats.view, says)


def _view(asked: str | None) -> str:
    return "list" if asked == "list" else "map"


def _numbers(values: list[str]) -> list[int]:
    """Ids out of "1,2" and repeated fields; what is no number is passed over."""
    parts = [part.strip() for value in values for part in value.split(",")]
    return [int(part) for part in parts if part.isdecimal() and len(part) < 16]


def _party(values: MultiDict[str, str]) -> int:
    """How many people: the radio, or the exact number behind "6+"."""
    size = values.get("seats", type=int) or values.get("party", type=int) or 2
    if size >= LAST_RADIO:
        size = values.get("size", type=int) or size
    return max(1, min(size, MOST_PARTY))


@shows.get("/<int:show_id>/seats")
@public
def live(show_id: int) -> Response:
    """What has changed since ?v=: nothing (204), the changed seats, or everything; with other prices than ?p= they come
    too. The same answer for everybody."""
    now = seat_map(show_id)
    version, prices = request.args.get("v", ""), request.args.get("p")
    if prices is not None and now.states and cells_of_show(show_id, now, prices).shown.token != prices:
        return _repriced(show_id)
    if version == now.version:
        return Shared(status=204)
    if not now.states:
        return Shared("There is no such show.", 404, mimetype="text/plain")
    return Shared(seats_since(show_id, version, now, cells_of_show(show_id, now)), mimetype="text/html")


def _repriced(show_id: int) -> Response:
    """Everything anew, prices too."""
    forget_show(show_id)
    seats = SeatPage(_find(show_id), fresh_seat_map(show_id), frozenset(), [])
    mark = f"<i id=v hidden data-v={seats.now.version} hx-swap-oob=true></i>"
    prices = render_template("shows/_prices.html", seats=seats, swap=True)
    end_read()
    return Shared(f"{mark}{prices}<template>{seats.grid(swap=True)}</template>", mimetype="text/html")


@shows.route("/<int:show_id>/best", methods=["GET", "POST"])
@public
def best(show_id: int) -> AnyResponse:
    """A place for the party among the best, and not where others were just sent, so that buyers don't meet at one.

    The button of the seat form posts, so that its form's token stays out of the address.
    """
    page = _find(show_id)
    values = request.values
    size, view = _party(values), _view(values.get("view"))
    seats = SeatPage(page, fresh_seat_map(show_id), frozenset(), own_bookings(show_id, known_owner_keys()))
    category = values.get("category") if values.get("category") in seats.layout.categories else None
    step_free = bool(values.get("step_free"))
    chosen = list(
        offer(
            show_id,
            seats.free_ids,
            lambda free: best_blocks(seats.layout.hall, free, size, category=category, step_free=step_free),
        )
    )
    if htmx:
        return jsonify(seats=chosen, words=seats.names(chosen) if chosen else "")
    back: dict[str, Any] = {"choose": seats.offer(chosen).ids} if chosen else {"none": size}
    if view == "list":
        back["view"] = view
    return redirect(url_for("shows.show", show_id=show_id, party=size, **back), 303)


@shows.get("/<int:show_id>/check")
@public
def check(show_id: int) -> Response:
    """Whether these seats are free now, without keeping them."""
    page = _find(show_id)
    asked = _numbers(request.args.getlist("seats"))
    seats = SeatPage(page, fresh_seat_map(show_id), frozenset(), own_bookings(show_id, known_owner_keys()))
    if not asked or len(asked) > MOST_PARTY or any(one not in seats.layout.by_id for one in asked):
        raise InvalidSeats("Name one to ten seats of this show.")
    gone = [one for one in asked if one not in seats.free_ids]
    return render("shows/check.html", fragment="shows/_check.html", show=page, seats=seats, asked=asked, gone=gone)


@shows.post("/<int:show_id>/hold")
@public
def hold(show_id: int) -> AnyResponse:
    """Keep the chosen seats and go on to pay; a refusal shows the map again with what is still possible."""
    wanted: list[int] = []
    try:
        wanted = _wanted()
        owner = owner_key()
        count(f"hold:{owner}", settings.holds_per_minute)
        change = change_for(show_id)
        held = _exchanging(show_id, wanted, owner, change) if change else _buying(show_id, wanted, owner)
        remember_hold()
    except ShowNotOnSale:
        return htmx_redirect(url_for("shows.show", show_id=show_id)) if htmx else _over(_find(show_id))
    except DomainError as problem:
        if isinstance(problem, PricesChanged):
            forget_show(show_id)
        return _refused(_find(show_id), wanted, problem)
    if "email" in request.form:
        remember_draft(request.form)
    address = url_for("booking.checkout", code=held.code)
    return htmx_redirect(address) if htmx else redirect(address, 303)


def _buying(show_id: int, wanted: list[int], owner: str) -> Hold:
    return hold_seats(show_id, wanted, owner, user_id=user_id(), actor=actor(), seen=_seen())


def _seen() -> Seen:
    """What the page said that this form stands on."""
    prices, starts_at = _seen_prices(), _seen_start()
    return Seen(prices.tariff, starts_at, prices.fee_minor) if prices else Seen(starts_at=starts_at)


def _seen_prices() -> Shown | None:
    """As the form names them; what names nothing is no show's."""
    token = request.form.get("prices")
    return None if token is None else Shown.named(token) or SHOWN_NOWHERE


def _seen_start() -> dt.datetime | None:
    words = request.form.get("starts", "")
    return dt.datetime.fromtimestamp(int(words), dt.UTC) if words.isdecimal() and len(words) <= 10 else None


def _exchanging(show_id: int, wanted: list[int], owner: str, change: Change) -> Hold:
    """Seats kept to replace those of a booking; its buyer's name and kinds of tickets go along."""
    held = hold_for_exchange(show_id, wanted, owner, change, user_id=user_id(), actor=actor(), seen=_seen())
    kinds = [
        one.type for one in exchangeable(change.show_id, change.booking_id).tickets if one.number in change.numbers
    ]
    carry_over(kinds, layout_facts(_find(show_id).layout_id), wanted)
    return held


def _wanted() -> list[int]:
    values = [request.form["instead"]] if request.form.get("instead") else request.form.getlist("seats")
    parts = [part for value in values for part in value.split(",")]
    if any(not part.isdecimal() or len(part) > 15 for part in parts):
        raise InvalidSeats("Those are no seats of this show.")
    return [int(part) for part in parts]


def _refused(page: ShowPage, wanted: list[int], problem: DomainError) -> Response:
    """The map as it is now: what was lost is dropped, what is still free stays chosen, and something is offered."""
    now = fresh_seat_map(page.id)
    own = own_bookings(page.id, known_owner_keys())
    blank = SeatPage(page, now, frozenset(), own, len(wanted) or 2, _view(request.form.get("view")))
    chosen = blank.free_ids.intersection(wanted[:MOST_PARTY])
    seats = _with(blank, chosen, None)
    response = render(
        "shows/show.html",
        fragment="shows/_refused.html",
        status_code=problem.status,
        **_context(replace(seats, says=_says(seats, wanted, chosen, problem))),
    )
    if problem.status == TooManyRequests.status:
        response.headers["Retry-After"] = "60"
    return response


def _says(seats: SeatPage, wanted: list[int], kept: frozenset[int], problem: DomainError) -> Says:
    if isinstance(problem, OrphanSeat):
        alone = problem.details.get("orphans", [])
        words = f"{seats.names(alone)} would be left alone, and nobody buys a single. Move along:"
        return Says(words, [seats.offer(shift) for shift in problem.details.get("shifts", [])])
    if isinstance(problem, SeatsTaken):
        return _says_lost(seats, wanted, kept)
    if isinstance(problem, PricesChanged):
        return Says(_says_repriced(seats, problem))
    return Says(problem.message)


def _says_repriced(seats: SeatPage, problem: PricesChanged) -> str:
    shown, show = _seen_prices(), seats.show
    if shown is None or shown.tariff.price_list_id != show.price_list_id or not seats.chosen:
        return problem.message
    were, are = ("was", "is") if len(seats.chosen) == 1 else ("were", "are")
    cost = f"{seats.names(seats.chosen)} {were} {seats.total_at(shown)} and {are} {seats.total()} now"
    why = ", ".join(filter(None, [show.why_changed, _other_fee(show, shown)]))
    because = f" ({why})" if why else ""
    return f"The prices have changed meanwhile: {cost}{because}. Keep them at that, or choose others."


def _other_fee(show: ShowPage, shown: Shown) -> str:
    if show.fee_minor == shown.fee_minor:
        return ""
    was, now = (format_money(fee, show.currency) for fee in (shown.fee_minor, show.fee_minor))
    return f"the booking fee was {was} a seat and is {now} now"


def _says_lost(seats: SeatPage, wanted: list[int], kept: frozenset[int]) -> Says:
    lost = [one for one in wanted if one not in kept]
    if not lost:
        return Says("Somebody else was quicker for a moment, but your seats are free again. Please try once more.")
    words = f"{seats.names(lost)} {'has' if len(lost) == 1 else 'have'} just been taken."
    if kept:
        words += f" {seats.names(kept)} {'is' if len(kept) == 1 else 'are'} still chosen."
    offered = neighbours_to_offer(seats.layout.hall, seats.free_ids, lost, kept, len(wanted))
    return Says(f"{words} These are free:" if offered else words, [seats.offer(offered)] if offered else [])
