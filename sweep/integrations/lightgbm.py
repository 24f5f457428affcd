"""LightGBM: ``lightgbm.train(..., callbacks=[SweepCallback()])``, or the estimators' `fit`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lightgbm.callback import EarlyStopException

from sweep.integrations.reporter import Reporter
from sweep.script.run import Run


class SweepCallback:
    """Logs each round's evaluations under the names of data and metric, such as valid_0-auc.

    When the run is to stop, training ends after this round. Arguments: see `Reporter`.
    """

    order = 20
    """Among callbacks: after those that record, before those that stop early."""
    before_iteration = False

    def __init__(self, run: Run | None = None, metrics: Mapping[str, str] | None = None) -> None:
        self._reporter = Reporter(run, metrics)

    def __call__(self, env: Any) -> None:
        """Log.

        Raises:
            EarlyStopException: the run is to stop; LightGBM ends training by it.
        """
        results = env.evaluation_result_list or []
        values = {f"{data}-{metric}": value for data, metric, value, *_ in results}
        if self._reporter.report(values, step=env.iteration):
            raise EarlyStopException(env.iteration, results)
