"""What every page shares: rendering, error pages, filters, guards, security headers."""

from __future__ import annotations

from flask import Flask

from app.config import Settings
from app.web.assets import init_assets
from app.web.errors import init_errors
from app.web.filters import init_filters
from app.web.guards import init_guards
from app.web.identity import init_identity
from app.web.languages import init_languages
from app.web.limits import init_limits
from app.web.requests import init_requests
from app.web.security import init_security


def init_web(app: Flask, settings: Settings) -> None:
    init_requests(app, settings)
    init_security(app, settings)
    init_assets(app)
    init_filters(app, settings)
    init_languages(app)
    init_identity(app)
    init_guards(app)
    init_limits(app, settings)
    init_errors(app)
