"""Compares the time of every kind of no that a guesser can get: it must say nothing about which kind it was.

Usage: `python benches/control/guessing.py [--rounds N]`. The kinds are asked in turn, each round from another one on, so that
whatever else the machine does falls on all of them alike; the medians are compared.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx2

sys.path.insert(0, str(Path(__file__).parent))

from joins import serving

# Medians of equal work differ by a few percent from noise alone.
WARN_SHARE = 0.1


def main() -> None:
    """Run the benchmark and print what it found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, serving(Path(directory), None) as server:
        medians = asyncio.run(measure(server.url, server.token, options.rounds))
    for kind, milliseconds in medians.items():
        print(f"{kind:28} {milliseconds:8.2f} ms")
    spread = (max(medians.values()) - min(medians.values())) / min(medians.values())
    print(f"{'spread':28} {spread * 100:8.1f} %{'   (more than noise explains)' if spread > WARN_SHARE else ''}")


async def measure(url: str, token: str, rounds: int) -> dict[str, float]:
    """The median milliseconds of each kind of no."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(base_url=f"{url}/api/v1", headers=headers, trust_env=False) as owner:
        asked = await kinds_of_no(owner)
    found: dict[str, list[float]] = {kind: [] for kind in asked}
    async with httpx2.AsyncClient(base_url=f"{url}/api/v1", trust_env=False) as guesser:
        kinds = list(asked.items())
        for _ in range(rounds):
            kinds = kinds[1:] + kinds[:1]
            for kind, ask in kinds:
                began = time.perf_counter()
                answer = await guesser.post("/join", json={"name": "Guest", **ask})
                found[kind].append((time.perf_counter() - began) * 1000)
                if answer.status_code != httpx2.codes.FORBIDDEN:
                    sys.exit(f"{kind}: {answer.status_code} {answer.text}")
    return {kind: statistics.median(times) for kind, times in found.items()}


async def kinds_of_no(owner: httpx2.AsyncClient) -> dict[str, dict[str, str]]:
    """What to ask for, by the reason why it is refused."""

    async def meeting(**settings: object) -> dict[str, str]:
        answer = await owner.post("/meetings", json={"settings": settings})
        return answer.raise_for_status().json()  # type: ignore[no-any-return]

    ended = await meeting()
    (await owner.post(f"/meetings/{ended['id']}/end")).raise_for_status()
    not_begun = await meeting()
    locked = await meeting(lobby=False, locked=True)
    return {
        "absent number": {"meeting": "999999999", "passcode": "123456"},
        "wrong passcode": {"meeting": not_begun["number"], "passcode": "000000"},
        "ended": {"meeting": ended["number"], "passcode": ended["passcode"]},
        "not begun": {"meeting": not_begun["number"], "passcode": not_begun["passcode"]},
        "locked": {"meeting": locked["number"], "passcode": locked["passcode"]},
        "nonsense": {"meeting": "nonsense", "passcode": "123456"},
    }


if __name__ == "__main__":
    main()
