"""The few pages of words: how it works, access, refunds."""

from __future__ import annotations

from flask import Response

from app.blueprints.browse import browse
from app.config import settings
from app.domain.refund_policy import parse_steps
from app.web.guards import public
from app.web.refund_words import policy_in_hours
from app.web.render import render


@browse.get("/help", endpoint="help")
@public
def how_it_works() -> Response:
    return render("browse/help.html", settings=settings)


@browse.get("/help/access")
@public
def access() -> Response:
    return render("browse/access.html")


@browse.get("/help/refunds")
@public
def refunds() -> Response:
    return render("browse/refunds.html", policy=policy_in_hours(parse_steps(settings.refund_steps)))
