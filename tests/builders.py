"""Valid things in one line. A test says only what matters to it; everything else is ordinary."""

from __future__ import annotations

import datetime as dt
import itertools
import secrets
from typing import Any

from sqlalchemy import insert, text

from app import clock
from app.adapters.payments import EventKind, PaymentEvent
from app.db import db, transaction
from app.domain.demand import Rule
from app.domain.groups import PriceMode
from app.domain.pricing import TicketType
from app.domain.staff import COMMAND, By, Role
from app.models import (
    Booking,
    Cinema,
    City,
    GroupRequest,
    Layout,
    Movie,
    Payment,
    Price,
    PriceList,
    PriceRule,
    Screen,
    Seat,
    Show,
    StaffRole,
    User,
)
from app.services import checkout, holds, payments
from app.services.alerts import raise_alert
from app.services.demand import add_rule
from app.services.group_pricing import Offer
from app.services.groups import GroupWish, ask_for_group, make_offer
from app.services.scheduling import NewShow, publish_show, schedule_show

_numbers = itertools.count(1)
PRICES = {
    ("standard", "adult"): 1000,
    ("standard", "child"): 700,
    ("standard", "senior"): 800,
    ("premium", "adult"): 1400,
    ("premium", "child"): 1100,
    ("premium", "senior"): 1200,
}


def a_city(
    name: str | None = None, timezone: str = "Europe/London", currency: str = "GBP", country: str = "GB"
) -> City:
    number = next(_numbers)
    with transaction() as session:
        city = City(
            slug=f"city-{number}",
            name=name or f"City {number}",
            country_code=country,
            timezone=timezone,
            currency=currency,
        )
        session.add(city)
    return city


def a_cinema(city: City | None = None, name: str | None = None, **values: Any) -> Cinema:
    city = city or a_city()
    number = next(_numbers)
    with transaction() as session:
        cinema = Cinema(
            slug=f"cinema-{number}",
            name=name or f"Cinema {number}",
            city_id=city.id,
            timezone=city.timezone,
            currency=city.currency,
            **{"fee_minor": 75, "tax_percent": 20, "address": "1 High Street", **values},
        )
        session.add(cinema)
    return cinema


def a_movie(title: str | None = None, **values: Any) -> Movie:
    number = next(_numbers)
    name = title or f"Film {number}"
    with transaction() as session:
        movie = Movie(
            slug=f"film-{number}",
            title=name,
            **{"runtime_minutes": 90, "year": 1927, "folded": name.lower(), **values},
        )
        session.add(movie)
    return movie


def a_price_list(cinema: Cinema, prices: dict[tuple[str, str], int] | None = None) -> PriceList:
    with transaction() as session:
        prices_of = PriceList(cinema_id=cinema.id, name=f"Prices {next(_numbers)}", currency=cinema.currency)
        session.add(prices_of)
        session.flush()
        for (category, kind), amount in (prices or PRICES).items():
            session.add(Price(price_list_id=prices_of.id, category=category, ticket_type=kind, amount_minor=amount))
    return prices_of


def a_price_rule(prices: PriceList, **values: Any) -> int:
    """The id of a rule by which new shows get this list: always, unless told otherwise. It comes last."""
    with transaction() as session:
        last = session.query(PriceRule).filter_by(cinema_id=prices.cinema_id).count()
        every_day = {"weekdays": [1, 2, 3, 4, 5, 6, 7]}
        rule = PriceRule(
            cinema_id=prices.cinema_id, price_list_id=prices.id, position=last + 1, **{**every_day, **values}
        )
        session.add(rule)
    return rule.id


def a_screen(
    cinema: Cinema,
    seats: int = 30,
    per_row: int = 10,
    kinds: dict[str, str] | None = None,
    aisle_after: int | None = None,
) -> Screen:
    """A screen with a plain layout: rows A, B, … of `per_row`. `kinds` names special seats: {"A1": "wheelchair"}."""
    number = next(_numbers)
    with transaction() as session:
        screen = Screen(cinema_id=cinema.id, name=f"Screen {number}")
        session.add(screen)
        session.flush()
        layout = Layout(
            screen_id=screen.id,
            version=1,
            name="Plain",
            seat_count=seats,
            digest=str(number),
            plan={},
            categories={"standard": "Standard", "premium": "Premium"},
        )
        session.add(layout)
        session.flush()
        if rows := _seats(layout.id, seats, per_row, kinds or {}, aisle_after):
            session.execute(insert(Seat), rows)
        screen.layout_id = layout.id
    return screen


def _seats(
    layout_id: int, count: int, per_row: int, kinds: dict[str, str], aisle_after: int | None
) -> list[dict[str, Any]]:
    """Rows, for thirty objects in each test cost more than the show that is about them."""
    seats = []
    for place in range(count):
        line, column = divmod(place, per_row)
        row, side = _letters(line), int(aisle_after is not None and column >= aisle_after)
        label = f"{row}{column + 1}"
        kind = kinds.get(label, "standard")
        seats.append(
            {
                "layout_id": layout_id,
                "guid": label,
                "level": "",
                "row": row,
                "number": str(column + 1),
                "label": label,
                "kind": kind,
                "category": "premium" if kind == "premium" else "standard",
                "x": 30.0 * (column + side),
                "y": 32.0 * line,
                "row_index": line,
                "position": column,
                "run": 2 * line + side,
                "line": line,
                "column": column + side,
            }
        )
    return seats


def _letters(number: int) -> str:
    letters = ""
    while True:
        number, place = divmod(number, 26)
        letters = chr(65 + place) + letters
        if number == 0:
            return letters
        number -= 1


def a_show(
    seats: int = 30,
    *,
    starts_in: dt.timedelta = dt.timedelta(hours=5),
    movie: Movie | None = None,
    cinema: Cinema | None = None,
    screen: Screen | None = None,
    published: bool = True,
    prices: dict[tuple[str, str], int] | None = None,
    layout: dict[str, Any] | None = None,
    **values: Any,
) -> Show:
    """A show on sale, five hours from now, in a hall of its own. `layout` goes to a_screen()."""
    cinema = cinema or (db.session.get_one(Cinema, screen.cinema_id) if screen else a_cinema())
    screen = screen or a_screen(cinema, seats, **(layout or {}))
    price_list = a_price_list(cinema, prices)
    movie = movie or a_movie()
    starts_at = (clock.now() + starts_in).replace(second=0, microsecond=0)
    new = NewShow(movie_id=movie.id, screen_id=screen.id, price_list_id=price_list.id, starts_at=starts_at, **values)
    show_id = schedule_show(new, "test")
    if published:
        publish_show(show_id, "test")
    return db.session.get_one(Show, show_id, populate_existing=True)


def seat_ids(show: Show, *labels: str) -> list[int]:
    """The ids of seats by their labels; all seats in order without any."""
    rows = db.session.execute(
        text("SELECT id, label FROM seats WHERE layout_id = :layout ORDER BY id"), {"layout": show.layout_id}
    ).all()
    by_label = {row.label: row.id for row in rows}
    return [by_label[label] for label in labels] if labels else [row.id for row in rows]


def a_hold(show: Show, n: int = 2, owner: str | None = None, seats: list[int] | None = None) -> Booking:
    """A live hold on the first n free seats from the left of the first row that has them (or on `seats`)."""
    wanted = seats or _free_seats(show, n)
    hold = holds.hold_seats(show.id, wanted, owner or f"s:owner-{next(_numbers)}")
    return the_booking(show.id, hold.booking_id)


def _free_seats(show: Show, n: int) -> list[int]:
    rows = db.session.execute(
        text(
            "SELECT s.id, s.run FROM seats s JOIN show_seats ss ON ss.seat_id = s.id AND ss.show_id = :show "
            "WHERE ss.state = 'free' AND s.kind <> 'wheelchair' ORDER BY s.row_index, s.position"
        ),
        {"show": show.id},
    ).all()
    for _, group in itertools.groupby(rows, key=lambda row: row.run):
        ids = [row.id for row in group]
        if len(ids) >= n and len(ids) != n + 1:
            return ids[:n]
    raise AssertionError("the hall is full")


def the_booking(show_id: int, booking_id: int) -> Booking:
    """The booking as it is now."""
    found = db.session.get_one(Booking, (show_id, booking_id), populate_existing=True)
    db.session.commit()
    return found


A_BUYER = checkout.Buyer("Ada Byron", "ada@example.org")


def a_started_payment(
    booking: Booking,
    types: dict[int, TicketType] | None = None,
    provider: str = "sandbox",
    ref: str | None = None,
) -> Payment:
    """A booking whose payment has begun: the gateway has answered, the buyer is on its page."""
    begun = checkout.begin_payment(booking.show_id, booking.id, A_BUYER, types or {}, provider, "card", "guest")
    assert begun is not None, "this booking costs nothing"
    with transaction() as session:
        payment = session.get_one(Payment, (booking.show_id, begun[0]))
        payment.provider_ref = ref or f"ref-{next(_numbers)}"
        payment.redirect_url = "http://localhost/pay"
        from app.domain.states import PaymentState

        payment.move_to(PaymentState.PENDING, clock.now(), "test")
    return payment


def an_event(payment: Payment, kind: EventKind = EventKind.CAPTURED, **values: Any) -> PaymentEvent:
    """What the gateway says of a payment: captured in full, unless told otherwise."""
    return PaymentEvent(
        **{
            "provider": payment.provider,
            "event_id": f"evt-{next(_numbers)}",
            "kind": kind,
            "provider_ref": payment.provider_ref,
            "show_id": payment.show_id,
            "payment_id": payment.id,
            "amount_minor": payment.amount_minor,
            "currency": payment.currency,
            **values,
        }
    )


def a_paid_booking(show: Show, n: int = 2, owner: str | None = None, seats: list[int] | None = None) -> Booking:
    """A confirmed booking, paid through the ordinary path."""
    booking = a_hold(show, n, owner, seats)
    payment = a_started_payment(booking)
    assert payments.settle_payment(an_event(payment)) == "confirmed"
    return the_booking(show.id, booking.id)


def a_customer(name: str = "Ada Byron", email: str | None = None) -> User:
    """An account. Its password is nobody's; tests/support/staff.py signs in without one."""
    with transaction() as session:
        user = User(
            name=name, email=email or f"person-{next(_numbers)}@example.org", password_hash="!", created_at=clock.now()
        )
        session.add(user)
    return user


def a_person(role: Role, *cinemas: Cinema, name: str = "Ruth Miller", email: str | None = None) -> User:
    """Somebody of the staff, with this role at each of these cinemas, or everywhere for an admin."""
    user = a_customer(name, email)
    with transaction() as session:
        for cinema_id in [cinema.id for cinema in cinemas] or [None]:
            row = StaffRole(user_id=user.id, role=role.value, cinema_id=cinema_id, granted_at=clock.now())
            session.add(row)
    return user


def a_demand_rule(cinema: Cinema, percent: int = 15, reason: str = "Popular show", **values: Any) -> int:
    """The id of a rule that always counts, unless told otherwise: full_from, movie_id and all else that a Rule has."""
    return add_rule(COMMAND, cinema.id, Rule(reason, percent, **values))


def a_group(cinema: Cinema, people: int = 40, **values: Any) -> int:
    """The id of a group's request to a cinema."""
    wish = {
        "name": "Charles Babbage",
        "organisation": "Analytical Society",
        "email": "charles@example.org",
        "wanted_on": (clock.now() + dt.timedelta(days=3)).date(),
        **values,
    }
    return ask_for_group(GroupWish(cinema.id, people, **wish), secrets.token_urlsafe(18))


def an_offer(
    group_id: int,
    by: By,
    show: Show,
    seats: list[int],
    mode: PriceMode = PriceMode.LIST,
    amount: int = 0,
    **values: Any,
) -> Booking:
    """The booking that keeps these seats for a group until an hour before the show."""
    revision = db.session.get_one(GroupRequest, group_id, populate_existing=True).revision
    db.session.commit()
    until = values.pop("pay_until", show.starts_at - dt.timedelta(hours=1))
    hold = make_offer(by, group_id, revision, Offer(show.id, tuple(seats), mode, amount, until, **values))
    return the_booking(hold.show_id, hold.booking_id)


def an_alert(show_id: int = 0, kind: str = "refund_failed", message: str = "Refund 7 failed: closed account") -> int:
    """The id of something that stands open for the staff."""
    with transaction() as session:
        raise_alert(session, kind, show_id, message)
        return int(session.execute(text("SELECT max(id) FROM alerts")).scalar_one())
