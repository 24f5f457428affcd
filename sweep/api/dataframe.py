"""A sweep as a pandas DataFrame."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from sweep.storage.reader import SweepReader
from sweep.storage.workspace import SweepFolder


def runs_dataframe(reader: SweepReader, folder: SweepFolder) -> pd.DataFrame:
    """Return the runs of a sweep, one a row in the order of sampling.

    Columns: run_id, number, status, attempt, one per hyperparameter under its name without
    leading dashes, the best and the last value of the primary metric under its own name and
    with ``_last``, reports, seconds, reason, started, ended. A nested hyperparameter is JSON text.
    """
    metric = reader.get("definition")["primary_metric_config"]["name"]
    rows: list[dict[str, Any]] = []
    for run in reader.runs():
        lasted = None
        if run.started_at is not None and run.ended_at is not None:
            lasted = run.ended_at - run.started_at
        rows.append(
            {
                "run_id": folder.run_id(run.number),
                "number": run.number,
                "status": run.status,
                "attempt": run.attempt,
                **{k.lstrip("-"): _cell(v) for k, v in run.configuration.items()},
                metric: run.best,
                f"{metric}_last": run.last,
                "reports": run.reports,
                "seconds": lasted,
                "reason": run.reason,
                "started": run.started_at,
                "ended": run.ended_at,
            }
        )
    frame: pd.DataFrame = pd.DataFrame(rows)
    for column in ("started", "ended"):
        if column in frame:
            frame[column] = pd.to_datetime(frame[column], unit="s", utc=True)
    return frame


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (dict, list)) else value
