"""Sweeps and lone runs from outside: `HyperDriveRun`, `ScriptRun`."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sweep.api.children import KeptRun, hyperparameters_json, metrics_of_all
from sweep.core.definition import SweepDefinition
from sweep.core.ranking import ranked
from sweep.core.run import OVER
from sweep.engine.background import last_words
from sweep.engine.targets import target_of
from sweep.engine.wishes import leave
from sweep.errors import ConfigError, RunFailed, SweepError
from sweep.storage.feed import Feed
from sweep.storage.reader import RunRow, SweepReader
from sweep.storage.workspace import SweepFolder

if TYPE_CHECKING:
    import pandas as pd

    from sweep.api.workspace import Experiment

POLL = 0.1


class Submitted:
    """What sweeps and lone runs have in common: they are worked on, and end.

    Attributes:
        id: ``HD_<uuid>``, or ``<experiment>_<time>_<hash>`` for a lone run.
        engine: the process that works on it, where this process has started it.
    """

    def __init__(self, folder: SweepFolder) -> None:
        self.id = folder.id
        self.engine: subprocess.Popen[bytes] | None = None
        self._folder = folder

    def _reader(self) -> SweepReader:
        return SweepReader(self._folder.database)

    def get_status(self) -> str:
        """Return HyperDrive's word for its state."""
        with self._reader() as reader:
            status: str = reader.get("status")[0]
        return status

    status = property(get_status)

    def wait_for_completion(
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,  # noqa: ARG002 - there is none
        raise_on_error: bool = True,
    ) -> dict[str, Any]:
        """Wait for the end; return the details.

        Args:
            show_output: print what happens meanwhile.
            wait_post_processing: has no effect.
            raise_on_error: raise when it has failed.

        Raises:
            RunFailed: it has failed, or the process that worked on it is gone.
            KeyboardInterrupt: waiting was interrupted; the work goes on.
        """
        with self._reader() as reader:
            feed = Feed(reader)
            try:
                while True:
                    working = self._is_worked_on()
                    if show_output:
                        for line in feed.lines():
                            sys.stdout.write(line + "\n")
                    status, reason = reader.get("status")
                    if status in OVER:
                        break
                    if not working:
                        raise RunFailed(
                            f"{self.id} is {status}, and nobody works on it:"
                            f" {last_words(self._folder) or 'sweep resume goes on with it'}"
                        )
                    time.sleep(POLL)
            except KeyboardInterrupt:
                sys.stderr.write(f"{self.id} goes on; its cancel() ends it\n")
                raise
        if status == "Failed" and raise_on_error:
            raise RunFailed(f"{self.id} has failed: {reason}")
        return self.get_details()

    def _is_worked_on(self) -> bool:
        """Tell whether a process works on it, or is about to."""
        if self._folder.engine is not None:
            return True
        return self.engine is not None and self.engine.poll() is None

    def get_details(self) -> dict[str, Any]:
        """Return what is known of it, under the service's names."""
        with self._reader() as reader:
            return {
                "runId": self.id,
                "target": target_of(reader),
                "status": reader.get("status")[0],
                "properties": reader.tags(-1, "property"),
                "tags": reader.tags(-1, "tag"),
                "logFiles": {},
            }

    def get_tags(self) -> dict[str, str | None]:
        """Return the tags."""
        with self._reader() as reader:
            return reader.tags(-1, "tag")

    def get_properties(self) -> dict[str, str | None]:
        """Return the properties, such as git's."""
        with self._reader() as reader:
            return reader.tags(-1, "property")

    tags = property(get_tags)
    properties = property(get_properties)

    def cancel(self) -> None:
        """Ask for its end, and that of all its runs."""
        leave(self._folder.requests, "cancel", None, "canceled by the user")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r}, {self.get_status()})"


class ScriptRun(Submitted):
    """A lone run."""

    type = "azureml.scriptrun"

    @property
    def run(self) -> KeptRun:
        """The run itself: metrics, files."""
        return KeptRun(self._folder, 0)

    def get_metrics(self, name: str | None = None) -> dict[str, Any]:
        """Return what the run has logged."""
        return self.run.get_metrics(name)

    def get_file_names(self) -> list[str]:
        """Return the names of the run's outputs and logs."""
        return self.run.get_file_names()

    def download_file(self, name: str, output_file_path: str | None = None) -> None:
        """Copy one of the run's files."""
        self.run.download_file(name, output_file_path)


class HyperDriveRun(Submitted):
    """A sweep.

    Args:
        experiment: the experiment it belongs to.
        run_id: its id.
        hyperdrive_config: has no effect: the definition that was kept is the one that counts.

    Raises:
        WorkspaceError: there is no such sweep.
    """

    type = "hyperdrive"

    def __init__(
        self,
        experiment: Experiment,
        run_id: str,
        hyperdrive_config: object = None,  # noqa: ARG002 - the service's signature
    ) -> None:
        super().__init__(experiment.workspace.folder.sweep(run_id))
        self.experiment = experiment

    @property
    def hyperdrive_config(self) -> SweepDefinition:
        """What is swept, and within which limits."""
        with self._reader() as reader:
            return SweepDefinition.from_wire(reader.get("definition"))

    def get_children(self, status: str | None = None) -> Iterator[KeptRun]:
        """Yield its runs in the order of sampling, of one status or of all."""
        for row in self._rows():
            if status in (None, row.status):
                yield KeptRun(self._folder, row.number)

    def get_children_sorted_by_primary_metric(
        self, top: int = 0, reverse: bool = False, discard_no_metric: bool = False
    ) -> list[dict[str, Any]]:
        """Return its runs, the best first, as dicts.

        Each has run_id, hyperparameters (JSON text), best_primary_metric and status. Runs without
        the metric come last, also when `reverse` puts the worst first.

        Args:
            top: only so many; 0: all.
            reverse: the worst first.
            discard_no_metric: leave out runs without the metric.

        Raises:
            ConfigError: `top` is not a whole number >= 0, or the others are not booleans.
        """
        if isinstance(top, bool) or not isinstance(top, int) or top < 0:
            raise ConfigError(f"top: expected a whole number >= 0, got {top!r}")
        for name, flag in (("reverse", reverse), ("discard_no_metric", discard_no_metric)):
            if not isinstance(flag, bool):
                raise ConfigError(f"{name}: expected True or False, got {flag!r}")
        rows = ranked(
            self._rows(),
            lambda row: row.best,
            self.hyperdrive_config.goal,
            reverse=reverse,
            discard_no_metric=discard_no_metric,
        )
        return [
            {
                "run_id": self._folder.run_id(row.number),
                "hyperparameters": hyperparameters_json(row),
                "best_primary_metric": row.best,
                "status": row.status,
            }
            for row in rows[: top or None]
        ]

    def get_best_run_by_primary_metric(
        self,
        include_failed: bool = True,
        include_canceled: bool = True,
        include_resume_from_runs: bool = True,  # noqa: ARG002 - there are none
    ) -> KeptRun | None:
        """Return the best run; None when no run has logged the metric."""
        left_out = set()
        if not include_failed:
            left_out.add("Failed")
        if not include_canceled:
            left_out.add("Canceled")
        rows = [row for row in self._rows() if row.status not in left_out]
        goal = self.hyperdrive_config.goal
        best = ranked(rows, lambda row: row.best, goal, discard_no_metric=True)
        return KeptRun(self._folder, best[0].number) if best else None

    def get_hyperparameters(self) -> dict[str, str]:
        """Return the configuration of every run as JSON text, by the run's id."""
        return {self._folder.run_id(r.number): hyperparameters_json(r) for r in self._rows()}

    def get_metrics(self) -> dict[str, dict[str, Any]]:
        """Return what every run has logged, by the run's id."""
        with self._reader() as reader:
            return {
                self._folder.run_id(number): metrics
                for number, metrics in metrics_of_all(reader).items()
            }

    def to_dataframe(self) -> pd.DataFrame:
        """Return its runs as a pandas DataFrame, one a row."""
        from sweep.api.dataframe import runs_dataframe  # noqa: PLC0415 - pandas takes a second

        with self._reader() as reader:
            return runs_dataframe(reader, self._folder)

    def get_details(self) -> dict[str, Any]:
        """Return what is known of it, under the service's names."""
        details = super().get_details()
        best = self.get_best_run_by_primary_metric()
        with self._reader() as reader:
            properties = {
                "primary_metric_config": reader.get("definition")["primary_metric_config"],
                "runTemplate": "HyperDrive",
                "azureml.runsource": "hyperdrive",
                "best_child_run_id": best.id if best else None,
                "score": best.row.best if best else None,
            }
        return {**details, "properties": {**details["properties"], **properties}}

    def get_diagnostics(self) -> None:
        """Refuse, as the service does.

        Raises:
            SweepError: always.
        """
        raise SweepError("there are no diagnostics but `sweep why RUN` and `sweep logs RUN`")

    def fail(self) -> None:
        """Refuse, as the service does.

        Raises:
            SweepError: always.
        """
        raise SweepError("a sweep cannot be failed from outside: cancel() ends it")

    def _rows(self) -> list[RunRow]:
        with self._reader() as reader:
            return reader.runs()
