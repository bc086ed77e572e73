"""Our page in front of Razorpay's, and the way back from there. Razorpay's script stays out: a plain form leads over."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from app.adapters.payments import gateway
from app.config import settings
from app.web.extensions import csrf
from app.web.guards import public
from app.web.render import render

if TYPE_CHECKING:
    from app.adapters.payments.razorpay import RazorpayGateway

razorpay = Blueprint("razorpay", __name__)
csrf.exempt(razorpay)
"""The only POST comes from Razorpay's page, through the buyer's browser, and changes nothing here."""


def _ours() -> RazorpayGateway:
    """Raises NotFound in a house that does not offer it."""
    return cast("RazorpayGateway", gateway("razorpay"))


@razorpay.get("/pay/razorpay/<session>")
@public
def page(session: str) -> Response:
    """One button that leads to Razorpay's page, or what there is instead of one."""
    callback = url_for("razorpay.back", session=session, _external=True)
    at = _ours().pay_page(session, settings.site_name, callback)
    return render("razorpay/pay.html" if at.fields else "razorpay/over.html", at=at)


@razorpay.route("/pay/razorpay/<session>/back", methods=["GET", "POST"])
@public
def back(session: str) -> Response:
    """Back from Razorpay: on to the booking, which asks how the payment stands. Forged ones get no further."""
    return redirect(_ours().came_back(session, request.form), 303)
