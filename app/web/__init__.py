"""What every page shares: rendering, error pages, filters, guards, security headers.

Imported inside: mails and PDFs use the filters, in processes that have no pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Settings


def init_web(app: Flask, settings: Settings) -> None:
    from app.web.assets import init_assets
    from app.web.bodies import init_bodies
    from app.web.errors import init_errors
    from app.web.extensions import init_page_extensions
    from app.web.guards import init_guards
    from app.web.identity import init_identity
    from app.web.languages import init_languages
    from app.web.limits import init_limits
    from app.web.once import init_once
    from app.web.opening import init_opening
    from app.web.requests import init_requests
    from app.web.security import init_security
    from app.web.staff_nav import init_staff_nav

    init_bodies(app)
    init_page_extensions(app)
    init_requests(app, settings)
    init_security(app, settings)
    init_assets(app)
    init_languages(app)
    init_identity(app)
    init_guards(app)
    init_staff_nav(app)
    init_once(app)
    init_opening(app)
    init_limits(app, settings)
    init_errors(app)
