"""What a change for cheaper seats gives back, and what of it the cinema keeps: as of cancelled seats, or in full."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import text

from app.db import db, end_read, transaction
from app.domain.ledger import Account
from app.domain.refund_policy import Return, parse_steps, stored_steps
from app.domain.tenders import TenderKind
from app.models import Booking
from app.queries.exchange_page import changes_of
from app.services import checkout, exchanging
from app.services.ways_back import WayBack
from tests.builders import A_BUYER, a_cinema, a_paid_booking, a_show
from tests.support.books import books, rows
from tests.support.exchanges import CHEAP, ME, a_change, finish, refunds, sound
from tests.support.offers import an_account, in_wallet
from tests.support.post import bodies, deliver


def preview(booking: Booking, **chosen: bool) -> exchanging.Exchange:
    found = exchanging.preview_exchange(db.session(), booking, booking.total_minor, **chosen)
    end_read()
    assert found is not None
    return found


def key_of_newest() -> tuple[int, int]:
    (row,) = rows("SELECT show_id, id FROM bookings ORDER BY id DESC LIMIT 1")
    return row.show_id, row.id


def test_the_fee_is_that_of_the_hour_in_which_the_new_seats_were_kept(app, film, moved_clock):
    cinema = a_cinema(refund_steps=stored_steps(parse_steps("240:100,120:50:25")))
    show, other = a_show(movie=film, cinema=cinema), a_show(movie=film, prices=CHEAP, starts_in=dt.timedelta(hours=9))
    old = a_paid_booking(show, owner=ME)
    moved_clock.stop_at(show.starts_at - dt.timedelta(hours=4))
    new = a_change(old, other, 1)
    shown = preview(new)
    moved_clock.forward(minutes=5)
    assert finish(new) == "confirmed"
    assert refunds() == [(shown.back_minor, "exchange")] == [(400, "exchange")], "in time, so all of it"
    assert finish(a_change(old, other, 2, labels=("C2",))) == "confirmed"
    assert refunds()[1:] == [(175, "exchange")], "half of £4.00, less 25p"
    sound()


def test_a_cinema_may_give_the_difference_back_in_full(app, film, cheaper):
    old = a_paid_booking(a_show(movie=film, cinema=a_cinema(changes_in_full=True)), owner=ME)
    new = a_change(old, cheaper)
    assert preview(new).result == Return(2150, 0, 2150)
    assert finish(new) == "confirmed"
    assert refunds() == [(800, "exchange")]
    sound()


def test_what_was_sold_before_cinemas_could_say_so_still_comes_back_in_full(old, cheaper):
    with transaction() as session:
        session.execute(text("UPDATE bookings SET changes_in_full = true WHERE id = :id"), {"id": old.id})
    assert finish(a_change(old, cheaper)) == "confirmed"
    assert refunds() == [(800, "exchange")]


def test_the_cinema_keeps_its_part_of_the_difference_and_says_so_in_the_books(old, cheaper):
    finish(a_change(old, cheaper))
    (gone,) = rows("SELECT value_minor, kept_minor, returned_minor, to_wallet FROM cancellations")
    assert tuple(gone) == (2150, 80, 2070, False)
    kept = books(Account.CANCELLATION_REVENUE)[Account.CANCELLATION_REVENUE]
    assert kept == -(80 - 80 * 358 // 2150), "without the tax that is in it"
    (of,) = changes_of(*key_of_newest()).instead_of
    assert (of.moved_minor, of.kept_minor, of.back_minor) == (1350, 80, 720)


def test_the_difference_goes_to_the_wallet_if_its_owner_says_so(app, film, cheaper):
    me = an_account()
    old = a_paid_booking(a_show(movie=film), owner=f"u:{me}")
    with transaction() as session:
        session.execute(text("UPDATE bookings SET user_id = :me WHERE id = :id"), {"me": me, "id": old.id})
    new = a_change(old, cheaper, owner=f"u:{me}")
    shown = preview(new, to_wallet=True)
    assert (shown.back, shown.to_choose) == ((WayBack(TenderKind.WALLET, 720),), True)
    values = (new.show_id, new.id, A_BUYER, {}, "sandbox", "card", "guest")
    assert checkout.begin_payment(*values, to_wallet=True) is None
    assert (refunds(), in_wallet(me)) == ([], 720)
    sound()


def test_the_mail_of_the_new_seats_says_what_the_old_ones_gave_back(post, old, cheaper):
    new = a_change(old, cheaper)
    finish(new)
    deliver(new)
    for words in bodies(post.sent[-1]):
        said = " ".join(words.split())
        for needed in ("Your old seats cost more: comes back", "£7.20", "Of your old seats kept", "£0.80"):
            assert needed in said
