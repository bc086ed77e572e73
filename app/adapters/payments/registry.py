"""Which gateways this house has: built once from the settings, in their order."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from app.adapters.payments import Gateway
from app.config import BadSetting, Settings


def _sandbox(settings: Settings) -> Gateway:
    from app.adapters.payments.sandbox import SandboxGateway

    return SandboxGateway(settings.sandbox_webhook_secret, settings.webhook_window_seconds)


BUILDERS: dict[str, Callable[[Settings], Gateway]] = {"sandbox": _sandbox}


def init_gateways(app: Flask, settings: Settings) -> None:
    """Bind the configured gateways. Raises BadSetting for a name that there is none of."""
    unknown = [name for name in settings.gateways if name not in BUILDERS]
    if unknown:
        raise BadSetting(f"GATEWAYS names {', '.join(unknown)}; there is {', '.join(BUILDERS)}")
    app.extensions["marquee_gateways"] = {name: BUILDERS[name](settings) for name in settings.gateways}
