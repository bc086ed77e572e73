"""Groups' requests: the list, and one request with its offer: seats on the map, a price, the last moment to pay."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.config import settings
from app.db import end_read
from app.domain.counter import CounterTender
from app.domain.groups import PriceMode, Standing
from app.domain.links import group_link
from app.domain.staff import Role
from app.errors import DomainError, InvalidSeats, NotFound
from app.money import write_amount
from app.queries.box_office import open_shift_of
from app.queries.groups import Group, group_of, groups_of
from app.services import groups as services
from app.services.box_office import Money, take_payment
from app.services.group_papers import group_papers
from app.web.group_files import chosen_paper, paper_file
from app.web.groups_forms import OfferForm
from app.web.groups_page import Plan, Wanted, plan_for, usual_time
from app.web.guards import staff
from app.web.once import once
from app.web.render import render
from app.web.staff import StaffHouse
from app.web.staff_forms import read_revision, typed_reason

SELLERS = (Role.BOX_OFFICE, Role.MANAGER)


@pages.get("/groups")
@staff(*SELLERS)
def groups(house: StaffHouse) -> Response:
    """Every request of the cinema, those nobody answered first."""
    found = groups_of(house.the_cinema().id)
    wanted = request.args.get("standing", "")
    rows = [one for one in found if one.standing == wanted] if wanted in set(Standing) else found
    counts = {standing: sum(one.standing is standing for one in found) for standing in Standing}
    return render("staff/groups/list.html", house=house, rows=rows, counts=counts, wanted=wanted)


@pages.get("/groups/<int:group_id>")
@staff(*SELLERS)
def group(house: StaffHouse, group_id: int) -> Response:
    """The request, and the offer to make. ?show=, ?seats= and ?whole= say what the map is to show."""
    size = request.args.get("seats", type=int)
    whole = None if size is None else "whole" in request.args
    return _page(house, group_id, Wanted(request.args.get("show", type=int), size, whole))


def _page(
    house: StaffHouse,
    group_id: int,
    wanted: Wanted,
    form: OfferForm | None = None,
    problem: str = "",
    status: int = 200,
) -> Response:
    found = group_of(group_id)
    shows, plan = (
        plan_for(found, wanted, manager=house.may(Role.MANAGER)) if found.standing is not Standing.PAID else ([], None)
    )
    end_read()
    papers = group_papers(group_id)
    link = group_link(settings.base_url, settings.secret_key, group_id) if found.stands else ""
    facts: dict[str, Any] = {
        "group": found,
        "shows": shows,
        "plan": plan,
        "link": link,
        "papers": papers,
        "problem": problem,
    }
    facts["manager"] = house.may(Role.MANAGER)
    form = form or _first_form(found, plan)
    return render("staff/groups/group.html", status_code=status, house=house, form=form, **facts)


def _form(found: Group, **values: Any) -> OfferForm:
    return OfferForm(found.cinema.currency, found.cinema.zone, **values)


def _first_form(found: Group, plan: Plan | None) -> OfferForm:
    """What stands offered, else what is usual."""
    offer = found.offer if found.stands else None
    values: dict[str, Any] = {"mode": offer.mode.value if offer else PriceMode.LIST.value}
    if offer:
        values |= {
            "kind": offer.kind.value,
            "besides": offer.besides,
            "note": offer.note,
            "pay_until": offer.pay_until.replace(tzinfo=None),
        }
        if offer.mode is not PriceMode.LIST:
            values["amount"] = write_amount(offer.amount_minor, found.cinema.currency)
    elif plan:
        values["pay_until"] = usual_time(plan.show, found.cinema.zone)
    return _form(found, formdata=None, **values)


@pages.post("/groups/<int:group_id>/offer")
@staff(*SELLERS)
@once(lambda made, group_id: url_for("staff.group", group_id=group_id))
def offer_to_group(house: StaffHouse, group_id: int) -> AnyResponse:
    """Keep the ticked seats at this price and mail the link; the form comes back with what stands against it."""
    found = group_of(group_id)
    end_read()
    form = _form(found)
    show_id, ticked = form.show_id.data or "", _ticked()
    wanted = Wanted(int(show_id) if show_id.isdecimal() and len(show_id) < 17 else 0, len(ticked), None, ticked)
    if not form.validate_on_submit():
        return _page(house, group_id, wanted, form, status=422)
    try:
        services.make_offer(house.by, group_id, form.seen, form.chosen(wanted.show_id or 0, ticked))
    except DomainError as refusal:
        return _refused(house, group_id, wanted, form, refusal)
    flash(f"{len(ticked)} seats are kept, and {found.email} is mailed the offer.", "ok")
    return _back(group_id)


def _ticked() -> tuple[int, ...]:
    """Raises InvalidSeats."""
    values = request.form.getlist("seats")
    if any(not one.isascii() or not one.isdecimal() or len(one) > 15 for one in values):
        raise InvalidSeats("Those are no seats of this show.")
    return tuple(dict.fromkeys(int(one) for one in values))


def _refused(house: StaffHouse, group_id: int, wanted: Wanted, form: OfferForm, refusal: DomainError) -> Response:
    """A sentence at the field it is about, or above the page; what was typed and ticked stays, as far as it is free."""
    named = {name: words for name, words in refusal.details.get("fields", {}).items() if name in form}
    for name, words in named.items():
        form[name].errors = [words]
    problem = "" if named else refusal.message
    return _page(house, group_id, wanted, form, problem, refusal.status)


@pages.post("/groups/<int:group_id>/withdraw")
@staff(*SELLERS)
def withdraw_offer(house: StaffHouse, group_id: int) -> AnyResponse:
    return _act(house, group_id, services.withdraw_offer, "The offer is taken back and its seats are free.")


@pages.post("/groups/<int:group_id>/decline")
@staff(*SELLERS)
def decline_group(house: StaffHouse, group_id: int) -> AnyResponse:
    return _act(house, group_id, services.decline_group, "The request is declined, and the group is told why.")


def _act(house: StaffHouse, group_id: int, act: Any, words: str) -> AnyResponse:
    try:
        act(house.by, group_id, read_revision(request.form.get("revision")), typed_reason())
    except DomainError as refusal:
        return _page(house, group_id, Wanted(), None, refusal.message, refusal.status)
    flash(words, "ok")
    return _back(group_id)


def _back(group_id: int) -> AnyResponse:
    return redirect(url_for("staff.group", group_id=group_id), 303)


@pages.post("/groups/<int:group_id>/pay")
@staff(*SELLERS)
@once(lambda made, group_id: url_for("staff.group", group_id=group_id))
def pay_group(house: StaffHouse, group_id: int) -> AnyResponse:
    """The group pays what it was offered at this till; its tickets are printed from the booking's page."""
    found, shift = group_of(group_id), open_shift_of(house.person.id, house.the_cinema().id)
    end_read()
    if shift is None:
        flash("Open a shift first: the money needs a drawer.", "warn")
        return redirect(url_for("staff.shifts"), 303)
    if found.offer is None:
        raise NotFound("Nothing is offered to this group.")
    pay = request.form.get("pay", "")
    tender = CounterTender(pay) if pay in set(CounterTender) else CounterTender.CASH
    money = Money(tender, None, request.form.get("reference", "")[:60])
    try:
        take_payment(house.by, shift.id, found.offer.show_id, found.offer.booking_id, money)
    except DomainError as refusal:
        return _page(house, group_id, Wanted(), None, refusal.message, refusal.status)
    flash("Paid. The tickets are mailed to the group, and can be printed here.", "ok")
    return redirect(url_for("staff.booking", code=found.offer.code), 303)


@pages.get("/groups/<int:group_id>/invoice.pdf")
@staff(*SELLERS)
def group_invoice(house: StaffHouse, group_id: int) -> AnyResponse:
    """The last invoice, or the ?paper= that is asked for; back to the request where there is none."""
    paper = chosen_paper(group_papers(group_id))
    if paper is None:
        flash("There is no such invoice of this group.", "warn")
        return _back(group_id)
    return paper_file(paper)
