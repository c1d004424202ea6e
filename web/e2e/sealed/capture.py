# ruff: noqa: INP001 (a script that the journeys run, no module)
"""Notes who speaks to whom: every flow of IP packets in this network namespace, until its input closes.

Prints one JSON object when it listens, `{"listening": true}`, and at the end a list of
`{"interface", "protocol", "from", "to", "packets"}`, where `from` and `to` are `address:port`.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import sys
from collections import Counter
from ipaddress import ip_address

_EVERY_PROTOCOL = 0x0003
_IPV4, _IPV6 = 0x0800, 0x86DD
_PORTED = {6: "tcp", 17: "udp"}
_HEADER_OF_IPV6 = 40


def main() -> None:
    """Listen until standard input ends."""
    flows: Counter[tuple[str, str, str, str]] = Counter()
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_EVERY_PROTOCOL)) as packets:
        packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
        _say({"listening": True})
        while True:
            ready, _, _ = select.select([packets, sys.stdin], [], [])
            if packets in ready:
                data, (interface, protocol, kind, _, _) = packets.recvfrom(256)
                flow = _flow(interface, protocol, data)
                # On loopback every packet passes twice: once out, once in.
                if flow is not None and not (interface == "lo" and kind == socket.PACKET_OUTGOING):
                    flows[flow] += 1
            elif not sys.stdin.buffer.read1():
                break
    fields = ("interface", "protocol", "from", "to")
    _say([{**dict(zip(fields, flow, strict=True)), "packets": count} for flow, count in flows.items()])


def _flow(interface: str, protocol: int, data: bytes) -> tuple[str, str, str, str] | None:
    """Name the flow that a packet belongs to; None for what is not IP."""
    if protocol == _IPV4:
        header = (data[0] & 15) * 4
        number, source, target = data[9], data[12:16], data[16:20]
    elif protocol == _IPV6:
        header = _HEADER_OF_IPV6
        number, source, target = data[6], data[8:24], data[24:40]
    else:
        return None
    ports = struct.unpack_from("!HH", data, header) if number in _PORTED and len(data) >= header + 4 else (0, 0)
    ends = [f"{ip_address(address)}:{port}" for address, port in zip((source, target), ports, strict=True)]
    return interface, _PORTED.get(number, str(number)), ends[0], ends[1]


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
