"""The application: create_app() binds the rooms together in order; no logic lives here.

The rooms are imported inside, so that `app.embedded` can start the services without loading Flask, and worker and
schedule can do without what only pages need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Settings


def create_app(chosen: Settings | None = None) -> Flask:
    """All of it: what web processes and commands run."""
    from app.blueprints import init_blueprints
    from app.cli import init_cli
    from app.web import init_web
    from app.web.shared import House

    app = House(__name__)
    settings = _furnish(app, chosen)
    init_web(app, settings)
    init_blueprints(app, settings)
    init_cli(app)
    return app


def create_backstage(chosen: Settings | None = None) -> Flask:
    """Without pages and commands: what worker and schedule run. It is some 10 MB smaller."""
    from flask import Flask

    app = Flask(__name__)
    _furnish(app, chosen)
    return app


def _furnish(app: Flask, chosen: Settings | None) -> Settings:
    """What services need, wherever they are called from."""
    from app.adapters.payments.registry import init_gateways
    from app.config import init_config
    from app.extensions import init_extensions
    from app.logs import init_logs
    from app.web.filters import init_filters

    settings = init_config(app, chosen)
    init_logs(settings)
    init_extensions(app, settings)
    init_gateways(app, settings)
    init_filters(app, settings)
    return settings
