"""Which gateways this house has: built once from the settings, in their order."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from flask import Flask
from werkzeug.local import LocalProxy

from app.adapters.payments import Gateway
from app.config import BadSetting, Settings


def _sandbox(settings: Settings) -> Gateway:
    from app.adapters.payments.sandbox import SandboxGateway

    return SandboxGateway(settings.sandbox_webhook_secret, settings.webhook_window_seconds)


def _stripe(settings: Settings) -> Gateway:
    from app.adapters.payments.stripe import StripeGateway

    return StripeGateway(
        settings.stripe_secret_key,
        settings.stripe_webhook_secret,
        settings.webhook_window_seconds,
        settings.gateway_timeout_seconds,
        settings.stripe_api_url,
        settings.stripe_flow,
        settings.stripe_methods,
    )


def _razorpay(settings: Settings) -> Gateway:
    from app.adapters.payments.razorpay import RazorpayGateway

    return RazorpayGateway(
        settings.razorpay_key_id,
        settings.razorpay_key_secret,
        settings.razorpay_webhook_secret,
        settings.webhook_window_seconds,
        settings.gateway_timeout_seconds,
        settings.secret_key,
        settings.razorpay_api_url,
        settings.razorpay_currencies,
    )


BUILDERS: dict[str, Callable[[Settings], Gateway]] = {"sandbox": _sandbox, "stripe": _stripe, "razorpay": _razorpay}
"""Each loads its provider's library when it is called, and not before: the libraries are large."""


def init_gateways(app: Flask, settings: Settings, now: bool = True) -> None:
    """Bind the configured gateways, built now or at the first look. Raises BadSetting for a name that there is none of."""
    unknown = [name for name in settings.gateways if name not in BUILDERS]
    if unknown:
        raise BadSetting(f"GATEWAYS names {', '.join(unknown)}; there is {', '.join(BUILDERS)}")
    built = cache(lambda: {name: BUILDERS[name](settings) for name in settings.gateways})
    app.extensions["marquee_gateways"] = built() if now else LocalProxy(built)
