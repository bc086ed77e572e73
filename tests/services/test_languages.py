"""Messages in the buyer's language: nothing of one stays English, and dates and amounts are written as there."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask_babel import get_babel
from sqlalchemy import text

from app.adapters.mail import EXTENSION, FakeOutgoing
from app.adapters.templates import write_letter, write_short
from app.adapters.words import languages, speaking
from app.db import transaction
from app.domain.messages import SHORT, MessageKind
from app.queries.messages import GivenBack, PaidBy, RefundFacts, Way, gift_card_facts
from app.queries.papers import RefundView
from app.queries.tickets import booking_view
from app.web.languages import visitors_language
from tests.builders import a_movie, a_paid_booking, a_show
from tests.support.house import ROOT
from tests.support.post import a_gift_card, bodies, deliver

POT = ROOT / "app" / "translations" / "messages.pot"
PLACE = re.compile(r"(%\(\w+\)s)")


def the_catalogue() -> Catalog:
    with POT.open("rb") as file:
        return read_po(file, locale="de")


def marked(words: str) -> str:
    """The words as no language has them: ⟦Ẃords⟧ with all that is filled in outside of the brackets."""
    return "".join(part if PLACE.fullmatch(part) else f"⟦{part}⟧" for part in PLACE.split(words) if part)


@pytest.fixture
def pseudo(app, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A translation of everything: German dates and amounts, every text in brackets."""
    catalogue = the_catalogue()
    for message in catalogue:
        if isinstance(message.id, tuple):
            message.string = tuple(marked(words) for words in message.id)
        elif message.id:
            message.string = marked(message.id)
        message.flags.discard("fuzzy")
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalogue)
    monkeypatch.setattr(get_babel(app), "translation_directories", [str(tmp_path)])
    monkeypatch.setattr(get_babel(app).instance.domain_instance, "cache", {})


def test_the_catalogue_is_fresh() -> None:
    """Else: .venv/bin/pybabel extract as docs/patterns.md says."""
    methods, options = parse_mapping_cfg(io.StringIO((ROOT / "babel.cfg").read_text()))
    found = {
        message if isinstance(message, str) else tuple(message)
        for _, _, message, _, _ in extract_from_dir(ROOT / "app", methods, options)
    }
    kept = {message.id for message in the_catalogue() if message.id}
    assert kept == found


def test_english_is_what_we_speak_so_far(app) -> None:
    assert languages() == ["en"]
    with app.test_request_context(headers={"Accept-Language": "de, fr;q=0.5"}):
        assert visitors_language() == "en"
    assert visitors_language() == "en"


def test_a_visitors_language_is_the_first_we_share(app, pseudo) -> None:
    assert languages() == ["en", "de"]
    with app.test_request_context(headers={"Accept-Language": "fr, de;q=0.8, en;q=0.5"}):
        assert visitors_language() == "de"


CASES: dict[MessageKind, list[dict[str, Any]]] = {
    MessageKind.CONFIRMATION: [
        {"paid": PaidBy((), 0, 0, 0)},
        {"paid": PaidBy((Way("gift_card", 500, "7X"), Way("wallet", 1, ""), Way("exchange", 1, "")), 502, 2, 100)},
    ],
    MessageKind.PAYMENT_FAILED: [{"kept": True, "asked_minor": 2150}, {"kept": False, "asked_minor": 2150}],
    MessageKind.LATE_PAYMENT: [
        {"refund": RefundView(2150, "GBP", "wrong_amount", "requested"), "stands": False, "kept": True},
    ]
    + [
        {"refund": RefundView(2150, "GBP", reason, "requested"), "stands": stands, "kept": False}
        for stands in (True, False)
        for reason in ("wrong_amount", "already_paid", "released", "cancelled", "show_cancelled", "show_begun")
    ],
    MessageKind.CANCELLATION: [
        {"back": GivenBack("buyer", ("A1",), 2000, 100, 1900, (Way(way, 1900, "7X"),)), "stands": stands}
        for stands in (True, False)
        for way in ("refunds_payable", "gift_card_liability", "wallet_liability", "exchanges", "card_payment")
    ]
    + [{"back": GivenBack("buyer", ("A1",), value, value, 0, ()), "stands": False} for value in (0, 100)],
    MessageKind.SHOW_CANCELLED: [
        {"why": "", "back": None},
        {"why": "", "back": GivenBack("show_cancelled", ("A1",), 5, 0, 5, (Way("refunds_payable", 5),))},
    ],
    MessageKind.REMINDER: [{}],
    MessageKind.REFUND_SENT: [{"refund": RefundFacts(2150, "GBP", "sent", why)} for why in ("", "released")],
    MessageKind.REFUND_DONE: [{"refund": RefundFacts(2150, "GBP", "done", why)} for why in ("", "wrong_amount")]
    + [{"refund": RefundFacts(1, "GBP", "done", why), "b": None} for why in ("voided", "wrong_amount", "already_paid")],
    MessageKind.GIFT_CARD: [{}],
    MessageKind.GIFT_CARD_RECEIPT: [{}],
    MessageKind.GIFT_CARD_VOID: [{}],
    MessageKind.GIFT_CARD_TO_WALLET: [{"back_minor": 2500}],
    MessageKind.GROUP_REQUEST: [{"whole_show": True}, {"whole_show": False}, {"people": 1}],
    MessageKind.GROUP_OFFER: [{"number": 1, "note": "1837"}, {"number": 2, "note": ""}],
    MessageKind.GROUP_REMINDER: [{}],
    MessageKind.GROUP_WITHDRAWN: [{}],
    MessageKind.GROUP_DECLINED: [{}],
    MessageKind.GROUP_EXPIRED: [{}],
    MessageKind.GROUP_SHOW_CANCELLED: [{"why": ""}],
}
GROUPS = tuple(kind for kind in MessageKind if kind.value.startswith("group_"))


@pytest.fixture
def facts(app) -> dict[str, Any]:
    """Names and titles without a letter, so that each letter in a mail is the language's."""
    booking = a_paid_booking(a_show(movie=a_movie("2001", certificate="12"), language="", subtitles=""))
    view = booking_view(booking.show_id, booking.id)
    view = replaced(view)
    return {
        "b": view,
        "name": "1815",
        "link": "http://x.example/1",
        "base_url": "http://x.example",
        "seats": "7",
        "kept_until": view.starts_at,
    }


def of_a_group(view: Any, case: dict[str, Any]) -> dict[str, Any]:
    """A request and its offer, likewise without letters."""
    request = {"cinema": SimpleNamespace(name="9"), "whole_show": False, "people": 40, "declined_why": "1838", **case}
    offer = {"number": 1, "seats": 12, "note": "", "pay_until": view.starts_at, **case}
    return {"group": SimpleNamespace(**request), "offer": SimpleNamespace(**offer)}


def replaced(view: Any) -> Any:
    cinema = replace(view.cinema, name="9", address="8", city="7", postal_code="")
    lines = tuple(replace(line, label="6") for line in view.lines)
    return replace(view, code="1234567890", screen="3", cinema=cinema, lines=lines, name="1815")


def left_over(words: str) -> list[str]:
    """Words that no catalogue gave: not in brackets, no address, no German date."""
    bare = re.sub(r"⟦[^⟧]*⟧|https?://\S+|Marquee", " ", words)
    return re.findall(r"[A-Za-z]{3,}", re.sub(r"\w+, \d+\. \w+ \d{4}|\w+\., \d+\. \w+\.? |[A-Z]\d+", " ", bare))


@pytest.mark.parametrize("kind", list(MessageKind))
def test_nothing_of_a_message_stays_english(pseudo, facts: dict[str, Any], kind: MessageKind) -> None:
    card = gift_card_facts(
        a_gift_card(name="1815", recipient_name="", recipient_email="", note="", order_code="1", code_end="7").id
    )
    for case in CASES[kind]:
        about = {**facts, **case}
        if about["b"] is None or kind.value.startswith("gift_card"):
            about |= {"b": None, "card": card, "gift_code": "1234"}
        if kind in GROUPS:
            about |= of_a_group(facts["b"], case)
        letter = write_letter(f"mail/{kind.value}.html", "de", about)
        seen = re.sub(r"<style>.*?</style>|<[^>]+>|&nbsp;", " ", letter.html, flags=re.S)
        for words in (letter.subject, letter.text, seen):
            assert "⟦" in words
            assert left_over(words) == [], words
        if kind in SHORT:
            assert left_over(" ".join(write_short(f"mail/{kind.value}.html", "de", about))) == []
        assert '<html lang="de" dir="ltr">' in letter.html


def test_the_check_for_english_sees_some() -> None:
    assert left_over("⟦Hallo⟧ Seats 7, Freitag, 20. November 2026") == ["Seats"]


def test_a_mail_is_in_the_language_of_its_booking(pseudo, app, monkeypatch) -> None:
    fake = FakeOutgoing()
    monkeypatch.setitem(app.extensions, EXTENSION, fake)
    booking = a_paid_booking(a_show())
    with transaction() as session:
        session.execute(text("UPDATE messages SET language = 'de' WHERE show_id = :id"), {"id": booking.show_id})
    deliver(booking)
    view = booking_view(booking.show_id, booking.id)
    for words in bodies(fake.sent[0]):
        assert "⟦Hello ⟧" in words
        assert "21,50\xa0£" in words
        assert f"{view.starts_at.day}. " in words
    assert fake.sent[0]["Subject"].startswith("⟦Your tickets")


def test_after_a_mail_in_another_language_the_next_is_english_again(pseudo, facts: dict[str, Any]) -> None:
    case = {**facts, **CASES[MessageKind.REMINDER][0]}
    write_letter("mail/reminder.html", "de", case)
    assert "⟦" not in write_letter("mail/reminder.html", "en", case).text


@pytest.mark.parametrize("language", ["fr", "xx", "", "../de", "de_XX"])
def test_a_language_we_have_no_texts_in_is_english_throughout(app, facts: dict[str, Any], language: str) -> None:
    words = write_letter("mail/refund_done.html", language, {**facts, **CASES[MessageKind.REFUND_DONE][0]})
    assert "Your refund is done: £21.50" in words.subject


def test_speaking_ends_with_an_error_too(app, pseudo) -> None:
    with pytest.raises(RuntimeError), speaking("de"):
        raise RuntimeError
    assert write_letter("mail/as_text.html", "en", {"name": "", "link": "", "b": None}).text.startswith("Hello,")
