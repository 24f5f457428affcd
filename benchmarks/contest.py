"""Contenders for one piece of work, each in a process of its own, in turn, several rounds."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from benchmarks.figures import QUICK, Figure, keep, of_a_process

Row = dict[str, Any]


@dataclass(frozen=True)
class Contender:
    """One way to do the work.

    Attributes:
        name: as in the table.
        work: does `count` units and returns the seconds that they took, start-up left out.
        count: how many units make a fair measurement.
        packages: what it needs; without them it is left out, and said so.
        asked: how many times its rate the first contender's is to be; None: whatever it is.
        missing: tells what else it lacks; empty for nothing.
    """

    name: str
    work: Callable[[int], float]
    count: int
    packages: tuple[str, ...] = ()
    asked: float | None = None
    missing: Callable[[], str] = str

    @property
    def lacks(self) -> str:
        """What it needs and has not got."""
        absent = [name for name in self.packages if _version(name) is None]
        return f"not installed: {', '.join(absent)}" if absent else self.missing()


def contest(title: str, module: str, contenders: list[Contender], unit: str) -> None:
    """Run a contest from the command line; print a table and write JSON.

    ``--one NAME COUNT`` is what the contest starts for each contender.
    """
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="of the work")
    parser.add_argument("--quick", action="store_true", help=f"one round, {QUICK:.0%} of the work")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        [contender] = [c for c in contenders if c.name == args.one[0]]
        print(json.dumps({"seconds": contender.work(int(args.one[1]))}))
        return
    scale, rounds = (QUICK, 1) if args.quick else (args.scale, args.rounds)
    there = [c for c in contenders if not c.lacks]
    rates: dict[str, list[float]] = {c.name: [] for c in there}
    for number in range(rounds):
        for contender in there:
            count = max(2, int(contender.count * scale))
            took = of_a_process(module, "--one", contender.name, str(count))["seconds"]
            rates[contender.name].append(count / took)
            print(f"round {number + 1}, {contender.name}: {count / took:.4g} {unit}", flush=True)
    for contender in contenders:
        if contender.lacks:
            print(f"{contender.name}: {contender.lacks}")
    versions = {p: _version(p) for c in contenders for p in c.packages}
    keep(module, title, _rows(contenders, rates, unit), scale=scale, versions=versions)


def _rows(contenders: list[Contender], rates: dict[str, list[float]], unit: str) -> list[Row]:
    """Return the rates, and how many times each the first contender's is."""
    first, *others = contenders
    rows = [Figure(c.name, unit).row(rates[c.name]) for c in contenders if c.name in rates]
    for other in others:
        if first.name in rates and other.name in rates:
            # Of each round: they ran one after the other, under the same load.
            pairs = zip(rates[first.name], rates[other.name], strict=True)
            figure = Figure(f"{first.name} ÷ {other.name}", "times", at_least=other.asked)
            rows.append(figure.row([mine / its for mine, its in pairs]))
    return rows


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
