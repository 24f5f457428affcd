"""`simulate`: a sweep over learning curves, in virtual time."""

from __future__ import annotations

import contextlib
import gc
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from policies import EarlyTerminationPolicy, Goal
from samplers import Sampling, Space
from sweep.api.configuration import define
from sweep.api.metric_goal import PrimaryMetricGoal
from sweep.api.sampling import resolve
from sweep.compute.simulated import Curve, SeededCurve, Simulated
from sweep.compute.target import RunOrder
from sweep.core.commands import Launch, SweepStatus
from sweep.core.ranking import ranked
from sweep.core.replicates import mean_of, seed_of
from sweep.core.run import RunRecord
from sweep.core.scheduler import Scheduler
from sweep.engine.engine import Engine
from sweep.errors import ConfigError
from sweep.storage.journal import NoJournal

if TYPE_CHECKING:
    import pandas as pd

YOUNG_OBJECTS = 200_000
"""So many new objects are gone through at once for cyclic garbage."""


class Simulation:
    """What a simulated sweep has come to.

    Attributes:
        status: how the sweep has ended.
        seconds: virtual time from the first launch to the last end.
        runs: every run in the order of sampling.
        evaluations: how often the policy has judged a run.
    """

    def __init__(self, scheduler: Scheduler, seconds: float) -> None:
        self.status: SweepStatus = scheduler.status
        self.seconds = seconds
        self.runs: list[RunRecord] = list(scheduler.runs.values())
        self.evaluations = scheduler.evaluations
        self._scheduler = scheduler
        self._members: dict[int, list[RunRecord]] = {}  # the runs of each configuration
        for run in self.runs:
            if run.place is not None:
                self._members.setdefault(run.place[0], []).append(run)

    @property
    def reports(self) -> int:
        """How many values were reported in all."""
        return sum(run.reports for run in self.runs)

    @property
    def stopped(self) -> list[RunRecord]:
        """The runs that the policy has stopped."""
        return [run for run in self.runs if run.verdict is not None]

    def best_value(self, run: RunRecord) -> float | None:
        """Return the best value of a run; None when it has no finite one."""
        board = self._scheduler.board
        score = board.best(run.number)
        return board.goal.from_score(score) if score > float("-inf") else None

    def mean_value(self, run: RunRecord) -> float | None:
        """Return the mean of the best values of all runs of a run's configuration.

        That is its own best value where each configuration is run once; None for no value.
        """
        if run.place is None:
            return self.best_value(run)
        return mean_of(map(self._value, self._members[run.place[0]]))

    @property
    def best(self) -> RunRecord | None:
        """The best run; None when no run has reported a finite value.

        Where each configuration is run several times, it is the best of the best configuration.
        """
        goal = self._scheduler.definition.goal
        order = ranked(self.runs, self.mean_value, goal, discard_no_metric=True)
        if not order or order[0].place is None:
            return order[0] if order else None
        return ranked(self._members[order[0].place[0]], self.best_value, goal)[0]

    def to_dataframe(self) -> pd.DataFrame:
        """Return the runs as a pandas DataFrame, one a row.

        Where each configuration is run several times there are also configuration_number,
        replicate, and after the metric the mean of the configuration, with ``_mean``.
        """
        import pandas as pd  # noqa: PLC0415 - a second, and only here

        from sweep.api.dataframe import PLACE, cell, column_names  # noqa: PLC0415

        metric = self._scheduler.definition.metric
        places = bool(self._members)
        before = ("number", "status", *(PLACE if places else ()))
        after = (metric, *((f"{metric}_mean",) if places else ()))
        after += ("reports", "reason", "started", "ended")
        names = column_names((run.configuration for run in self.runs), {*before, *after})
        rows = [
            (
                *(run.number, run.state.value, *(run.place or ())),
                *(cell(run.configuration.get(key)) for key in names),
                *(self.best_value(run), *((self.mean_value(run),) if places else ())),
                *(run.reports, run.reason, run.started_at, run.ended_at),
            )
            for run in self.runs
        ]
        frame: pd.DataFrame = pd.DataFrame(rows, columns=[*before, *names.values(), *after])
        return frame

    def _value(self, run: RunRecord) -> float | None:
        """Return the best value of a run as `mean_of` takes it."""
        value = self.best_value(run)
        return math.nan if value is None and run.reports else value


def simulate(  # noqa: PLR0913 - a sweep has that many sides
    curve: Curve | SeededCurve,
    *,
    space: Mapping[str, Any] | Space | None = None,
    max_total_runs: int,
    sampling: Sampling | str = "random",
    goal: PrimaryMetricGoal | Goal | str = Goal.MAXIMIZE,
    policy: EarlyTerminationPolicy | None = None,
    slots: int = 8,
    seed: int | None = 0,
    max_duration_minutes: float = 1e9,
    replicates: int = 1,
) -> Simulation:
    """Run a sweep in virtual time: the same engine, with curves in the place of training.

    Args:
        curve: gives the reports of a configuration, as values or as pairs (seconds since the
            last report, value). A parameter called `seed`, without a default, is given the
            run's seed.
        space: what is searched.
        max_total_runs: upper bound on the number of runs.
        sampling: "random", "grid", "bayesian", or a sampling, which brings its own space.
        goal: which direction is better.
        policy: early termination; None: none.
        slots: how many runs execute at one time.
        seed: of all randomness.
        max_duration_minutes: virtual time of the sweep.
        replicates: how many runs each configuration has, each with another seed;
            `max_total_runs` counts all of them.

    Raises:
        ConfigError: something is missing, or has no meaning.
    """
    if not isinstance(slots, int) or slots < 1:
        raise ConfigError(f"slots: expected a whole number >= 1, got {slots!r}")
    definition = define(
        sampling=resolve(sampling, space, seed),
        metric="metric",
        goal=goal,
        policy=policy,
        limits={
            "runs": max_total_runs,
            "concurrent": slots,
            "duration_minutes": max_duration_minutes,
            "consecutive_failures": None,
            "replicates": replicates,
        },
    )
    scheduler = Scheduler(definition)

    def seed_of_run(number: int) -> int:
        return seed_of(definition.sampling.seed, scheduler.runs[number].place or (number, 0))

    seeds = seed_of_run if _takes_seed(curve) else None
    target = Simulated(curve, definition.metric, slots, together=True, seeds=seeds)

    def order(launch: Launch) -> RunOrder:
        return RunOrder(launch.run, launch.attempt, launch.configuration)

    with _rare_collections():
        Engine(scheduler, target, NoJournal(), order).work()
    return Simulation(scheduler, target.now())


def _takes_seed(curve: Callable[..., Any]) -> bool:
    """Tell whether a curve has to be given the seed of its run."""
    try:
        taken = inspect.signature(curve).parameters.get("seed")
    except (TypeError, ValueError):  # what is written in C may have none
        return False
    if taken is None or taken.kind is taken.POSITIONAL_ONLY:
        return False
    return taken.default is taken.empty


@contextlib.contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for cyclic garbage less often: all the slots speak at once, and nearly all of it lives.

    At Python's own pace that is a third of the time.
    """
    pace = gc.get_threshold()
    if pace[0]:  # else somebody wants none at all
        gc.set_threshold(max(pace[0], YOUNG_OBJECTS), *pace[1:])
    try:
        yield
    finally:
        gc.set_threshold(*pace)
