"""What a suggestion costs after many outcomes, in a mixed space of six, ours and peers'.

    python -m benchmarks.suggestions [--json FILE] [--asks 10]

Outcomes of configurations drawn at random are told first. Then so many suggestions are asked for,
each told before the next; a row has their median and the longest, in CPU time. A peer whose
package is not installed is left out, and one that would take minutes after as many.
"""

import argparse
import json
import time
import warnings
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from math import log
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks.sampler_peers import distributions
from benchmarks.tuning_problems import Problem
from samplers import (
    BayesianParameterSampling,
    RandomParameterSampling,
    Space,
    choice,
    loguniform,
    quniform,
    uniform,
)

Values = Mapping[str, Any]
SIZES = (50, 500, 5_000)
MOST = {"scikit-optimize GP": 50}
"""After more outcomes a peer takes minutes."""

KINDS = ["relu", "tanh", "logistic"]
SPACE = {
    "rate": loguniform(log(1e-5), log(1.0)),
    "dropout": uniform(0, 0.9),
    "units": quniform(8, 512, 8),
    "kind": choice(*KINDS),
    "layers": choice(1, 2, 3, 4),
    "decay": loguniform(log(1e-8), log(1e-1)),
}


def loss(values: Values) -> float:
    """Return a loss with a best place, effects that add up, and one of two together."""
    rate, decay = np.log10(values["rate"]), np.log10(values["decay"])
    found = (rate + 3) ** 2 + 0.1 * (decay + 5) ** 2 + 2 * (values["dropout"] - 0.3) ** 2
    found += 0.5 * KINDS.index(values["kind"]) * abs(values["layers"] - 2)
    return float(found + np.sin(values["units"] / 60) ** 2 * (1 + 0.3 * rate))


class Asked(Protocol):
    """A sampler that is told and asked."""

    def tell(self, values: Values) -> None:
        """Tell the loss of a configuration."""
        ...

    def ask(self) -> Values:
        """Return a suggestion."""
        ...


class Ours:
    """Our Bayesian sampling."""

    def __init__(self) -> None:
        self._sampler = BayesianParameterSampling(SPACE, seed=1).sampler()
        self._count = 0

    def tell(self, values: Values) -> None:
        """See `Asked`."""
        self._sampler.tell(dict(values), loss(values))
        self._count += 1

    def ask(self) -> Values:
        """See `Asked`."""
        found = self._sampler.ask(self._count)
        assert found is not None
        return found


class OptunaTree:
    """Optuna's tree-structured estimator."""

    def __init__(self) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._create = optuna.trial.create_trial
        self._study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=1))
        self._space = distributions(Problem("mixed", Space(SPACE), loss))
        self._trial: Any = None

    def tell(self, values: Values) -> None:
        """See `Asked`."""
        if self._trial is not None:
            self._study.tell(self._trial, loss(values))
            self._trial = None
            return
        params = {**values, "units": int(values["units"])}
        self._study.add_trial(
            self._create(params=params, distributions=self._space, value=loss(values))
        )

    def ask(self) -> Values:
        """See `Asked`."""
        self._trial = self._study.ask(self._space)
        found: Values = self._trial.params
        return found


class SkoptProcess:
    """scikit-optimize's Gaussian process, as `gp_minimize` configures it."""

    def __init__(self) -> None:
        from skopt import Optimizer
        from skopt.space import Categorical, Integer, Real

        self._optimizer = Optimizer(
            [
                Real(1e-5, 1.0, prior="log-uniform", name="rate"),
                Real(0, 0.9, name="dropout"),
                Integer(1, 64, name="units"),  # in steps of 8
                Categorical(KINDS, name="kind"),
                Categorical([1, 2, 3, 4], name="layers"),
                Real(1e-8, 1e-1, prior="log-uniform", name="decay"),
            ],
            "GP",
            random_state=1,
        )
        self._told: tuple[list[Any], list[float]] = ([], [])

    def tell(self, values: Values) -> None:
        """See `Asked`; what is told is passed on, together, when the next is asked for."""
        point = [int(value / 8) if name == "units" else value for name, value in values.items()]
        self._told[0].append(point)
        self._told[1].append(loss(values))

    def ask(self) -> Values:
        """See `Asked`."""
        points, losses = self._told
        self._told = ([], [])
        self._optimizer.tell(points, losses)
        found = dict(zip(SPACE, self._optimizer.ask(), strict=True))
        return {**found, "units": 8 * int(found["units"]), "layers": int(found["layers"])}


SAMPLERS: dict[str, tuple[str, Callable[[], Asked]]] = {
    "ours": ("numpy", Ours),
    "Optuna TPE": ("optuna", OptunaTree),
    "scikit-optimize GP": ("skopt", SkoptProcess),
}
"""The samplers, and the package that each needs."""


def times(make: Callable[[], Asked], outcomes: int, asks: int) -> list[float]:
    """Return the CPU seconds of each suggestion after so many outcomes."""
    sampler = make()
    drawn = RandomParameterSampling(SPACE, seed=2).sampler()
    for number in range(outcomes):
        one = drawn.ask(number)
        assert one is not None
        sampler.tell(one)
    found = []
    for _ in range(asks):
        start = time.process_time()
        values = sampler.ask()
        found.append(time.process_time() - start)
        sampler.tell(values)
    return found


def main() -> None:
    """Print the table, and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asks", type=int, default=10)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = []
    print("| sampler | outcomes | median, ms | ratio to ours | longest, ms |")
    print("|---|---|---|---|---|")
    for outcomes in SIZES:
        ours = None
        for name, (package, make) in SAMPLERS.items():
            if not find_spec(package) or outcomes > MOST.get(name, outcomes):
                continue
            found = 1e3 * np.array(times(make, outcomes, args.asks))
            median, longest = float(np.median(found)), float(found.max())
            ours = median if ours is None else ours
            rows.append({
                "sampler": name, "outcomes": outcomes, "median": median, "longest": longest,
            })  # fmt: skip
            print(
                f"| {name} | {outcomes:,} | {median:.1f} | {median / ours:.2f} | {longest:.0f} |"
            )
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
