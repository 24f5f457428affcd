"""`load_job`: sweep jobs of version 2, from Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweep.api.warn import keep, warn
from sweep.core.definition import SweepDefinition
from sweep.engine import job as jobs
from sweep.engine.background import work_in_background
from sweep.errors import ConfigError
from sweep.formats.located import Node
from sweep.formats.overrides import overrides_from
from sweep.formats.v2 import JobFile, read_job

if TYPE_CHECKING:
    from sweep.api.runs import HyperDriveRun
    from sweep.api.workspace import Workspace


def load_job(
    source: str | Path, *, params_override: Sequence[Mapping[str, Any]] = (), **others: Any
) -> SweepJob:
    """Read and check the file of a sweep job.

    Args:
        source: the file.
        params_override: other values for its entries, by dotted paths, such as
            ``[{"limits.max_total_trials": 4}]``.
        others: refused, but for `relative_origin`, which has no effect.

    Raises:
        ConfigError: with everything that is wrong in the file, in file order.
    """
    if unknown := others.keys() - {"relative_origin"}:
        raise ConfigError(f"load_job: there is no argument {', '.join(sorted(unknown))}")
    return SweepJob(Path(source), overrides_from(params_override))


class SweepJob:
    """A sweep job as its file describes it, with what was set otherwise since.

    Attributes:
        file: what the file says.
    """

    def __init__(self, path: Path, overrides: Mapping[str, Node]) -> None:
        self._path = path
        self._overrides = dict(overrides)
        self.file: JobFile = read_job(path, self._overrides)

    @property
    def definition(self) -> SweepDefinition:
        """The sweep."""
        return self.file.definition

    @property
    def name(self) -> str:
        """The name of the job; empty for one that is made up when it is submitted."""
        return self.file.name

    @property
    def experiment_name(self) -> str:
        """The name that groups jobs."""
        return self.file.experiment or jobs.experiment_of(self.file)

    def set_limits(self, **limits: float | str) -> None:
        """Set limits otherwise: max_total_trials, max_concurrent_trials, timeout, trial_timeout.

        Raises:
            ConfigError: one of them is no limit, or makes no sense.
        """
        self._set({f"limits.{key}": value for key, value in limits.items()})

    def set_objective(self, goal: str | None = None, primary_metric: str | None = None) -> None:
        """Set the goal, the primary metric or both otherwise.

        Raises:
            ConfigError: they make no sense.
        """
        named = {"objective.goal": goal, "objective.primary_metric": primary_metric}
        self._set({key: value for key, value in named.items() if value is not None})

    def _set(self, values: Mapping[str, Any]) -> None:
        overrides = {**self._overrides, **overrides_from([values])}
        self.file = read_job(self._path, overrides)
        self._overrides = overrides

    def to_wire(self) -> dict[str, Any]:
        """Return HyperDrive's JSON description of the sweep."""
        return self.definition.to_wire()

    def submit(
        self,
        workspace: Workspace | None = None,
        *,
        cpus_per_run: float | None = None,
        gpus_per_run: float | None = None,
        target: str | None = None,
        grace: float = 10.0,
    ) -> HyperDriveRun:
        """Keep the sweep, and let a process of its own work on it.

        Args:
            workspace: where it is kept; that of the current folder by default.
            cpus_per_run: what a trial takes, instead of what the file says.
            gpus_per_run: likewise.
            target: the name of a compute target, instead of the file's.
            grace: seconds between asking a trial to end and making it.

        Raises:
            UserError: it can never run; nothing has been launched.
        """
        from sweep.api.runs import HyperDriveRun  # noqa: PLC0415 - these know workspaces
        from sweep.api.workspace import Experiment, Workspace  # noqa: PLC0415

        workspace = workspace or Workspace.from_config()
        more = {
            "cpus_per_run": cpus_per_run,
            "gpus_per_run": gpus_per_run,
            "target": target,
            "grace": grace,
        }
        for problem in self.file.warnings:
            warn(str(problem))
        submission = jobs.submission_of(
            self.file, workspace.folder, warn, experiment=self.experiment_name, more=more
        )
        folder = keep(workspace.folder, submission)
        run = HyperDriveRun(Experiment(workspace, submission.experiment), folder.id)
        run.engine = work_in_background(folder)
        return run

    def __repr__(self) -> str:
        return f"load_job({str(self._path)!r})"
