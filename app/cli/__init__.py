"""The flask commands: each calls services and says in words what they did."""

from __future__ import annotations

from flask import Flask

from app.cli.cinemas import CINEMAS
from app.cli.database import DATABASE
from app.cli.demo import DEMO
from app.cli.imports import IMPORTS
from app.cli.ledger import LEDGER
from app.cli.messages import MESSAGES
from app.cli.offers import OFFERS
from app.cli.payments import PAYMENTS
from app.cli.settings import SETTINGS
from app.cli.staff import STAFF
from app.cli.upkeep import UPKEEP


def init_cli(app: Flask) -> None:
    commands = (
        *(*UPKEEP, *IMPORTS, *CINEMAS, *LEDGER, *MESSAGES),
        *(*DEMO, *OFFERS, *PAYMENTS, *SETTINGS, *STAFF, *DATABASE),
    )
    for command in commands:
        app.cli.add_command(command)
