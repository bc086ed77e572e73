"""The cache in Valkey: quick when it is there, no reason to fail when it is not.

Every call answers None (or does nothing) when the server is gone or hangs. After a failure nobody asks it for some
seconds, so that a hanging server costs one short wait and not one per request.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

import redis
import structlog
from flask import Flask, current_app
from werkzeug.local import LocalProxy

from app import clock

log = structlog.get_logger(__name__)

REST_SECONDS = 3.0


class Cache:
    """get, set, delete on one Redis client, with a rest after each failure."""

    def __init__(self, client: redis.Redis) -> None:
        self.client = client
        self._rest_until = 0.0

    @property
    def resting(self) -> bool:
        return clock.ticks() < self._rest_until

    def failed(self, problem: Exception) -> None:
        """Note a failure that another user of the same server met."""
        self._rest_until = clock.ticks() + REST_SECONDS
        log.warning("cache_gone", problem=type(problem).__name__)

    def get(self, key: str) -> bytes | None:
        return cast("bytes | None", self._try("get", key))

    def set(self, key: str, value: bytes | str, milliseconds: int) -> None:
        self._try("set", key, value, px=max(1, milliseconds))

    def delete(self, *keys: str) -> None:
        self._try("delete", *keys)

    def increase(self, key: str) -> int | None:
        return cast("int | None", self._try("incr", key))

    def add(self, key: str, numbers: Collection[int], milliseconds: int) -> int | None:
        """Put numbers into a set that lives this long from now; gives how many were new."""
        added = self._try("sadd", key, *numbers)
        if added:
            self._try("pexpire", key, milliseconds)
        return cast("int | None", added)

    def numbers(self, *keys: str) -> frozenset[int]:
        """What was added to any of these sets."""
        return frozenset(int(number) for number in self._try("sunion", *keys) or ())

    def count(self, key: str, field: str) -> None:
        """One more of this field."""
        self._try("hincrby", key, field, 1)

    def set_aside(self, key: str) -> dict[str, int]:
        """What was counted; counting goes on from 0. What was set aside before and not forgotten comes first."""
        aside = f"{key}:aside"
        if not self._try("exists", aside) and self._try("exists", key):
            self._try("rename", key, aside)
        return {field.decode(): int(value) for field, value in (self._try("hgetall", aside) or {}).items()}

    def forget_aside(self, key: str) -> None:
        self.delete(f"{key}:aside")

    def _try(self, command: str, *args: Any, **kwargs: Any) -> Any:
        if self.resting:
            return None
        try:
            return getattr(self.client, command)(*args, **kwargs)
        except (redis.RedisError, OSError) as problem:
            self.failed(problem)
            return None


def init_cache(app: Flask, client: redis.Redis) -> None:
    app.extensions["cache"] = Cache(client)


cache = cast(Cache, LocalProxy(lambda: current_app.extensions["cache"]))
"""The cache of the running application."""
