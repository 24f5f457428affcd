"""Curves of tasks that nobody has recorded: recorded ones, changed by chance.

What a policy learns from a handful of tasks it takes for a law: that who leads at a tenth of the
way leads at the end, say. So it sees each task in other shapes as well. Runs gain more or less
late, each by itself, so that their curves cross; some gain most near their ends, as they do where
a learning rate falls late; reports are left out, or end earlier; there is noise; and values are on
another scale, where the best are close to each other or far apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.recorded_tasks import Draw
from policies import Goal
from sweep.view.recorded import Recording

Floats = NDArray[np.float64]
LATE = 0.25
"""How many of the tasks gain most near their ends."""


@dataclass(frozen=True)
class Change:
    """What happens to all runs of a sweep.

    Attributes:
        spread: how different runs are in how late they gain: of its logarithm, the deviation.
        late: how late they gain together, as a power of time.
        horizon: the share of the reports that are kept, from the first on.
        stride: of how many reports one is kept.
        noise: in gaps between the best and the median run.
        scale: what becomes of a value, in such gaps from the median run.
        turn: the share of the reports after which the last gain comes; 1: there is none.
        depth: how much it is, on average, in gaps.
    """

    spread: float
    late: float
    horizon: float
    stride: int
    noise: float
    scale: str
    turn: float
    depth: float


def change(dice: np.random.Generator) -> Change:
    """Return a change by chance."""
    turn = float(dice.uniform(0.4, 0.9)) if dice.random() < LATE else 1.0
    return Change(
        spread=float(dice.choice([0.0, 0.3, 0.6, 1.0])),
        late=math.exp(0.4 * dice.standard_normal()),
        horizon=float(dice.choice([1.0, 1.0, 0.7, 0.4])),
        stride=int(dice.choice([1, 1, 1, 2, 3])),
        noise=float(dice.choice([0.0, 0.0, 0.02, 0.08])),
        scale=str(dice.choice(["as it is", "as it is", "logarithm", "power"])),
        turn=turn,
        depth=float(dice.choice([0.3, 1.0, 2.0])),
    )


def changed(draw: Draw, goal: Goal, seed: int) -> Draw:
    """Return the same configurations with other curves."""
    dice = np.random.default_rng(seed)
    sign = 1 if goal is Goal.MAXIMIZE else -1
    middle, whole = float(np.median(draw.finals[np.isfinite(draw.finals)])), change(dice)
    recordings, finals = [], []
    for one in draw.recordings:
        values = (np.array(one.values, float) * sign - middle) / draw.gap
        scores = _curve(values[: max(1, int(len(values) * whole.horizon))], whole, dice)
        recordings.append(Recording(one.number, (scores * sign).tolist()))
        finals.append(scores.max(initial=-math.inf, where=np.isfinite(scores)))
    return Draw(recordings, np.array(finals))


def _curve(scores: Floats, whole: Change, dice: np.random.Generator) -> Floats:
    """Return the other curve of a run: `scores` (n; up is better), in gaps from the median run."""
    time = np.arange(1, len(scores) + 1) / len(scores)
    late = whole.late * math.exp(whole.spread * dice.standard_normal())
    places = np.ceil(time**late * len(scores) - 1e-9).astype(int)
    scores = scores[places.clip(1) - 1]
    if whole.turn < 1:
        left = np.sqrt(np.clip((1 - time) / (1 - whole.turn), 0, 1))
        scores = scores - whole.depth * dice.exponential() * left
    scores = scores + whole.noise * dice.standard_normal(len(scores))
    scores = scores[:: -whole.stride][::-1]
    if whole.scale == "logarithm":
        return np.arcsinh(3 * scores)
    if whole.scale == "power":
        return np.where(np.isfinite(scores), np.exp(np.clip(scores, -30, 5)), scores)
    return scores
