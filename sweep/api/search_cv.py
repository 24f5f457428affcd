"""`SweepSearchCV`: a search as scikit-learn has them, with our samplers and early termination."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils import check_random_state, indexable
from sklearn.utils.multiclass import unique_labels
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _check_method_params

from policies import EarlyTerminationPolicy, Goal
from samplers import Sampling, choice, configurations
from sweep.api.configuration import define
from sweep.api.cross_validation import Measured, Task, attempt, warn_of_failures
from sweep.api.cv_results import results_of
from sweep.api.rounds import Rounds, Step
from sweep.api.sampling import resolve
from sweep.compute.target import RunOrder
from sweep.core.run import RunRecord
from sweep.core.scheduler import Scheduler
from sweep.engine.engine import Engine
from sweep.errors import ConfigError
from sweep.storage.journal import NoJournal

METRIC = "score"
FOREVER = 1e9
"""Rounds, in minutes."""


class SweepSearchCV(BaseSearchCV):  # type: ignore[misc]
    """Search hyperparameters of a scikit-learn estimator, and give up early what is hopeless.

    It is used as `RandomizedSearchCV` is. Candidates are runs of a sweep in this process: several
    go on side by side, each reports the mean of its scores after every fold, or every epoch, and
    the policy compares them. For the same `random_state` it finds the same, whatever `n_jobs` is.

    Args:
        estimator: what is searched for; with `epochs`, it has `partial_fit`.
        space: name of a parameter, as `get_params` knows it, to an expression such as
            ``loguniform(-7, 0)``, or to a list of values of any kind.
        sampling: "random", "grid", "bayesian", or a class of sampling that takes a space.
        n_iter: how many candidates, at most; None: the whole of a grid.
        policy: early termination; None: every candidate goes through all folds or epochs.
        epochs: None: a report per fold. Otherwise a report per epoch: models for all folds see
            their training data so many times, and the mean of the last epoch counts.
        concurrent: how many candidates go on side by side.
        scoring: a scorer, its name, or None: the estimator's own. Higher is better.
        n_jobs, refit, cv, verbose, error_score, return_train_score: as in `RandomizedSearchCV`;
            `refit` may be a function of `cv_results_` that returns an index, and a repeated
            cross-validation as `cv` is what `replicates` is elsewhere.
        random_state: of the sampling.

    Attributes:
        cv_results_: as in `RandomizedSearchCV`; folds that a stopped candidate has not seen are
            not a number, and it ranks behind those that were not stopped. Besides: n_reports,
            stopped.
        best_estimator_, best_params_, best_score_, best_index_: the best that was not stopped.
        refit_time_, scorer_, n_splits_, multimetric_: as there.
    """

    def __init__(  # noqa: PLR0913 - as scikit-learn's
        self,
        estimator: Any,
        space: Mapping[str, Any],
        *,
        sampling: str | Callable[[Any], Sampling] = "random",
        n_iter: int | None = 10,
        policy: EarlyTerminationPolicy | None = None,
        epochs: int | None = None,
        concurrent: int = 8,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.space = space
        self.sampling = sampling
        self.n_iter = n_iter
        self.policy = policy
        self.epochs = epochs
        self.concurrent = concurrent
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, **params: Any) -> SweepSearchCV:  # noqa: N803
        """Search, then fit the best candidate on all data.

        Args:
            X: the samples.
            y: what is to be predicted; None where nothing is.
            params: passed on to `fit` and, as `groups`, to the splitter.

        Raises:
            ConfigError: an argument has no meaning, or `epochs` an estimator that cannot learn so.
            ValueError: all fits failed, or the data are not fit for it.
        """
        if not (self.scoring is None or callable(self.scoring) or isinstance(self.scoring, str)):
            raise ConfigError("scoring: expected one scorer, its name, or None")
        self.scorer_ = check_scoring(self.estimator, scoring=self.scoring)
        self.multimetric_ = False
        X, y = indexable(X, y)  # noqa: N806 - scikit-learn's name
        routed = self._get_routed_params_for_fit(_check_method_params(X, params=params))
        cv = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        splits = [*cv.split(X, y, **routed.splitter.split)]
        self.n_splits_ = len(splits)
        task = Task(
            *(clone(self.estimator), X, y, splits, self.scorer_),
            fit_params=routed.estimator.fit,
            score_params=routed.scorer.score,
            error_score=self.error_score,
            train_score=self.return_train_score,
            classes=self._classes(y),
        )
        records, candidates, configurations = self._searched(task)
        warn_of_failures(candidates)
        self.cv_results_ = results_of(records, candidates, configurations, self.return_train_score)
        self._conclude(X, y, task)
        return self

    def _classes(self, y: Any) -> Any:
        if self.epochs is None:
            return None
        if not isinstance(self.epochs, (int, np.integer)) or self.epochs < 1:
            raise ConfigError(f"epochs: expected a whole number >= 1, got {self.epochs!r}")
        if not hasattr(self.estimator, "partial_fit"):
            raise ConfigError(f"epochs: {self.estimator!r} has no partial_fit")
        return unique_labels(y) if is_classifier(self.estimator) else None

    def _searched(
        self, task: Task
    ) -> tuple[list[RunRecord], list[Measured], list[dict[str, Any]]]:
        """Run the sweep; return its runs, what was measured of them, and their parameters."""
        space, values = _space(self.space)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        sampling = self.sampling if isinstance(self.sampling, str) else self.sampling(space)
        given = space if isinstance(self.sampling, str) else None
        chosen = resolve(sampling, given, seed)
        size = configurations(chosen)
        if self.n_iter is None and size is None:
            raise ConfigError("n_iter: None is for spaces with a finite number of points")
        runs = self.n_iter if self.n_iter is not None else size
        definition = define(
            sampling=chosen,
            metric=METRIC,
            goal=Goal.MAXIMIZE,
            policy=self.policy,
            limits={"runs": runs, "concurrent": self.concurrent, "duration_minutes": FOREVER},
        )
        measured: dict[int, Measured] = {}

        def parameters(configuration: Mapping[str, Any]) -> dict[str, Any]:
            return {n: values[n][v] if n in values else v for n, v in configuration.items()}

        steps = self.n_splits_ if self.epochs is None else self.epochs
        workers = Parallel(n_jobs=self.n_jobs, pre_dispatch=self.pre_dispatch)
        with workers:
            take = _taking(task, workers, measured, parameters, whole=self.epochs is not None)
            target = Rounds(take, steps, METRIC, self.concurrent)
            scheduler = Scheduler(definition)
            Engine(
                scheduler,
                target,
                NoJournal(),
                lambda launch: RunOrder(launch.run, launch.attempt, launch.configuration),
            ).work()
        if self.verbose:
            stopped = sum(record.verdict is not None for record in scheduler.runs.values())
            print(f"{len(scheduler.runs)} candidates, {stopped} stopped early")  # noqa: T201
        records = [scheduler.runs[number] for number in sorted(scheduler.runs)]
        return (
            records,
            [measured[record.number] for record in records],
            [parameters(record.configuration) for record in records],
        )

    def _conclude(self, x: Any, y: Any, task: Task) -> None:
        results = self.cv_results_
        if callable(self.refit):
            self.best_index_ = int(self.refit(results))
        else:
            self.best_index_ = int(np.argmin(results["rank_test_score"]))
        self.best_params_ = results["params"][self.best_index_]
        self.best_score_ = float(results["mean_test_score"][self.best_index_])
        if not self.refit:
            return
        model = task.model(self.best_params_)
        start = time.perf_counter()
        for _ in range(1 if self.epochs is None else self.epochs):
            task.train(model, x, y, task.fit_params, partial=self.epochs is not None)
        self.refit_time_ = time.perf_counter() - start
        self.best_estimator_ = model
        if hasattr(model, "feature_names_in_"):
            self.feature_names_in_ = model.feature_names_in_


def _taking(
    task: Task,
    workers: Any,
    measured: dict[int, Measured],
    parameters: Callable[[Mapping[str, Any]], dict[str, Any]],
    *,
    whole: bool,
) -> Callable[[list[Step]], Sequence[float]]:
    """Return what takes one step of each run: one fold, or an epoch of the `whole` of them."""
    folds = len(task.splits)

    def take(steps: list[Step]) -> Sequence[float]:
        jobs: list[tuple[int, int, dict[str, Any], Any]] = []
        for run, configuration, taken in steps:
            found = measured.setdefault(run, Measured.nothing(folds))
            values = parameters(configuration)
            if whole and not found.models:
                found.models = [task.model(values) for _ in range(folds)]
            which = range(folds) if whole else (taken,)
            jobs += [(run, n, values, found.models[n] if whole else None) for n in which]
        outcomes = workers(delayed(attempt)(task, *job[1:]) for job in jobs)
        for (run, fold, _, _), (figures, problem, model) in zip(jobs, outcomes, strict=True):
            found = measured[run]
            found.test[fold], found.train[fold] = figures[:2]
            before = found.fit_seconds[fold] if whole and found.reports else 0.0
            found.fit_seconds[fold] = before + figures[2]
            found.score_seconds[fold] = figures[3]
            if whole:
                found.models[fold] = model
            if problem:
                found.failures[fold] = problem
        for run, _, _ in steps:
            measured[run].reports += 1
        return [measured[run].mean for run, _, _ in steps]

    return take


def _space(space: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Return a space of expressions, and the values of those parameters that have a list.

    A list may hold anything, so what is sampled is a place in it.
    """
    if not isinstance(space, Mapping) or not space:
        raise ConfigError(f"space: expected parameters and what to search, got {space!r}")
    expressions: dict[str, Any] = {}
    values: dict[str, list[Any]] = {}
    for name, what in space.items():
        if hasattr(what, "rvs"):
            raise ConfigError(f"space: {name}: expected an expression such as uniform(0, 1)")
        if isinstance(what, (list, tuple, np.ndarray)):
            values[name] = [*what]
            expressions[name] = choice(*range(len(values[name])))
        else:
            expressions[name] = what
    return expressions, values
