"""Fits what `PromisingPolicy` has learnt, from recorded learning curves.

``python -m benchmarks.fit_promising FOLDER > policies/promising_weights.py``: sweeps are played
over tasks, each look at each run is noted with its signs and with whether the run was to come out
ahead, and a small network learns the chance of it from the signs. What is seen depends on who was
let go on, so it goes in rounds: each plays by what the one before has learnt, and all that was
seen counts. Sweeps are of several shapes, long and short, with few runs and many at a time. The
draws are others than those that `policy_savings` measures.

``--check`` then fits anew without the tasks of each source (the first word of their names), one
after another, and says what the policy does on these.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.policy_savings import Bounds, measure
from benchmarks.recorded_tasks import Task, tasks
from policies import PromisingPolicy, Verdict, promising
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
LIMIT = 0.0024
"""In a round after the first, a run with a smaller chance is stopped."""
HIDDEN, PENALTY, STEPS, LAST_STEPS = 24, 1e-2, 150, 400
LEAST = 0.01
"""A sign that varies less is scaled by this."""
FULL = 0.02
"""A run that is better by this share of the gap counts in full, one by half of it for half."""
Floats = NDArray[np.float64]
Net = tuple[Floats, Floats, Floats, float]
"""Weights of the hidden units, their biases, what each counts, and a bias."""


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

    signs: Floats
    ahead: Floats
    weights: Floats
    task: NDArray[np.int_]

    def of(self, places: list[int]) -> Seen:
        """Return the looks at some tasks."""
        here = np.isin(self.task, places)
        return Seen(self.signs[here], self.ahead[here], self.weights[here], self.task[here])


def watch(some: list[Task], rule: Callable[[Signs], bool], draws: Iterable[int]) -> Seen:
    """Play sweeps by a rule; each task counts the same."""
    signs, labels, weights, places = [], [], [], []
    for place, task in enumerate(some):
        rows: list[Signs] = []
        marks: list[float] = []
        for seed in draws:
            runs, workers = SHAPES[seed % len(SHAPES)]
            draw, policy = task.draw(seed, runs), Watched(rule)
            play(draw.recordings, policy, task.goal, workers)
            good = np.clip(draw.margin / FULL, 0, 1)
            rows += [row for _, row in policy.seen]
            marks += [float(good[run - 1]) for run, _ in policy.seen]
        signs.append(np.array(rows))
        labels.append(np.array(marks, float))
        weights.append(np.full(len(rows), 1 / len(rows)))
        places.append(np.full(len(rows), place))
    return Seen(*map(np.concatenate, (signs, labels, weights, places)))


def fit(seen: Seen, steps: int) -> tuple[Floats, Floats, Net]:
    """Return the means and deviations of the signs, and a network, by maximum likelihood."""
    weights = seen.weights / seen.weights.sum()
    mean = weights @ seen.signs
    deviation = np.sqrt(weights @ (seen.signs - mean) ** 2) + 1e-6
    deviation = np.maximum(deviation, LEAST)  # of a sign that hardly varies
    x = np.clip((seen.signs - mean) / deviation, -promising.LIMIT, promising.LIMIT)
    x, w, y = (a.astype(np.float32) for a in (x, weights, seen.ahead))
    size, dice = x.shape[1] * HIDDEN, np.random.default_rng(0)
    start = [dice.normal(0, 0.75 / math.sqrt(x.shape[1]), size), np.zeros(HIDDEN)]
    start += [dice.normal(0, 0.5, HIDDEN), np.array([-3.0])]

    def apart(flat: Any) -> Any:
        inner, biases = flat[:size].reshape(HIDDEN, -1), flat[size : size + HIDDEN]
        return inner, biases, flat[size + HIDDEN : -1], flat[-1]

    def loss(flat: Floats) -> tuple[float, Floats]:
        inner, biases, counts, bias = apart(flat.astype(np.float32))
        hidden = np.tanh(x @ inner.T + biases)
        odds = hidden @ counts + bias
        value = float((w * (np.logaddexp(0, odds) - y * odds)).sum(dtype=np.float64))
        slope = w * (1 / (1 + np.exp(-odds)) - y)
        back = slope[:, None] * counts * (1 - hidden**2)
        parts = [(back.T @ x).ravel(), back.sum(0), slope @ hidden, [slope.sum()]]
        bound = np.concatenate([flat[:size], np.zeros(HIDDEN), flat[size + HIDDEN : -1], [0]])
        penalty = PENALTY / HIDDEN / 10
        gradient = np.concatenate(parts).astype(float) + 2 * penalty * bound
        return value + penalty * float((bound**2).sum()), gradient

    found = minimize(
        loss, np.concatenate(start), jac=True, method="L-BFGS-B", options={"maxiter": steps}
    )
    print(f"{len(y)} looks, {y.mean():.2%} ahead, loss {found.fun:.5f}", file=sys.stderr)
    return mean, deviation, apart(found.x)


def use(mean: Floats, deviation: Floats, net: Net) -> str:
    """Let the policy use what was learnt, rounded; return it as the text of its module."""
    inner, biases, counts, bias = net
    scales = {
        name: (_short(m), _short(d))
        for name, m, d in zip(Signs._fields, mean, deviation, strict=True)
    }
    units = [
        (_short(b), [_short(v) for v in row], _short(c))
        for b, row, c in zip(biases, inner, counts, strict=True)
    ]
    promising.SCALES, promising.HIDDEN, promising.BIAS = scales, units, _short(bias)  # type: ignore[misc]
    lines = [f'    "{name}": {pair},' for name, pair in scales.items()]
    rows = []
    for unit, row, count in units:
        numbers = ", ".join(map(str, row))
        rows.append(f"    ({unit}, [{numbers}], {count}),")
    return TEXT.format("\n".join(lines), _short(bias), "\n".join(rows))


def _short(number: float) -> float:
    return round(float(number), 3)


TEXT = '''"""What `PromisingPolicy` has learnt: made by `benchmarks/fit_promising.py`.

A network of one hidden layer. Each sign is scaled by its mean and its standard deviation; each
unit is the hyperbolic tangent of its bias plus the weighted signs; and the odds that a run comes
out ahead, as a logarithm, are the bias plus what each unit counts.
"""

# ruff: noqa: E501
# fmt: off
from __future__ import annotations

SCALES: dict[str, tuple[float, float]] = {{
{}
}}
"""Of each sign, in the order in which units weigh them: mean and standard deviation."""
BIAS = {}
HIDDEN: list[tuple[float, list[float], float]] = [
{}
]
"""Of each unit: its bias, the weight of each sign, and what it counts."""
'''


def learn(some: list[Task], draws: int, rounds: int) -> tuple[Seen, str]:
    """Play and fit in rounds; return what was seen, and the module."""
    seen = watch(some, lambda signs: signs.odds > 0.5, range(FIRST_DRAW, FIRST_DRAW + draws))
    use(*fit(seen, STEPS))
    for number in range(1, rounds):
        first = FIRST_DRAW * (1 + number)
        more = watch(some, _unlikely, range(first, first + draws))
        seen = more if number == 1 else _both(seen, more)
        text = use(*fit(seen, LAST_STEPS if number == rounds - 1 else STEPS))
    return seen, text


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
        use(*fit(seen.of([place for place, gone in enumerate(out) if not gone]), STEPS))
        rows = [
            measure(task, lambda *_: PromisingPolicy(risk=risk), Bounds(20, RUNS, WORKERS))
            for task, gone in zip(some, out, strict=True)
            if gone
        ]
        epochs, regret = (np.array([row[column] for row in rows]) for column in (0, 1))
        told = f"{epochs.mean():.3f} / {regret.mean():.3f} / {regret.max():.3f}"
        print(f"{name} left out: {told}", file=sys.stderr, flush=True)


def main() -> None:
    """Fit, and print the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--draws", type=int, default=20, help="of each task, in each round")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--check", action="store_true", help="leave each source out in turn")
    parser.add_argument("--risk", type=float, default=promising.RISK, help="of the check")
    args = parser.parse_args()
    some = list(tasks(args.folder))
    seen, text = learn(some, args.draws, max(2, args.rounds))
    print(text, end="", flush=True)
    if args.check:
        check(some, seen, args.risk)


if __name__ == "__main__":
    main()
