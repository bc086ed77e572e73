"""Every setting: typed, read from the environment once, documented here. A missing secret stops a production start."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from flask import Flask, current_app
from werkzeug.local import LocalProxy

from app.domain.refund_policy import BadPolicy, parse_steps
from app.domain.staff import FactorRule, Role

ROOT = Path(__file__).resolve().parent.parent
MB = 1024 * 1024
LOOPBACK = ("localhost", "127.0.0.1")


class BadSetting(RuntimeError):
    """A setting is missing or can't be read; the message names it and says what it should be."""


def _setting(default: Any, about: str, secret: bool = False) -> Any:
    factory = {"default_factory": default} if callable(default) else {"default": default}
    return field(**factory, metadata={"about": about, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process. Names in the environment are these names in capitals."""

    env: str = _setting("development", "development, production or test")
    site_name: str = _setting("Marquee", "the name on the sign, in mails and on tickets")
    base_url: str = _setting("http://localhost:8000", "where the public reaches the site; links in mails begin with it")
    var_dir: Path = _setting(ROOT / "var", "data of the embedded services, mails of development, secrets")
    secret_key: str = _setting("", "signs sessions and links; at least 32 random bytes", secret=True)
    database_url: str = _setting("", "PostgreSQL for the application, postgresql+psycopg://…")
    migration_database_url: str = _setting("", "the same database as the role that owns the tables")
    database_pool: int = _setting(5, "connections a process keeps open; at least its threads")
    redis_url: str = _setting("", "Valkey or Redis, redis://…")
    trusted_proxies: int = _setting(0, "how many reverse proxies stand in front; their X-Forwarded headers are read")
    web_concurrency: int = _setting(0, "web processes; 0 = one per core")

    seat_locking: str = _setting("pessimistic", "how seats are reserved; pessimistic = row locks")
    max_seats: int = _setting(10, "seats one booking may have, and one buyer per show")
    hold_minutes: int = _setting(10, "how long chosen seats are kept")
    extension_minutes: int = _setting(5, "what one extension adds")
    payment_minutes: int = _setting(15, "what starting to pay leaves at least")
    hold_cap_minutes: int = _setting(30, "never longer than this after the hold")
    orphan_seats: str = _setting("on", "on = a stranded single seat is refused, warn = only said, off")
    holds_per_minute: int = _setting(10, "hold attempts a buyer may make a minute; 0 = no limit")
    requests_per_minute: int = _setting(
        100, "requests an address may make a minute, polls and files apart; 0 = no limit"
    )
    logins_per_minute: int = _setting(10, "log-in attempts an address or an account may make a minute; 0 = no limit")

    staff_idle_hours: int = _setting(12, "staff who ask for no staff page this long are logged out")
    staff_totp: dict[str, str] = _setting(
        lambda: {"BOX_OFFICE": "optional", "SCANNER": "optional", "MANAGER": "required", "ADMIN": "required"},
        "second factor by role: required, optional or off; a role not named is optional",
    )
    staff_requests_per_minute: int = _setting(
        600, "requests to staff pages a person may make a minute, instead of the address's; 0 = no limit"
    )

    booking_fees: dict[str, int] = _setting(
        lambda: {"GBP": 75, "EUR": 75, "BRL": 300, "USD": 100}, "fee per seat in minor units, GBP=75,EUR=75"
    )
    tax_percent: dict[str, str] = _setting(
        lambda: {"GB": "20", "FR": "5.5", "RE": "2.1", "BR": "0"},
        "tax inside the prices by country, GB=20,FR=5.5",
    )
    sales_close_minutes: int = _setting(0, "how long after its start a show can still be booked")
    cleaning_minutes: int = _setting(15, "kept free on a screen after each show")

    refund_steps: str = _setting(
        "120:90",
        "what a cancelled seat gives back where its cinema says nothing else: minutes before the show:percent[:fee a seat]",
    )
    reminder_hours: int = _setting(
        24, "how long before a show its buyers are reminded, on the cinema's clocks; 0 = never"
    )
    door_before_minutes: int = _setting(60, "any show now: how long before its start a show is let in")
    door_after_minutes: int = _setting(90, "any show now: how long after its start a show is still let in")
    gift_card_months: int = _setting(24, "how long a gift card is good")
    gift_card_least: dict[str, int] = _setting(
        lambda: {"GBP": 500, "EUR": 500, "BRL": 2000, "USD": 500},
        "the smallest gift card by currency, in minor units; a currency without one sells none",
    )
    gift_card_most: dict[str, int] = _setting(
        lambda: {"GBP": 50000, "EUR": 50000, "BRL": 200000, "USD": 50000}, "the largest gift card, likewise"
    )
    codes_per_minute: int = _setting(
        10, "coupon and gift card codes a visitor or an address may try a minute; 0 = no limit"
    )

    gateways: tuple[str, ...] = _setting(("sandbox",), "payment gateways on offer, comma-separated")
    allow_sandbox: bool = _setting(False, "in production, let the sandbox gateway give tickets for nothing; yes or no")
    sandbox_webhook_secret: str = _setting("", "signs the sandbox gateway's messages", secret=True)
    sandbox_webhook_url: str = _setting("", "where the sandbox sends its messages; empty = BASE_URL/webhooks/sandbox")
    sandbox_late_minutes: int = _setting(35, "when the money of a sandbox payment made late arrives; past the cap")
    stripe_secret_key: str = _setting("", "Stripe's secret key, sk_live_… or sk_test_…; needed with GATEWAYS=stripe")
    stripe_webhook_secret: str = _setting(
        "", "the signing secret of Stripe's webhook, whsec_…; needed with GATEWAYS=stripe"
    )
    stripe_flow: str = _setting(
        "checkout", "checkout = Stripe's own page; intent = methods that redirect, where Checkout is not there"
    )
    stripe_methods: dict[str, str] = _setting(
        lambda: {"CARD": "card"},
        "ways to pay and Stripe's names for them, CARD=card,WALLET=revolut_pay+paypal,NET_BANKING=ideal,UPI=upi; "
        "WALLET are payment apps",
    )
    stripe_api_url: str = _setting("", "another address of Stripe's API, for tests; empty = Stripe's own")
    razorpay_key_id: str = _setting("", "Razorpay's key id, rzp_live_… or rzp_test_…; needed with GATEWAYS=razorpay")
    razorpay_key_secret: str = _setting("", "the secret of that key; needed with GATEWAYS=razorpay")
    razorpay_webhook_secret: str = _setting("", "the secret of Razorpay's webhook; needed with GATEWAYS=razorpay")
    razorpay_currencies: tuple[str, ...] = _setting(
        ("INR",), "currencies that the Razorpay account is approved for; all but INR with cards only"
    )
    razorpay_api_url: str = _setting("", "another address of Razorpay's API, for tests; empty = Razorpay's own")
    gateway_timeout_seconds: int = _setting(10, "how long a gateway may take to answer")
    webhook_window_seconds: int = _setting(300, "a gateway's message older than this is not believed")
    reconcile_minutes: int = _setting(5, "a payment pending this long is asked about, and again as often")

    ticket_signing_keys: str = _setting("", "id:base64url(32 bytes), comma-separated; the last one signs", secret=True)

    smtp_url: str = _setting("", "smtp://user:password@host:587 (STARTTLS) or smtps://…:465; empty = files in var/mail")
    mail_from: str = _setting("Marquee <tickets@localhost>", "the sender of every mail")
    mail_timeout_seconds: int = _setting(20, "how long a mail server may take")

    sms_url: str = _setting("", "text messages: an apprise address with {phone} in it; empty = not on offer")
    push_url: str = _setting("", "push: an apprise address with {topic} in it; empty = not on offer")
    push_page_url: str = _setting(
        "", "where a buyer subscribes, https://… with {topic}; empty = only the topic is shown"
    )

    poll_seconds: float = _setting(2.0, "how often an open seat map asks for changes")
    metrics_token: str = _setting("", "bearer token for /metrics; empty = only this machine may read it")
    log_level: str = _setting("INFO", "DEBUG, INFO, WARNING or ERROR")

    @property
    def production(self) -> bool:
        return self.env == "production"


def _mapping(text: str, value: Callable[[str], Any]) -> dict[str, Any]:
    pairs = (part.partition("=") for part in text.split(",") if part.strip())
    return {key.strip().upper(): value(number.strip()) for key, _, number in pairs}


def _truth(text: str) -> bool:
    known = {"yes": True, "1": True, "true": True, "no": False, "0": False, "false": False}
    if text.lower() not in known:
        raise ValueError(text)
    return known[text.lower()]


_READERS: dict[str, Callable[[str], Any]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": _truth,
    "Path": Path,
    "tuple[str, ...]": lambda text: tuple(part.strip() for part in text.split(",") if part.strip()),
    "dict[str, int]": lambda text: _mapping(text, int),
    "dict[str, str]": lambda text: _mapping(text, str),
}


def read_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment; raises BadSetting naming what can't be read or is missing."""
    env = os.environ if env is None else env
    values: dict[str, Any] = {}
    for item in dataclasses.fields(Settings):
        raw = env.get(item.name.upper())
        if raw is None or raw == "":
            continue
        try:
            values[item.name] = _READERS[str(item.type)](raw)
        except ValueError as problem:
            raise BadSetting(f"{item.name.upper()}={raw!r} can't be read: {item.metadata['about']}") from problem
    settings = Settings(**values)
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    needed = [item.name for item in dataclasses.fields(Settings) if item.metadata["secret"]]
    needed = [name for name in needed if name != "sandbox_webhook_secret" or "sandbox" in settings.gateways]
    missing = [name.upper() for name in [*needed, "database_url", "redis_url"] if not getattr(settings, name)]
    if missing:
        raise BadSetting(f"{', '.join(missing)} must be set; bin/run and bin/flask make them for development")
    _check_gateways(settings)
    if settings.orphan_seats not in ("on", "warn", "off"):
        raise BadSetting(f"ORPHAN_SEATS is on, warn or off, not {settings.orphan_seats!r}")
    if any(not 0 < least <= settings.gift_card_most.get(name, 0) for name, least in settings.gift_card_least.items()):
        raise BadSetting(
            "GIFT_CARD_LEAST and GIFT_CARD_MOST name the same currencies, and the least is not the greater"
        )
    try:
        parse_steps(settings.refund_steps)
    except BadPolicy as problem:
        raise BadSetting(f"REFUND_STEPS={settings.refund_steps!r}: {problem}") from problem
    _check_staff(settings)
    for name, place in (("sms_url", "{phone}"), ("push_url", "{topic}"), ("push_page_url", "{topic}")):
        if getattr(settings, name) and place not in getattr(settings, name):
            raise BadSetting(f"{name.upper()} must say {place} where that is to stand")
    if settings.production and "sandbox" in settings.gateways and not settings.allow_sandbox:
        raise BadSetting(
            "the sandbox gateway gives tickets for nothing: name another in GATEWAYS, or ALLOW_SANDBOX=yes"
        )
    if settings.production and _only_testing(settings) and not settings.allow_sandbox:
        raise BadSetting("a gateway's test key gives tickets for nothing: set the live one, or ALLOW_SANDBOX=yes")
    if settings.production and settings.base_url.startswith("http://"):
        raise BadSetting("BASE_URL must begin with https:// in production")


def _check_staff(settings: Settings) -> None:
    if settings.staff_idle_hours < 1:
        raise BadSetting("STAFF_IDLE_HOURS is at least 1")
    roles, rules = {role.value.upper() for role in Role}, {rule.value for rule in FactorRule}
    wrong = [f"{role}={rule}" for role, rule in settings.staff_totp.items() if role not in roles or rule not in rules]
    if wrong:
        raise BadSetting(f"STAFF_TOTP: {', '.join(wrong)} is no role with required, optional or off")


_GATEWAY_NEEDS = {
    "stripe": ("stripe_secret_key", "stripe_webhook_secret"),
    "razorpay": ("razorpay_key_id", "razorpay_key_secret", "razorpay_webhook_secret"),
}
_MODES = {"CARD", "UPI", "NET_BANKING", "WALLET"}


def _check_gateways(settings: Settings) -> None:
    for gateway, names in _GATEWAY_NEEDS.items():
        missing = [name.upper() for name in names if not getattr(settings, name)]
        if gateway in settings.gateways and missing:
            raise BadSetting(f"{', '.join(missing)} must be set, for GATEWAYS names {gateway}: see docs/payments.md")
    if settings.stripe_flow not in ("checkout", "intent"):
        raise BadSetting(f"STRIPE_FLOW is checkout or intent, not {settings.stripe_flow!r}")
    if not settings.stripe_methods or set(settings.stripe_methods) - _MODES:
        raise BadSetting(f"STRIPE_METHODS names some of {', '.join(sorted(_MODES))}, as in CARD=card")


def _only_testing(settings: Settings) -> bool:
    """Whether a gateway on offer has a key that moves no money."""
    stripe = "stripe" in settings.gateways and "_test_" in settings.stripe_secret_key
    return stripe or ("razorpay" in settings.gateways and "_test_" in settings.razorpay_key_id)


def init_config(app: Flask, settings: Settings | None = None) -> Settings:
    chosen = settings or read_settings()
    app.extensions["marquee_settings"] = chosen
    app.config.update(
        SECRET_KEY=chosen.secret_key,
        SQLALCHEMY_DATABASE_URI=chosen.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_size": chosen.database_pool,
            "max_overflow": 2,
            "pool_timeout": 10,
            "connect_args": {
                "connect_timeout": 5,
                "application_name": "marquee",
                # Keys are all that the prepared statements look for: planning them anew each time costs a fifth of a hold.
                "options": "-c lock_timeout=3000 -c plan_cache_mode=force_generic_plan",
            },
        },
        MAX_CONTENT_LENGTH=1 * MB,
        MAX_FORM_PARTS=200,
        SESSION_COOKIE_NAME="__Host-session" if chosen.production else "session",
        SESSION_COOKIE_SECURE=chosen.production,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,  # a cookie that says nothing new is not signed and sent with every page
        PREFERRED_URL_SCHEME="https" if chosen.production else "http",
        TESTING=chosen.env == "test",
        WTF_CSRF_TIME_LIMIT=None,
    )
    if chosen.production:
        # Addresses that we build begin with the Host header: in public only our own name may stand there.
        app.config["TRUSTED_HOSTS"] = [urlsplit(chosen.base_url).hostname, *LOOPBACK]
    return chosen


settings = cast(Settings, LocalProxy(lambda: current_app.extensions["marquee_settings"]))
"""The settings of the running application."""
