"""What every page shares: rendering, error pages, filters, guards, security headers."""

from __future__ import annotations

from flask import Flask

from app.config import Settings
from app.web.assets import init_assets
from app.web.errors import init_errors
from app.web.filters import init_filters
from app.web.guards import init_guards
from app.web.identity import init_identity
from app.web.limits import init_limits
from app.web.requests import init_requests
from app.web.security import init_security
from app.web.staff_nav import init_staff_nav


def init_web(app: Flask, settings: Settings) -> None:
    init_requests(app, settings)
    init_security(app, settings)
    init_assets(app)
    init_filters(app, settings)
    init_identity(app)
    init_guards(app)
    init_staff_nav(app)
    init_limits(app, settings)
    init_errors(app)
