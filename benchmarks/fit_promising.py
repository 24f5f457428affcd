"""Fits what `PromisingPolicy` has learnt, from recorded learning curves.

``python -m benchmarks.fit_promising FOLDER policies/promising_weights.py``: sweeps are played
over tasks, each look at each run is noted with its signs and with whether the run was to come out
ahead, and a small network learns the chance of it from the signs. What is seen depends on who was
let go on, so it goes in rounds: each plays by what the one before has learnt, and all that was
seen counts. Sweeps are of several shapes, long and short, with few runs and many at a time, and of
changed curves besides (`changed_curves`). The draws are others than those that `policy_savings`
measures.

``--check`` then fits anew without the tasks of each source (the first word of their names), one
after another, and says what the policy does on these.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.changed_curves import changed
from benchmarks.network import Layers, Singles, learnt, odds
from benchmarks.policy_savings import Bounds, measure
from benchmarks.recorded_tasks import Draw, Task, tasks
from policies import PromisingPolicy, Verdict, promising, promising_weights
from policies.leaderboard import Leaderboard
from policies.outlook import Outlook
from policies.signs import Signs
from sweep.view.recorded import play

RUNS, WORKERS = 100, 8
SHAPES = [
    *((100, 8), (50, 8), (100, 2), (100, 8), (200, 8)),
    *((100, 25), (100, 8), (100, 1), (50, 25), (100, 8)),
]
"""Runs, and how many at a time; each draw has the next."""
FIRST_DRAW = 1000
LIMIT = 0.002
"""In a round after the first, a run with a smaller chance is stopped."""
CHANGED = 0.25
"""How much a task counts with changed curves, where it counts 1 with its own."""
UNITS, PASSES, LAST_PASSES = (64, 32), 8, 60
"""The units of the network, and how often it sees all looks; at last, oftener."""
LEAST = 0.01
"""A sign that varies less is scaled by this."""
FULL = 0.02
"""A run that is better by this share of the gap counts in full, one by half of it for half."""
FEWEST = 10
"""So many runs come to a number in a sweep that is worth a look."""
Floats = NDArray[np.float64]


class Watched(PromisingPolicy):
    """The policy with another rule, every look noted."""

    def __init__(self, rule: Callable[[Signs], bool]) -> None:
        super().__init__()
        self.rule, self.seen = rule, list[tuple[int, Signs]]()

    def stops(self, board: Leaderboard, run: int) -> bool:
        """Note the signs."""
        assert isinstance(board, Outlook), "the policy's own"
        if board.leader in {None, run} or not self.knows(board, run):
            return False
        if board.best(run) == -math.inf:
            return True
        signs = board.signs(run)
        self.seen.append((run, signs))
        return self.rule(signs)

    def explain(self, board: Leaderboard, run: int) -> Verdict:
        """Say nothing."""
        return Verdict("watched", board.interval(run), math.nan, math.nan, stop=True, reason="")


@dataclass
class Seen:
    """Looks: their signs, whether the run was to come out ahead, how much each counts, and where.

    Attributes:
        signs: a row each.
        ahead: from 0 to 1.
        weights: by which each task counts the same.
        task: its place.
    """

    signs: Singles
    ahead: Singles
    weights: Singles
    task: NDArray[np.int_]

    def of(self, places: list[int]) -> Seen:
        """Return the looks at some tasks."""
        here = np.isin(self.task, places)
        return Seen(self.signs[here], self.ahead[here], self.weights[here], self.task[here])


def watch(some: list[Task], rule: Callable[[Signs], bool], draws: Iterable[int]) -> Seen:
    """Play sweeps by a rule, of recorded curves and of changed ones; each task counts the same."""
    found = []
    # A fork knows what the policy has learnt so far.
    with ProcessPoolExecutor(mp_context=get_context("fork")) as pool:
        for share, its in ((1.0, _itself), (CHANGED, changed)):
            looks = pool.map(partial(_look, rule, list(draws), its), some)
            for place, (signs, ahead) in enumerate(looks):
                weights = np.full(len(ahead), share / len(ahead), np.float32)
                found.append((signs, ahead, weights, np.full(len(ahead), place)))
    return Seen(*map(np.concatenate, zip(*found, strict=True)))


def _itself(draw: Draw, *_: object) -> Draw:
    return draw


def _look(
    rule: Callable[[Signs], bool], draws: list[int], its: Callable[..., Draw], task: Task
) -> tuple[Singles, Singles]:
    """Return the signs of all looks in some sweeps of a task, and who was to come out ahead."""
    rows: list[Signs] = []
    marks: list[float] = []
    for seed in draws:
        runs, workers = SHAPES[seed % len(SHAPES)]
        draw, policy = its(task.draw(seed, runs), task.goal, seed), Watched(rule)
        if np.isfinite(draw.finals).sum() < FEWEST:
            continue
        play(draw.recordings, policy, task.goal, workers)
        good = np.clip(draw.margin / FULL, 0, 1)
        rows += [row for _, row in policy.seen]
        marks += [float(good[run - 1]) for run, _ in policy.seen]
    return np.array(rows, np.float32), np.array(marks, np.float32)


def fit(seen: Seen, passes: int) -> tuple[Floats, Floats, Layers]:
    """Return the means and deviations of the signs, and a network."""
    weights = (seen.weights / seen.weights.sum(dtype=float)).astype(float)
    mean = weights @ seen.signs
    deviation = np.sqrt(weights @ (seen.signs - mean) ** 2)
    deviation = np.maximum(deviation, LEAST)  # of a sign that hardly varies
    x = ((seen.signs - mean) / deviation).astype(np.float32)
    x = np.clip(x, -promising.LIMIT, promising.LIMIT)
    net = learnt(x, seen.ahead, seen.weights, UNITS, passes)
    told = odds(net, x).astype(float)
    loss = float(weights @ (np.logaddexp(0, told) - seen.ahead * told))
    print(f"{len(x)} looks, {seen.ahead.mean():.2%} ahead, loss {loss:.5f}", file=sys.stderr)
    return mean, deviation, net


def use(mean: Floats, deviation: Floats, net: Layers) -> str:
    """Let the policy use what was learnt, rounded; return it as the text of its module."""
    promising_weights.SCALES = {
        name: (_short(m), _short(d))
        for name, m, d in zip(Signs._fields, mean, deviation, strict=True)
    }
    promising_weights.LAYERS = [
        [(_short(b), [_short(v) for v in row]) for row, b in zip(inner, biases, strict=True)]
        for inner, biases in net
    ]
    promising.chance.cache_clear()
    lines = [f'    "{name}": {pair},' for name, pair in promising_weights.SCALES.items()]
    rows = []
    for layer in promising_weights.LAYERS:
        rows.append("    [")
        rows += [f"        ({bias}, [{', '.join(map(str, row))}])," for bias, row in layer]
        rows.append("    ],")
    return TEXT.format("\n".join(lines), "\n".join(rows))


def _short(number: float) -> float:
    return round(float(number), 3)


TEXT = '''"""What `PromisingPolicy` has learnt: made by `benchmarks/fit_promising.py`.

A network of two hidden layers. Each sign is scaled by its mean and its standard deviation; each
unit is its bias plus what it weighs the layer before by, or 0 if that is less; and the last one,
which may be less, is the odds that a run comes out ahead, as a logarithm.
"""

# ruff: noqa: E501
# fmt: off
from __future__ import annotations

SCALES: dict[str, tuple[float, float]] = {{
{}
}}
"""Of each sign, in the order in which units weigh them: mean and standard deviation."""
LAYERS: list[list[tuple[float, list[float]]]] = [
{}
]
"""Of each layer, of each unit: its bias, and the weight of each unit of the layer before."""
'''


def learn(some: list[Task], draws: int, rounds: int) -> tuple[Seen, str]:
    """Play and fit in rounds; return what was seen, and the module."""
    seen = watch(some, _behind, range(FIRST_DRAW, FIRST_DRAW + draws))
    use(*fit(seen, PASSES))
    for number in range(1, rounds):
        first = FIRST_DRAW * (1 + number)
        more = watch(some, _unlikely, range(first, first + draws))
        seen = more if number == 1 else _both(seen, more)
        text = use(*fit(seen, LAST_PASSES if number == rounds - 1 else PASSES))
    return seen, text


def _behind(signs: Signs) -> bool:
    return signs.odds > 0.5


def _unlikely(signs: Signs) -> bool:
    return promising.chance(signs) < LIMIT


def _both(one: Seen, other: Seen) -> Seen:
    pairs = zip(vars(one).values(), vars(other).values(), strict=True)
    return Seen(*(np.concatenate(pair) for pair in pairs))


def check(some: list[Task], seen: Seen, risk: float) -> None:
    """Say what is lost and spent on tasks that were not fitted to."""
    sources = sorted({task.name.split("_")[0] for task in some})
    left_out = {source: [t.name.startswith(source) for t in some] for source in sources}
    left_out["all but the ten developed on"] = [not task.developed_on for task in some]
    for name, out in left_out.items():
        kept = [place for place, gone in enumerate(out) if not gone]
        use(*fit(seen.of(kept), LAST_PASSES))
        rows = [
            measure(task, lambda *_: PromisingPolicy(risk=risk), Bounds(20, RUNS, WORKERS))
            for task, gone in zip(some, out, strict=True)
            if gone
        ]
        epochs, regret = (np.array([row[column] for row in rows]) for column in (0, 1))
        told = f"{epochs.mean():.3f} / {regret.mean():.3f} / {regret.max():.3f}"
        print(f"{name} left out: {told}", file=sys.stderr, flush=True)


def main() -> None:
    """Fit, and write the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of recorded curves")
    parser.add_argument("file", type=Path, help="what is written")
    parser.add_argument("--draws", type=int, default=80, help="of each task, in each round")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--check", action="store_true", help="leave each source out in turn")
    parser.add_argument("--risk", type=float, default=promising.RISK, help="of the check")
    args = parser.parse_args()
    some = list(tasks(args.folder))
    seen, text = learn(some, args.draws, max(2, args.rounds))
    args.file.write_text(text)
    if args.check:
        check(some, seen, args.risk)


if __name__ == "__main__":
    main()
