"""What policies save and lose on recorded learning curves.

``python -m benchmarks.policy_savings FOLDER``: every task of the folder, every policy, the mean
over draws of 100 configurations with 8 workers. For each task and policy:

* epochs: reports made, as a share of those without a policy;
* regret: the best value that was lost, in units of the gap between the best and the median run
  of the draw: 0, the best was kept; 1, no better than the median run;
* time: until the last run has ended, as a share of that without a policy;
* lost: the share of the draw's best twentieth that was stopped (false stops); and wrong, the share
  of stops that were false.

The pruners of Optuna and the schedulers of Ray Tune are played too, where they are installed
(`pip install hypersweep[bench]`).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import peer_policies
from benchmarks import reference_policies as reference
from benchmarks.recorded_tasks import Draw, Task, tasks
from policies import (
    AsyncSuccessiveHalvingPolicy,
    BanditPolicy,
    EarlyTerminationPolicy,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    PromisingPolicy,
    TruncationSelectionPolicy,
)
from sweep.view.recorded import Played, play

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TOP = 0.05
"""The share of a draw that a stop should not have hit."""
REFERENCES = ("hyperband", "hindsight", "none")
PEERS = ("Optuna", "Ray Tune")
_ACROSS = (("left", 6), ("right", -6))
SIDES = [(side, across, up) for up in (4, -11, 16, -24, 28) for side, across in _ACROSS]
"""Where a name may stand beside its point: how it is aligned, points across and up."""
DOT = 5.0
"""Half the width of a point, in pixels."""
COLUMNS = ("epochs", "regret", "time", "lost", "wrong")
Results = dict[str, dict[str, list[float]]]
Maker = Callable[[Task, Draw, int], EarlyTerminationPolicy]


def _bandit(slack: float) -> Maker:
    return lambda *_: BanditPolicy(slack_factor=slack, delay_evaluation=5)


POLICIES: dict[str, Maker] = {
    "none": lambda *_: NoTerminationPolicy(),
    "bandit 0.05": _bandit(0.05),
    "bandit 0.1": _bandit(0.1),
    "bandit 0.2": _bandit(0.2),
    "bandit 0.5": _bandit(0.5),
    "median": lambda *_: MedianStoppingPolicy(delay_evaluation=5),
    "truncation 20": lambda *_: TruncationSelectionPolicy(20, evaluation_interval=5),
    "asha": lambda task, *_: AsyncSuccessiveHalvingPolicy(max(1, task.epochs // 27)),
    "promising": lambda *_: PromisingPolicy(),
    "baseline bandit 0.1": lambda *_: reference.BaselineBandit(0.1),
    "baseline bandit 0.2": lambda *_: reference.BaselineBandit(0.2),
    "baseline median": lambda *_: reference.BaselineMedian(),
    "baseline truncation": lambda *_: reference.BaselineTruncation(),
    "baseline asha": lambda task, *_: reference.BaselineAsha(task.epochs),
    "hyperband": lambda task, _, seed: reference.Hyperband(task.epochs, seed),
    "hindsight": lambda _, draw, __: reference.Hindsight(int(np.argmax(draw.finals)) + 1),
    **peer_policies.peers(),
}


@dataclass(frozen=True)
class Bounds:
    """How large a sweep is, and how many there are."""

    seeds: int
    runs: int
    workers: int


@cache
def whole(task: Task, seed: int, bounds: Bounds) -> tuple[Draw, Played]:
    """Return a draw, and what becomes of it without a policy."""
    draw = task.draw(seed, bounds.runs)
    return draw, play(draw.recordings, NoTerminationPolicy(), task.goal, bounds.workers)


def measure(task: Task, policy: Maker, bounds: Bounds) -> list[float]:
    """Return the means of the columns over the seeds."""
    found = []
    for seed in range(bounds.seeds):
        draw, everything = whole(task, seed, bounds)
        played = play(draw.recordings, policy(task, draw, seed), task.goal, bounds.workers)
        found.append(_columns(task, draw, played, everything))
    return [float(x) for x in np.mean(found, axis=0)]


def _columns(task: Task, draw: Draw, played: Played, whole: Played) -> list[float]:
    finals, best = draw.finals, -np.inf
    for one in draw.recordings:
        made = one.values[: played.reports[one.number]]
        best = max(best, max(map(task.goal.score, made), default=-np.inf))
    line = np.sort(finals)[-max(1, round(TOP * len(finals)))]
    top = int((finals >= line).sum())
    wrong = sum(bool(finals[number - 1] >= line) for number in played.stopped)
    spent = sum(played.reports.values()) / sum(whole.reports.values())
    took = played.seconds / whole.seconds
    regret = (finals.max() - best) / draw.gap
    return [spent, regret, took, wrong / top, wrong / max(1, len(played.stopped))]


def table(results: Results) -> str:
    """Return a Markdown table: a line a policy, means over all tasks."""
    lines = [
        "| policy | epochs | regret | worst task's regret | time | best 5 % lost | false stops |",
        "|---|" + "--:|" * 6,
    ]
    for name, by_task in results.items():
        every = np.array(list(by_task.values()))
        mean = every.mean(axis=0)
        cells = [mean[0], mean[1], every[:, 1].max(), *mean[2:]]
        lines.append(f"| {name} | {' | '.join(f'{cell:.3f}' for cell in cells)} |")
    return "\n".join(lines)


def draw(results: Results, path: Path) -> None:
    """Draw every policy as a point: what it costs, and what it loses, on average and at worst."""
    from matplotlib.figure import Figure

    axes = (figure := Figure(figsize=(8, 5), layout="constrained")).subplots()
    points = {}
    for name, by_task in results.items():
        if name.startswith("baseline"):
            continue  # each would lie upon the policy that it stands beside in the table
        every = np.array(list(by_task.values()))
        epochs, regret, worst = every[:, 0].mean(), every[:, 1].mean(), every[:, 1].max()
        colour = "#b2182b" if name == "promising" else "#2166ac"
        if name in REFERENCES:
            colour = "#999999"
        elif name.startswith(PEERS):
            colour = "#1b7837"
        axes.plot([epochs, epochs], [regret, worst], color=colour, alpha=0.35, linewidth=2)
        axes.plot(epochs, regret, "o", color=colour)
        points[name] = epochs, regret
    axes.set_yscale("symlog", linthresh=0.005)
    axes.set_ylim(-0.001, 1.1)
    axes.set_xlim(-0.02, 1.08)
    axes.set_xlabel("reports made, as a share of those without a policy")
    axes.set_ylabel("regret: mean (point) up to the worst task (line)")
    _label(axes, points)
    figure.savefig(path, dpi=110)


def _label(axes: Axes, points: Mapping[str, tuple[float, float]]) -> None:
    """Write names beside points, each on the first side on which nothing is yet."""
    from matplotlib.transforms import Bbox

    axes.figure.draw_without_rendering()  # from now on the axes stay where they are
    dots = axes.transData.transform([*points.values()])
    taken = [Bbox.from_bounds(x - DOT, y - DOT, 2 * DOT, 2 * DOT) for x, y in dots]
    for name, point in points.items():
        for align, across, up in SIDES:
            text = axes.annotate(
                *(name, point, (across, up)), textcoords="offset points", fontsize=8, ha=align
            )
            box = text.get_window_extent()
            if (align, across, up) == SIDES[-1] or not box.count_overlaps(taken):
                taken.append(box)
                break
            text.remove()


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--policy", action="append", choices=[*POLICIES], help="only these")
    parser.add_argument("--json", type=Path, help="keep all figures in a file; those there count")
    parser.add_argument("--draw-only", action="store_true", help="measure nothing")
    parser.add_argument("--png", type=Path, help="draw them")
    args = parser.parse_args()
    bounds = Bounds(args.seeds, args.runs, args.workers)
    found = list(tasks(args.folder))
    if not found:
        sys.exit(f"{args.folder}: no recorded curves there")
    for library in PEERS:
        if not any(name.startswith(library) for name in POLICIES):
            print(f"{library} is not installed: its rules are left out")
    results: Results = {}
    if args.json and args.json.exists():
        results = json.loads(args.json.read_text())
    for name in [] if args.draw_only else args.policy or POLICIES:
        began = time.process_time()
        results[name] = {task.name: measure(task, POLICIES[name], bounds) for task in found}
        for task, values in results[name].items():
            figures = " ".join(f"{c} {v:.3f}" for c, v in zip(COLUMNS, values, strict=True))
            print(f"  {task:36} {figures}")
        mean = np.mean(list(results[name].values()), axis=0)
        took = time.process_time() - began
        print(f"{name}: {mean[0]:.3f}/{mean[1]:.3f} in {took:.0f} s", flush=True)
        if args.json:
            args.json.write_text(json.dumps(results, indent=1))
    print(table({name: results[name] for name in POLICIES if name in results}))
    if args.png:
        draw(results, args.png)


if __name__ == "__main__":
    main()
