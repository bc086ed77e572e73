"""What tests of services share: a gateway and a mail server whose every answer the test decides."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.adapters.mail import EXTENSION, FakeOutgoing
from app.adapters.payments.fake import FakeGateway
from tests.support.offers import untrue_balances


@pytest.fixture
def fake(app, monkeypatch) -> FakeGateway:
    """The house's second gateway, in memory, named "fake"."""
    gateway = FakeGateway()
    monkeypatch.setitem(app.extensions["marquee_gateways"], "fake", gateway)
    return gateway


@pytest.fixture
def post(app, monkeypatch) -> FakeOutgoing:
    """The mails that went out."""
    fake = FakeOutgoing()
    monkeypatch.setitem(app.extensions, EXTENSION, fake)
    return fake


@pytest.fixture
def drawn_here(monkeypatch) -> None:
    """Invoices are drawn in this process: the same file, without a second's start of another."""
    from app.adapters.pdf import render_pdf
    from app.services import group_papers

    monkeypatch.setattr(group_papers, "_drawn", lambda html: render_pdf([html], group_papers.STYLE, {}))


@pytest.fixture
def books_are_true(app) -> Iterator[None]:
    """At the end every balance, every use of a coupon and every deposit is what the books say."""
    yield
    assert untrue_balances() == []
