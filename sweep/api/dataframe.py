"""A sweep as a pandas DataFrame."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from samplers import Configuration
from sweep.core.replicates import Aggregate
from sweep.storage.reader import RunRow, SweepReader
from sweep.storage.replicates import means_of
from sweep.storage.workspace import SweepFolder

BEFORE = ("run_id", "number", "status", "attempt")
PLACE = ("configuration_number", "replicate")
AFTER = ("reports", "seconds", "reason", "started", "ended")


def runs_dataframe(reader: SweepReader, folder: SweepFolder) -> pd.DataFrame:
    """Return the runs of a sweep, one a row in the order of sampling.

    Columns: run_id, number, status, attempt, one per hyperparameter under its name without
    leading dashes, the best and the last value of the primary metric under its own name and
    with ``_last``, reports, seconds, reason, started, ended. A nested hyperparameter is JSON text.
    A hyperparameter whose name is taken gets ``hyperparameter_`` in front of it. Where each
    configuration is run several times there are, after attempt, configuration_number and
    replicate, and after the metric the mean of its configuration, with ``_mean``.
    """
    metric: str = reader.get("definition")["primary_metric_config"]["name"]
    of_metric: tuple[str, ...] = (metric, f"{metric}_last") if metric else ()  # a lone run's: none
    runs = reader.runs()
    places = reader.replicates > 1
    means = means_of(runs) if places else {}
    of_metric += (f"{metric}_mean",) if places else ()
    before = (*BEFORE, *PLACE) if places else BEFORE
    names = column_names((r.configuration for r in runs), {*before, *of_metric, *AFTER})
    rows = [
        (
            *(folder.run_id(run.number), run.number, run.status, run.attempt),
            *(map(run.facts.get, PLACE) if places else ()),
            *(cell(run.configuration.get(key)) for key in names),
            *((run.best, run.last) if metric else ()),
            *((_mean(means, run.number),) if places else ()),
            *(run.reports, _lasted(run), run.reason, run.started_at, run.ended_at),
        )
        for run in runs
    ]
    columns = [*before, *names.values(), *of_metric, *AFTER]
    frame: pd.DataFrame = pd.DataFrame(rows, columns=columns)
    for column in ("started", "ended"):
        frame[column] = pd.to_datetime(frame[column], unit="s", utc=True)
    return frame


def _mean(means: Mapping[int, Aggregate], run: int) -> float | None:
    return means[run].value if run in means else None


def column_names(configurations: Iterable[Configuration], taken: set[str]) -> dict[str, str]:
    """Return the column of every hyperparameter of any configuration, none of them `taken`."""
    names: dict[str, str] = {}
    for key in dict.fromkeys(key for configuration in configurations for key in configuration):
        name = key.lstrip("-") or key
        while name in taken:
            name = f"hyperparameter_{name}"
        taken.add(name)
        names[key] = name
    return names


def _lasted(run: RunRow) -> float | None:
    if run.started_at is None or run.ended_at is None:
        return None
    return run.ended_at - run.started_at


def cell(value: Any) -> Any:
    """Return the value of a hyperparameter as a table holds it."""
    return json.dumps(value) if isinstance(value, (dict, list)) else value
