"""Gift cards: choosing one, paying it, the card once it is paid, and what is left on it. Codes are in no address."""

from __future__ import annotations

import contextlib

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.browse.city import current_city
from app.config import settings
from app.db import end_read
from app.domain.gift_cards import Range, in_fours
from app.errors import Conflict, DomainError, GatewayUnavailable, Gone, HoldExpired, Invalid, NotFound, TooManyRequests
from app.queries.browsing.cities import cities
from app.queries.gift_cards import CardOrder, balance_by_code
from app.queries.pay_ways import ways_on_offer
from app.services.gift_cards import card_code, card_range, order_gift_card, pay_gift_card
from app.services.payments import refresh_payment
from app.services.sending import mail_card_again
from app.web.booking_forms import PayWay, chosen_way, pay_ways, ticked_way
from app.web.gift_card_forms import BalanceForm, GiftCardForm
from app.web.guards import card_buyer, public
from app.web.identity import owner_key, remember_hold, user_id
from app.web.limits import count, count_code
from app.web.render import htmx_redirect, render

gift_cards = Blueprint("gift_cards", __name__, url_prefix="/gift-cards")
ORDERS_PER_MINUTE = 20
MANY_ORDERS = "Those were many orders in a short time. Nothing was ordered; please wait a minute and send it again."


def _ranges() -> dict[str, tuple[Range, list[str]]]:
    """Every currency that gift cards are sold in, those of the visitor's city first: its amounts and its cities."""
    known = cities()
    own = current_city()
    found: dict[str, tuple[Range, list[str]]] = {}
    for city in sorted(known, key=lambda city: own is None or city.currency != own.currency):
        allowed = card_range(city.currency)
        if allowed is not None and ways_on_offer(city.currency):
            found.setdefault(city.currency, (allowed, []))[1].append(city.name)
    return found


def _ways(currency: str) -> list[PayWay]:
    return pay_ways(ways_on_offer(currency))


def _chosen(ranges: dict[str, tuple[Range, list[str]]], currency: str | None) -> Range | None:
    """The range of this currency, else of the first that is sold."""
    found = ranges.get(currency or "") or next(iter(ranges.values()), None)
    return found and found[0]


@gift_cards.get("")
@public
def page() -> Response:
    """Choose one. ?currency= says in whose money, where the house has several."""
    ranges = _ranges()
    allowed = _chosen(ranges, request.args.get("currency"))
    form = GiftCardForm(formdata=None)
    if current_user.is_authenticated:
        form.name.data, form.email.data = current_user.name, current_user.email
    return _form_page(form, ranges, allowed)


def _form_page(
    form: GiftCardForm,
    ranges: dict[str, tuple[Range, list[str]]],
    allowed: Range | None,
    status: int = 200,
    trouble: str = "",
) -> Response:
    if allowed is None:
        end_read()
        return render("gift_cards/none.html")
    form.offer(allowed)
    methods = _ways(allowed.currency)
    end_read()
    return render(
        "gift_cards/page.html",
        status_code=status,
        form=form,
        allowed=allowed,
        ranges=ranges,
        methods=methods,
        way=ticked_way(methods, request.form.get("method")),
        trouble=trouble,
        months=settings.gift_card_months,
    )


@gift_cards.post("")
@public
def order() -> AnyResponse:
    """Note the order and lead to the gateway's page. The same form sent twice is one order."""
    ranges = _ranges()
    allowed = ranges.get(request.form.get("currency", ""), (None, []))[0]
    if allowed is None:
        raise Invalid("There are no gift cards in this currency.")
    form = GiftCardForm()
    form.offer(allowed)
    if not form.validate():
        return _form_page(form, ranges, allowed, Invalid.status)
    try:
        _count_order()
        name, mode, _ = chosen_way(_ways(allowed.currency), request.form.get("method"))
        return _place(form, name, mode)
    except TooManyRequests as problem:
        page = _form_page(form, ranges, allowed, problem.status, MANY_ORDERS)
        page.headers["Retry-After"] = str(problem.details["retry_after"])
        return page
    except (Invalid, Gone) as problem:
        return _form_page(form, ranges, allowed, problem.status, problem.message)
    except GatewayUnavailable as problem:
        return _form_page(form, ranges, allowed, problem.status, _no_answer(problem))


def _count_order() -> None:
    """Each order opens a page at a gateway. Raises TooManyRequests."""
    count(f"gift-card:visitor:{owner_key()}", ORDERS_PER_MINUTE)
    count(f"gift-card:address:{request.remote_addr}", ORDERS_PER_MINUTE)


def _place(form: GiftCardForm, provider: str, mode: str) -> AnyResponse:
    key = owner_key()
    remember_hold()
    ordered = order_gift_card(
        form.wish(),
        form.order.data,
        key,
        user_id(),
        provider=provider,
        mode=mode,
        return_url=lambda code: url_for("gift_cards.returned", code=code, _external=True),
        cancel_url=lambda code: url_for("gift_cards.card", code=code, _external=True),
    )
    return redirect(ordered.redirect_url or url_for("gift_cards.card", code=ordered.order_code), 303)


def _no_answer(problem: DomainError) -> str:
    """What a gateway's silence means here, where no seats are kept."""
    if problem.message != GatewayUnavailable.default:
        return problem.message
    return "The payment service does not answer just now. Nothing was charged; please try again."


@gift_cards.get("/orders/<code>")
@card_buyer
def card(order: CardOrder) -> Response:
    """The card once it is paid; before, how its payment stands and the way on."""
    return _card_page(order)


def _card_page(order: CardOrder, status: int = 200, trouble: str = "") -> Response:
    code = in_fours(card_code(order.id)) if order.active else ""
    methods = _ways(order.currency)
    end_read()
    return render(
        "gift_cards/card.html",
        fragment="gift_cards/_waiting.html",
        status_code=status,
        card=order,
        card_code=code,
        methods=methods,
        way=ticked_way(methods, request.form.get("method")),
        trouble=trouble,
    )


@gift_cards.get("/orders/<code>/status")
@card_buyer
def status(order: CardOrder) -> AnyResponse:
    """What htmx asks again and again while the payment is under way."""
    if not order.paying:
        return htmx_redirect(url_for("gift_cards.card", code=order.order_code))
    return _card_page(order)


@gift_cards.get("/orders/<code>/return")
@card_buyer
def returned(order: CardOrder) -> AnyResponse:
    """Back from the gateway: ask it how the payment stands, and lead on to where that is told."""
    payment_id = order.payment_id
    end_read()
    if payment_id is not None:
        with contextlib.suppress(GatewayUnavailable, NotFound):
            refresh_payment(0, payment_id)
    return redirect(url_for("gift_cards.card", code=order.order_code), 303)


@gift_cards.post("/orders/<code>/pay")
@card_buyer
def pay(order: CardOrder) -> AnyResponse:
    """Pay an order that is not paid yet."""
    try:
        name, mode, _ = chosen_way(_ways(order.currency), request.form.get("method"))
        address = pay_gift_card(
            order.id,
            provider=name,
            mode=mode,
            return_url=url_for("gift_cards.returned", code=order.order_code, _external=True),
            cancel_url=url_for("gift_cards.card", code=order.order_code, _external=True),
        )
    except (Gone, HoldExpired):
        address = None
    except (Invalid, GatewayUnavailable) as problem:
        return _card_page(order, problem.status, _no_answer(problem))
    return redirect(address or url_for("gift_cards.card", code=order.order_code), 303)


@gift_cards.post("/orders/<code>/mail")
@card_buyer
def mail(order: CardOrder) -> AnyResponse:
    """Mail the card once more to whom it is for: the code goes there and nowhere else."""
    try:
        count(f"gift-card:mail:{order.id}", 1)
        flash(f"The card goes to {mail_card_again(order.id)} again.", "ok")
    except TooManyRequests:
        flash("It was mailed less than a minute ago. Please wait a little before you send it once more.", "warn")
    except Conflict as problem:
        flash(problem.message, "warn")
    own = url_for("account.page") if user_id() else url_for("gift_cards.card", code=order.order_code)
    return redirect(own, 303)


@gift_cards.route("/balance", methods=["GET", "POST"])
@public
def balance() -> Response:
    """What is left on a card, by its code, which travels in the form alone."""
    form = BalanceForm()
    found, wait = None, None
    if request.method == "POST" and form.validate():
        try:
            count_code()
            found = balance_by_code(form.code.data)
            form.code.errors = [] if found else ["We don’t know this gift card. Check its code for typing mistakes."]
        except TooManyRequests as problem:
            form.code.errors = ["Those were many codes in a short time. Please wait a minute."]
            wait = problem
    status = wait.status if wait else Invalid.status if form.errors else 200
    response = render("gift_cards/balance.html", status_code=status, form=form, found=found)
    if wait:
        response.headers["Retry-After"] = str(wait.details["retry_after"])
    return response
