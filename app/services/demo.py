"""The demo house: real films and cinemas taken in as a user would, a week of shows from now on, some seats sold.

Everything is relative to now, so it never goes stale; loading it again adds the days that are missing.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select, text

from app import clock
from app.adapters.payments import EventKind, PaymentEvent
from app.config import ROOT, settings
from app.db import db, end_read, transaction
from app.domain.programme import UNPLANNED_RUNTIME
from app.domain.seating import best_blocks
from app.domain.staff import COMMAND, Role
from app.errors import CodeTaken, DomainError, EmailTaken, ScreenBusy
from app.models import Cinema, Movie, Screen, Show
from app.queries.layouts import layout_facts
from app.queries.seat_map import fresh_seat_map
from app.services.accounts import register
from app.services.blocking import block_seats
from app.services.checkout import Buyer, begin_payment
from app.services.demo_prices import demo_demand, demo_picker
from app.services.holds import hold_seats
from app.services.importing import import_cinemas, import_movies, import_plan
from app.services.offers import NewCoupon, create_coupon
from app.services.payments import settle_payment
from app.services.scheduling import NewShow, publish_show, schedule_show
from app.services.staff import staff_with_password
from app.services.views import note_views

log = structlog.get_logger(__name__)
FOLDER = ROOT / "demo"
DAYS = 8
ACTOR = "demo"
ACCOUNTS = (("Ada Byron", "ada@example.org", "popcorn-and-a-film"),)
"""Name, e-mail and password of the demo visitors; only ever made by `flask demo`."""
COUPONS = (
    NewCoupon("MATINEE10", "10 % off your tickets", percent=Decimal(10), stackable=True),
    NewCoupon("MERCI5", "5 euros off from 20", amount_minor=500, min_minor=2000, currency="EUR", person_limit=1),
    NewCoupon("SEGUNDA", "Mondays at a quarter off", percent=Decimal(25), max_minor=3000, currency="BRL", weekdays=[1]),
)
STAFF_PASSWORD = "popcorn-and-a-shift"  # noqa: S105  of the demo alone, printed when it starts
STAFF = (
    ("Alma", "admin@example.org", Role.ADMIN, None),
    ("Ruth", "manager@example.org", Role.MANAGER, "FR-237933"),
    ("Maya", "box-office@example.org", Role.BOX_OFFICE, "FR-237933"),
    ("Joe", "scanner@example.org", Role.SCANNER, "FR-237933"),
)
"""Name, e-mail, role and cinema of the demo's staff. Never made in production: everybody knows the password."""

SCREENS: dict[str, tuple[tuple[str, str], ...]] = {
    "FR-237933": (("Screen 1", "standard-300"), ("Screen 2", "village-92"), ("Screen 3", "boutique-46")),
    "FR-238351": (("Screen 1", "village-92"), ("Screen 2", "boutique-46")),
    "BR-49176": (("Sala 1", "standard-300"), ("Sala 2", "boutique-46")),
    "BR-37902": (("Sala 1", "village-92"),),
}
TIMES = ("11:00", "14:10", "16:45", "19:30", "21:50")
SPECIALS = ("live piano", "35 mm print", "with an introduction")


@dataclass(slots=True)
class DemoLoaded:
    films: int = 0
    cinemas: int = 0
    shows: int = 0
    bookings: int = 0


def load_demo(folder: Path = FOLDER, days: int = DAYS, say: Callable[[str], None] = lambda _: None) -> DemoLoaded:
    """Load the demo house, or what is missing of it, for some days from today. `say` is told what is being done."""
    loaded = DemoLoaded()
    say("films and cinemas")
    loaded.films = import_movies((folder / "movies.csv").read_bytes(), posters=folder / "posters").added
    loaded.cinemas = import_cinemas((folder / "cinemas.csv").read_bytes()).added
    for cinema, screens in SCREENS.items():
        for screen, plan in screens:
            import_plan((folder / "plans" / f"{plan}.json").read_bytes(), cinema=cinema, screen=screen)
    say("a week of shows")
    new = list(_schedule(days))
    loaded.shows = len(new)
    say("some seats sold already")
    for show_id in new:
        bookings = _sell_some(show_id)
        _look_around(show_id, bookings)
        loaded.bookings += bookings
    _nobody_to_write_to()
    demo_demand()
    for name, email, password in ACCOUNTS:
        _register_once(name, email, password)
    for coupon in COUPONS:
        with contextlib.suppress(CodeTaken):
            create_coupon(coupon)
    make_demo_staff()
    return loaded


def make_demo_staff() -> None:
    """The demo's staff, those that are missing; in production nothing."""
    if settings.production:
        return
    slugs = {one.external_id: one.slug for one in db.session.execute(select(Cinema.external_id, Cinema.slug))}
    end_read()
    for name, email, role, cinema in STAFF:
        if _register_once(name, email, STAFF_PASSWORD):
            staff_with_password(email, role, [slugs[cinema]] if cinema else [])


def demo_is_loaded() -> bool:
    """Whether there are shows to come."""
    found = db.session.execute(text("SELECT 1 FROM shows WHERE starts_at > :now LIMIT 1"), {"now": clock.now()}).first()
    end_read()
    return found is not None


def _register_once(name: str, email: str, password: str) -> bool:
    try:
        register(name=name, email=email, password=password)
    except EmailTaken:
        return False
    return True


def _schedule(days: int) -> Iterator[int]:
    """The shows of each screen for the coming days, those already past and already there left out."""
    films = list(db.session.scalars(select(Movie).where(Movie.external_id.like("pd-%")).order_by(Movie.id)))
    screens = list(db.session.scalars(select(Screen).order_by(Screen.id)))
    cinemas = {cinema.id: cinema for cinema in db.session.scalars(select(Cinema))}
    end_read()
    for place, screen in enumerate(screens):
        cinema = cinemas[screen.cinema_id]
        if screen.layout_id and screen.name in dict(SCREENS.get(cinema.external_id or "", ())):
            yield from _schedule_screen(place, screen, cinema, films, days)


def _schedule_screen(place: int, screen: Screen, cinema: Cinema, films: list[Movie], days: int) -> Iterator[int]:
    zone = ZoneInfo(cinema.timezone)
    today = clock.now().astimezone(zone).date()
    prices = demo_picker(cinema)
    for number in range(days):
        date = today + dt.timedelta(days=number)
        for slot, time in enumerate(TIMES):
            starts_at = dt.datetime.combine(date, dt.time.fromisoformat(time), zone)
            if starts_at < clock.now() + dt.timedelta(minutes=20):
                continue
            turn = date.toordinal() * 5 + place * 7 + slot * 3
            film = _that_fits(films, turn, TIMES, slot)
            price_list_id = prices.list_for(starts_at, screen.id)
            show_id = _put_on(screen, film, price_list_id, starts_at, turn) if price_list_id else None
            if show_id:
                yield show_id


def _that_fits(films: list[Movie], turn: int, times: tuple[str, ...], slot: int) -> Movie:
    """The next film of the rota that is over, and the hall clean, before the next show."""
    room = 10_000
    if slot + 1 < len(times):
        start, end = (dt.datetime.strptime(times[slot + more], "%H:%M") for more in (0, 1))
        room = int((end - start).total_seconds() // 60) - settings.cleaning_minutes
    ordered = [films[(turn + step) % len(films)] for step in range(len(films))]
    return next(film for film in ordered if (film.runtime_minutes or UNPLANNED_RUNTIME) <= room)


def _put_on(screen: Screen, film: Movie, prices: int, starts_at: dt.datetime, turn: int) -> int | None:
    spoken = film.languages[0].removesuffix(" (intertitles)") if film.languages else ""
    silent = (film.sound or "").startswith("silent")
    new = NewShow(
        movie_id=film.id,
        screen_id=screen.id,
        price_list_id=prices,
        starts_at=starts_at.astimezone(dt.UTC),
        format="4K" if turn % 5 == 0 else "2D",
        language="Silent" if silent else spoken,
        subtitles=f"{spoken} titles" if silent and spoken != "No dialogue" else "",
        note=SPECIALS[turn % 3] if silent and turn % 4 == 0 else "",
        captions=turn % 3 == 0,
        audio_description=turn % 7 == 0,
        relaxed=turn % 11 == 0,
        sales_open_at=clock.now() - dt.timedelta(days=1),
    )
    try:
        show_id = schedule_show(new, ACTOR)
    except ScreenBusy:
        return None
    publish_show(show_id, ACTOR)
    return show_id


def _sell_some(show_id: int) -> int:
    """Bookings for the shows of the next days, more in the evening; paid through the ordinary path."""
    show = db.session.get_one(Show, show_id)
    end_read()
    dice = random.Random(show_id)  # noqa: S311  a demo, not a secret
    ahead = (show.starts_at - clock.now()).total_seconds() / 86_400
    layout = layout_facts(show.layout_id)
    broken = [seat.id for seat in layout.seats if dice.random() < 0.006 and seat.kind == "standard"]
    if broken:
        block_seats(COMMAND, show_id, broken, "A broken seat, waiting to be mended.")
    wish = max(0.0, dice.uniform(0.1, 0.62) * (1.15 - ahead / 1.6))
    if dice.random() < 0.04 and ahead < 2:
        wish = 1.0
    return _sell_share(show_id, wish, dice)


def _look_around(show_id: int, bookings: int) -> None:
    """Whoever books has looked at the seats before, some more than once, and others only look."""
    dice, now = random.Random(show_id), clock.now().replace(minute=0, second=0, microsecond=0)  # noqa: S311
    looks = bookings + dice.randint(1, 3 * bookings + 3)
    note_views(show_id, Counter(now - dt.timedelta(hours=dice.randint(0, 5)) for _ in range(looks)))


PARTIES = (2, 2, 2, 3, 4, 4, 6, 8)


def _sell_share(show_id: int, share: float, dice: random.Random) -> int:
    layout = layout_facts(db.session.get_one(Show, show_id).layout_id)
    wanted, sold, bookings = int(share * len(layout.seats)), 0, 0
    while sold < wanted:
        states = fresh_seat_map(show_id).states
        free = [seat.id for seat, letter in zip(layout.seats, states, strict=True) if letter == "f"]
        size = dice.choice(PARTIES)
        blocks = best_blocks(layout.hall, free, size, top=12) or best_blocks(layout.hall, free, 1)
        if not blocks or not _sell(show_id, dice.choice(blocks), bookings):
            break
        sold += size
        bookings += 1
    return bookings


def _sell(show_id: int, seat_ids: tuple[int, ...], number: int) -> bool:
    try:
        hold = hold_seats(show_id, seat_ids, f"demo:{show_id}:{number}", actor=ACTOR)
        buyer = Buyer("Demo visitor", "visitor@example.org")
        begun = begin_payment(show_id, hold.booking_id, buyer, {}, "sandbox", "card", ACTOR)
    except DomainError as problem:
        log.info("demo_seat_not_sold", problem=problem.code)
        return False
    if begun is not None and (order := begun.order) is not None:
        settle_payment(
            PaymentEvent(
                provider="sandbox",
                event_id=f"demo-{order.key}",
                kind=EventKind.CAPTURED,
                provider_ref=f"demo-{order.key}",
                show_id=show_id,
                payment_id=order.payment_id,
                amount_minor=order.amount_minor,
                currency=order.currency,
            )
        )
    return True


_DONE = text(
    "UPDATE outbox SET done_at = :now WHERE done_at IS NULL AND booking_id IN "
    "(SELECT id FROM bookings WHERE owner_key LIKE 'demo:%')"
)

_UNWANTED = text(
    "UPDATE messages SET state = 'not_needed' WHERE state = 'queued' AND booking_id IN "
    "(SELECT id FROM bookings WHERE owner_key LIKE 'demo:%')"
)


def _nobody_to_write_to() -> None:
    """The demo's buyers have no mailbox and need no PDF."""
    with transaction() as session:
        session.execute(_DONE, {"now": clock.now()})
        session.execute(_UNWANTED)
