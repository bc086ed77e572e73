"""How much one address or one buyer may ask for a minute. Polls, files and gateways are not counted."""

from __future__ import annotations

import redis
from flask import Flask, current_app, request
from flask_login import current_user
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from app.adapters.cache import cache
from app.config import Settings, settings
from app.errors import TooManyRequests
from app.web.identity import owner_key

UNCOUNTED = frozenset({"static", "browse.poster", "browse.uploaded"})
UNCOUNTED_BLUEPRINTS = frozenset({"webhooks", "health"})
EXTENSION = "marquee_limits"


class _Shared(RedisStorage):
    """Counts in Valkey, through the client that we have: `limits` would load a second one, 2 MB, wherever it finds it."""

    DEPENDENCIES = {"redis": RedisStorage.DEPENDENCIES["redis"]}


def init_limits(app: Flask, chosen: Settings) -> None:
    shared = _Shared(chosen.redis_url, app.extensions["redis"].connection_pool)
    app.extensions[EXTENSION] = (MovingWindowRateLimiter(shared), MovingWindowRateLimiter(MemoryStorage()))
    if chosen.requests_per_minute:
        per_minute = chosen.requests_per_minute

        @app.before_request
        def count_request() -> None:
            if request.endpoint not in UNCOUNTED and request.blueprint not in UNCOUNTED_BLUEPRINTS:
                _count_visitor(per_minute, settings.staff_requests_per_minute)


def _count_visitor(per_minute: int, staff_per_minute: int) -> None:
    """By address; on staff pages by person, for tills and doors stand behind one address with the foyer's visitors."""
    if request.path.startswith("/staff") and current_user.is_authenticated and current_user.is_staff:
        count(f"staff:{current_user.id}", staff_per_minute)
    else:
        count(f"address:{request.remote_addr}", per_minute)


def count(key: str, per_minute: int) -> None:
    """Count one more for this key; raises TooManyRequests past `per_minute` in any minute. 0 = no limit.

    Without Valkey each process counts for itself: a limit is no reason to refuse a sale.
    """
    if per_minute and not _hit(key, RateLimitItemPerMinute(per_minute)):
        raise TooManyRequests(retry_after=60)


def count_code() -> None:
    """Count one more try of a coupon's or gift card's code, for the visitor and the address. Raises TooManyRequests."""
    per_minute = settings.codes_per_minute
    count(f"code:visitor:{owner_key()}", per_minute)
    count(f"code:address:{request.remote_addr}", per_minute)


def _hit(key: str, item: RateLimitItemPerMinute) -> bool:
    shared, local = current_app.extensions[EXTENSION]
    if not cache.resting:
        try:
            return bool(shared.hit(item, key))
        except redis.RedisError as problem:
            cache.failed(problem)
    return bool(local.hit(item, key))
