"""Calling off several shows of a screen's day at once: the projector is broken, the house has no water."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.domain.local_time import YEARS
from app.domain.staff import Role
from app.domain.states import ShowState
from app.errors import AmountChanged, Busy
from app.money import Money
from app.queries.seat_blocks import BlockHead, DayShow, head_of_screen, shows_of_day
from app.queries.show_cancellation import SoldToRefund, in_words, sold_to_refund
from app.services.show_cancelling import cancel_show as call_off
from app.web.block_forms import CallOffForm, sum_of
from app.web.guards import staff
from app.web.render import render
from app.web.staff import StaffHouse


@pages.get("/screens/<int:screen_id>/call-off")
@staff(Role.MANAGER)
def cancel_day(house: StaffHouse, screen_id: int) -> Response:
    """The shows of one day (?day=, else today) with what each would cost."""
    return _page(house, head_of_screen(screen_id), CallOffForm())


def _page(house: StaffHouse, head: BlockHead, form: CallOffForm, status: int = 200, problem: str = "") -> Response:
    day = _day(house)
    shows = shows_of_day(head, day)
    sums = {show.id: sold_to_refund(show.id) for show in shows if show.state != ShowState.CANCELLED}
    form.seen.data = json.dumps({str(show_id): sold.sum for show_id, sold in sums.items()})
    ticked = set(_ticked()) if request.method == "POST" else set(sums)
    return render(
        "staff/calling_off/day.html", status_code=status, house=house, head=head, form=form, problem=problem,
        day=day, before=day - dt.timedelta(days=1), after=day + dt.timedelta(days=1), shows=shows, sums=sums,
        ticked=ticked, whole=_whole(list(sums.values())),
    )  # fmt: skip


def _day(house: StaffHouse) -> dt.date:
    try:
        day = dt.date.fromisoformat(request.values.get("day", ""))
    except ValueError:
        return house.now.date()
    return day if day.year in YEARS else house.now.date()


def _ticked() -> list[int]:
    return request.form.getlist("show", type=int)[:100]


def _whole(sums: list[SoldToRefund]) -> str:
    """What all of them would cost together."""
    worth: dict[str, int] = {}
    for money in (amount for sold in sums for amount in sold.amounts):
        worth[money.currency] = worth.get(money.currency, 0) + money.minor
    seats = sum(sold.seats for sold in sums)
    amounts = in_words(Money(minor, currency) for currency, minor in sorted(worth.items()))
    return f"{seats:,} sold seats, {amounts}" if seats else "no seat is sold"


@pages.post("/screens/<int:screen_id>/call-off")
@staff(Role.MANAGER)
def confirm_cancel_day(house: StaffHouse, screen_id: int) -> AnyResponse:
    form, head = CallOffForm(), head_of_screen(screen_id)
    known = {show.id: show for show in shows_of_day(head, _day(house)) if show.state != ShowState.CANCELLED}
    wanted = [known[one] for one in _ticked() if one in known]
    if not form.validate_on_submit():
        return _page(house, head, form, 422)
    if not wanted:
        return _page(house, head, form, 422, "Tick the shows that can't take place.")
    seen = _seen(form.seen.data)
    kept = {show: why for show in wanted if (why := _call_off(house, show, form, seen.get(str(show.id))))}
    for show, why in kept.items():
        flash(f"{show.title}, {show.starts_at.astimezone(head.zone):%H:%M}, is not called off. {why}", "warn")
    if done := len(wanted) - len(kept):
        flash(f"{done} {'show is' if done == 1 else 'shows are'} called off; nothing of them is sold any more.", "ok")
    return redirect(url_for("staff.cancel_day", screen_id=screen_id, day=_day(house).isoformat()), 303)


def _seen(sent: str | None) -> dict[str, Any]:
    try:
        found = json.loads(sent or "")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _call_off(house: StaffHouse, show: DayShow, form: CallOffForm, seen: Any) -> str:
    """Call one off, in its own transaction: one that changed meanwhile keeps none of the others. Why not, if not."""
    try:
        call_off(house.by, show.id, form.reason.data, note=form.note.data or "", seen=sum_of(seen))
    except (AmountChanged, Busy) as refused:
        return refused.message
    return ""
