"""What a run has to tell other stores: numbers with steps and times, parameters, files."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweep.core.words import value_text
from sweep.script.files import own
from sweep.storage.reader import RunRow, SweepReader
from sweep.storage.workspace import SweepFolder
from sweep.view.data import flattened


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a metric; `at` is in seconds since the epoch.

    The step is what the run has said, or counts from 0.
    """

    name: str
    value: float
    step: int
    at: float


@dataclass(frozen=True, slots=True)
class Told:
    """One run.

    Attributes:
        id: its id.
        row: its state.
        parameters: its hyperparameters by names without leading dashes.
        tags: its tags.
        folder: its files.
    """

    id: str
    row: RunRow
    parameters: dict[str, Any]
    tags: dict[str, str | None]
    folder: Path

    def files(self) -> list[str]:
        """Return the names of its outputs and logs."""
        return own(str(self.folder)) if self.folder.is_dir() else []


def told(reader: SweepReader, folder: SweepFolder) -> Iterator[Told]:
    """Yield the runs of a sweep."""
    for row in reader.runs():
        yield Told(
            folder.run_id(row.number),
            row,
            flattened(row.configuration),
            reader.tags(row.number, "tag"),
            folder.run_folder(row.number, row.attempt),
        )


def points(reader: SweepReader, row: RunRow) -> Iterator[Point]:
    """Yield all numbers that a run's present attempt has logged."""
    metric: str = reader.get("definition")["primary_metric_config"]["name"]
    for step, (at, value) in enumerate(reader.reports(row.number)):
        yield Point(metric, value, step, at)
    counts: dict[str, int] = {}
    for logged in reader.metrics(row.number, row.attempt):
        values = logged.value if logged.kind == "list" else [logged.value]
        for value in values if isinstance(values, list) else []:
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                count = counts[logged.name] = counts.get(logged.name, -1) + 1
                said = logged.step
                step = count if said is None or not math.isfinite(said) else int(said)
                yield Point(logged.name, float(value), step, logged.at)


def text_of(value: Any) -> str:
    """Return a hyperparameter as a store of texts keeps it."""
    return repr(value) if isinstance(value, float) else value_text(value)
