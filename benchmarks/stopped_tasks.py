"""What early termination with Bayesian sampling is measured on: tasks with learning curves."""

import json
from collections.abc import Mapping, Sequence
from math import log
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from samplers import Space, SpaceError, choice, loguniform, qloguniform, uniform
from samplers.search import Search

Array = NDArray[np.float64]
Values = Mapping[str, Any]

EPOCHS, DRAWS = 50, 1000
"""How long the curves of a black box are, and how many draws its median is of."""

MODEL = "lcbench_surrogate_model.npz"
LAYERS = "layers__{}__"

BOX: dict[str, Any] = {
    "batch_size": qloguniform(log(16), log(512), 1),
    "learning_rate": loguniform(log(1e-4), log(0.1)),
    "momentum": uniform(0.1, 0.99),
    "weight_decay": uniform(1e-5, 0.1),
    "num_layers": choice(1, 2, 3, 4),
    "max_units": qloguniform(log(64), log(1024), 1),
    "max_dropout": uniform(0, 1),
}
"""The space of the black box, in the order in which the model takes it."""


class Task(Protocol):
    """A space, and the curve of what is run of it, higher for better."""

    name: str
    space: Space
    best: float
    median: float

    def run(self, proposed: Values, used: set[int]) -> tuple[Values, Array]:
        """Return what is run where something was proposed, which is used up, and its curve."""
        ...

    def drawn(self, count: int, seed: int) -> list[tuple[Values, Array]]:
        """Return configurations by chance, at most `count`, and their curves."""
        ...


class Pool:
    """Recorded configurations and their curves: the nearest that is not used is run."""

    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as data:
            meta = json.loads(str(data["meta"]))
            space: dict[str, Any] = {
                name: [one["type"], one["args"]] for name, one in meta["space"].items()
            }
            columns = [data[f"c__{name}"].tolist() for name in space]
            values = data["metric"].astype(float) * (1 if meta["goal"] == "maximize" else -1)
            length = data["length"].astype(int)
        self.name = str(meta["task"])
        self.space = Space(space).distinct()
        self._configurations: list[Values] = []
        self._curves: list[Array] = []
        units = []
        for row, curve, count in zip(zip(*columns, strict=True), values, length, strict=True):
            one = {n: _option(space[n], v) for n, v in zip(space, row, strict=True)}
            try:
                units.append(self.space.encode(one))
            except SpaceError:  # rounded beyond its bounds when it was recorded
                continue
            self._configurations.append(one)
            self._curves.append(np.where(np.isfinite(curve), curve, -np.inf)[:count])
        self._search = Search(self.space)
        self._features = self._search.matrix(np.array(units, dtype=float))
        finals = np.array([curve.max() for curve in self._curves])
        self.best, self.median = finals.max(), float(np.median(finals[np.isfinite(finals)]))

    def run(self, proposed: Values, used: set[int]) -> tuple[Values, Array]:
        """See `Task`."""
        units = np.array([self.space.encode(proposed)], dtype=float)
        gaps = np.sum((self._features - self._search.matrix(units)) ** 2, axis=1)
        gaps[list(used)] = np.inf
        place = int(np.argmin(gaps))
        used.add(place)
        return self._configurations[place], self._curves[place]

    def drawn(self, count: int, seed: int) -> list[tuple[Values, Array]]:
        """See `Task`."""
        order = np.random.default_rng(seed).permutation(len(self._curves))[:count]
        return [(self._configurations[place], self._curves[place]) for place in order]


def _option(wire: list[Any], value: Any) -> Any:
    """Return the option that equals a recorded value, which may be of another type."""
    same = (o for o in wire[1][0] if o == value) if wire[0] == "choice" else iter(())
    return next(same, value)


class BlackBox:
    """The LCBench surrogate of YAHPO Gym: any configuration has a curve, of validation accuracy.

    `best` is the highest end of the draws of which `median` is the median; a search finds better.
    """

    def __init__(self, path: Path, task: str) -> None:
        with np.load(path, allow_pickle=False) as data:
            self._weights = {name: data[name] for name in data.files}
        self._embedding = self._weights["embedding"][tasks_of(path).index(task)]
        self.name = f"lcbench_{task}"
        self.space = Space(BOX)
        units = np.random.default_rng(1).random((DRAWS, len(self.space.leaves)))
        finals = self._curves([self.space.decode(row) for row in units], [EPOCHS])
        self.best, self.median = float(finals.max()), float(np.median(finals))
        self._latest: tuple[int, int, list[tuple[Values, Array]]] = 0, 0, []

    def run(self, proposed: Values, used: set[int]) -> tuple[Values, Array]:  # noqa: ARG002 -- the protocol's
        """See `Task`."""
        return proposed, self._curves([proposed], range(1, EPOCHS + 1))[0]

    def drawn(self, count: int, seed: int) -> list[tuple[Values, Array]]:
        """See `Task`."""
        if self._latest[:2] != (count, seed):  # it is asked for several times in a row
            units = np.random.default_rng(seed).random((count, len(self.space.leaves)))
            configurations = [self.space.decode(row) for row in units]
            curves = self._curves(configurations, range(1, EPOCHS + 1))
            self._latest = count, seed, list(zip(configurations, curves, strict=True))
        return self._latest[2]

    def _curves(self, configurations: Sequence[Values], epochs: Sequence[int]) -> Array:
        rows = [[float(one[name]) for name in BOX] for one in configurations]
        numbers = [[epoch, *row] for row in rows for epoch in epochs]
        return self._accuracy(np.array(numbers)).reshape(len(rows), len(epochs))

    def _accuracy(self, numbers: Array) -> Array:
        """Return the accuracy for rows of the epoch and the seven hyperparameters."""
        weights, columns = self._weights, []
        for column, is_log, add, offset, scale in weights["x_transform"]:
            values = numbers[:, int(column)] + add
            columns.append(((np.log(values) if is_log else values) - offset) / scale)
        embedding = np.repeat(self._embedding[None], len(numbers), axis=0)
        hidden = np.concatenate([embedding, np.stack(columns, 1)], 1).astype(np.float32)
        hidden = self._linear(hidden, "first_layer")
        layer = 0
        while f"{(name := LAYERS.format(layer))}linear0__weight" in weights:
            halves = self._linear(self._normal(hidden, name + "norm"), name + "linear0")
            signal, gate = np.split(halves, 2, axis=1)
            hidden = hidden + self._linear(signal * np.maximum(gate, 0), name + "linear1")
            layer += 1
        hidden = np.maximum(self._normal(hidden, "last_normalization"), 0)
        outputs = 1 / (1 + np.exp(-self._linear(hidden, "head").astype(float)))
        column, is_exponential, scale, offset, less = weights["y_transform"][1]
        found: Array = outputs[:, int(column)] * scale + offset
        return np.exp(found) - less if is_exponential else found

    def _linear(self, rows: Any, name: str) -> Any:
        return rows @ self._weights[f"{name}__weight"].T + self._weights[f"{name}__bias"]

    def _normal(self, rows: Any, name: str) -> Any:
        weights = self._weights
        spread = np.sqrt(weights[f"{name}__running_var"] + 1e-5)
        scaled = (rows - weights[f"{name}__running_mean"]) / spread
        return scaled * weights[f"{name}__weight"] + weights[f"{name}__bias"]


def tasks_of(path: Path) -> list[str]:
    """Return the names of the tasks that a file of the surrogate answers for."""
    with np.load(path, allow_pickle=False) as data:
        return [str(task) for task in data["tasks"]]


def tasks(folder: Path, only: Sequence[str]) -> list[Task]:
    """Return the tasks that a folder has, with one of `only` in their names.

    Recorded draws of the black box are left out where it is there itself.
    """
    found: list[Task] = []
    paths = sorted(folder.rglob("*.npz"))
    models = [path for path in paths if path.name == MODEL]
    for path in models[:1]:
        names = (name for name in tasks_of(path) if any(one in f"lcbench_{name}" for one in only))
        found += [BlackBox(path, name) for name in names]
    for path in paths:
        if models and path.name.startswith("lcbench_surrogate"):
            continue
        if any(one in path.name for one in only) and not path.name.startswith("table"):
            found.append(Pool(path))
    return found
