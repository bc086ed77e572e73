"""The extensions that services use: bound to an application in init_extensions(). `db` lives in app/db.py, what only
pages need in app/web/extensions.py."""

from __future__ import annotations

from typing import cast

import redis
from flask import Flask, current_app
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy.orm import configure_mappers
from werkzeug.local import LocalProxy

from app.adapters.cache import init_cache
from app.adapters.words import init_words
from app.config import Settings
from app.db import Base, db

QUEUE = "marquee"
VISITORS_TEMPLATES = frozenset({"base.html", "components", "browse", "shows", "booking"})
"""What is read while many people buy. The staff's take a second to compile, which a start should not wait for."""


def init_extensions(app: Flask, settings: Settings) -> None:
    db.init_app(app)
    init_words(app)
    _init_redis(app, settings)
    app.extensions["before_fork"] = lambda: _before_fork(app)
    app.extensions["after_fork"] = lambda: _after_fork(app)


def _before_fork(app: Flask) -> None:
    """What every web process would make for itself is made once and shared: the mappers, and visitors' templates."""
    configure_mappers()
    for name in app.jinja_env.list_templates(filter_func=_for_visitors):
        app.jinja_env.get_template(name)


def _for_visitors(template: str) -> bool:
    return template.partition("/")[0] in VISITORS_TEMPLATES


def _after_fork(app: Flask) -> None:
    """A new web process opens connections of its own; the parent's stay the parent's."""
    with app.app_context():
        db.engine.dispose(close=False)
    app.extensions["redis"].connection_pool.reset()


def _init_redis(app: Flask, settings: Settings) -> None:
    pool = redis.BlockingConnectionPool.from_url(
        settings.redis_url,
        max_connections=8,
        timeout=1,
        socket_timeout=1,
        socket_connect_timeout=0.5,
        health_check_interval=30,
    )
    app.extensions["redis"] = redis.Redis(connection_pool=pool)
    init_cache(app, app.extensions["redis"])
    app.extensions["queue"] = Queue(QUEUE, connection=app.extensions["redis"], serializer=JSONSerializer)


queue = cast(Queue, LocalProxy(lambda: current_app.extensions["queue"]))

__all__ = ["Base", "db", "queue"]
