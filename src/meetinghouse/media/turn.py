"""TURN beside HTTPS: the native server's Python end (docs/decisions/0011-turn-beside-https.md).

Connections to a shared port come back from it when they are HTTPS, of which nothing was read.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from meetinghouse.media._native import TurnConfig, TurnServer

# What the server tells beside its drops: how many there are now.
_ALLOCATIONS = "turn_allocations"


class Turn(Collector):
    """A running TURN server, on the running loop. `close` it there as well. It is also its own metrics."""

    def __init__(self, config: TurnConfig) -> None:
        """Start it.

        Raises:
            OSError: it cannot listen.
            ValueError: an address or the certificate cannot be used.

        """
        self._server = TurnServer(config)
        self._loop = asyncio.get_running_loop()
        self._taking = False

    @property
    def ports(self) -> list[int]:
        """Where it listens by TLS, then without, as far as that is set."""
        return [port for _, port in self._server.addresses]

    def give_https_to(self, take: Callable[[socket.socket], None]) -> None:
        """Call `take` with every connection that came to the shared port and is not ours."""
        self._taking = True
        self._loop.add_reader(self._server.wake_fd(), self._hand_over, take)

    def stop_giving(self) -> None:
        """What comes from now on waits, and is closed with the server."""
        if self._taking:
            self._taking = False
            self._loop.remove_reader(self._server.wake_fd())

    def renew(self) -> None:
        """Read certificate and key anew, for connections from now on.

        Raises:
            ValueError: they cannot be used; all stays as it was.

        """
        self._server.renew()

    async def close(self) -> None:
        """Stop. Doing it again does nothing."""
        self.stop_giving()
        await asyncio.to_thread(self._server.close)

    def collect(self) -> Iterator[Metric]:
        """For Prometheus."""
        counts = self._server.counts()
        allocations = GaugeMetricFamily("meetinghouse_turn_allocations", "Relayed addresses in use")
        allocations.add_metric([], counts.pop(_ALLOCATIONS, 0))
        yield allocations
        drops = CounterMetricFamily(
            "meetinghouse_turn_refused", "Requests refused and datagrams lost by TURN, by reason", labels=["reason"]
        )
        for name, count in sorted(counts.items()):
            drops.add_metric([name.removeprefix("turn_")], count)
        yield drops

    def _hand_over(self, take: Callable[[socket.socket], None]) -> None:
        for descriptor in self._server.take():
            take(socket.socket(fileno=descriptor))
