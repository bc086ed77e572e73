"""Alive, ready, and the figures that only the machine's own scraper sees."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from app.embedded import connect
from app.embedded.databases import role_of
from app.queries import health
from tests.builders import a_hold, a_show


def test_alive_needs_nothing(client):
    assert client.get("/healthz").json == {"status": "ok"}


def test_ready_names_the_part_that_is_gone(client, monkeypatch):
    def gone() -> str:
        raise OperationalError("SELECT 1", {}, OSError("no server"))

    monkeypatch.setattr(health, "_database", gone)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json["database"] == "gone (OperationalError)"
    assert response.json["cache"] == "ok"


def test_without_a_worker_the_house_is_not_ready(client):
    response = client.get("/readyz")
    assert (response.status_code, response.json["worker"]) == (503, "none is running")


def test_two_database_roles_leave_no_guard_missing(client):
    assert client.get("/readyz").json["missing_guards"] == []


def test_a_role_that_may_change_the_books_is_named(client, urls):
    role = role_of(urls.database_url)
    with connect(urls.migration_database_url) as owner:
        owner.execute(f"GRANT UPDATE ON ledger_entries TO {role}")
        missing = client.get("/readyz").json["missing_guards"]
        owner.execute(f"REVOKE UPDATE ON ledger_entries FROM {role}")
    assert missing == ["the application's database role can change what may only grow: ledger_entries"]


def test_the_figures_tell_what_waits(client):
    a_hold(a_show())
    body = client.get("/metrics").get_data(as_text=True)
    assert "marquee_bookings_unfinished 1.0" in body
    assert 'marquee_holds_total{outcome="HELD"}' in body


@pytest.mark.parametrize("headers", [{"X-Forwarded-For": "203.0.113.9"}])
def test_figures_are_for_this_machine_only(client, headers):
    assert client.get("/metrics", headers=headers).status_code == 404
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 404


def test_a_scraper_elsewhere_shows_its_token(client, set_setting):
    set_setting(metrics_token="scrape-me")
    remote = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/metrics", environ_base=remote).status_code == 404
    allowed = client.get("/metrics", environ_base=remote, headers={"Authorization": "Bearer scrape-me"})
    assert allowed.status_code == 200
