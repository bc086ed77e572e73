"""Our page in front of Razorpay's and the way back: one button, no script of theirs, nothing believed unsigned."""

from __future__ import annotations

import pytest

from tests.builders import a_show, seat_ids
from tests.support.client import soup, words
from tests.support.sides import RazorpaySide


@pytest.fixture
def side(app, monkeypatch):
    made = RazorpaySide()
    monkeypatch.setitem(app.extensions["marquee_gateways"], "razorpay", made.gateway)
    yield made
    made.close()


@pytest.fixture
def started(side):
    order = side.order(amount_minor=45_000, return_url="http://localhost/bookings/7CODE/return")
    return side.gateway.start(order)


def path(started) -> str:
    return started.redirect_url.removeprefix("http://localhost")


def test_the_page_has_one_form_that_leads_to_razorpay_and_says_what_it_costs(client, side, started):
    answer = client.get(path(started))
    assert answer.status_code == 200
    assert "Pay ₹450.00" in words(answer)
    form = soup(answer).find("form")
    assert (form["action"], form["method"]) == (f"{side.server.url}/v1/checkout/embedded", "post")
    fields = {field["name"]: field["value"] for field in form.find_all("input")}
    assert fields["order_id"] == started.provider_ref
    assert fields["callback_url"] == f"http://localhost{path(started)}/back"
    assert "csrf_token" not in fields, "our tokens are not for others"


def test_the_page_may_lead_to_razorpay_and_loads_nothing_from_there(client, side, started):
    answer = client.get(path(started))
    policy = answer.headers["Content-Security-Policy"]
    assert f"form-action 'self' {side.server.url};" in policy
    assert "script-src 'self';" in policy
    sources = [tag["src"] for tag in soup(answer).find_all(src=True)]
    assert all(source.startswith("/") for source in sources)


def test_pages_that_lead_to_no_gateway_may_lead_nowhere_else(client, side):
    assert "form-action 'self';" in client.get("/login").headers["Content-Security-Policy"]


def test_checkout_may_lead_to_razorpay(client, side, app):
    show = a_show()
    seats = seat_ids(show, "A1", "A2")
    hold = client.post_form(f"/shows/{show.id}/hold", {"seats": seats}, page=f"/shows/{show.id}")
    policy = client.get(hold.location).headers["Content-Security-Policy"]
    assert f"form-action 'self' {side.server.url};" in policy


def test_what_is_paid_is_not_paid_again(client, side, started):
    side.pay(started.provider_ref)
    answer = client.get(path(started))
    assert "This is paid" in words(answer)
    assert soup(answer).find("a", string="To the booking")["href"] == "/bookings/7CODE/return"
    assert soup(answer).find("form") is None


def test_what_is_closed_can_be_paid_no_more(client, side, started):
    side.gateway.cancel(started.provider_ref)
    answer = client.get(path(started))
    assert "This payment is closed" in words(answer)
    assert soup(answer).find("form") is None


def test_razorpay_that_does_not_answer_is_a_sentence_and_not_a_crash(client, side, started):
    side.server.trouble = ["down"]
    answer = client.get(path(started))
    assert answer.status_code == 502
    assert "The payment service does not answer just now" in words(answer)


def test_back_from_paying_leads_on_to_the_booking(client, side, started):
    side.pay(started.provider_ref)
    answer = client.post(
        f"{path(started)}/back",
        data=side.server.callback(started.provider_ref),
        headers={"Origin": "https://api.razorpay.com", "Sec-Fetch-Site": "cross-site"},
    )
    assert (answer.status_code, answer.location) == (303, "/bookings/7CODE/return")


def test_back_with_a_forged_signature_goes_no_further(client, side, started):
    side.pay(started.provider_ref)
    forged = {**side.server.callback(started.provider_ref), "razorpay_signature": "0" * 64}
    answer = client.post(f"{path(started)}/back", data=forged)
    assert answer.status_code == 400
    assert "This message is not from the payment service." in words(answer)


@pytest.mark.parametrize("method", ["get", "post"])
def test_back_without_paying_leads_on_to_the_booking(client, side, started, method):
    answer = getattr(client, method)(f"{path(started)}/back")
    assert (answer.status_code, answer.location) == (303, "/bookings/7CODE/return")


def test_an_address_that_we_did_not_sign_is_not_there(client, side, started):
    for address in (f"{path(started)}x", f"{path(started)}x/back", "/pay/razorpay/order_1"):
        assert client.get(address).status_code == 404


def test_a_house_without_razorpay_has_no_such_page(client, app):
    assert client.get("/pay/razorpay/anything").status_code == 404
    assert client.post("/pay/razorpay/anything/back").status_code == 404
