"""What `/metrics` says about meetings. No label holds anything about a person."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

from meetinghouse.telemetry.metrics import REGISTRY

SESSIONS = Gauge("meetinghouse_sessions", "Sessions that are held now.", registry=REGISTRY)
CONNECTIONS = Gauge("meetinghouse_signalling_connections", "Open signalling connections.", registry=REGISTRY)
ENTRIES = Counter("meetinghouse_entries_total", "Tickets and resume secrets presented.", ["result"], registry=REGISTRY)
REQUESTS = Counter(
    "meetinghouse_signalling_requests_total", "Requests by type and result.", ["type", "result"], registry=REGISTRY
)
CLOSED = Counter(
    "meetinghouse_signalling_closed_total", "Connections closed, by reason.", ["reason"], registry=REGISTRY
)
MEDIA_FAILURES = Counter(
    "meetinghouse_media_failures_total", "Peers and calls of the engine that failed.", ["code"], registry=REGISTRY
)
