"""`Workspace` and `Experiment`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from policies import Goal
from sweep.api.children import KeptRun
from sweep.api.configuration import HyperDriveConfig, ScriptRunConfig
from sweep.api.interactive import InteractiveRun
from sweep.api.runs import HyperDriveRun, ScriptRun
from sweep.api.warn import keep
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.single import Single
from sweep.engine.ancestors import NOBODY
from sweep.engine.background import work_in_background
from sweep.engine.submit import Submission
from sweep.errors import ConfigError
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import SweepFolder, WorkspaceFolder

if TYPE_CHECKING:
    from typing_extensions import Self

    from sweep.api.pipeline import Pipeline, PipelineRun
    from sweep.api.target import ComputeTarget


class Workspace:
    """The folder in which everything about sweeps is kept.

    Args:
        path: a directory; the workspace is the folder ``.sweep`` in it, made if need be.

    Raises:
        WorkspaceError: it cannot be made, or is somebody else's.
    """

    def __init__(self, path: str | Path = ".") -> None:
        self.folder = WorkspaceFolder.make(Path(path))

    @classmethod
    def from_config(cls, path: str | Path | None = ".", **_: Any) -> Self:
        """Return the workspace of a directory, or of the nearest one above it, or a new one.

        Of a file, such as the service's ``config.json``, the directory counts.
        """
        place = Path(path or ".")
        place = place.parent if place.is_file() else place
        found = WorkspaceFolder.near(place)
        return cls(path=found.path.parent if found else place)

    @property
    def name(self) -> str:
        """The name of the directory."""
        return self.folder.path.parent.name

    @property
    def experiments(self) -> dict[str, Experiment]:
        """The experiments by name."""
        names = (about["name"] for about in self.folder.experiments())
        return {name: Experiment(self, name) for name in names}

    @property
    def compute_targets(self) -> dict[str, ComputeTarget]:
        """The compute targets by name; `local` is always there."""
        from sweep.api.compute import ComputeTarget  # noqa: PLC0415 - it knows workspaces

        return {target.name: target for target in ComputeTarget.list(self)}

    def get_run(self, run_id: str) -> HyperDriveRun | ScriptRun | KeptRun:
        """Return a sweep, a run of one, or a lone run by its id.

        Raises:
            WorkspaceError: there is none.
        """
        folder, number = self.folder.find(run_id)
        if number is None or folder.is_lone_run:
            return run_of(self, folder)
        found = KeptRun(folder, number)
        assert found.row.number == number  # else it has said that there is none
        return found

    def _repr_html_(self) -> str:
        from sweep.view.card import workspace_card  # noqa: PLC0415 - only notebooks need it

        return workspace_card(self.folder)

    def __repr__(self) -> str:
        return f"Workspace({str(self.folder.path.parent)!r})"


class Experiment:
    """A name that groups sweeps and runs.

    Raises:
        WorkspaceError: the name is not allowed.
    """

    def __init__(self, workspace: Workspace, name: str) -> None:
        workspace.folder.add_experiment(name)
        self.workspace = workspace
        self.name = name

    @overload
    def submit(
        self,
        config: Pipeline,
        tags: None = None,
        *,
        cpus_per_run: float = 1,
        gpus_per_run: float = 0,
        grace: float = 10.0,
        strict_snapshot: bool = False,
        regenerate_outputs: bool = False,
    ) -> PipelineRun: ...

    @overload
    def submit(
        self,
        config: HyperDriveConfig | ScriptRunConfig,
        tags: Mapping[str, str] | None = None,
        *,
        cpus_per_run: float = 1,
        gpus_per_run: float = 0,
        grace: float = 10.0,
        strict_snapshot: bool = False,
        regenerate_outputs: bool = False,
    ) -> HyperDriveRun | ScriptRun: ...

    def submit(  # noqa: PLR0913 - a run has that many sides
        self,
        config: HyperDriveConfig | ScriptRunConfig | Pipeline,
        tags: Mapping[str, str] | None = None,
        *,
        cpus_per_run: float = 1,
        gpus_per_run: float = 0,
        grace: float = 10.0,
        strict_snapshot: bool = False,
        regenerate_outputs: bool = False,
    ) -> HyperDriveRun | ScriptRun | PipelineRun:
        """Keep a sweep or a lone run, and let a process of its own work on it.

        It goes on when this process ends; `wait_for_completion` waits, `cancel` ends it. What of
        it can have no effect is told by a `SweepWarning`.

        Args:
            config: what to run.
            tags: attached to it.
            cpus_per_run: what one run takes; may be a fraction.
            gpus_per_run: likewise.
            grace: seconds between asking a run to end and making it.
            strict_snapshot: leave nothing out of the copy of the source but what its ignore file
                names.
            regenerate_outputs: of a pipeline: run every step, also where a result of before
                would do.

        Raises:
            UserError: it can never run; nothing has been launched.
        """
        if not isinstance(config, (HyperDriveConfig, ScriptRunConfig)):
            from sweep.api.pipeline import Pipeline  # noqa: PLC0415 - it submits its steps here

            if isinstance(config, Pipeline):
                return config.submit(
                    self.name,
                    regenerate_outputs,
                    cpus_per_run=cpus_per_run,
                    gpus_per_run=gpus_per_run,
                    grace=grace,
                    strict_snapshot=strict_snapshot,
                )
        script = config.run_config if isinstance(config, HyperDriveConfig) else config
        if not isinstance(script, ScriptRunConfig):
            raise ConfigError(
                f"submit: expected a HyperDriveConfig or ScriptRunConfig: {config!r}"
            )
        submission = Submission(
            definition=_definition(config),
            configuration=script.run_config,
            source=script.source_directory,
            experiment=self.name,
            cpus_per_run=cpus_per_run,
            gpus_per_run=gpus_per_run,
            grace=grace,
            sweep_id=getattr(config, "custom_run_id", ""),
            tags=tuple((tags or {}).items()),
            strict_snapshot=strict_snapshot,
            warm_start=getattr(config, "warm_start", None),
            ancestors=getattr(config, "ancestors", NOBODY),
        )
        folder = keep(self.workspace.folder, submission)
        run = run_of(self.workspace, folder)
        run.engine = work_in_background(folder)
        return run

    def start_logging(self, *_: Any, **__: Any) -> InteractiveRun:
        """Begin a run that is logged from here as it goes; `complete` or `fail` ends it."""
        return InteractiveRun(self.workspace.folder, self.name)

    def get_runs(
        self,
        type: str | None = None,  # noqa: A002 - the service's name
        tags: Mapping[str, str] | str | None = None,
        properties: Mapping[str, str] | str | None = None,
        include_children: bool = False,
    ) -> Iterator[HyperDriveRun | ScriptRun | KeptRun]:
        """Yield the experiment's sweeps and lone runs, the newest first.

        Args:
            type: "hyperdrive" or "azureml.scriptrun"; None: both.
            tags: only those with these tags, or with a tag of this name.
            properties: likewise.
            include_children: after each sweep its runs.
        """
        for folder in self.workspace.folder.sweeps(self.name):
            run = run_of(self.workspace, folder)
            if (
                type in (None, run.type)
                and _has(run.get_tags(), tags)
                and _has(run.get_properties(), properties)
            ):
                yield run
                if include_children and isinstance(run, HyperDriveRun):
                    yield from run.get_children()

    def _repr_html_(self) -> str:
        from sweep.view.card import sweeps_card  # noqa: PLC0415 - only notebooks need it

        sweeps = self.workspace.folder.sweeps(self.name)
        return sweeps_card(f"Experiment {self.name}", sweeps)

    def __repr__(self) -> str:
        return f"Experiment({self.workspace!r}, {self.name!r})"


def _definition(config: HyperDriveConfig | ScriptRunConfig) -> SweepDefinition:
    if isinstance(config, HyperDriveConfig):
        return config.definition
    return SweepDefinition(Single(), "", Goal.MAXIMIZE, Limits(runs=1, concurrent=1))


def run_of(workspace: Workspace, folder: SweepFolder) -> HyperDriveRun | ScriptRun:
    """Return what is kept in a folder, as its users see it."""
    if folder.is_lone_run:
        return ScriptRun(folder)
    with SweepReader(folder.database) as reader:
        return HyperDriveRun(Experiment(workspace, reader.get("experiment")), folder.id)


def _has(labels: Mapping[str, str | None], wanted: Mapping[str, str] | str | None) -> bool:
    """Tell whether labels are among those of a run."""
    if isinstance(wanted, str):
        return wanted in labels
    return all(labels.get(name) == value for name, value in (wanted or {}).items())
