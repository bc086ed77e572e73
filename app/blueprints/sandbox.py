"""The sandbox provider's own pay page. It stands for another company's site; ours leads here and back."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from app.config import settings
from app.sandbox_gateway.pay_page import MODES, Manner, decline, leave, pay
from app.sandbox_gateway.sessions import SandboxSession, SandboxState, find_session
from app.web.guards import public
from app.web.render import render

sandbox = Blueprint("sandbox", __name__)


@sandbox.get("/pay/sandbox/<session>")
@public
def page(session: str) -> Response:
    """The pay page while there is something to pay, afterwards what became of it."""
    found = find_session(session) or abort(404)
    if found.state != SandboxState.OPEN:
        return render("sandbox/over.html", session=found, booking_url=_booking_url(found))
    return render("sandbox/pay.html", session=found, modes=MODES, late_minutes=settings.sandbox_late_minutes)


@sandbox.post("/pay/sandbox/<session>")
@public
def act(session: str) -> Response:
    """What the pressed button says; then back to the merchant, or nowhere if nobody is to be told."""
    found = _act(session, request.form.get("do", "")) or abort(404)
    told_nobody = found.silent and found.state == SandboxState.CAPTURED
    return redirect(url_for("sandbox.page", session=found.id) if told_nobody else found.return_url, 303)


def _act(session: str, button: str) -> SandboxSession | None:
    if button == "decline":
        return decline(session)
    if button == "leave":
        return leave(session)
    if button not in ("pay", "late", "silent"):
        abort(400)
    return pay(session, _manner(button))


def _manner(button: str) -> Manner:
    asked = request.form
    return Manner(
        mode=asked.get("mode", ""),
        late=button == "late",
        silent=button == "silent",
        twice="twice" in asked,
        shuffled="shuffled" in asked,
        short="short" in asked,
        slow="slow" in asked,
    )


def _booking_url(session: SandboxSession) -> str:
    return session.return_url.removesuffix("/return")
