"""Which hyperparameters matter: a random forest over the runs, and what it loses without each.

A forest of regression trees learns the best value of a run from its hyperparameters (logarithms
where they were drawn so, one column per option of a choice). The importance of a hyperparameter is
by how much the forest's error grows when the values of that one are shuffled among the runs
(permutation importance), as a share of all of them. The error is counted, tree by tree, on runs
that the tree has not seen, so what is only remembered counts for nothing.

Sources: L. Breiman, "Random Forests", Machine Learning 45, 2001, section 10; for forests as models
of sweeps F. Hutter, H. Hoos and K. Leyton-Brown, "An Efficient Approach for Assessing
Hyperparameter Importance", ICML 2014.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.core.words import plain
from sweep.errors import UserError
from sweep.view.data import Column, SweepData, chosen, with_results
from sweep.view.figure import Axis, Bars, Figure, Panel

Array = NDArray[np.float64]

TREES = 128
SHUFFLES = 16
"""How often the values of one hyperparameter are shuffled."""
FEWEST = 8
"""Runs below which nothing can be said."""
FIRMEST = 30
"""Runs below which what is said is rough."""
RESOLUTION = 40
"""Points along a numeric axis of a surface."""
SAMPLE = 200
"""Runs over which a surface is averaged, at most."""


@dataclass(frozen=True, slots=True)
class Importance:
    """Which hyperparameters matter, and how much that can be believed.

    Attributes:
        shares: (name, share of all importance, its deviation), largest first.
        runs: over how many it was found.
        explained: the share of the variance that the forest explains in runs not seen.
    """

    shares: list[tuple[str, float, float]]
    runs: int
    explained: float

    @property
    def note(self) -> str:
        """What it was found with, on one line."""
        rough = "" if self.runs >= FIRMEST else "; few runs: rough"
        return (
            f"random forest over {self.runs} runs, explains {self.explained:.0%} of the"
            f" variance in runs not seen{rough}"
        )


class Forest:
    """A model of the runs of a sweep.

    Args:
        data: the sweep.
        columns: the hyperparameters, over its runs that have a result.

    Raises:
        UserError: there are too few runs.
    """

    def __init__(self, data: SweepData, columns: Sequence[Column]) -> None:
        from sklearn.ensemble import RandomForestRegressor  # noqa: PLC0415 - half a second

        _enough(data)
        self.columns = [*columns]
        self.values = np.array([row.best or 0.0 for row in data.judged])
        self._encoders = [_Encoder(column) for column in columns]
        self.features = np.hstack([e.encode(e.column.values) for e in self._encoders])
        self._groups: list[slice] = []
        for encoder in self._encoders:
            start = self._groups[-1].stop if self._groups else 0
            self._groups.append(slice(start, start + encoder.width))
        self._model = RandomForestRegressor(
            TREES, min_samples_leaf=2, oob_score=True, random_state=0
        )
        self._model.fit(self.features, self.values)

    def fit(self) -> float:
        """Return the share of the variance that is explained in runs that trees have not seen."""
        return float(self._model.oob_score_)

    def importance(self) -> list[tuple[Column, float, float]]:
        """Return each hyperparameter with its share and that share's deviation; largest first."""
        dice = np.random.default_rng(0)
        trees = self._trees()
        base = float(np.mean([self._error(t, u, self.features) for t, u in trees]))
        rises = np.empty((len(self.columns), SHUFFLES))
        for n, group in enumerate(self._groups):
            for turn in range(SHUFFLES):
                shuffled = self.features.copy()
                shuffled[:, group] = shuffled[dice.permutation(len(shuffled)), group]
                rises[n, turn] = np.mean([self._error(t, u, shuffled) for t, u in trees]) - base
        means, deviations = rises.mean(axis=1).clip(0), rises.std(axis=1)
        total = float(means.sum()) or 1.0
        found = [
            (column, float(mean) / total, float(deviation) / total)
            for column, mean, deviation in zip(self.columns, means, deviations, strict=True)
        ]
        return sorted(found, key=lambda item: -item[1])

    def surface(
        self, across: Column, up: Column, resolution: int
    ) -> tuple[list[float], list[float], list[list[float]]]:
        """Return the axes of two hyperparameters, and what is expected over them: z[y][x].

        It is the mean over the other hyperparameters of the runs (partial dependence).
        """
        places = [_grid(across, resolution), _grid(up, resolution)]
        groups = [self._groups[self.columns.index(column)] for column in (across, up)]
        encoders = [self._encoders[self.columns.index(column)] for column in (across, up)]
        encoded = [e.encode_places(p) for e, p in zip(encoders, places, strict=True)]
        some = self.features[:: max(1, math.ceil(len(self.features) / SAMPLE))]
        table: list[list[float]] = []
        for row in encoded[1]:
            block = np.tile(some, (len(places[0]), 1))
            block[:, groups[1]] = row
            block[:, groups[0]] = np.repeat(encoded[0], len(some), axis=0)
            expected = self._model.predict(block).reshape(len(places[0]), len(some))
            table.append([float(mean) for mean in expected.mean(axis=1)])
        return places[0], places[1], table

    def _trees(self) -> list[tuple[Any, NDArray[np.bool_]]]:
        """Return each tree with the runs that it has not seen."""
        count = len(self.values)
        found = []
        for tree, seen in zip(
            self._model.estimators_, self._model.estimators_samples_, strict=True
        ):
            unseen = np.ones(count, dtype=bool)
            unseen[seen] = False
            if unseen.any():
                found.append((tree, unseen))
        return found

    def _error(self, tree: Any, unseen: NDArray[np.bool_], features: Array) -> float:
        # tree.predict checks its input for five times as long as it predicts
        predicted = tree.tree_.predict(features[unseen].astype(np.float32)).ravel()
        return float(np.mean((predicted - self.values[unseen]) ** 2))


class _Encoder:
    """One hyperparameter as columns of numbers; one that a run does not have is its own value."""

    def __init__(self, column: Column) -> None:
        self.column = column
        self.missing = any(value is None for value in column.values)
        self.width = (1 if column.numeric else len(column.levels)) + self.missing

    def encode(self, values: Sequence[Any]) -> Array:
        """Return the columns of values."""
        return self.encode_places([self.column.place(value) for value in values])

    def encode_places(self, places: Sequence[float | None]) -> Array:
        """Return the columns of places on the axis."""
        table = np.zeros((len(places), self.width))
        middle = self._middle() if self.column.numeric else 0.0
        for row, place in zip(table, places, strict=True):
            if place is None:
                row[-1] = 1.0
            if self.column.numeric:
                row[0] = middle if place is None else self.column.scaled(place)
            elif place is not None:
                row[int(place)] = 1.0
        return table

    def _middle(self) -> float:
        known = [self.column.scaled(float(v)) for v in self.column.values if v is not None]
        return float(np.median(known))


def importance_of(data: SweepData, names: Sequence[str] = ()) -> Importance:
    """Tell how much each hyperparameter matters for the best value of a run.

    Args:
        data: the sweep.
        names: of these hyperparameters only; of all that differ by default.

    Raises:
        UserError: too few runs have a result, no hyperparameter differs, or one that is named
            is not there.
    """
    _enough(data)
    forest = Forest(data, chosen(data, names))
    shares = [(plain(c.name), share, deviation) for c, share, deviation in forest.importance()]
    return Importance(shares, len(data.judged), max(0.0, forest.fit()))


def importance(data: SweepData, names: Sequence[str] = ()) -> Figure:
    """How much each hyperparameter matters for the best value of a run."""
    with_results(data)
    found = importance_of(data, names)
    bars = Bars(
        [float(n) for n in range(len(found.shares))],
        [share for _, share, _ in found.shares],
        errors=[deviation for _, _, deviation in found.shares],
        hover=[
            f"{name}: {share:.1%} ± {deviation:.1%}" for name, share, deviation in found.shares
        ],
    )
    return Figure(
        f"Importance for {plain(data.metric)}: {data.id}",
        [
            Panel(
                Axis("share of the permutation importance"),
                Axis(levels=[name for name, _, _ in found.shares]),
                [bars],
            )
        ],
        note=found.note,
    )


def _enough(data: SweepData) -> None:
    count = len(data.judged)
    if count < FEWEST:
        raise UserError(
            f"{data.id}: {count} of its runs {'has' if count == 1 else 'have'} a result; at least"
            f" {FEWEST} are needed to tell which hyperparameters matter"
        )


def _grid(column: Column, resolution: int) -> list[float]:
    if not column.numeric:
        return [float(n) for n in range(len(column.levels))]
    known = [column.scaled(float(v)) for v in column.values if v is not None]
    low, high = min(known), max(known)
    steps = [low + (high - low) * n / (resolution - 1) for n in range(resolution)]
    return [column.unscaled(step) for step in steps]
