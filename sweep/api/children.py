"""One run of a sweep, from outside."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sweep.api.service import AtTheService
from sweep.core.definition import SweepDefinition
from sweep.core.single import Single
from sweep.engine.replicate import VARIABLES
from sweep.engine.template import ScriptTemplate
from sweep.engine.wishes import leave
from sweep.errors import WorkspaceError
from sweep.script.files import own
from sweep.script.values import read_back
from sweep.storage.reader import MetricRow, RunRow, SweepReader
from sweep.storage.targets import target_of
from sweep.storage.workspace import SweepFolder


class KeptRun(AtTheService):
    """One run, read from the workspace: its state, metrics, files.

    Attributes:
        id: the run's id.
        number: its place in the order of sampling, from 0.
    """

    def __init__(self, sweep: SweepFolder, number: int) -> None:
        self.id = sweep.run_id(number)
        self.number = number
        self._sweep = sweep

    @property
    def kept_in(self) -> SweepFolder:
        """Where its sweep is kept."""
        return self._sweep

    def get_portal_url(self) -> str:
        """Return where all of it can be looked at: its folder."""
        return self.folder.resolve().as_uri()

    def _reader(self) -> SweepReader:
        return SweepReader(self._sweep.database)

    def _row(self, reader: SweepReader) -> RunRow:
        row = reader.run(self.number)
        if row is None:
            raise WorkspaceError(f"{self.id}: there is no such run")
        return row

    @property
    def row(self) -> RunRow:
        """The present state of the run, all of it.

        Raises:
            WorkspaceError: there is no such run.
        """
        with self._reader() as reader:
            return self._row(reader)

    @property
    def status(self) -> str:
        """HyperDrive's word for the state of the run."""
        return self.row.status

    def get_status(self) -> str:
        """Return HyperDrive's word for the state of the run."""
        return self.row.status

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """The configuration of the run."""
        return self.row.configuration

    @property
    def reason(self) -> str:
        """Why the run was stopped, failed or lost; empty otherwise."""
        return self.row.reason

    @property
    def folder(self) -> Path:
        """The run's own folder: its copy of the source, outputs, logs."""
        return self._sweep.run_folder(self.number, self.row.attempt)

    def get_metrics(self, name: str | None = None) -> dict[str, Any]:
        """Return what the run has logged: a scalar, or a list where it was logged repeatedly."""
        with self._reader() as reader:
            return metrics_of(reader, self._row(reader), name)

    def get_tags(self) -> dict[str, str | None]:
        """Return the run's tags."""
        with self._reader() as reader:
            return reader.tags(self.number, "tag")

    tags = property(get_tags)

    def get_properties(self) -> dict[str, str | None]:
        """Return the run's properties: its own and those of its sweep, such as git's."""
        with self._reader() as reader:
            own = reader.tags(self.number, "property")
            return {**reader.tags(-1, "property"), **_replicate(reader.run(self.number)), **own}

    properties = property(get_properties)

    def get_details(self) -> dict[str, Any]:
        """Return what is known of the run, under the service's names."""
        with self._reader() as reader:
            row = self._row(reader)
            folder = self._sweep.run_folder(self.number, row.attempt)
            return {
                "runId": self.id,
                "target": target_of(reader),
                "status": row.status,
                "startTimeUtc": _utc(row.started_at),
                "endTimeUtc": _utc(row.ended_at),
                "error": {"error": {"message": row.reason}} if row.status == "Failed" else None,
                "warnings": [],
                "properties": self.get_properties(),
                "runDefinition": {"arguments": _arguments(reader, row)},
                "logFiles": {name: str(folder / name) for name in own(str(folder))},
            }

    def get_file_names(self) -> list[str]:
        """Return the names of the run's outputs and logs."""
        return own(str(self.folder))

    def download_file(self, name: str, output_file_path: str | None = None) -> None:
        """Copy one of the run's files.

        Raises:
            WorkspaceError: there is no such file.
        """
        folder = self.folder.resolve()
        place = (folder / name).resolve()
        if not place.is_relative_to(folder) or not place.is_file():
            raise WorkspaceError(f"{self.id} has no file {name!r}")
        target = Path(output_file_path or Path(name).name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(place, target)

    def download_files(self, prefix: str = "", output_directory: str = ".") -> None:
        """Copy those of the run's files whose names start with `prefix`."""
        for name in self.get_file_names():
            if name.startswith(prefix):
                self.download_file(name, str(Path(output_directory) / name))

    def cancel(self) -> None:
        """Ask for the end of the run."""
        leave(self._sweep.requests, "cancel", self.number, "canceled by the user")

    def _repr_html_(self) -> str:
        from sweep.view.card import run_card  # noqa: PLC0415 - only notebooks need it

        with self._reader() as reader:
            return run_card(self._sweep, self._row(reader), _primary(reader))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"


def _replicate(row: RunRow | None) -> dict[str, str | None]:
    """Return which replicate a run is and its seed, if configurations are run several times."""
    facts = {} if row is None else row.facts
    return {name: str(facts[name]) for name in VARIABLES if name in facts}


def metrics_of(reader: SweepReader, row: RunRow, name: str | None = None) -> dict[str, Any]:
    """Return what a run has logged, as `get_metrics` gives it."""
    curve = [value for _, value in reader.reports(row.number)]
    return _as_logged(_primary(reader), curve, reader.metrics(row.number, row.attempt), name)


def metrics_of_all(reader: SweepReader) -> dict[int, dict[str, Any]]:
    """Return the same for every run, by its number; the journal is read once."""
    primary, curves = _primary(reader), reader.curves()
    return {
        row.number: _as_logged(
            primary, curves.get(row.number, []), reader.metrics(row.number, row.attempt)
        )
        for row in reader.runs()
    }


def _primary(reader: SweepReader) -> str:
    name: str = reader.get("definition")["primary_metric_config"]["name"]
    return name


def _as_logged(
    primary: str, curve: Sequence[float], others: Sequence[MetricRow], name: str | None = None
) -> dict[str, Any]:
    logged = [(primary, "scalar", value) for value in curve]
    logged += [(m.name, m.kind, m.value) for m in others]
    return read_back(m for m in logged if name is None or m[0] == name)


def _arguments(reader: SweepReader, row: RunRow) -> list[str]:
    stored = reader.get("template")
    if "function" in stored:
        return []
    template = ScriptTemplate.from_json(stored)
    sampling = SweepDefinition.from_wire(reader.get("definition")).sampling
    space = None if isinstance(sampling, Single) else sampling.space
    return template.arguments_of(row.configuration, space)


def _utc(at: float | None) -> str | None:
    if at is None:
        return None
    return datetime.fromtimestamp(at, timezone.utc).isoformat().replace("+00:00", "Z")


def hyperparameters_json(row: RunRow) -> str:
    """Return a configuration as the JSON text of the service."""
    return json.dumps(row.configuration)
