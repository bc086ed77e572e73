"""The RQ worker inside the app context: one queue, jobs in JSON, no fork per job (each job is short and idempotent)."""

from __future__ import annotations

import redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from app import create_backstage
from app.config import settings
from app.db import db
from app.extensions import QUEUE


class Worker(SimpleWorker):
    """Gives the database connection back after each job."""

    def perform_job(self, job, queue):  # type: ignore[no-untyped-def]
        try:
            return super().perform_job(job, queue)
        finally:
            db.session.remove()


def main() -> None:
    with create_backstage().app_context():
        # A connection of its own: the worker blocks on the queue far longer than a page may wait for Valkey.
        connection = redis.Redis.from_url(settings.redis_url)
        Worker([QUEUE], connection=connection, serializer=JSONSerializer).work(logging_level="WARNING")


if __name__ == "__main__":
    main()
