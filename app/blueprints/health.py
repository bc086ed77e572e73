"""Whether the house is open: alive, ready, and figures for Prometheus."""

from __future__ import annotations

import hmac
import os

from flask import Blueprint, Response, abort, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Gauge, generate_latest, multiprocess

from app.config import settings
from app.queries.health import figures, missing_guards, readiness
from app.web.guards import public

health = Blueprint("health", __name__)
LOOPBACK = frozenset({"127.0.0.1", "::1"})


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
    return jsonify(parts | {"missing_guards": missing_guards()}), 200 if all(
        part == "ok" for part in parts.values()
    ) else 503


@health.get("/metrics")
@public
def metrics() -> Response:
    """For a scraper on this machine, or one that sends METRICS_TOKEN as its bearer token; nobody else sees it."""
    if not _may_scrape():
        abort(404)
    registry = CollectorRegistry() if "PROMETHEUS_MULTIPROC_DIR" in os.environ else REGISTRY
    if registry is not REGISTRY:
        multiprocess.MultiProcessCollector(registry)
    body = generate_latest(registry) + generate_latest(_gauges())
    return Response(body, content_type=CONTENT_TYPE_LATEST)


def _may_scrape() -> bool:
    if settings.metrics_token:
        return hmac.compare_digest(request.headers.get("Authorization", ""), f"Bearer {settings.metrics_token}")
    return request.remote_addr in LOOPBACK and "X-Forwarded-For" not in request.headers


def _gauges() -> CollectorRegistry:
    registry = CollectorRegistry()
    for name, value in figures().items():
        Gauge(f"marquee_{name}", name.replace("_", " "), registry=registry).set(value)
    return registry
