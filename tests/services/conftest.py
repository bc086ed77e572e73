"""What tests of services share: a gateway whose every answer the test decides."""

from __future__ import annotations

import pytest

from app.adapters.payments.fake import FakeGateway


@pytest.fixture
def fake(app, monkeypatch) -> FakeGateway:
    """The house's second gateway, in memory, named "fake"."""
    gateway = FakeGateway()
    monkeypatch.setitem(app.extensions["marquee_gateways"], "fake", gateway)
    return gateway
