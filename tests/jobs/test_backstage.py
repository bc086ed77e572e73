"""The application as worker and schedule have it: without pages, yet all that their work needs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from app import create_backstage
from app.config import ROOT
from app.db import db, end_read
from app.queries.papers import poster_facts
from app.queries.tickets import booking_view
from app.services.tickets import ticket_sheet
from tests.builders import a_paid_booking, a_show

TEMPLATES = ROOT / "app" / "templates"
FILLED_OUTSIDE = sorted(
    str(path.relative_to(TEMPLATES)) for part in ("mail", "pdf") for path in (TEMPLATES / part).glob("*.[ht][tx][mt]*")
)
PAGES = ("app.blueprints", "app.web.security", "wtforms", "flask_login")
WORK = ("app.services", "app.jobs.outbox", "weasyprint")


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
    here = ticket_sheet(view, poster)
    with create_backstage(settings).app_context():
        assert ticket_sheet(view, poster) == here


def loaded_by(script: str, env: dict[str, str]) -> set[str]:
    """The modules in a process that has just imported this script and made its application."""
    words = f"import sys, {script}\nfrom app import create_backstage\ncreate_backstage()\nprint(*sys.modules)"
    command = [sys.executable, "-c", words]
    answer = subprocess.run(
        command, cwd=ROOT, env=os.environ | env | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=True
    )
    return set(answer.stdout.decode().split())


def test_the_schedule_loads_neither_pages_nor_the_work_it_hands_on(test_environment):
    loaded = loaded_by("schedule", test_environment)
    assert "app.jobs.schedule" in loaded
    assert not loaded.intersection(PAGES + WORK)


def test_the_worker_loads_no_pages(test_environment):
    loaded = loaded_by("worker", test_environment)
    assert "rq" in loaded
    assert not loaded.intersection(PAGES)
