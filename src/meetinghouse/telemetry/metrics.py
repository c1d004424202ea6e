"""The numbers that `/metrics` shows. No label ever holds a name, an address, an id of a person or a secret."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

REQUESTS = Counter(
    "meetinghouse_http_requests_total", "HTTP requests answered.", ["method", "route", "status"], registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "meetinghouse_http_request_seconds",
    "Time from a request's head to its answer's end.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    registry=REGISTRY,
)
LIMITS_REACHED = Counter(
    "meetinghouse_limits_reached_total", "Requests refused by a rate limit.", ["limit"], registry=REGISTRY
)
SIGN_INS = Counter("meetinghouse_sign_ins_total", "Attempts to sign in.", ["way", "result"], registry=REGISTRY)
STARTED_AT = Gauge("meetinghouse_started_at_seconds", "When this process was ready, Unix time.", registry=REGISTRY)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render(*more: CollectorRegistry) -> bytes:
    """The Prometheus text format of the process's registry, and of `more`."""
    return b"".join(generate_latest(registry) for registry in (REGISTRY, *more))
