"""The application as worker and schedule have it: without pages, yet all that their work needs."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec

import pytest

from app import create_app, create_backstage
from app.adapters.payments import gateways
from app.config import ROOT, BadSetting
from app.db import db, end_read
from app.queries.papers import poster_facts
from app.queries.tickets import booking_view
from app.services.tickets import ticket_sheets
from tests.builders import a_paid_booking, a_show

TEMPLATES = ROOT / "app" / "templates"
FILLED_OUTSIDE = sorted(
    str(path.relative_to(TEMPLATES)) for part in ("mail", "pdf") for path in (TEMPLATES / part).glob("*.[ht][tx][mt]*")
)
PAGES = ("app.blueprints", "app.web.security", "wtforms", "flask_login")
WORK = ("app.services", "app.models", "app.jobs.outbox", "weasyprint")
NEVER = ("rich", "valkey")
"""What libraries would load wherever they find it, and nobody here uses."""


@pytest.fixture
def backstage(app, settings):
    made = create_backstage(settings)
    with made.app_context():
        yield made
        db.session.remove()
        db.engine.dispose()


def test_there_are_templates_to_fill():
    assert len(FILLED_OUTSIDE) > 3


@pytest.mark.parametrize("template", FILLED_OUTSIDE)
def test_mails_and_documents_find_their_filters(backstage, template):
    backstage.jinja_env.get_template(template)


def test_a_ticket_is_the_same_sheet_there(app, settings):
    booking = a_paid_booking(a_show())
    view = booking_view(booking.show_id, booking.id)
    poster = poster_facts(view.movie.id)
    end_read()
    here = ticket_sheets(view, poster)
    with create_backstage(settings).app_context():
        assert ticket_sheets(view, poster) == here


def loaded_by(script: str, env: dict[str, str], how: str = "create_backstage()") -> set[str]:
    """The modules in a process that has just imported this script and made its application."""
    words = f"import sys, {script}\nfrom app import create_app, create_backstage\n{how}\nprint(*sys.modules)"
    command = [sys.executable, "-c", words]
    answer = subprocess.run(
        command, cwd=ROOT, env=os.environ | env | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=True
    )
    return set(answer.stdout.decode().split())


def test_what_would_be_loaded_by_the_way_is_here_to_be_loaded():
    assert all(find_spec(name) for name in NEVER)


def test_the_schedule_loads_neither_pages_nor_the_work_it_hands_on(test_environment):
    loaded = loaded_by("schedule", test_environment, "create_backstage(gateways_now=False)")
    assert "app.jobs.schedule" in loaded
    assert not loaded.intersection(PAGES + WORK + NEVER)


def test_the_worker_loads_no_pages(test_environment):
    loaded = loaded_by("worker", test_environment)
    assert "rq" in loaded
    assert not loaded.intersection(PAGES + NEVER)


def test_a_web_process_loads_no_second_client_and_nothing_for_a_console(test_environment):
    loaded = loaded_by("gunicorn", test_environment, "create_app()")
    assert "app.blueprints" in loaded
    assert not loaded.intersection((*NEVER, "weasyprint"))


def test_gateways_asked_for_later_are_the_same(app, settings):
    later = create_backstage(settings, gateways_now=False)
    with app.app_context():
        here = {name: type(gateway) for name, gateway in gateways().items()}
    with later.app_context():
        assert {name: type(gateway) for name, gateway in gateways().items()} == here
        assert gateways()["sandbox"] is gateways()["sandbox"]


def test_an_unknown_gateway_is_named_at_the_start_wherever_it_is_built(settings):
    with pytest.raises(BadSetting, match="GATEWAYS names piggybank"):
        create_backstage(replace(settings, gateways=("piggybank",)), gateways_now=False)


def test_a_web_process_has_its_templates_and_mappers_before_it_forks(settings):
    fresh = create_app(settings)
    fresh.extensions["before_fork"]()
    kept = {name for _, name in fresh.jinja_env.cache}
    assert {"base.html", "browse/home.html", "shows/show.html", "booking/checkout.html"} <= kept
    assert not any(name.startswith(("staff/", "mail/")) for name in kept)
