"""A sampler of Optuna in the form of ours."""

import math
from collections.abc import Mapping, Sequence
from typing import Any
from warnings import catch_warnings, simplefilter

import optuna

from samplers.choices import Choice
from samplers.course import Course
from samplers.dice import bits
from samplers.snapping import conditions
from samplers.space import Configuration, Space

STREAM = "\0optuna"
"""The stream of the dice besides those of the leaves; no leaf can be called so."""


class OptunaSampler:
    """Make a study of what was told for each question, so that an answer depends on it only."""

    def __init__(self, space: Space, seed: int, made: Any, options: Mapping[str, Any]) -> None:
        self._space = space
        self._seed = seed
        self._made = made
        self._options = options
        self._above = conditions(space.leaves)
        self._told: list[tuple[dict[str, Any], float]] = []

    def ask(self, number: int, pending: Sequence[Configuration] = ()) -> Configuration | None:
        """Return the configuration of run `number`."""
        level = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.ERROR)  # it would tell of each study
        try:
            with catch_warnings():
                simplefilter("ignore")  # that some of its samplers may change one day
                return self._space.decode(self._asked(number, pending))
        finally:
            optuna.logging.set_verbosity(level)

    def tell(
        self,
        configuration: Configuration,
        loss: float | None,
        course: Course | None = None,  # noqa: ARG002 -- a study knows values only
    ) -> None:
        """Learn the outcome of one run."""
        params = self._params(configuration)
        if loss is not None:
            self._told.append((params, loss))

    def _asked(self, number: int, pending: Sequence[Configuration]) -> list[float | None]:
        seed = bits(self._seed, number, STREAM) % 2**32
        study = optuna.create_study(sampler=self._made(seed=seed, **self._options))
        finite = [loss for _, loss in self._told if math.isfinite(loss)]
        for params, loss in self._told if finite else ():
            value = loss if math.isfinite(loss) else max(finite)
            study.add_trial(self._trial(params, value=value))
        for configuration in pending:
            state = optuna.trial.TrialState.RUNNING
            study.add_trial(self._trial(self._params(configuration), state=state))
        trial = study.ask()
        units: list[float | None] = []
        for place, leaf in enumerate(self._space.leaves):
            if not self._reached(place, units):
                units.append(None)
            elif isinstance(leaf.expression, Choice):
                count = len(leaf.expression.options)
                index = trial.suggest_categorical(str(place), tuple(range(count)))
                units.append((index + 0.5) / count)
            else:
                units.append(trial.suggest_float(str(place), 0.0, 1.0))
        return units

    def _trial(self, params: dict[str, Any], **outcome: Any) -> Any:
        kinds = optuna.distributions
        distributions: dict[str, Any] = {}
        for name in params:
            expression = self._space.leaves[int(name)].expression
            if isinstance(expression, Choice):
                options = tuple(range(len(expression.options)))
                distributions[name] = kinds.CategoricalDistribution(options)
            else:
                distributions[name] = kinds.FloatDistribution(0.0, 1.0)
        return optuna.trial.create_trial(params=params, distributions=distributions, **outcome)

    def _params(self, configuration: Configuration) -> dict[str, Any]:
        params: dict[str, Any] = {}
        for place, unit in enumerate(self._space.encode(configuration)):
            expression = self._space.leaves[place].expression
            if unit is not None:
                if isinstance(expression, Choice):
                    params[str(place)] = expression.index(unit)
                else:
                    params[str(place)] = unit
        return params

    def _reached(self, place: int, units: Sequence[float | None]) -> bool:
        return all(
            units[choice] is not None and int((units[choice] or 0.0) * count) == index
            for choice, index, count in self._above[place]
        )
