"""Contenders for one piece of work, each in a process of its own, in turn, several rounds."""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Contender:
    """One way to do the work.

    Attributes:
        name: as in the table.
        work: does `count` units and returns the seconds that they took, start-up left out.
        count: how many units make a fair measurement.
        packages: what it needs; without them it is left out, and said so.
    """

    name: str
    work: Callable[[int], float]
    count: int
    packages: tuple[str, ...] = ()

    @property
    def missing(self) -> list[str]:
        """The packages that are not installed."""
        return [name for name in self.packages if _version(name) is None]


def contest(title: str, module: str, contenders: list[Contender], unit: str) -> None:
    """Run a contest from the command line; print a table and write JSON.

    ``--one NAME COUNT`` is what the contest starts for each contender.
    """
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="of the work; 0.1 for a glance")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        [contender] = [c for c in contenders if c.name == args.one[0]]
        print(json.dumps({"seconds": contender.work(int(args.one[1]))}))
        return
    rates: dict[str, list[float]] = {c.name: [] for c in contenders if not c.missing}
    for number in range(args.rounds):
        for contender in contenders:
            if not contender.missing:
                count = max(2, int(contender.count * args.scale))
                rates[contender.name].append(count / _measure(module, contender.name, count))
                print(
                    f"round {number + 1}, {contender.name}: {rates[contender.name][-1]:.4g} {unit}"
                )
    _report(title, unit, contenders, rates)


def _measure(module: str, name: str, count: int) -> float:
    done = subprocess.run(
        [sys.executable, "-m", module, "--one", name, str(count)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode:
        sys.exit(f"{name} has failed:\n{done.stderr[-3000:]}")
    seconds: float = json.loads(done.stdout.strip().splitlines()[-1])["seconds"]
    return seconds


def _report(
    title: str, unit: str, contenders: list[Contender], rates: dict[str, list[float]]
) -> None:
    first = contenders[0].name
    ours = statistics.median(rates[first])
    print(f"\n{title}\n")
    print(f"| | {unit}, median (least to most) | {first} is so many times it |")
    print("|---|---|---|")
    rows: list[dict[str, Any]] = []
    for contender in contenders:
        if contender.missing:
            print(f"| {contender.name} | not installed: {', '.join(contender.missing)} | |")
            continue
        values = rates[contender.name]
        median = statistics.median(values)
        spread = f"{min(values):.4g} to {max(values):.4g}"
        print(f"| {contender.name} | {median:.4g} ({spread}) | {ours / median:.3g} |")
        rows.append({"name": contender.name, "rates": values, "median": median})
    RESULTS.mkdir(exist_ok=True)
    result = {
        "title": title,
        "unit": unit,
        "rows": rows,
        "versions": {p: _version(p) for c in contenders for p in c.packages},
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    path = RESULTS / f"{title.split(':', maxsplit=1)[0].replace(' ', '_')}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(
        f"\nwritten to {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}"
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
