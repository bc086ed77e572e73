"""Cards that a gateway remembers for an account, and what a cinema offers to pay with."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.adapters.payments import EventKind, PayMode
from app.db import db
from app.errors import Invalid, NotFound
from app.jobs.outbox import run_due_items
from app.queries.pay_ways import saved_ways, ways_of_show
from app.services import checkout, holds, payments
from app.services.accounts import register
from app.services.checkout import Memory
from app.services.paying_ways import offer_ways, ways_of_cinema
from app.services.saved_methods import forget_method
from tests.builders import A_BUYER, _free_seats, a_cinema, a_city, a_show


def rows(sql: str, **values):
    found = db.session.execute(text(sql), values).all()
    db.session.commit()
    return found


@pytest.fixture
def ada(app) -> int:
    register("Ada", "ada@example.org", "a long enough password")
    return rows("SELECT id FROM users")[0].id


@pytest.fixture
def show(app):
    return a_show()


def started(show, user_id: int | None, memory: Memory, n: int = 2):
    owner = f"u:{user_id}" if user_id else "s:guest"
    hold = holds.hold_seats(show.id, _free_seats(show, n), owner, user_id=user_id)
    values = {"provider": "fake", "mode": "card", "return_url": "http://localhost/back", "memory": memory}
    checkout.start_payment(show.id, hold.booking_id, A_BUYER, {}, **values)
    return hold


def last(fake):
    return list(fake.sessions.values())[-1]


def test_a_card_that_was_to_be_remembered_is_a_way_to_pay_next_time(fake, ada, show):
    started(show, ada, Memory(save=True))
    assert last(fake).order.save_method
    assert payments.settle_payment(fake.happens(last(fake).ref, EventKind.CAPTURED)) == "confirmed"
    (card,) = saved_ways(ada)
    assert (card.provider, len(card.last4)) == ("fake", 4)
    started(show, ada, Memory(saved_id=card.id))
    order = last(fake).order
    assert (order.saved_token, order.customer_ref) == (
        rows("SELECT token FROM saved_methods")[0].token,
        rows("SELECT customer_ref FROM gateway_customers")[0].customer_ref,
    )


def test_the_same_message_twice_keeps_one_card(fake, ada, show):
    started(show, ada, Memory(save=True))
    event = fake.happens(last(fake).ref, EventKind.CAPTURED)
    payments.settle_payment(event)
    payments.settle_payment(event)
    assert len(saved_ways(ada)) == 1


def test_nothing_is_remembered_of_a_guest_or_without_being_asked(fake, ada, show):
    started(show, None, Memory(save=True))
    assert not last(fake).order.save_method
    payments.settle_payment(fake.happens(last(fake).ref, EventKind.CAPTURED))
    started(show, ada, Memory())
    payments.settle_payment(fake.happens(last(fake).ref, EventKind.CAPTURED))
    assert rows("SELECT 1 FROM saved_methods") == []


def test_another_accounts_card_is_not_there(fake, ada, show):
    started(show, ada, Memory(save=True))
    payments.settle_payment(fake.happens(last(fake).ref, EventKind.CAPTURED))
    (card,) = saved_ways(ada)
    register("Eve", "eve@example.org", "a long enough password")
    eve = rows("SELECT id FROM users WHERE email = 'eve@example.org'")[0].id
    with pytest.raises(NotFound):
        started(show, eve, Memory(saved_id=card.id))
    assert not forget_method(card.id, eve)
    assert len(saved_ways(ada)) == 1


def test_a_removed_card_is_gone_at_once_and_forgotten_by_its_gateway(fake, ada, show):
    started(show, ada, Memory(save=True))
    payments.settle_payment(fake.happens(last(fake).ref, EventKind.CAPTURED))
    (card,) = saved_ways(ada)
    rows("UPDATE outbox SET done_at = now() RETURNING 1")
    fake.trouble = ["down"]
    assert forget_method(card.id, ada)
    assert saved_ways(ada) == []
    with pytest.raises(NotFound):
        started(show, ada, Memory(saved_id=card.id))
    run_due_items()
    assert rows("SELECT failure FROM outbox WHERE kind = 'forget_method'")[0].failure
    assert len(rows("SELECT 1 FROM saved_methods")) == 1
    rows("UPDATE outbox SET due_at = now() - interval '1 minute' WHERE kind = 'forget_method' RETURNING 1")
    run_due_items()
    assert rows("SELECT 1 FROM saved_methods") == []
    assert fake.calls.count("forget_method") == 2
    assert not forget_method(card.id, ada)


def test_a_cinema_offers_what_it_chose_of_what_its_currency_allows(fake, show):
    slug = rows("SELECT c.slug FROM cinemas c JOIN shows s ON s.cinema_id = c.id")[0].slug
    everything = ways_of_show(show.id)
    assert ("sandbox", PayMode.UPI) in everything
    offer_ways(slug, ["fake:card"])
    assert ways_of_show(show.id) == [("fake", PayMode.CARD)]
    assert ways_of_cinema(slug) == ["fake:card"]
    hold = holds.hold_seats(show.id, _free_seats(show, 2), "s:guest")
    with pytest.raises(NotFound):
        checkout.begin_payment(show.id, hold.booking_id, A_BUYER, {}, "sandbox", "card", "guest")
    offer_ways(slug, None)
    assert ways_of_show(show.id) == everything


def test_a_gateway_that_does_not_take_the_currency_is_not_offered(fake, monkeypatch):
    yen = a_show(cinema=a_cinema(a_city(currency="JPY")))
    monkeypatch.setattr(fake, "takes", lambda currency, mode=None: currency == "GBP", raising=False)
    assert {name for name, _ in ways_of_show(yen.id)} == {"sandbox"}


@pytest.mark.parametrize("ways", [["fake:cheque"], ["nobody:card"], []])
def test_a_way_that_the_house_has_not_is_refused(fake, show, ways):
    slug = rows("SELECT slug FROM cinemas")[0].slug
    with pytest.raises(Invalid):
        offer_ways(slug, ways)
    with pytest.raises(NotFound):
        offer_ways("nowhere", None)
