"""Sweeps and lone runs from outside: `HyperDriveRun`, `ScriptRun`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sweep.api.children import KeptRun, hyperparameters_json, metrics_of_all
from sweep.api.submitted import Submitted
from sweep.core.definition import SweepDefinition
from sweep.core.ranking import ranked
from sweep.core.replicates import Aggregate
from sweep.errors import ConfigError, SweepError, WorkspaceError
from sweep.storage.reader import RunRow
from sweep.storage.replicates import by_configuration, means_of, place_of

if TYPE_CHECKING:
    import pandas as pd

    from sweep.api.workspace import Experiment

__all__ = ["HyperDriveRun", "ScriptRun", "Submitted"]


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

    def get_children(self, status: str | None = None, **_: Any) -> Iterator[KeptRun]:
        """Yield its runs in the order of sampling, of one status or of all."""
        for row in self._rows():
            if status in (None, row.status):
                yield KeptRun(self._folder, row.number)

    def get_children_sorted_by_primary_metric(
        self, top: int = 0, reverse: bool = False, discard_no_metric: bool = False
    ) -> list[dict[str, Any]]:
        """Return its runs, the best first, as dicts.

        Each has run_id, hyperparameters (JSON text), best_primary_metric and status. Runs without
        the metric come last, also when `reverse` puts the worst first. Where each configuration
        is run several times, runs are in the order of the means of their configurations, and each
        also has configuration_number, replicate and mean_primary_metric.

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
        every, definition = self._rows(), self.hyperdrive_config
        means = means_of(every) if definition.limits.replicates > 1 else {}
        rows = ranked(
            every,
            _ranked_by(means),
            definition.goal,
            reverse=reverse,
            discard_no_metric=discard_no_metric,
        )
        return [
            {
                "run_id": self._folder.run_id(row.number),
                "hyperparameters": hyperparameters_json(row),
                "best_primary_metric": row.best,
                "status": row.status,
                **_place(row, means),
            }
            for row in rows[: top or None]
        ]

    def get_best_run_by_primary_metric(
        self,
        include_failed: bool = True,
        include_canceled: bool = True,
        include_resume_from_runs: bool = True,
    ) -> KeptRun | None:
        """Return the best run; None when no run has logged the metric.

        Where each configuration is run several times, it is the best of the best configuration.

        Args:
            include_failed: also of those that have failed.
            include_canceled: also of those that were stopped or canceled.
            include_resume_from_runs: also of the sweeps that it has learnt from, if they are
                still there; of equal ones its own counts.
        """
        left_out = set()
        if not include_failed:
            left_out.add("Failed")
        if not include_canceled:
            left_out.add("Canceled")
        every, definition = self._rows(), self.hyperdrive_config
        rows, goal = [row for row in every if row.status not in left_out], definition.goal
        best = ranked(rows, lambda row: row.best, goal, discard_no_metric=True)
        if definition.limits.replicates > 1:
            best = by_configuration(best, every, goal)
        found = [(best[0].best, KeptRun(self._folder, best[0].number))] if best else []
        for parent in self.resumed_from if include_resume_from_runs else ():
            other = parent.get_best_run_by_primary_metric(include_failed, include_canceled)
            if other is not None:
                found.append((other.row.best, other))
        order = ranked(found, lambda pair: pair[0], goal)
        return order[0][1] if order else None

    @property
    def resumed_from(self) -> list[HyperDriveRun]:
        """The sweeps that it has learnt from, and that are still there."""
        with self._reader() as reader:
            ids = (reader.get("prior", None) or {}).get("resume_from", ())
        found = []
        for name in ids:
            with suppress(WorkspaceError):
                found.append(HyperDriveRun(self.experiment, name))
        return found

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

    def get_hyperparameter_importance(self, *names: str) -> dict[str, float]:
        """Return how much each hyperparameter matters for the best value of a run.

        It is the permutation importance by a random forest over the runs that have a result, as
        in `sweep best --importance`, where one reads how well that forest explains them.

        Args:
            names: of these hyperparameters only; of all that differ among the runs by default.

        Returns:
            Shares that add up to 1 by the names without leading dashes, the largest first.

        Raises:
            UserError: fewer than 8 runs have a result, no hyperparameter differs, or one that is
                named is not there.
        """
        from sweep.view.data import sweep_data  # noqa: PLC0415 - a forest is a large library
        from sweep.view.importance import importance_of  # noqa: PLC0415

        with self._reader() as reader:
            found = importance_of(sweep_data(reader, self._folder), names)
        return {name: share for name, share, _ in found.shares}

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


def _ranked_by(means: Mapping[int, Aggregate]) -> Callable[[RunRow], float | None]:
    """Return what runs are ranked by: their own value, or the mean of their configuration."""
    return lambda row: means[row.number].value if row.number in means else row.best


def _place(row: RunRow, means: Mapping[int, Aggregate]) -> dict[str, Any]:
    place = place_of(row)
    if place is None or row.number not in means:
        return {}
    return {
        "configuration_number": place[0],
        "replicate": place[1],
        "mean_primary_metric": means[row.number].value,
    }
