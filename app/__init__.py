"""The application: create_app() binds the rooms together in order; no logic lives here.

The rooms are imported inside, so that `app.embedded` can start the services without loading Flask, and worker and
schedule can do without what only pages need.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Settings


def _load_structlog() -> None:
    """Before any room does. Where it finds rich, which the tests' tools bring, it loads that to colour a console: 4 MB
    in each process, and we write JSON."""
    if "structlog" in sys.modules or "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # the import system's way to say that it is not there
    try:
        import structlog  # noqa: F401
    finally:
        del sys.modules["rich"]


_load_structlog()


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


def create_backstage(chosen: Settings | None = None, *, gateways_now: bool = True) -> Flask:
    """Without pages and commands: what worker and schedule run. It is some 25 MB smaller.

    `gateways_now=False` loads the gateways, and the tables behind them, when one is first asked for.
    """
    from flask import Flask

    app = Flask(__name__)
    _furnish(app, chosen, gateways_now)
    return app


def _furnish(app: Flask, chosen: Settings | None, gateways_now: bool = True) -> Settings:
    """What services need, wherever they are called from."""
    from app.adapters.payments.registry import init_gateways
    from app.config import init_config
    from app.extensions import init_extensions
    from app.logs import init_logs
    from app.web.filters import init_filters

    settings = init_config(app, chosen)
    init_logs(settings)
    init_extensions(app, settings)
    init_gateways(app, settings, gateways_now)
    init_filters(app, settings)
    return settings
