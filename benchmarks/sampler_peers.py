"""Samplers that are compared, each driven through its own interface, one run at a time."""

import math
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.tuning_problems import Problem
from samplers import BayesianParameterSampling, RandomParameterSampling, Sampling
from samplers.choices import Choice
from samplers.number import Number


@dataclass
class Play:
    """What a sampler found: the loss of each run, and the seconds spent on choosing each."""

    losses: list[float]
    seconds: list[float]


Player = Callable[[Problem, int, int], Play]
"""From a problem, a seed and a number of runs."""


def ours(sampling: Sampling, problem: Problem, runs: int, pending: int = 0) -> Play:
    """Play one of our samplings with so many runs `pending` at any time."""
    sampler = sampling.sampler()
    play = Play([], [])
    waiting: list[Mapping[str, Any]] = []
    for number in range(runs):
        start = time.process_time()
        values = sampler.ask(number, waiting)
        play.seconds.append(time.process_time() - start)
        assert values is not None
        waiting.append(values)
        play.losses.append(problem.loss(values))
        if len(waiting) > pending:
            first = waiting.pop(0)
            sampler.tell(first, play.losses[number - pending])
    return play


def bayesian(estimator: str, pending: int = 0) -> Player:
    """Return our Bayesian sampling with this estimator."""
    return lambda problem, seed, runs: ours(
        BayesianParameterSampling(problem.space, seed=seed, estimator=estimator),
        problem,
        runs,
        pending,
    )


def random(problem: Problem, seed: int, runs: int) -> Play:
    """Draw at random."""
    return ours(RandomParameterSampling(problem.space, seed=seed), problem, runs)


def leaves(problem: Problem) -> dict[str, Any]:
    """Return the expressions by name; the problems have no branches."""
    return {str(leaf.path[0]): leaf.expression for leaf in problem.space.leaves}


def ends(number: Number) -> tuple[float, float]:
    """Return the bounds of a number, as values."""
    assert number.law.ends is not None
    low, high = number.law.ends
    return (math.exp(low), math.exp(high)) if number.base else (low, high)


def whole(number: Number) -> tuple[int, int]:
    """Return the bounds of a number that is whole."""
    low, high = ends(number)
    return math.ceil(low - 1e-9), math.floor(high + 1e-9)


def options(expression: Choice) -> list[Any]:
    """Return the options of a choice."""
    return [option.wire() for option in expression.options]


def distributions(problem: Problem) -> dict[str, Any]:
    """Return the space of a problem as Optuna's distributions."""
    from optuna.distributions import CategoricalDistribution as Categorical
    from optuna.distributions import FloatDistribution, IntDistribution

    space: dict[str, Any] = {}
    for key, leaf in leaves(problem).items():
        if isinstance(leaf, Choice):
            space[key] = Categorical(options(leaf))
        elif leaf.q is not None:
            step = int(leaf.q)
            space[key] = IntDistribution(*whole(leaf), log=leaf.base is not None, step=step)
        else:
            space[key] = FloatDistribution(*ends(leaf), log=leaf.base is not None)
    return space


def optuna(name: str) -> Player:
    """Return a sampler of Optuna, as it is configured by default."""

    def play(problem: Problem, seed: int, runs: int) -> Play:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.simplefilter("ignore")
        space = distributions(problem)
        study = optuna.create_study(sampler=getattr(optuna.samplers, name)(seed=seed))
        found = Play([], [])
        for _ in range(runs):
            start = time.process_time()
            trial = study.ask(space)
            found.seconds.append(time.process_time() - start)
            found.losses.append(problem.loss(trial.params))
            start = time.process_time()
            study.tell(trial, found.losses[-1])
            found.seconds[-1] += time.process_time() - start
        return found

    return play


def skopt_process(problem: Problem, seed: int, runs: int) -> Play:
    """Play scikit-optimize's Gaussian process, as `gp_minimize` configures it."""
    from skopt import Optimizer, space

    warnings.simplefilter("ignore")
    dimensions: list[Any] = []
    for key, leaf in leaves(problem).items():
        if isinstance(leaf, Choice):
            dimensions.append(space.Categorical(options(leaf), name=key))
        else:
            prior = "log-uniform" if leaf.base else "uniform"
            if leaf.q is not None:
                dimensions.append(space.Integer(*whole(leaf), prior=prior, name=key))
            else:
                dimensions.append(space.Real(*ends(leaf), prior=prior, name=key))
    optimizer = Optimizer(dimensions, "GP", n_initial_points=10, random_state=seed)
    found = Play([], [])
    for _ in range(runs):
        start = time.process_time()
        values = optimizer.ask()
        found.seconds.append(time.process_time() - start)
        named = dict(zip(leaves(problem), map(_plain, values), strict=True))
        found.losses.append(problem.loss(named))
        start = time.process_time()
        optimizer.tell(values, found.losses[-1])
        found.seconds[-1] += time.process_time() - start
    return found


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def hyperopt_tree(problem: Problem, seed: int, runs: int) -> Play:
    """Play Hyperopt's tree-structured estimator."""
    import hyperopt
    import numpy as np
    from hyperopt import hp

    space: dict[str, Any] = {}
    for key, leaf in leaves(problem).items():
        if isinstance(leaf, Choice):
            space[key] = hp.choice(key, options(leaf))
        else:
            assert leaf.law.ends is not None
            low, high = leaf.law.ends
            word = ("q" if leaf.q else "") + ("log" if leaf.base else "") + "uniform"
            q: Sequence[float] = [leaf.q] if leaf.q else []
            space[key] = getattr(hp, word)(key, low, high, *q)
    found = Play([], [])
    last = time.process_time()

    def loss(values: Mapping[str, Any]) -> float:
        nonlocal last
        found.seconds.append(time.process_time() - last)
        rounded = {k: int(v) if leaves(problem)[k].word.startswith("q") else v
                   for k, v in values.items()}  # fmt: skip
        found.losses.append(problem.loss(rounded))
        last = time.process_time()
        return found.losses[-1]

    hyperopt.fmin(
        loss, space, algo=hyperopt.tpe.suggest, max_evals=runs, show_progressbar=False,
        rstate=np.random.default_rng(seed), verbose=False,
    )  # fmt: skip
    return found


def smac_process(problem: Problem, seed: int, runs: int) -> Play:
    """Play SMAC's Gaussian process, as `BlackBoxFacade` configures it, told how many runs come."""
    from ConfigSpace import Categorical, ConfigurationSpace, Float, Integer
    from smac import BlackBoxFacade, Scenario
    from smac.runhistory import TrialValue

    warnings.simplefilter("ignore")
    space = ConfigurationSpace(seed=seed)
    chosen: dict[str, list[Any]] = {}
    for key, leaf in leaves(problem).items():
        if isinstance(leaf, Choice):
            # By number, since an option may be None.
            chosen[key] = options(leaf)
            space.add(Categorical(key, range(len(chosen[key]))))
        elif leaf.q is not None:
            space.add(Integer(key, whole(leaf), log=leaf.base is not None))
        else:
            space.add(Float(key, ends(leaf), log=leaf.base is not None))
    found = Play([], [])
    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario(
            space, deterministic=True, n_trials=runs, seed=seed, output_directory=Path(folder)
        )
        facade = BlackBoxFacade(scenario, logging_level=False, overwrite=True)
        for _ in range(runs):
            start = time.process_time()
            trial = facade.ask()
            found.seconds.append(time.process_time() - start)
            # In the order of the problem: the space sorts its names.
            values = {key: _plain(trial.config[key]) for key in leaves(problem)}
            values |= {key: chosen[key][values[key]] for key in chosen}
            found.losses.append(problem.loss(values))
            start = time.process_time()
            facade.tell(trial, TrialValue(found.losses[-1]), save=False)
            found.seconds[-1] += time.process_time() - start
    return found


PLAYERS: dict[str, Player] = {
    "ours": bayesian("AUTO"),
    "ours, 8 pending": bayesian("AUTO", pending=7),
    "scikit-optimize GP": skopt_process,
    "Optuna TPE": optuna("TPESampler"),
    "Optuna GP": optuna("GPSampler"),
    "Hyperopt TPE": hyperopt_tree,
    "SMAC GP": smac_process,
}
"""The samplers by the names of the tables."""

NEEDS = {
    "Optuna TPE": ("optuna",),
    "Optuna GP": ("optuna", "torch"),
    "Hyperopt TPE": ("hyperopt",),
    "SMAC GP": ("smac",),
}
"""What a player imports that may not be installed."""


def missing(player: str) -> list[str]:
    """Return the packages that a player needs and that are not installed."""
    return [name for name in NEEDS.get(player, ()) if find_spec(name) is None]
