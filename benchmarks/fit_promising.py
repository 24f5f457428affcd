"""Fits what `PromisingPolicy` has learnt, from recorded learning curves.

``python -m benchmarks.fit_promising FOLDER > policies/promising_weights.py``: sweeps are played
over tasks, each look at each run is noted with its signs and with whether the run was to come out
ahead, and a small network learns the chance of it from the signs. What is seen depends on who was
let go on, it goes in rounds: each plays by what the one before has learnt, and all that was
seen counts. The draws are others than those that `policy_savings` measures.

``--leave-out SOURCE`` fits without the tasks of a source (the first word of their names), and says
what the policy then does on these.
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
FIRST_DRAW = 1000
LIMIT = 0.0024
"""In a round after the first, a run with a smaller chance is stopped."""
HIDDEN, PENALTY, STEPS = 16, 3e-3, 300
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
        if board.count < self.finished_runs or board.leader in {None, run}:
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
    """Looks: their signs, whether the run was to come out ahead, and how much each counts."""

    signs: Floats
    ahead: Floats
    weights: Floats


def watch(some: Iterable[Task], rule: Callable[[Signs], bool], draws: Iterable[int]) -> Seen:
    """Play sweeps by a rule; each task counts the same."""
    signs, labels, weights = [], [], []
    for task in some:
        rows: list[Signs] = []
        marks: list[bool] = []
        for seed in draws:
            draw, policy = task.draw(seed, RUNS), Watched(rule)
            play(draw.recordings, policy, task.goal, WORKERS)
            good = draw.ahead
            rows += [row for _, row in policy.seen]
            marks += [bool(good[run - 1]) for run, _ in policy.seen]
        signs.append(np.array(rows))
        labels.append(np.array(marks, float))
        weights.append(np.full(len(rows), 1 / len(rows)))
    return Seen(np.concatenate(signs), np.concatenate(labels), np.concatenate(weights))


def fit(seen: Seen) -> tuple[Floats, Floats, Net]:
    """Return the means and deviations of the signs, and a network, by maximum likelihood."""
    weights = seen.weights / seen.weights.sum()
    mean = weights @ seen.signs
    deviation = np.sqrt(weights @ (seen.signs - mean) ** 2) + 1e-6
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
        loss, np.concatenate(start), jac=True, method="L-BFGS-B", options={"maxiter": STEPS}
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


def learn(some: list[Task], draws: int, rounds: int) -> str:
    """Play and fit in rounds; return the module."""
    rule: Callable[[Signs], bool] = lambda signs: signs.odds > 0.5  # noqa: E731
    seen, text = Seen(*(np.zeros((0, *shape)) for shape in ((len(Signs._fields),), (), ()))), ""
    for number in range(rounds):
        first = FIRST_DRAW * (1 + number)
        more = watch(some, rule, range(first, first + draws))
        seen = Seen(
            np.concatenate([seen.signs, more.signs]),
            np.concatenate([seen.ahead, more.ahead]),
            np.concatenate([seen.weights, more.weights * (1 + number)]),
        )
        text = use(*fit(seen))
        rule = lambda signs: promising.chance(signs) < LIMIT  # noqa: E731
    return text


def main() -> None:
    """Fit, and print the module, or how it does where it was not fitted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--draws", type=int, default=25, help="of each task, in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--developed", action="store_true", help="fit on the ten tasks only")
    parser.add_argument("--leave-out", metavar="SOURCE", help="fit without it, and measure it")
    args = parser.parse_args()
    found = list(tasks(args.folder))
    some = [task for task in found if task.developed_on or not args.developed]
    if args.leave_out:
        some = [task for task in some if not task.name.startswith(args.leave_out)]
    print(learn(some, args.draws, args.rounds), end="", flush=True)
    if args.leave_out:
        for task in [task for task in found if task not in some]:
            row = measure(task, lambda *_: PromisingPolicy(), Bounds(20, RUNS, WORKERS))
            print(f"{task.name}: {row[0]:.3f}/{row[1]:.4f}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
