"""Groups: asking for many seats or a whole show, and the signed link to what the cinema offers."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.browse.city import current_city
from app.config import settings
from app.db import end_read
from app.domain.groups import Standing
from app.domain.links import group_link_is_valid
from app.domain.states import BookingState
from app.errors import Invalid, NotFound, TooManyRequests
from app.queries.groups import Group, Wished, cinemas_to_ask, group_of, wished_show
from app.services.groups import ask_for_group
from app.web.groups_forms import GroupForm
from app.web.guards import public
from app.web.identity import open_from_now_on
from app.web.limits import count
from app.web.render import render

groups = Blueprint("groups", __name__, url_prefix="/groups")
REQUESTS_PER_MINUTE = 3
MANY_REQUESTS = "Those were many requests in a short time. What you wrote is kept here: wait a minute and ask again."


@groups.get("")
@public
def page() -> Response:
    """The request. ?show= is the show whose page led here."""
    form = GroupForm(formdata=None)
    if current_user.is_authenticated:
        form.name.data, form.email.data = current_user.name, current_user.email
    return _form_page(form, _wished(request.args.get("show", type=int)))


def _wished(show_id: int | None) -> Wished | None:
    return wished_show(show_id) if show_id is not None and 0 < show_id < 2**53 else None


def _form_page(form: GroupForm, wished: Wished | None, status: int = 200, trouble: str = "") -> Response:
    _offer_cinemas(form, wished)
    end_read()
    least = settings.max_seats + 1
    return render("groups/page.html", status_code=status, form=form, wished=wished, least=least, trouble=trouble)


def _offer_cinemas(form: GroupForm, wished: Wished | None) -> None:
    """The visitor's own city first; a show has its cinema."""
    known = [(wished.cinema_id, wished.cinema)] if wished else cinemas_to_ask()
    city = current_city()
    mine = f"{city.name}: " if city else ""
    form.offer(sorted(known, key=lambda each: not each[1].startswith(mine)), has_show=wished is not None)
    form.show_id.data = str(wished.show.id) if wished else ""


@groups.post("")
@public
def ask() -> AnyResponse:
    """Take the request in. The same form sent twice is one request."""
    form = GroupForm()
    typed = request.form.get("show_id", "")
    wished = _wished(int(typed)) if typed.isascii() and typed.isdecimal() and len(typed) < 17 else None
    _offer_cinemas(form, wished)
    if not form.validate():
        return _form_page(form, wished, Invalid.status)
    try:
        count(f"group:address:{request.remote_addr}", REQUESTS_PER_MINUTE)
    except TooManyRequests as problem:
        page = _form_page(form, wished, problem.status, MANY_REQUESTS)
        page.headers["Retry-After"] = str(problem.details["retry_after"])
        return page
    end_read()
    ask_for_group(form.wish(wished.show.id if wished else None), form.key.data)
    return redirect(url_for("groups.thanks"), 303)


@groups.get("/thanks")
@public
def thanks() -> Response:
    return render("groups/thanks.html")


@groups.get("/<int:group_id>/offer")
@public
def offer(group_id: int) -> AnyResponse:
    """The mailed link: to the booking that stands offered now, or why none does. Without its key there is nothing."""
    if not group_link_is_valid(settings.secret_key, group_id, request.args.get("key", "")):
        abort(404)
    group = _known(group_id)
    end_read()
    if group.offer is not None and (group.stands or _was_paid(group)):
        open_from_now_on(group.offer.code)
        return redirect(url_for("booking.page", code=group.offer.code), 303)
    return render("groups/over.html", group=group, paying=False)


def _known(group_id: int) -> Group:
    try:
        return group_of(group_id)
    except NotFound:
        abort(404)


def _was_paid(group: Group) -> bool:
    cancelled = group.offer is not None and group.offer.booking_state is BookingState.CANCELLED
    return group.standing is Standing.PAID or (cancelled and group.standing is Standing.ENDED)
