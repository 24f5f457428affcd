"""Figures against what is asked of them: measured in rounds, each in a process of its own."""

from __future__ import annotations

import argparse
import json
import math
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
QUICK = 0.1
"""The share of the work that --quick does, in one round."""
LONGEST = 3600
SERIES = "series"
"""The key under which a round gives what is drawn: label to [[x, y], ...]."""


@dataclass(frozen=True)
class Figure:
    """One thing that is measured.

    Attributes:
        name: as in the table.
        unit: of its value.
        at_most, at_least: what is asked of it; neither: it is there for comparison.
    """

    name: str
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    def row(self, values: Sequence[float]) -> dict[str, Any]:
        """Return what is kept of it."""
        median = statistics.median(values)
        asked, reached = "", None
        if self.at_most is not None:
            asked, reached = f"≤ {shown(self.at_most)} {self.unit}", median <= self.at_most
        elif self.at_least is not None:
            asked, reached = f"≥ {shown(self.at_least)} {self.unit}", median >= self.at_least
        return {
            "name": self.name,
            "unit": self.unit,
            "values": list(values),
            "median": median,
            "asked": asked.strip(),
            "reached": reached,
        }


def measure(
    title: str, module: str, figures: Sequence[Figure], once: Callable[[float], dict[str, Any]]
) -> None:
    """Measure from the command line; print a table and write JSON.

    Args:
        title: what it is about.
        module: where `once` is, so that each round can have a process of its own.
        figures: what is measured.
        once: one round of a scale (1: the whole work); returns values by the figures' names, and
            under `SERIES` what is to be drawn.
    """
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="of the work")
    parser.add_argument("--quick", action="store_true", help=f"one round, {QUICK:.0%} of the work")
    parser.add_argument("--one", type=float, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one is not None:
        print(json.dumps(once(args.one)))
        return
    scale, rounds = (QUICK, 1) if args.quick else (args.scale, args.rounds)
    results = []
    for number in range(rounds):
        print(f"{title}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        results.append(of_a_process(module, "--one", str(scale)))
    rows = [
        figure.row([r[figure.name] for r in results])
        for figure in figures
        if all(figure.name in r for r in results)
    ]
    keep(module, title, rows, scale=scale, series=results[-1].get(SERIES, {}))


def of_a_process(module: str, *words: str) -> Any:
    """Run a module and return the JSON value that is its last line."""
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )
    if done.returncode:
        sys.exit(f"{module} {' '.join(words)} has failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def keep(module: str, title: str, rows: list[dict[str, Any]], **more: Any) -> None:
    """Print a table of figures and write it as JSON."""
    print(f"\n{title}\n\n{table(rows)}\n")
    RESULTS.mkdir(exist_ok=True)
    result = {
        "title": title,
        "figures": rows,
        "python": platform.python_version(),
        "machine": platform.machine(),
        **more,
    }
    path = RESULTS / f"{module.rpartition('.')[2]}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return figures as a table in Markdown."""
    lines = ["| | median (least to most) | asked | |", "|---|---|---|---|"]
    for row in rows:
        values, unit = row["values"], f" {row['unit']}".rstrip()
        text = f"{shown(row['median'])}{unit}"
        if len(values) > 1:
            text += f" ({shown(min(values))} to {shown(max(values))})"
        reached = {True: "reached", False: "missed", None: ""}[row["reached"]]
        lines.append(f"| {row['name']} | {text} | {row['asked']} | {reached} |")
    return "\n".join(lines)


def shown(value: float) -> str:
    """Return a number with three significant digits, or all before the point."""
    if not math.isfinite(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def peak_memory() -> float:
    """Return the most memory that this process has held, in MiB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory() -> float:
    """Return the memory that this process holds, in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / (1 << 20)
