"""Calling shows off: what that will cost, the act, and how far the refunds have come."""

from __future__ import annotations

import json

from flask import Response, flash, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.domain.staff import Role
from app.errors import AmountChanged, Invalid
from app.queries.seat_blocks import head_of_show
from app.queries.show_cancellation import (
    ShowCancellationProgress,
    refused_refunds,
    show_cancellation_progress,
    sold_to_refund,
)
from app.services.show_cancelling import cancel_show as call_off
from app.services.show_cancelling import refunding_halted
from app.services.show_cancelling import resume_refunds as resume
from app.web.block_forms import CallOffForm
from app.web.guards import staff
from app.web.render import render
from app.web.staff import StaffHouse


@pages.get("/shows/<int:show_id>/cancel")
@staff(Role.MANAGER)
def cancel_show(house: StaffHouse, show_id: int) -> Response:
    """The figures and the form; once the show is called off, how far its refunds have come."""
    progress = show_cancellation_progress(show_id)
    return _progress(house, show_id, progress) if progress else _form(house, show_id, CallOffForm())


def _form(house: StaffHouse, show_id: int, form: CallOffForm, status: int = 200, problem: str = "") -> Response:
    sold = sold_to_refund(show_id)
    form.seen.data = json.dumps(sold.sum)
    return render(
        "staff/calling_off/ask.html", status_code=status, house=house, head=head_of_show(show_id), form=form,
        sold=sold, problem=problem,
    )  # fmt: skip


def _progress(house: StaffHouse, show_id: int, progress: ShowCancellationProgress) -> Response:
    return render(
        "staff/calling_off/progress.html", "staff/calling_off/_progress.html", house=house,
        head=head_of_show(show_id), at=progress, halted=refunding_halted(show_id), refused=refused_refunds(show_id),
    )  # fmt: skip


@pages.post("/shows/<int:show_id>/cancel")
@staff(Role.MANAGER)
def confirm_cancel_show(house: StaffHouse, show_id: int) -> AnyResponse:
    form = CallOffForm()
    if show_cancellation_progress(show_id) is not None:
        flash("This show was called off already.", "warn")
        return _back(show_id)
    if not form.validate_on_submit():
        return _form(house, show_id, form, 422)
    try:
        call_off(house.by, show_id, form.reason.data, note=form.note.data or "", seen=form.seen_sum)
    except (AmountChanged, Invalid) as refused:
        return _form(house, show_id, form, refused.status, refused.message)
    flash("The show is called off; nothing of it is sold any more.", "ok")
    return _back(show_id)


def _back(show_id: int) -> AnyResponse:
    return redirect(url_for("staff.cancel_show", show_id=show_id), 303)


@pages.post("/shows/<int:show_id>/cancel/resume")
@staff(Role.MANAGER)
def resume_refunds(house: StaffHouse, show_id: int) -> AnyResponse:
    asked = resume(house.by, show_id)
    flash("Refunding goes on." if asked else "There was nothing to resume: refunding goes on, or is done.", "ok")
    return _back(show_id)
