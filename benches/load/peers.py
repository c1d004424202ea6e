"""Our server beside MediaMTX: the same clients, the same machine, alternating in one run. `make bench-peers`.

Server on the first core, load generator on the last, a fresh server for each round, the order turned round each time. Costs are
CPU time of the whole server process for one delivered packet. A round in which the machine's host took more than 2 % is void
and done again. What others on the machine took is told as *waited*: the share of the time that the server was ready to run
and did not. Compare within a run only: absolute times drift from day to day.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reflector import reflected
from servers import Target, mediamtx, ours

from load import built, cores

MOST_STOLEN = 0.02
MOST_LOST = 0.001
# A void round is done again, but not for ever.
TRIES = 3
STEPS = (200, 400, 600, 800, 1000, 1500, 2000, 3000, 4000, 5000, 6000, 8000)


# Saturation by what the packets are: every one by itself, whole frames that leave together, and both kinds of media.
@dataclass(frozen=True)
class Packets:
    """How they come."""

    style: str
    frame: int = 1
    audio: bool = False


SATURATIONS = {
    "saturation": Packets("evenly spaced"),
    "saturation-frames": Packets("frames of 10 packets", frame=10),
    "saturation-mixed": Packets("pictures and sound", audio=True),
}
PEERS: dict[str, Callable[[int | None, int], AbstractContextManager[Target]]] = {
    "meetinghouse": ours,
    "mediamtx": mediamtx,
}


@dataclass(frozen=True)
class Scenario:
    """What is run, and what was aimed at: µs for a packet."""

    name: str
    arguments: tuple[str, ...]
    publishers: int
    target_us: float


SCENARIOS = {
    "fan-out": Scenario("1 to 100, 20 kpps", ("webinar", "--watchers", "100"), 1, 7),
    "meeting": Scenario("meeting of 10, camera and microphone", ("meeting", "--people", "10", "--audio"), 10, 6),
    "fast": Scenario("1 to 100, 60 kpps", ("webinar", "--watchers", "100", "--packets-per-second", "600"), 1, 4),
}


def main() -> int:
    """Run the scenarios that were asked for and print them side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, *SATURATIONS, []], help="which (default: all)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--without-mediamtx", action="store_true", help="our server alone")
    parser.add_argument("--json", type=Path, help="every round, as JSON")
    asked = parser.parse_args()
    names = [name for name in PEERS if name == "meetinghouse" or not asked.without_mediamtx]
    program = str(built())
    server_core, client_core = cores()
    if client_core is not None:
        os.sched_setaffinity(0, {client_core})
    pinned = f"server on core {server_core}, clients on core {client_core}" if client_core is not None else "one core"
    print(f"WHIP and WHEP servers under the same load: {', '.join(names)}; {pinned}; {asked.rounds} alternating rounds")
    print(
        f"{_processor()}, Linux {platform.release()}, load {os.getloadavg()[0]:.1f}; {time.strftime('%Y-%m-%d %H:%M')}"
    )
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for key in asked.scenarios or [*SCENARIOS, *SATURATIONS]:
        if key in SATURATIONS:
            found[key] = {name: saturated(program, name, server_core, asked.seconds, key) for name in names}
            found[key]["reflector"] = reflector_saturated(server_core, asked.seconds, key)
            told_saturated(found[key])
            continue
        scenario = SCENARIOS[key]
        found[key] = alternated(program, scenario, names, server_core, asked.rounds, asked.seconds)
        told(scenario, found[key])
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1), "utf-8")
    return 0


def alternated(
    program: str, scenario: Scenario, names: Sequence[str], core: int | None, rounds: int, seconds: int
) -> dict[str, list[dict[str, Any]]]:
    """Each server's rounds, one after the other in turns."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            with PEERS[name](core, scenario.publishers) as target:
                found[name].append(unstolen(program, target, [*scenario.arguments, "--seconds", str(seconds)]))
    return found


def unstolen(program: str, target: Target, arguments: list[str]) -> dict[str, Any]:
    """One round, done again where the machine was taken away, or where a connection failed."""
    stolen = None
    for _ in range(TRIES):
        result = loaded(program, target, arguments)
        if result is not None and result["share_stolen"] <= MOST_STOLEN:
            return result
        stolen = result or stolen
    if stolen is None:
        sys.exit(f"{target.name}: {' '.join(arguments)} failed {TRIES} times.")
    return {**stolen, "void": True}


def loaded(program: str, target: Target, arguments: list[str]) -> dict[str, Any] | None:
    """The load generator's result, and which share of the time the server had to wait for its core; `None` if it failed."""
    with tempfile.NamedTemporaryFile("w") as streams:
        streams.write("\n".join(target.streams))
        streams.flush()
        command = [program, *arguments, "--streams", streams.name, "--pid", str(target.pid), "--json", "-", "--quiet"]
        waited, began = waited_seconds(target.pid), time.perf_counter()
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            return None
        result: dict[str, Any] = json.loads(done.stdout)
        result["share_waited"] = (waited_seconds(target.pid) - waited) / (time.perf_counter() - began)
    return result


def saturated(program: str, name: str, core: int | None, seconds: int, key: str) -> list[dict[str, Any]]:
    """Rising rates up to the first at which more is lost than one in a thousand, to 100 watchers."""
    steps: list[dict[str, Any]] = []
    packets = SATURATIONS[key]
    print(
        f"\nSaturation, 1 to 100, {packets.style}, {name}: the highest step with less than {100 * MOST_LOST} % lost counts"
    )
    for rate in STEPS:
        arguments = ["webinar", "--watchers", "100", "--packets-per-second", str(rate), "--seconds", str(seconds)]
        arguments += ["--frame-packets", str(packets.frame), *(["--audio"] if packets.audio else [])]
        with PEERS[name](core, 1) as target:
            step = unstolen(program, target, arguments)
        steps.append(step)
        print(
            f"  {step['kpps']:7.1f} kpps  {100 * step['share_lost']:7.3f} % lost ({step['unread_by_client']} unread by the "
            f"clients)  {step['server']['us_per_packet']:6.2f} µs  transit p50 {step['transit_ms']['p50']:.2f} p99 "
            f"{step['transit_ms']['p99']:.1f} ms  server {100 * step['server']['share_of_core']:.0f} %, clients "
            f"{100 * step['client']['share_of_core']:.0f} % of a core; limit: {step['limit']}",
            flush=True,
        )
        if step["share_lost"] > MOST_LOST or step["kpps"] < 0.095 * rate:
            break
    return steps


def reflector_saturated(core: int | None, seconds: int, key: str) -> list[dict[str, Any]]:
    """The same for who does nothing but receive and send."""
    steps: list[dict[str, Any]] = []
    packets = SATURATIONS[key]
    print(f"\nThe same for a null reflector, {packets.style}")
    for rate in STEPS:
        tries = (reflected(core, rate, packets.frame, seconds, sound=packets.audio) for _ in range(TRIES))
        step = next((one for one in tries if one["share_stolen"] <= MOST_STOLEN), None)
        if step is None:
            print(f"  {rate * 0.1:7.1f} kpps  void: the machine was taken away {TRIES} times")
            continue
        steps.append(step)
        print(
            f"  {step['kpps']:7.1f} kpps  {100 * step['share_lost']:7.3f} % lost  {step['us_per_packet']:6.2f} µs  "
            f"server {100 * step['server_share']:.0f} %, clients {100 * step['client_share']:.0f} % of a core; "
            f"limit: {step['limit']}",
            flush=True,
        )
        if step["share_lost"] > MOST_LOST:
            break
    return steps


def told_saturated(found: dict[str, list[dict[str, Any]]]) -> None:
    """The highest step of each, as a share of the reflector's."""
    best = {}
    for name, steps in found.items():
        good = [step for step in steps if step["share_lost"] <= MOST_LOST and "void" not in step]
        best[name] = max((step["kpps"] for step in good), default=0.0)
    for name, kpps in best.items():
        if name != "reflector":
            share = kpps / best["reflector"] if best["reflector"] else 0.0
            print(f"  {name}: {kpps:.0f} kpps, {100 * share:.0f} % of the null reflector's {best['reflector']:.0f}")


def told(scenario: Scenario, found: dict[str, list[dict[str, Any]]]) -> None:
    """One scenario's table: medians, and ranges in brackets."""
    print(f"\n{scenario.name}")
    for name, rounds in found.items():
        good = [one for one in rounds if "void" not in one] or rounds
        transit, join = "transit_ms", "join_ms"
        print(
            f"  {name:13} {_spread([one['server']['us_per_packet'] for one in good])} µs   transit p50 "
            f"{_median(one[transit]['p50'] for one in good):.2f} p99 {_median(one[transit]['p99'] for one in good):.1f} ms   "
            f"first packet p50 {_median(one[join]['first_packet']['p50'] for one in good):.1f} p95 "
            f"{_median(one[join]['first_packet']['p95'] for one in good):.1f} ms   "
            f"{100 * _median(one['share_lost'] for one in good):.3f} % lost   "
            f"{_median(one['server']['resident_mb'] for one in good):.0f} MB"
        )
        limits = ", ".join(sorted({one["limit"] for one in good}))
        print(
            f"  {'':13} {_median(one['kpps'] for one in good):.1f} kpps, {good[0]['srtp']}; waited "
            f"{100 * _median(one['share_waited'] for one in good):.1f} % of the time; limit: {limits}; "
            f"{len(rounds) - len(good)} rounds void"
        )
    if len(found) > 1:
        mine, theirs = ([one["server"]["us_per_packet"] for one in found[name]] for name in PEERS)
        ratios = [theirs_us / mine_us for mine_us, theirs_us in zip(mine, theirs, strict=True)]
        print(f"  MediaMTX costs {_spread(ratios)} times as much as we; our target {scenario.target_us} µs", flush=True)


def waited_seconds(pid: int) -> float:
    """How long the threads of a process were ready to run and did not."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text("utf-8").split()[1]) for task in tasks) / 1e9


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    sys.exit(main())
