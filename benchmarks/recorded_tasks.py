"""Tasks of recorded learning curves: read from a folder, drawn from by seed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from policies import Goal
from sweep.view.recorded import Recording

DEVELOPED_ON = (
    "algoperf_imagenet_resnet",
    "algoperf_ogbg",
    "deepobs_cifar10_3c3d",
    "deepobs_mnist_vae",
    "lcbench_surrogate_167104",
    "lcbench_surrogate_168908",
    "taskset_p128_LSTM128_avg_bs64",
    "taskset_p32_GRU64_avg_bs128",
    "trained_gbm_diamonds",
    "trained_sgd_mnist5k",
)
"""Two of each source: a fit to these is checked on the others."""
AHEAD, MARGIN = 0.02, 0.01
"""Who comes out ahead is one of the best 2 %, by 1 % of the gap between best and median run."""


@dataclass(frozen=True)
class Draw:
    """Some configurations of a task in an order, each as it was recorded.

    Attributes:
        recordings: numbered from 1.
        finals: the best score of each run over its whole length; minus infinity for none.
    """

    recordings: list[Recording]
    finals: NDArray[np.float64]

    @property
    def gap(self) -> float:
        """From the median run to the best one."""
        known = self.finals[np.isfinite(self.finals)]
        return max(float(self.finals.max() - np.median(known)), 1e-12)

    @property
    def margin(self) -> NDArray[np.float64]:
        """By what share of the gap each run is better than the best that is not ahead."""
        best = max(1, round(AHEAD * len(self.finals)))
        result: NDArray[np.float64] = (self.finals - np.sort(self.finals)[-best - 1]) / self.gap
        return result

    @property
    def ahead(self) -> NDArray[np.bool_]:
        """Whether each run comes out ahead, as `PromisingPolicy` has it."""
        return self.margin >= MARGIN


class Task:
    """One file of curves: an `.npz` with `metric`, `length`, `meta`, and `runtime` where known."""

    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as data:
            meta = json.loads(str(data["meta"]))
            metric = data["metric"].astype(np.float64)
            self._length = data["length"].astype(int)
            seconds = data["runtime"].astype(np.float64) if "runtime" in data.files else None
        self.name: str = meta["task"]
        self.goal = Goal.MAXIMIZE if meta["goal"] == "maximize" else Goal.MINIMIZE
        self.size, self.epochs = metric.shape
        scores = metric if self.goal is Goal.MAXIMIZE else -metric
        self._finals = np.where(np.isfinite(scores), scores, -np.inf).max(axis=1)
        self._values = metric.tolist()
        self._seconds = None
        if seconds is not None:
            known = np.isfinite(seconds) & (seconds > 0)
            self._seconds = np.where(known, seconds, 1e-3).tolist()

    @property
    def developed_on(self) -> bool:
        """Whether it is among those."""
        return self.name in DEVELOPED_ON

    def draw(self, seed: int, runs: int) -> Draw:
        """Return so many configurations, without replacement."""
        order = np.random.default_rng([seed, 12345]).permutation(self.size)[:runs]
        recordings = [
            Recording(
                number,
                self._values[row][: self._length[row]],
                self._seconds[row] if self._seconds else None,
            )
            for number, row in enumerate(order, 1)
        ]
        return Draw(recordings, self._finals[order])


def tasks(folder: Path) -> Iterator[Task]:
    """Yield every task below a folder that has curves, by name."""
    for path in sorted(folder.rglob("*.npz"), key=lambda p: p.name):
        with np.load(path, allow_pickle=False) as data:
            curves = (
                "metric" in data.files and "meta" in data.files and data["metric"].shape[1] > 1
            )
        if curves:
            yield Task(path)
