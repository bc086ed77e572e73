"""What security.md promises, line by line, as far as it exists today. Walks go over the URL map: new routes are in."""

from __future__ import annotations

import dataclasses
import email
import io
import json
from collections.abc import Iterator
from email import policy
from pathlib import Path
from typing import Any

import pytest
import structlog
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.routing import IntegerConverter, Rule

from app import create_app
from app.config import Settings
from app.db import Base, db
from app.jobs.outbox import run_due_items
from app.models import Show
from tests.builders import a_cinema, a_movie, a_show, seat_ids
from tests.support.client import soup
from tests.web.buyer import Buyer, a_buyer

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'; "
    "worker-src 'self'"
)
HOSTILE = '{{7*7}}<script>alert(1)</script>" onmouseover="alert(2)" hx-on:click=\'alert(3)\''
SIGNED = {"razorpay.back", "webhooks.receive"}
"""POSTs that carry a gateway's signature in place of a session, a token and an origin."""


@pytest.fixture
def show(app: Flask) -> Show:
    return a_show()


@pytest.fixture
def buyer(app: Flask) -> Buyer:
    return a_buyer(app)


@pytest.fixture
def stranger(app: Flask) -> Buyer:
    return a_buyer(app)


@pytest.fixture
def paid(buyer: Buyer, show: Show) -> str:
    """The code of a paid booking."""
    return buyer.booked(show, seat_ids(show, "A1", "A2"))


@pytest.fixture
def held(buyer: Buyer, show: Show) -> str:
    return buyer.held(show, seat_ids(show, "B1", "B2"))


def rules(app: Flask, method: str) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if method in (rule.methods or ()) and rule.endpoint != "static"]


def filled(app: Flask, rule: Rule, **values: Any) -> str:
    """The rule's address with these parameters; any other is a number or a word that names nothing."""
    other = {name: 1 if isinstance(kind, IntegerConverter) else "x" for name, kind in rule._converters.items()}
    known = {name: values.get(name, value) for name, value in other.items()}
    with app.test_request_context():
        return str(app.url_map.bind("localhost").build(rule.endpoint, known))


# Who may


def booking_rules(app: Flask, method: str) -> list[Rule]:
    return [rule for rule in rules(app, method) if rule.rule.startswith("/bookings/")]


def test_to_another_session_a_booking_does_not_exist_at_any_address(app, stranger: Buyer, paid: str, held: str):
    for code in (paid, held):
        for rule in booking_rules(app, "GET"):
            assert stranger.get(filled(app, rule, code=code)).status_code == 404, rule.rule
        for rule in booking_rules(app, "POST"):
            assert stranger.post_form(filled(app, rule, code=code)).status_code == 404, rule.rule


def test_to_another_account_a_booking_does_not_exist_at_any_address(
    app, stranger: Buyer, show: Show, paid: str, held: str
):
    form = {"name": "Eve", "email": "eve@example.org", "password": "eve's own password"}
    assert stranger.post_form("/register", form).status_code == 303
    for code in (paid, held):
        for rule in booking_rules(app, "GET"):
            assert stranger.get(filled(app, rule, code=code)).status_code == 404, rule.rule
        for rule in booking_rules(app, "POST"):
            assert stranger.post_form(filled(app, rule, code=code), page=f"/shows/{show.id}").status_code == 404, (
                rule.rule
            )


def test_what_is_not_there_looks_like_what_is_not_yours(app, stranger: Buyer, paid: str):
    """Otherwise the answer would tell which codes are real."""
    made_up = paid[:-8] + "ZZZZZZZZ"
    for rule in booking_rules(app, "GET"):
        real, unreal = (stranger.get(filled(app, rule, code=code)) for code in (paid, made_up))
        assert real.status_code == unreal.status_code == 404
        assert real.get_data(as_text=True).replace(paid, "") == unreal.get_data(as_text=True).replace(made_up, "")


def test_a_link_for_one_booking_opens_no_other_and_no_altered_one_opens(stranger: Buyer, paid: str, held: str, app):
    from app.web.identity import link_key

    key = link_key(paid)
    assert stranger.get(f"/bookings/{held}?key={key}").status_code == 404
    altered = ("A" if key[0] != "A" else "B") + key[1:]
    assert stranger.get(f"/bookings/{paid}?key={altered}").status_code == 404
    assert stranger.get(f"/bookings/{paid}?key={key}").status_code == 200


# Writes from elsewhere


@pytest.fixture
def posts(app: Flask) -> list[Rule]:
    found = [rule for rule in rules(app, "POST") if rule.endpoint not in SIGNED]
    assert len(found) > 8
    return found


def test_a_write_without_the_forms_token_is_refused_everywhere(app, buyer: Buyer, show: Show, held: str, posts):
    buyer.get("/login")
    for rule in posts:
        address = filled(app, rule, code=held, show_id=show.id)
        assert buyer.post(address, data={}).status_code == 403, rule.rule
        assert buyer.post(address, data={"csrf_token": "made up"}).status_code == 403, rule.rule


FOREIGN = [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_write_from_another_site_is_refused_even_with_a_token(
    app, buyer: Buyer, show: Show, held: str, posts, headers
):
    token = buyer.token()
    for rule in posts:
        address = filled(app, rule, code=held, show_id=show.id)
        assert buyer.post(address, data={"csrf_token": token}, headers=headers).status_code == 403, rule.rule


def test_a_token_of_another_session_is_worth_nothing(buyer: Buyer, stranger: Buyer, show: Show):
    buyer.get("/login")
    seats = seat_ids(show, "A1", "A2")
    answer = buyer.post(f"/shows/{show.id}/hold", data={"seats": seats, "csrf_token": stranger.token()})
    assert answer.status_code == 403


def test_our_own_origin_is_no_stranger(buyer: Buyer, show: Show):
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert buyer.hold(show, seat_ids(show, "A1", "A2"), headers=headers).status_code == 303


def digest() -> str:
    """Every row of every table, in one number."""
    parts = []
    for table in Base.metadata.sorted_tables:
        sql = f"SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) FROM \"{table.name}\" t"
        parts.append(db.session.execute(text(sql)).scalar_one())
    db.session.commit()
    return "".join(parts)


def test_no_get_writes(app, buyer: Buyer, show: Show, held: str, paid: str):
    paying = started(buyer, a_show())
    session = db.session.execute(text("SELECT id FROM sandbox_sessions WHERE state = 'open'")).scalar_one()
    before = digest()
    for rule in rules(app, "GET"):
        for code in (held, paid, paying):
            address = filled(app, rule, code=code, show_id=show.id, session=session, slug=show.movie.slug)
            for method in ("GET", "HEAD"):
                status = buyer.open(address, method=method).status_code
                assert status < 500 or rule.endpoint == "health.readyz", rule.rule
    assert digest() == before


def started(buyer: Buyer, show: Show) -> str:
    """A booking whose buyer has gone to the gateway's page."""
    code = buyer.held(show, seat_ids(show, "A1", "A2"))
    assert buyer.pay(code).status_code == 303
    return code


def test_the_digest_sees_a_change(app, show: Show):
    before = digest()
    db.session.execute(text("UPDATE shows SET note = 'changed'"))
    assert digest() != before


# Cookies, headers, caching


@pytest.fixture
def production(settings: Settings) -> Iterator[Flask]:
    made = create_app(dataclasses.replace(settings, env="production", base_url="https://tickets.example"))
    yield made
    with made.app_context():
        db.engine.dispose()


def set_cookies(response: Any) -> list[str]:
    return list(response.headers.getlist("Set-Cookie"))


def test_cookies_in_production_stay_with_us(app: Flask, production: Flask):
    a_cinema()
    slug = db.session.execute(text("SELECT slug FROM cities LIMIT 1")).scalar_one()
    with production.test_client() as client:
        page = client.get("/login", base_url="https://tickets.example")
        token = BeautifulSoup(page.data, "html.parser").find("input", attrs={"name": "csrf_token"})["value"]
        same = {"base_url": "https://tickets.example", "headers": {"Referer": "https://tickets.example/login"}}
        chosen = client.post("/cities", data={"csrf_token": token, "city": slug}, **same)
        form = {"name": "Ada", "email": "ada@example.org", "password": "a long password", "csrf_token": token}
        registered = client.post("/register", data=form, **same)
    assert registered.status_code == 303
    cookies = set_cookies(page) + set_cookies(chosen) + set_cookies(registered)
    assert {cookie.partition("=")[0] for cookie in cookies} >= {"__Host-session", "city", "device"}
    for cookie in cookies:
        flags = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "samesite=lax"} <= flags, cookie
        assert not any(flag.startswith("domain") for flag in flags), cookie
        if cookie.startswith("__Host-"):
            assert "path=/" in flags


def test_production_asks_for_https_from_then_on(production: Flask):
    answer = production.test_client().get("/healthz", base_url="https://tickets.example")
    assert "max-age=63072000" in answer.headers["Strict-Transport-Security"]


def test_every_kind_of_answer_has_the_policy_to_the_letter(client: FlaskClient, show: Show):
    answers = [client.get(address) for address in ("/", "/no/such/page", "/account", "/healthz")]
    answers.append(client.post("/login"))
    answers += [client.get("/search", headers={"HX-Request": "true"}), client.get(f"/shows/{show.id}")]
    assert {answer.status_code for answer in answers} >= {200, 303, 403, 404}
    for answer in answers:
        assert answer.headers["Content-Security-Policy"] == CSP
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "unsafe" not in CSP


def test_what_is_personal_is_kept_by_nobody(buyer: Buyer, paid: str, held: str, show: Show):
    pages = (f"/bookings/{paid}", f"/bookings/{held}/checkout", f"/shows/{show.id}", "/account/bookings", "/")
    for page in pages:
        assert buyer.get(page).headers["Cache-Control"] == "no-store", page
    assert "no-store" in buyer.get(f"/bookings/{paid}/tickets.pdf").headers["Cache-Control"]


def test_what_is_public_knows_nobody(buyer: Buyer, held: str, show: Show):
    answer = buyer.get(f"/shows/{show.id}/seats?v=none")
    assert answer.headers["Cache-Control"] == "public, max-age=1"
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert held not in answer.get_data(as_text=True)


@pytest.mark.parametrize("address", ["/static/marquee.css", "/healthz"])
def test_files_are_the_same_whatever_cookie_asks_for_them(buyer: Buyer, held: str, address: str):
    answer = buyer.get(address)
    assert answer.status_code == 200
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_an_answer_without_a_page_is_the_same_whatever_the_browser_takes(buyer: Buyer, show: Show):
    packed = {"Accept-Encoding": "br"}
    sent_on = buyer.hold(show, seat_ids(show, "A1", "A2"), headers=packed)
    assert sent_on.status_code == 303
    assert "Accept-Encoding" not in sent_on.headers.get("Vary", "")
    page = buyer.get(f"/shows/{show.id}", headers=packed)
    assert "Accept-Encoding" in page.headers["Vary"]
    assert page.headers["Content-Encoding"] == "br"


# Where we send people


AWAY = (
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "/%2f%2fevil.example",
    "/%5cevil.example",
    "%2f%2fevil",
)
AWAY += ("/\t/evil.example", "\\\\evil.example", "javascript:alert(1)", "http:evil.example", "///evil.example")


@pytest.mark.parametrize("address", AWAY)
def test_nobody_is_sent_away(buyer: Buyer, address: str):
    a_cinema()
    slug = db.session.execute(text("SELECT slug FROM cities LIMIT 1")).scalar_one()
    chosen = buyer.post_form("/cities", {"city": slug, "next": address})
    form = {"name": "Ada", "email": "ada@example.org", "password": "a long password", "next": address}
    registered = buyer.post_form("/register", form)
    for answer in (chosen, registered):
        assert answer.status_code == 303
        assert answer.location == "/"


# What people write


def harmless(page: str) -> None:
    """Hostile words are there as words, or not at all; nothing of them is markup and nothing was evaluated."""
    found = BeautifulSoup(page, "html.parser")
    assert not [tag for tag in found.find_all("script") if not tag.get("src")]
    names = [name.lower() for tag in found.find_all(True) for name in tag.attrs]
    assert not [name for name in names if name.startswith(("on", "hx-on"))]
    assert "49<script>" not in page
    assert "<script>alert" not in page


def test_hostile_titles_cinemas_and_names_come_out_as_words(app: Flask, buyer: Buyer):
    movie = a_movie(HOSTILE, synopsis=HOSTILE, directors=[HOSTILE], cast=[HOSTILE], certificate=HOSTILE[:20])
    show = a_show(movie=movie, cinema=a_cinema(name=HOSTILE), note=HOSTILE, language=HOSTILE)
    code = buyer.held(show, seat_ids(show, "A1", "A2"))
    pages = [buyer.get(f"/bookings/{code}/checkout")]
    back = buyer.press(buyer.pay(code, name=HOSTILE[:90]).location, "pay")
    assert buyer.get(back.location).status_code == 303
    slug = show.cinema.slug
    addresses = ["/", f"/movies/{movie.slug}", f"/shows/{show.id}", f"/shows/{show.id}?view=list", f"/bookings/{code}"]
    addresses += [
        "/account/bookings",
        f"/bookings/{code}/tickets/1",
        "/cinemas",
        f"/cinemas/{slug}",
        f"/search?q={HOSTILE}",
    ]
    pages += [buyer.get(address) for address in addresses]
    for page in pages:
        assert page.status_code == 200, page.request.path
        harmless(page.get_data(as_text=True))
    assert any("{{7*7}}" in page.get_data(as_text=True) for page in pages)


def mails(app: Flask) -> list[Any]:
    folder = Path(app.extensions["marquee_settings"].var_dir) / "mail"
    found = [email.message_from_bytes(path.read_bytes(), policy=policy.default) for path in folder.glob("*.eml")]
    for path in folder.glob("*.eml"):
        path.unlink()
    return found


def test_hostile_words_do_no_harm_in_mails(app: Flask, buyer: Buyer):
    mails(app)
    show = a_show(movie=a_movie(HOSTILE))
    code = buyer.held(show, seat_ids(show, "A1", "A2"))
    buyer.get(buyer.press(buyer.pay(code, name=HOSTILE[:90]).location, "pay").location)
    run_due_items()
    sent = mails(app)
    assert sent
    for mail in sent:
        harmless(mail.get_body(("html",)).get_content())
        assert "\n" not in str(mail["Subject"])
        assert "\n" not in str(mail["To"])


def test_line_breaks_in_a_name_make_no_header(app: Flask, buyer: Buyer, show: Show):
    mails(app)
    code = buyer.held(show, seat_ids(show, "A1", "A2"))
    answer = buyer.pay(code, name="Ada\r\nBcc: eve@example.org", email="ada@example.org\r\nBcc: eve@example.org")
    assert answer.status_code == 422
    buyer.get(buyer.press(buyer.pay(code, name="Ada\r\nBcc: eve@example.org").location, "pay").location)
    run_due_items()
    sent = mails(app)
    assert sent
    for mail in sent:
        assert mail["Bcc"] is None
        assert str(mail["To"]).endswith("<ada@example.org>")


# What others say about us


def test_links_in_mails_come_from_the_setting_not_from_the_request(app: Flask, show: Show):
    mails(app)
    buyer = a_buyer(app)
    evil = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}
    code = buyer.held(show, seat_ids(show, "A1", "A2"))
    form = {"name": "Ada", "email": "ada@example.org", "method": "sandbox:card", "csrf_token": buyer.token()}
    cookie = buyer.get_cookie("session")
    assert cookie is not None
    answer = app.test_client(use_cookies=False).post(
        f"/bookings/{code}/pay",
        data=form,
        headers={"Host": "evil.example", "Cookie": f"session={cookie.value}", **evil},
    )
    assert answer.status_code == 303
    page = "/pay/sandbox/" + answer.location.rsplit("/", 1)[1]
    buyer.press(page, "pay")
    buyer.get(f"/bookings/{code}/return")
    run_due_items()
    sent = mails(app)
    assert sent
    base_url = app.extensions["marquee_settings"].base_url
    for mail in sent:
        whole = mail.get_body(("html",)).get_content() + mail.get_body(("plain",)).get_content()
        assert "evil.example" not in whole
        assert f"{base_url}/bookings/{code}" in whole


def test_proxies_are_counted_not_believed(app: Flask, settings: Settings):
    """X-Forwarded-For names the address only as far as the setting says that proxies stand before us."""
    assert seen_address(settings, {"X-Forwarded-For": "6.6.6.6"}) == "127.0.0.1"
    behind = dataclasses.replace(settings, trusted_proxies=1)
    assert seen_address(behind, {"X-Forwarded-For": "6.6.6.6, 9.9.9.9"}) == "9.9.9.9"


def seen_address(settings: Settings, headers: dict[str, str]) -> str | None:
    from flask import request

    made = create_app(settings)
    with made.test_client() as client:
        client.get("/healthz", headers=headers)
        return request.remote_addr


def test_a_line_of_the_log_is_one_line_whatever_is_in_it(app: Flask, client: FlaskClient, monkeypatch):
    from app.web import errors

    book = io.StringIO()
    processors = structlog.get_config()["processors"]
    monkeypatch.setattr(errors, "log", structlog.wrap_logger(structlog.PrintLogger(book), processors=processors))
    monkeypatch.setitem(app.view_functions, "health.healthz", guarded_failure)
    monkeypatch.setitem(app.config, "TESTING", False)
    answer = client.get("/healthz", query_string={"key": "secret-key"}, headers={"X-Name": "Ada\u2028"})
    assert answer.status_code == 500
    lines = book.getvalue().strip().split("\n")
    assert len(lines) == 1
    assert json.loads(lines[0])["event"] == "request_failed"
    assert "secret-key" not in lines[0]
    assert "BREAK\nHERE" not in book.getvalue()


def guarded_failure() -> None:
    raise RuntimeError('BREAK\nHERE\r\n{"event": "forged"}')


guarded_failure.guard = "public"  # type: ignore[attr-defined]


# Too much


def test_too_many_holds_wait_a_minute(buyer: Buyer, show: Show, set_setting):
    set_setting(holds_per_minute=3)
    seats = seat_ids(show, "A1", "A2")
    answers = [buyer.hold(show, seats) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert a_buyer(buyer.application).hold(show, seat_ids(show, "B1", "B2")).status_code == 303, "others are not meant"


@pytest.fixture
def hasty(settings: Settings) -> Iterator[Flask]:
    made = create_app(dataclasses.replace(settings, requests_per_minute=5))
    yield made
    with made.app_context():
        db.engine.dispose()


def test_too_many_requests_wait_but_polls_and_files_are_not_counted(app: Flask, hasty: Flask, show: Show):
    client = hasty.test_client()
    for _ in range(12):
        assert client.get(f"/shows/{show.id}/seats?v=0.0").status_code == 204
        assert client.get("/static/marquee.css").status_code == 200
        assert client.get("/healthz").status_code == 200
    answers = [client.get("/cinemas") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert soup(answers[-1]).h1
    assert client.get(f"/shows/{show.id}/seats?v=0.0").status_code == 204, "an open seat map stays live"


def test_gateways_are_not_counted(app: Flask, hasty: Flask):
    client = hasty.test_client()
    answers = [client.post("/webhooks/sandbox", data=b"{}") for _ in range(8)]
    assert {answer.status_code for answer in answers} == {400}
