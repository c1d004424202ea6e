"""User-space instructions of our own code per forwarded packet, and bytes that it copies, counted on the engine without I/O.

`python benches/engine/instructions.py` prints them, with the functions that cost most. `--check` fails when a count is more
than 3 % from the committed baseline, either way: who makes it cheaper writes the new one with `--write`.

Instructions do not depend on what else the machine does, nor on its clock. What depends on its processor is kept out: the
C library of cryptography, which picks its code by the processor, is counted apart (`encryption`), and memory is copied by the
one routine that every x86-64 has. Another compiler writes other code: with one that is not the baseline's, allocations alone
are compared.

Instructions are callgrind's; bytes are DHAT's (`--mode=copy`): those of calls that copy memory. What the compiler writes out as
moves of a few words is among the instructions, and what encryption reads from one place and writes to another is no copy.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BASELINE = Path(__file__).with_name("instructions.json")
BUILD = ("cargo", "bench", "--locked", "--quiet", "-p", "sfu", "--bench", "instructions", "--no-run")
# Functions of the bench, and what they stand for.
PARTS = {"media": "counted_media", "feedback": "counted_feedback", "timers": "counted_timers"}
# Entries of the C library of cryptography. Everything below them is its own.
ENCRYPTION = re.compile(r"EVP_AEAD_CTX_(seal|open)|EVP_(Encrypt|Decrypt|Cipher)|HMAC_(Init|Update|Final)")
TOLERANCE = 0.03
# Callers of a copy that are looked at: more than the path is deep.
STACK = 100
TARGET = 1000
# Copies by SSE2, whatever the processor has (glibc names these bits differently over time; unknown ones are passed over).
PLAIN_COPIES = (
    "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX_Fast_Unaligned_Load,-AVX512F,-AVX512VL,-ERMS,-FSRM,-AVX2_Usable,-AVX_Usable"
)


@dataclass
class Counts:
    """What one part cost in the whole run."""

    all: int = 0
    encryption: int = 0
    functions: Counter[str] = field(default_factory=Counter)


def main() -> int:
    """Count, and compare if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a count is not the baseline's")
    parser.add_argument("--write", action="store_true", help="make this the baseline")
    parser.add_argument("--functions", type=int, default=12, help="how many of the dearest functions to print")
    asked = parser.parse_args()
    if platform.machine() != "x86_64":
        print("Instructions are counted on x86-64 only: other machines need others.")
        return 0
    if shutil.which("valgrind") is None:
        sys.exit("There is no valgrind: run `bash tools/valgrind.sh`.")
    program = built()
    with ThreadPoolExecutor(max_workers=2) as pool:
        copying = pool.submit(copied, program)
        parts = dict(zip(PARTS, pool.map(lambda name: count(program, name), PARTS.values()), strict=True))
    run = json.loads(subprocess.run([program], check=True, capture_output=True, text=True).stdout)
    found = per_packet(parts, run["forwarded"])
    found["copied"] = round(copying.result() / run["forwarded"])
    found["allocations"] = run["allocations"]
    compiler = subprocess.run(["rustc", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    told(parts, found, run, asked.functions)
    if asked.write:
        BASELINE.write_text(json.dumps({"compiler": compiler, **found}, indent=2) + "\n", "utf-8")
    return compared(found, compiler) if asked.check else 0


def built() -> str:
    """The path of the bench's program."""
    command = [*BUILD, "--message-format", "json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    made = [json.loads(line) for line in lines if '"executable"' in line]
    return str(next(one["executable"] for one in made if one["executable"] and one["target"]["name"] == "instructions"))


def count(program: str, function: str) -> Counts:
    """What happens inside one function, from call to return."""
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory, "callgrind.out")
        command = ["valgrind", "--tool=callgrind", f"--toggle-collect=*{function}*", f"--callgrind-out-file={out}"]
        environment = {**os.environ, "GLIBC_TUNABLES": PLAIN_COPIES}
        done = subprocess.run([*command, program], check=False, capture_output=True, text=True, env=environment)
        if done.returncode:
            sys.exit(f"callgrind failed:\n{done.stderr}")
        return read(out.read_text("utf-8"))


def copied(program: str) -> int:
    """Bytes that were copied inside the counted functions, in the whole run."""
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory, "dhat.out")
        command = ["valgrind", "--tool=dhat", "--mode=copy", f"--num-callers={STACK}", f"--dhat-out-file={out}"]
        done = subprocess.run([*command, program], check=False, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"DHAT failed:\n{done.stderr}")
        found = json.loads(out.read_text("utf-8"))
    counted = {at for at, frame in enumerate(found["ftbl"]) if any(name in frame for name in PARTS.values())}
    return sum(int(point["tb"]) for point in found["pps"] if counted.intersection(point["fs"]))


def read(text: str) -> Counts:
    """The costs of a callgrind file: names are written out once and then stand as numbers."""
    counts, names = Counts(), dict[str, str]()
    current = called = ""
    inclusive = False

    def name(written: str) -> str:
        number, _, rest = written.partition(" ")
        return names.setdefault(number, rest)

    for line in text.splitlines():
        if line.startswith("fn="):
            current = name(line[3:])
        elif line.startswith("cfn="):
            called = name(line[4:])
        elif line.startswith("calls="):
            inclusive = True
        elif line and line[0] in "0123456789+-*":
            cost = int(line.split()[1])
            if not inclusive:
                counts.all += cost
                counts.functions[current] += cost
            elif ENCRYPTION.search(called) and not ENCRYPTION.search(current):
                counts.encryption += cost
            inclusive = False
    return counts


def per_packet(parts: dict[str, Counts], forwarded: int) -> dict[str, int]:
    """Own instructions of each part, all of them, and encryption, for one forwarded packet."""
    own = {name: round((part.all - part.encryption) / forwarded) for name, part in parts.items()}
    encryption = round(sum(part.encryption for part in parts.values()) / forwarded)
    return {**own, "own": sum(own.values()), "encryption": encryption}


def told(parts: dict[str, Counts], found: dict[str, int], run: dict[str, int], functions: int) -> None:
    """Print it."""
    watchers, size = run["watchers"], run["payload_bytes"]
    print(f"Engine without I/O: instructions for one forwarded packet of {size} B, 1 publisher to {watchers} watchers")
    print(f"  our own code      {found['own']:6}    target {TARGET}")
    print(f"    media           {found['media']:6}    in by the publisher, out to a watcher")
    print(f"    feedback        {found['feedback']:6}    of watchers, every 50 ms")
    print(f"    timers          {found['timers']:6}    pacer, reports, upkeep")
    print(f"  encryption        {found['encryption']:6}    apart: it depends on the processor")
    print(f"  allocations       {run['allocations']:6}    in all, {run['allocated_bytes']} bytes")
    print(f"  bytes copied      {found['copied']:6}    of a packet, by calls that copy memory")
    print(f"  bytes written     {run['forwarded_bytes'] // run['forwarded']:6}    of a packet, once, by encryption")
    for name, part in parts.items():
        print(f"  dearest of {name}")
        for function, cost in part.functions.most_common(functions):
            print(f"    {cost / run['forwarded']:8.1f}  {function[:110]}")


def compared(found: dict[str, int], compiler: str) -> int:
    """Whether it is the baseline's, and what to do if not."""
    baseline = json.loads(BASELINE.read_text("utf-8"))
    if found["allocations"] > baseline["allocations"]:
        print(
            f"{found['allocations']} allocations where there were {baseline['allocations']}: the packet path allocates."
        )
        return 1
    if compiler != baseline["compiler"]:
        print(f"The baseline is of {baseline['compiler']}, this is {compiler}: instructions are not compared.")
        return 0
    wrong = 0
    for what, name in (("instructions", "own"), ("bytes copied", "copied")):
        change = found[name] / baseline[name] - 1
        if abs(change) > TOLERANCE:
            advice = "find out why" if change > 0 else "good: keep it"
            print(
                f"{100 * change:+.1f} % {what} against the baseline of {baseline[name]}: {advice}, or write the new one with\n"
                "  python benches/engine/instructions.py --write"
            )
            wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main())
