"""XGBoost: ``xgboost.train(..., callbacks=[SweepCallback()])``, or the estimators' `callbacks`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xgboost.callback import TrainingCallback

from sweep.integrations.reporter import Reporter
from sweep.script.run import Run


class SweepCallback(TrainingCallback):  # type: ignore[misc]
    """Logs each round's evaluations under XGBoost's names, such as validation_0-logloss.

    When the run is to stop, training ends after this round. Arguments: see `Reporter`.
    """

    def __init__(self, run: Run | None = None, metrics: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._reporter = Reporter(run, metrics)

    def after_iteration(self, model: Any, epoch: int, evals_log: Mapping[str, Any]) -> bool:  # noqa: ARG002 - XGBoost's
        """Log; return whether to stop."""
        values = {
            f"{data}-{metric}": curve[-1][0] if isinstance(curve[-1], tuple) else curve[-1]
            for data, measured in evals_log.items()
            for metric, curve in measured.items()
        }
        return self._reporter.report(values, step=epoch)
