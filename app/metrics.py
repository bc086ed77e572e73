"""What Prometheus is told: counters that services and pages raise. Served by blueprints/health.py."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

REQUESTS = Counter("marquee_requests_total", "Pages asked for, seat polls apart", ["endpoint", "status"])
REQUEST_SECONDS = Histogram(
    "marquee_request_seconds",
    "How long a page took, seat polls apart",
    ["endpoint"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
HOLDS = Counter("marquee_holds_total", "Attempts to hold seats, by what came of them", ["outcome"])
SETTLED = Counter("marquee_settled_total", "Gateway events, by what came of them", ["provider", "outcome"])
JOBS = Counter("marquee_outbox_total", "Work after commits, by what came of it", ["kind", "outcome"])
