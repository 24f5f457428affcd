"""Other libraries' rules, played by the simulator: Optuna's pruners and Ray Tune's schedulers.

Each report of a run goes to the library's own class as its own loop would hand it over: Optuna's
to `trial.report`, followed by `trial.should_prune`; Ray Tune's to `scheduler.on_trial_result`.
What is theirs by default stays so, but for the first report at which they act and the rungs of
successive halving, which are those of our policies.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from benchmarks.recorded_tasks import Draw, Task
from benchmarks.reference_policies import Reference
from policies import Goal, Leaderboard

DELAY = 5
"""Reports before the median rules act, as in our table."""


class OptunaPruner(Reference):
    """A pruner with a study of its own."""

    def __init__(self, pruner: Any, seed: int) -> None:
        super().__init__()
        self.pruner, self.name = pruner, f"draw {seed}"  # Hyperband's brackets depend on the name
        self.study: Any = None
        self.trials: dict[int, Any] = {}
        self.pruned: set[int] = set()

    def stops(self, board: Leaderboard, run: int) -> bool:
        """Report to the trial, and ask it."""
        trial = self.trials.get(run) or self._begin(board.goal, run)
        trial.report(_value(board, run), board.interval(run))
        stop: bool = trial.should_prune()
        return stop

    def stopped(self, board: Leaderboard, run: int) -> None:  # noqa: ARG002
        """Remember it for its end."""
        self.pruned.add(run)

    def finished(self, board: Leaderboard, run: int) -> None:
        """Tell the study how it ended."""
        from optuna.trial import TrialState

        value = _value(board, run)
        state = TrialState.COMPLETE if math.isfinite(value) else TrialState.FAIL
        if run in self.pruned:
            self.study.tell(self.trials[run], state=TrialState.PRUNED)
        else:
            values = value if state is TrialState.COMPLETE else None
            self.study.tell(self.trials[run], values, state=state)

    def _begin(self, goal: Goal, run: int) -> Any:
        import optuna

        if self.study is None:
            optuna.logging.set_verbosity(optuna.logging.ERROR)
            self.study = optuna.create_study(
                direction="maximize" if goal is Goal.MAXIMIZE else "minimize",
                pruner=self.pruner,
                sampler=optuna.samplers.RandomSampler(seed=0),
                study_name=self.name,
            )
        self.trials[run] = trial = self.study.ask()
        return trial


class RayScheduler(Reference):
    """A scheduler of Ray Tune, with trials that nothing runs.

    Its median rule would have a run yield to others while there is little to compare with; no
    run waits here, so it goes on, as it does in Ray Tune when nothing is pending.
    """

    def __init__(self, make: Callable[[str], Any]) -> None:
        super().__init__()
        self.make, self.scheduler = make, None
        self.trials: dict[int, Any] = {}
        self.ended: set[int] = set()

    def stops(self, board: Leaderboard, run: int) -> bool:
        """Hand the result over."""
        from ray.tune.experiment import Trial
        from ray.tune.schedulers import TrialScheduler

        if self.scheduler is None:
            self.scheduler = self.make("max" if board.goal is Goal.MAXIMIZE else "min")
        if run not in self.trials:
            self.trials[run] = Trial("recorded", trial_id=f"{run}", stub=True)
            self.scheduler.on_trial_add(self, self.trials[run])
        result = self._result(board, run)
        action = self.scheduler.on_trial_result(self, self.trials[run], result)
        return bool(action == TrialScheduler.STOP)

    def stopped(self, board: Leaderboard, run: int) -> None:  # noqa: ARG002
        """Remember it: Ray Tune does not tell a scheduler of the ends that are its own doing."""
        self.ended.add(run)

    def finished(self, board: Leaderboard, run: int) -> None:
        """Say that the trial is complete."""
        if run not in self.ended:
            result = self._result(board, run)
            self.scheduler.on_trial_complete(self, self.trials[run], result)

    def get_live_trials(self) -> list[Any]:
        """Return nobody: this is what a scheduler asks its controller."""
        return []

    def _result(self, board: Leaderboard, run: int) -> dict[str, float]:
        return {"training_iteration": board.interval(run), "metric": _value(board, run)}


def peers() -> dict[str, Callable[[Task, Draw, int], Reference]]:
    """Return the rules of the libraries that are there, by name."""
    made: dict[str, Callable[[Task, Draw, int], Reference]] = {}
    if find_spec("optuna"):
        made |= {
            f"Optuna {name}": lambda task, _, seed, make=make: OptunaPruner(make(task), seed)
            for name, make in _PRUNERS.items()
        }
    if find_spec("ray") and find_spec("ray.tune"):
        made |= {
            f"Ray Tune {name}": lambda task, *_, make=make: RayScheduler(make(task))
            for name, make in _SCHEDULERS.items()
        }
    return made


def _value(board: Leaderboard, run: int) -> float:
    """Return the latest report; NaN for one that was not finite."""
    score = board.scores(run)[-1]
    return board.goal.from_score(score) if math.isfinite(score) else math.nan


def _first(task: Task) -> int:
    return max(1, task.epochs // 27)


def _pruner(kind: str, *args: Any, **settings: Any) -> Any:
    import optuna

    return getattr(optuna.pruners, kind)(*args, **settings)


_PRUNERS: dict[str, Callable[[Task], Any]] = {
    "median": lambda _: _pruner("MedianPruner", n_warmup_steps=DELAY),
    "percentile 25": lambda _: _pruner("PercentilePruner", 25.0, n_warmup_steps=DELAY),
    "patient median": lambda _: _pruner(
        "PatientPruner", _pruner("MedianPruner", n_warmup_steps=DELAY), patience=DELAY
    ),
    "halving": lambda task: _pruner(
        "SuccessiveHalvingPruner", min_resource=_first(task), reduction_factor=3
    ),
    "hyperband": lambda task: _pruner(
        "HyperbandPruner", min_resource=_first(task), max_resource=task.epochs
    ),
}


def _scheduler(kind: str, **settings: Any) -> Callable[[str], Any]:
    from ray.tune import schedulers

    made = getattr(schedulers, kind)
    return lambda mode: made("training_iteration", "metric", mode, **settings)


_SCHEDULERS: dict[str, Callable[[Task], Any]] = {
    "asha": lambda task: _scheduler(
        "ASHAScheduler", max_t=task.epochs, grace_period=_first(task), reduction_factor=3
    ),
    "median": lambda _: _scheduler("MedianStoppingRule", grace_period=DELAY),
}
