"""What was done to a sweep, how often, and what was lost.

``python -m benchmarks.faults`` tries every fault (some ten minutes, two CPUs); ``--quick`` each a
few times; ``--only NAME`` some; ``--json FILE`` keeps the figures; ``--write`` puts the table into
docs/reliability.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.reliability import on_guard
from tests.reliability.lives import (
    Driver,
    Trial,
    cut_off,
    killed_again_and_again,
    killed_once,
    points,
    reference,
    spoilt,
)
from tests.reliability.on_nodes import lose_a_node
from tests.reliability.sweeps import SWEEPS

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
HEADING = "## What was tried"
INTRODUCTION = """\
`python -m benchmarks.faults --write` does all this to sweeps and runs, some ten minutes long, and
writes this table. "Lost" counts the tries after which a run was missing, had two results, had
another result than it must, or had left a process behind."""


@dataclass
class Tally:
    """What has come of one fault.

    Attributes:
        fault: what was done.
        until: what the seconds last to.
        seconds: of each time that it was tried.
        problems: what went wrong, by try.
    """

    fault: str
    until: str
    seconds: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, seconds: float, problems: list[str]) -> None:
        """Count one try."""
        self.seconds.append(seconds)
        if problems:
            self.problems.append("; ".join(problems))

    @property
    def row(self) -> str:
        """The tally as a row of a table."""
        tried, lost = len(self.seconds), len(self.problems)
        middle, most = statistics.median(self.seconds), max(self.seconds)
        return (
            f"| {self.fault} | {tried} | {tried - lost} | {lost}"
            f" | {_seconds(middle)} | {_seconds(most)} | {self.until} |"
        )


def in_virtual_time(quick: bool) -> Iterator[Tally]:
    """Kill engines in the writes of their journals, on the simulated target."""
    share = 9 if quick else 1
    resumed = "the resumed sweep is done"
    with tempfile.TemporaryDirectory() as name, closing(Driver()) as driver:
        folder = Path(name)
        for slots in (1, 3):
            tally = Tally(f"engine killed in any write of its journal, {_slots(slots)}", resumed)
            storm = Tally(f"engine killed again and again, {_slots(slots)}", resumed)
            for sweep in SWEEPS:
                whole = reference(driver, sweep, folder, slots)
                every = (
                    share * (5 if sweep.startswith("bayesian") else 1) * slots
                )  # odd: all places
                for number, (write, place) in enumerate(points(whole, every)):
                    path = folder / f"{sweep.replace('/', '-')}-{slots}-{number}.db"
                    _add(tally, killed_once(driver, whole, path, write, place))
                for seed in range(1 if quick else 4):
                    path = folder / f"{sweep.replace('/', '-')}-{slots}-storm{seed}.db"
                    _add(storm, killed_again_and_again(driver, whole, path, seed))
            yield tally
            yield storm
        exact = [sweep for sweep in SWEEPS if not sweep.startswith("bayesian")]
        damages = {
            "engine killed, its log cut off anywhere": cut_off,
            "engine killed, a byte of its log spoilt": spoilt,
        }
        for fault, damage in damages.items():
            tally = Tally(fault, resumed)
            for seed in range(9 if quick else 54):
                whole = reference(
                    driver, exact[seed % len(exact)], folder / f"{damage.__name__}-{seed}"
                )
                _add(tally, damage(driver, whole, folder / f"{damage.__name__}-{seed}.db", seed))
            yield tally


def _add(tally: Tally, trial: Trial) -> None:
    tally.add(trial.seconds, [f"{p} (kills: {trial.kills})" for p in trial.problems])


def _slots(slots: int) -> str:
    return "one slot" if slots == 1 else f"{slots} slots"


def under_a_guard(quick: bool) -> Iterator[Tally]:
    """Stop runs that do not want to be stopped."""
    ways: list[tuple[str, Callable[[str], on_guard.Stop], str]] = [
        ("stopped", on_guard.stopped, f"nothing is left (grace {on_guard.GRACE:g} s)"),
        ("whose slot vanishes", on_guard.orphaned, "nothing is left (grace 1 s)"),
    ]
    for how, way, ends in ways:
        for name in on_guard.RUNS:
            if way is on_guard.orphaned and "SIGSTOP" in name:
                continue
            tally = Tally(f"run {how}: {name}", ends)
            for _ in range(2 if quick else 10):
                stop = way(name)
                tally.add(stop.seconds, [f"{pid} lives on" for pid in stop.left])
            yield tally


ON_RAY = {
    "engine": ("engine killed at any moment", "nothing of it is left", 20),
    "slot": ("slot killed", "its run is at work again", 3),
    "guard": ("guard killed", "its run is at work again", 3),
    "host": ("target host killed", "the engine has ended, nothing is left", 3),
    "raylet": ("raylet killed", "work goes on, or the engine has ended", 3),
    "gcs": ("GCS (Ray's head) killed", "work goes on, or the engine has ended", 3),
    "freeze": ("engine frozen (SIGSTOP) for 1 to 4 s", "it writes again", 3),
    "ctrl-c": ("Ctrl-C twice", "nothing is left", 3),
}
"""What is killed: the fault, what the seconds last to, and how often it is tried."""


def on_ray(quick: bool) -> Iterator[Tally]:
    """Kill what a sweep on a real Ray consists of."""
    for name, (fault, ends, times) in ON_RAY.items():
        tally = Tally(f"real Ray: {fault}", ends)
        with tempfile.TemporaryDirectory(prefix="f", dir="/tmp") as folder:
            words = [name, str(max(1, times // 5) if quick else times), "1", folder]
            done = subprocess.run(
                [sys.executable, "-m", "tests.reliability.on_ray", *words],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                text=True,
                check=False,
            )
        for line in done.stdout.splitlines():
            trial = json.loads(line)
            tally.add(trial["seconds"], [f"{p} ({trial['what']})" for p in trial["problems"]])
        if done.returncode:
            tally.add(0.0, [f"the trial itself ended with {done.returncode}"])
        yield tally


def on_nodes(quick: bool) -> Iterator[Tally]:
    """Kill the raylet of one of three nodes in the middle of a sweep."""
    noticed = Tally("a cluster of three nodes: one of them killed", "the engine knows it")
    again = Tally("the same", "its run is at work elsewhere")
    for _ in range(1 if quick else 3):
        with tempfile.TemporaryDirectory(prefix="f", dir="/tmp") as folder:
            loss = lose_a_node(Path(folder))
        noticed.add(loss.noticed, loss.problems)
        again.add(loss.restarted, loss.problems)
    yield noticed
    yield again


PARTS = {"virtual": in_virtual_time, "guard": under_a_guard, "ray": on_ray, "nodes": on_nodes}


def table(tallies: list[Tally]) -> str:
    """Return the figures as a table in Markdown."""
    return "\n".join(
        [
            "| fault | tried | survived | lost | median | longest | until |",
            "|---|--:|--:|--:|--:|--:|---|",
            *(tally.row for tally in tallies),
        ]
    )


def put_into(page: str, text: str) -> str:
    """Return a page with `text` between its two markers; at its end, if it has none."""
    block = f"{BEGIN}\n{text}\n{END}"
    if BEGIN in page and END in page:
        return page[: page.index(BEGIN)] + block + page[page.index(END) + len(END) :]
    return f"{page.rstrip()}\n\n{HEADING}\n\n{INTRODUCTION}\n\n{block}\n"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"


def main() -> None:
    """Try all faults, print the table, keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    tallies = []
    for part in args.only or PARTS:
        for tally in PARTS[part](args.quick):
            print(tally.row, *(f"    {p}" for p in tally.problems), sep="\n", flush=True)
            tallies.append(tally)
    if args.json:
        args.json.write_text(json.dumps([asdict(t) for t in tallies], indent=1) + "\n")
    if args.write:
        page = PAGE.read_text() if PAGE.exists() else "# Reliability\n"
        PAGE.write_text(put_into(page, table(tallies)))
    sys.exit(any(t.problems for t in tallies))


if __name__ == "__main__":
    main()
