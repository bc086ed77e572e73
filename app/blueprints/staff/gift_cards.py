"""Gift cards at the manager's desk. They are good at every cinema, so every manager may look after them and mail one
again; only administrators void one. Codes are never shown here, and never typed in: addresses are kept in logs."""

from __future__ import annotations

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.domain.staff import Role
from app.domain.states import GiftCardState
from app.errors import Conflict, DomainError, NotFound
from app.money import format_money
from app.queries import gift_card_desk as queries
from app.queries.deliveries import about_card
from app.services.card_voiding import void_gift_card
from app.services.sending import resend_gift_card
from app.web.guards import staff
from app.web.once import once
from app.web.render import render
from app.web.staff import StaffHouse
from app.web.staff_forms import typed_reason


@pages.get("/gift-cards")
@staff(Role.MANAGER)
def gift_cards(house: StaffHouse) -> Response:
    words = request.args.get("q", "")[:100]
    state = request.args.get("state", "") if request.args.get("state") in set(GiftCardState) else ""
    page = request.args.get("page", 1, type=int)
    found = queries.cards(words, state, page if 1 <= page <= 100_000 else 1)

    def href(page: int) -> str:
        return url_for("staff.gift_cards", q=words or None, state=state or None, page=page)

    return render("staff/desk/gift_cards.html", house=house, found=found, words=words, state=state, href=href)


@pages.get("/gift-cards/<int:gift_card_id>")
@staff(Role.MANAGER)
def gift_card(house: StaffHouse, gift_card_id: int) -> Response:
    return _page(house, gift_card_id)


def _page(house: StaffHouse, gift_card_id: int, problem: str = "", status: int = 200) -> Response:
    card = queries.card_by_id(gift_card_id)
    if card is None:
        raise NotFound("There is no such gift card.")
    return render(
        "staff/desk/gift_card.html",
        status_code=status,
        house=house,
        card=card,
        moves=queries.history(card.id, house.where),
        payments=queries.payments_of(card.id),
        messages=about_card(card.id),
        problem=problem,
    )


@pages.post("/gift-cards/<int:gift_card_id>/resend")
@staff(Role.MANAGER)
@once(lambda made, gift_card_id: url_for("staff.gift_card", gift_card_id=gift_card_id))
def mail_gift_card(house: StaffHouse, gift_card_id: int) -> AnyResponse:
    try:
        flash(f"The card goes to {resend_gift_card(house.by, gift_card_id)} again.", "ok")
    except Conflict as problem:
        return _page(house, gift_card_id, problem.message, problem.status)
    return redirect(url_for("staff.gift_card", gift_card_id=gift_card_id), 303)


@pages.post("/gift-cards/<int:gift_card_id>/void")
@staff()
def void_card(house: StaffHouse, gift_card_id: int) -> AnyResponse:
    """Administrators only. The balance that the page showed is sent along, so that nobody voids more than they saw."""
    shown = request.form.get("balance", type=int)
    card = queries.card_by_id(gift_card_id)
    if card is None:
        raise NotFound("There is no such gift card.")
    reason = typed_reason()
    to_wallet = request.form.get("to") == "wallet"
    try:
        back = void_gift_card(house.by, card.id, -1 if shown is None else shown, reason, to_wallet=to_wallet)
    except DomainError as problem:
        return _page(house, gift_card_id, problem.message, problem.status)
    where = "to the buyer's wallet" if to_wallet else "back the way it was paid"
    flash(f"The card is void. {format_money(back, card.currency)} goes {where}." if back else "The card is void.", "ok")
    return redirect(url_for("staff.gift_card", gift_card_id=gift_card_id), 303)
