"""Coupons changed, stopped and made by the hundred: by whom, within what was promised, and what the audit keeps of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from app import clock
from app.db import db
from app.domain.gift_cards import looks_like_code
from app.domain.staff import By, Role
from app.errors import ConcurrentModification, Forbidden, Invalid, InvalidCoupon, NotFound
from app.models import Cinema, Coupon
from app.queries.coupons import mark_of
from app.services import checkout, extras, offers
from app.services.offers import NewCoupon
from tests.builders import A_BUYER, a_cinema, a_hold, a_person, a_show
from tests.support.books import rows
from tests.support.purse import Purse, a_booking
from tests.support.staff import by

TEN = NewCoupon("TEN", "Ten off", percent=Decimal(10))


@pytest.fixture
def regent(app) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def ruth(regent: Cinema) -> By:
    return by(a_person(Role.MANAGER, regent))


@pytest.fixture
def alma(app) -> By:
    return by(a_person(Role.ADMIN))


def the_coupon(code: str = "TEN") -> Coupon:
    found = db.session.query(Coupon).filter_by(code=code).populate_existing().one()
    db.session.commit()
    return found


def change(new: NewCoupon, who: By, seen: str | None = None) -> None:
    offers.change_coupon(new, seen or mark_of(the_coupon(new.code).id), who)


def audited(action: str) -> list[tuple]:
    return [tuple(row) for row in rows("SELECT user_id, after FROM audit_entries WHERE action = :a", a=action)]


def test_a_manager_makes_coupons_for_their_own_cinema_only(regent: Cinema, ruth: By, alma: By):
    made = offers.create_coupon(replace(TEN, cinema=regent.slug), ruth)
    ((who, after),) = audited("coupon.made")
    assert (who, after["cinema_id"], after["percent"]) == (ruth.user_id, regent.id, "10.00")
    assert the_coupon().id == made
    for cinema in (None, a_cinema().slug):
        with pytest.raises(Forbidden, match="administrator"):
            offers.create_coupon(replace(TEN, code="OTHER", cinema=cinema), ruth)
    offers.create_coupon(replace(TEN, code="HOUSE"), alma)
    assert [row.code for row in rows("SELECT code FROM coupons ORDER BY id")] == ["TEN", "HOUSE"]


def test_who_sells_there_makes_none(regent: Cinema):
    with pytest.raises(Forbidden):
        offers.create_coupon(replace(TEN, cinema=regent.slug), by(a_person(Role.BOX_OFFICE, regent)))
    assert rows("SELECT FROM coupons") == []


def test_a_manager_neither_takes_over_nor_hands_on_a_coupon(regent: Cinema, ruth: By, alma: By):
    offers.create_coupon(TEN, alma)
    for act in (
        lambda: change(replace(TEN, cinema=regent.slug), ruth),
        lambda: change(replace(TEN, name="Mine"), ruth),
        lambda: offers.archive_coupon("TEN", ruth),
    ):
        with pytest.raises(Forbidden):
            act()
    offers.create_coupon(replace(TEN, code="OURS", cinema=regent.slug), ruth)
    with pytest.raises(Forbidden):
        change(replace(TEN, code="OURS"), ruth)
    assert the_coupon("OURS").cinema_id == regent.id


def test_everything_may_change_until_somebody_has_entered_it(app, alma: By):
    offers.create_coupon(TEN, alma)
    change(NewCoupon("TEN", "Five pounds", amount_minor=500, min_minor=1000, currency="GBP", stackable=True), alma)
    kept = the_coupon()
    assert (kept.kind, kept.percent, kept.amount_minor, kept.min_minor) == ("fixed", None, 500, 1000)
    ((_, after),) = audited("coupon.changed")
    assert after["amount_minor"] == 500
    assert "currency" in after
    assert "total_limit" not in after, "only what changed is written down"


def test_what_was_promised_stays_once_somebody_has_entered_it(app, alma: By):
    offers.create_coupon(TEN, alma)
    booking = a_hold(a_show())
    extras.add_coupon(booking.show_id, booking.id, "TEN")
    ends = clock.now() + dt.timedelta(days=1)
    for new in (replace(TEN, percent=Decimal(5)), replace(TEN, stackable=True), replace(TEN, weekdays=[1])):
        with pytest.raises(Invalid, match="as it was promised"):
            change(new, alma)
    change(replace(TEN, name="Ten per cent", ends_at=ends, total_limit=1, person_limit=1), alma)
    kept = the_coupon()
    assert (kept.name, kept.ends_at, kept.total_limit, kept.percent) == ("Ten per cent", ends, 1, Decimal(10))
    assert checkout.begin_payment(booking.show_id, booking.id, A_BUYER, {}, "sandbox", "card", "guest")


def test_no_limit_goes_below_what_is_used(app, alma: By):
    offers.create_coupon(TEN, alma)
    show = a_show()
    for _ in range(3):
        a_booking(show, 2, Purse(coupons=["TEN"]))
    with pytest.raises(Invalid, match="used 3 times already") as problem:
        change(replace(TEN, total_limit=2), alma)
    assert list(problem.value.details["fields"]) == ["limit"]
    with pytest.raises(Invalid, match="Somebody has used it 3 times already") as problem:
        change(replace(TEN, person_limit=2), alma)
    assert list(problem.value.details["fields"]) == ["per_person"]
    change(replace(TEN, total_limit=3, person_limit=3), alma)
    with pytest.raises(InvalidCoupon):
        a_booking(show, 2, Purse(coupons=["TEN"]))


def test_two_who_change_it_at_once_the_second_is_told(app, alma: By):
    offers.create_coupon(TEN, alma)
    seen = mark_of(the_coupon().id)
    change(replace(TEN, name="First"), alma, seen)
    with pytest.raises(ConcurrentModification, match="Somebody has changed TEN"):
        change(replace(TEN, name="Second"), alma, seen)
    assert the_coupon().name == "First"


def test_nothing_changed_is_nothing_written_down(app, alma: By):
    offers.create_coupon(TEN, alma)
    change(TEN, alma)
    assert audited("coupon.changed") == []


def test_it_is_stopped_with_a_reason_and_started_again(app, alma: By):
    offers.create_coupon(TEN, alma)
    assert offers.archive_coupon("ten", alma, "it leaked")
    assert not offers.archive_coupon("ten", alma, "again")
    booking = a_hold(a_show())
    with pytest.raises(InvalidCoupon, match="expired"):
        extras.add_coupon(booking.show_id, booking.id, "TEN")
    assert offers.start_again("TEN", alma)
    assert not offers.start_again("TEN", alma)
    extras.add_coupon(booking.show_id, booking.id, "TEN")
    (row,) = rows("SELECT reason FROM audit_entries WHERE action = 'coupon.stopped'")
    assert row.reason == "it leaked"
    with pytest.raises(NotFound):
        offers.start_again("NINE", alma)


def test_many_codes_of_one_use_each(regent: Cinema, ruth: By):
    codes = offers.create_batch(replace(TEN, code="spring", cinema=regent.slug), 25, ruth)
    assert len(set(codes)) == 25
    assert all(code.startswith("SPRING-") and len(code) == 18 for code in codes)
    assert {row.total_limit for row in rows("SELECT total_limit FROM coupons")} == {1}
    show = a_show(cinema=regent)
    a_booking(show, 2, Purse(coupons=[codes[0]]))
    with pytest.raises(InvalidCoupon, match="used up"):
        a_booking(show, 2, Purse(coupons=[codes[0]]))
    a_booking(show, 2, Purse(coupons=[codes[1]]))
    ((_, after),) = audited("coupon.many_made")
    assert after["codes"] == 25
    assert not any(code in str(after) for code in codes), "the audit holds no codes that pay"


@pytest.mark.parametrize("count", [0, -1, 1001])
def test_a_batch_has_bounds(app, count: int):
    with pytest.raises(Invalid, match="Make 1 to 1000"):
        offers.create_batch(TEN, count)
    with pytest.raises(Forbidden):
        offers.create_batch(TEN, 2, by(a_person(Role.MANAGER, a_cinema())))
    assert rows("SELECT FROM coupons") == []


def test_no_code_of_a_batch_looks_like_a_gift_cards(app):
    """SPRING and ten letters would be sixteen."""
    for start in ("SPRING", "SUMMER", "SUN"):
        codes = offers.create_batch(replace(TEN, code=start), 3)
        assert not any(looks_like_code(code) for code in codes)
