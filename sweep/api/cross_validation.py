"""One step of a candidate of `SweepSearchCV`: a fold, or an epoch over all folds."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.utils.validation import _check_method_params

Split = tuple[Any, Any]


@dataclass
class Measured:
    """What has been measured of one candidate, by fold; not a number where nothing was.

    Attributes:
        test, train: scores.
        fit_seconds, score_seconds: time.
        models: the estimators that are trained epoch by epoch.
        reports: how many steps there were.
        failures: why folds have failed, by fold.
    """

    test: list[float]
    train: list[float]
    fit_seconds: list[float]
    score_seconds: list[float]
    models: list[Any] = field(default_factory=list)
    reports: int = 0
    failures: dict[int, str] = field(default_factory=dict)

    @classmethod
    def nothing(cls, folds: int) -> Measured:
        """Return a candidate of which nothing is known."""
        test, train, fit, score = ([float("nan")] * folds for _ in range(4))
        return cls(test, train, fit, score)

    @property
    def mean(self) -> float:
        """The mean of the scores of the folds that were measured."""
        known = self.test[: self.reports] if not self.models else self.test
        return float(np.mean(known)) if known else float("nan")


@dataclass(frozen=True)
class Task:
    """What all steps have in common."""

    estimator: Any
    x: Any
    y: Any
    splits: Sequence[Split]
    scorer: Callable[..., float]
    fit_params: Mapping[str, Any]
    score_params: Mapping[str, Any]
    error_score: Any
    train_score: bool
    classes: Any = None

    def fold(self, number: int, parameters: Mapping[str, Any]) -> tuple[float, ...]:
        """Fit and score on one fold: test score, train score, seconds of fit and of score."""
        return self._measured(number, self.model(parameters), partial=False)

    def epoch(self, number: int, model: Any) -> tuple[float, ...]:
        """Let a model see one fold's training data once more, and score it."""
        return self._measured(number, model, partial=True)

    def model(self, parameters: Mapping[str, Any]) -> Any:
        """Return an estimator that has not been trained."""
        return clone(self.estimator).set_params(**clone(dict(parameters), safe=False))

    def train(
        self, model: Any, x: Any, y: Any, extra: Mapping[str, Any], *, partial: bool
    ) -> None:
        """Let a model learn from samples: all at once, or, if `partial`, by seeing them once."""
        if partial:
            known = {} if self.classes is None else {"classes": self.classes}
            model.partial_fit(x, y, **known, **extra)
        elif y is None:
            model.fit(x, **extra)
        else:
            model.fit(x, y, **extra)

    def _measured(self, number: int, model: Any, *, partial: bool) -> tuple[float, ...]:
        train, test = self.splits[number]
        x, y = _subset(self.estimator, self.x, self.y, train)
        extra = _check_method_params(self.x, params=self.fit_params, indices=train)
        start = time.perf_counter()
        self.train(model, x, y, extra, partial=partial)
        fitted = time.perf_counter()
        score = self._score(model, test, train)
        scored = time.perf_counter()
        of_train = self._score(model, train, train) if self.train_score else float("nan")
        return score, of_train, fitted - start, scored - fitted

    def _score(self, model: Any, rows: Any, train: Any) -> float:
        x, y = _subset(self.estimator, self.x, self.y, rows, train)
        extra = _check_method_params(self.x, params=self.score_params, indices=rows)
        score = self.scorer(model, x, **extra) if y is None else self.scorer(model, x, y, **extra)
        if hasattr(score, "item"):
            score = score.item()
        if not isinstance(score, (int, float)):
            raise ValueError(  # noqa: TRY004 - as scikit-learn does
                f"scoring must return a number, got {score!r} ({type(score)})"
            )
        return float(score)


def attempt(
    task: Task, number: int, parameters: Mapping[str, Any], model: Any
) -> tuple[tuple[float, ...], str, Any]:
    """Take one step; what fails scores `error_score`, unless that is "raise".

    Returns:
        What was measured, why it has failed (empty: it has not), and the model.
    """
    try:
        measured = task.fold(number, parameters) if model is None else task.epoch(number, model)
    except Exception as error:
        if task.error_score == "raise":
            raise
        value = float(task.error_score)
        return (value, value, 0.0, 0.0), f"{type(error).__name__}: {error}", model
    return measured, "", model


def warn_of_failures(candidates: Sequence[Measured]) -> None:
    """Warn of folds that have failed.

    Raises:
        ValueError: all have.
    """
    failures = [text for candidate in candidates for text in candidate.failures.values()]
    if not failures:
        return
    count = sum(
        candidate.reports if not candidate.models else len(candidate.models)
        for candidate in candidates
    )
    first = f"such as {failures[0]}"
    if len(failures) >= count:
        raise ValueError(
            f"All the {count} fits failed. It is very likely that your model is misconfigured."
            f" You can try to debug the error by setting error_score='raise'; {first}"
        )
    warnings.warn(f"{len(failures)} fits failed out of {count}, {first}", FitFailedWarning, 4)


def _subset(estimator: Any, x: Any, y: Any, rows: Any, train: Any = None) -> tuple[Any, Any]:
    from sklearn.utils.metaestimators import _safe_split  # noqa: PLC0415 - with all of its cases

    found: tuple[Any, Any] = _safe_split(estimator, x, y, rows, train)
    return found
