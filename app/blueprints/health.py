"""Whether the house is open: alive, ready, and figures for Prometheus."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess

from app.queries.health import readiness
from app.web.guards import public

health = Blueprint("health", __name__)


@health.get("/healthz")
@public
def healthz() -> Response:
    """This process answers; says nothing of what it needs."""
    return jsonify(status="ok")


@health.get("/readyz")
@public
def readyz() -> tuple[Response, int]:
    """Whether a visitor would be served well: database, cache and worker are there."""
    parts = readiness()
    return jsonify(parts), 200 if all(part == "ok" for part in parts.values()) else 503


@health.get("/metrics")
@public
def metrics() -> Response:
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
