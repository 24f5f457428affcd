"""The SDK's `Run`, for training scripts: ours, with the SDK's signatures and its other members.

Names and semantics: the Run class of the Azure Machine Learning SDK, version 1.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from sweep.compat import only_there
from sweep.script import run as script
from sweep.script.echoes import ECHOES
from sweep.script.errors import RunEnvironmentError
from sweep.script.values import scalar

LACKING = frozenset(
    "register_model submit_child get_secret get_secrets get_environment get_snapshot_id"
    " restore_snapshot get_all_logs get_details_with_logs get_detailed_status log_metric_table"
    " wait_for_completion submit add_type_providers get_inputs get_outputs update"
    " get_portal_url take_snapshot archive add_type_provider clean get_docs_url".split()
)
"""Members of the SDK's Run that are of no use inside of a run here."""


class Run(script.Run):
    """One run, seen from inside; what only the service can do is passed over, and said once."""

    def __new__(cls, *arguments: Any, **named: Any) -> Any:
        """Return the kept run of an experiment and an id, as drivers ask for it."""
        experiment = named.get("experiment", arguments[0] if arguments else None)
        workspace = getattr(experiment, "workspace", None)
        if workspace is None or not hasattr(workspace, "get_run"):
            raise RunEnvironmentError("Run.get_context() gives a script its run")
        return workspace.get_run(named.get("run_id", arguments[1] if arguments[1:] else ""))

    @classmethod
    def get_context(cls, allow_offline: bool = True, **_: Any) -> Run:
        """Return the run that this process is part of; see `sweep.script.run.Run`."""
        found = script.Run.get_context(allow_offline)
        if isinstance(found, Run):
            return found
        made = _same(found, _OfflineRun if found._offline else _SubmittedRun)
        script.Run.set_context(made)
        return made

    get_submitted_run = get_context

    @staticmethod
    def get(workspace: Any, run_id: str) -> Any:
        """Return a kept run by its id."""
        return workspace.get_run(run_id)

    # ---- what it is -------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The run's id: it has no other name."""
        return self.id

    display_name = name
    type = "azureml.scriptrun"
    description = ""
    status = property(script.Run.get_status)
    tags = property(script.Run.get_tags)
    properties = property(script.Run.get_properties)

    @property
    def experiment(self) -> Named:
        """The experiment, by name; its workspace has a name as well."""
        return Named("Run.experiment", _experiment(), workspace=Named("Workspace", "local"))

    @property
    def parent(self) -> Any:  # type: ignore[override] # set by what it is a part of
        """The run that this is a part of; of a sweep's run, the sweep."""
        found = self.__dict__.get("parent")
        sweep = os.environ.get("SWEEP_ID", "")
        if found is not None or self._offline or sweep in ("", self.id):
            return found
        return Named("Run.parent", sweep, id=sweep, experiment=self.experiment)

    @property
    def input_datasets(self) -> Any:
        """Refuse: there are none."""
        raise only_there.OnlyAtTheService(only_there.sentence("Run.input_datasets"))

    output_datasets = input_datasets

    def __getattr__(self, name: str) -> Any:
        """Return a call that has no effect, for what the SDK has and we have not."""
        if name not in LACKING:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return only_there.passed_over(f"Run.{name}")

    # ---- the SDK's further arguments, which have no effect --------------------------------

    def get_metrics(
        self, name: str | None = None, recursive: bool = False, *_: Any, **__: Any
    ) -> dict[str, Any]:
        """Return what this process has logged, by name."""
        return super().get_metrics(name, recursive)

    def upload_file(self, name: str, path_or_stream: Any, *_: Any, **__: Any) -> None:
        """Keep a file with the run."""
        super().upload_file(name, path_or_stream)

    def upload_files(self, names: Iterable[str], paths: Iterable[str], *_: Any, **__: Any) -> None:
        """Keep several files."""
        super().upload_files(names, paths)

    def upload_folder(self, name: str, path: str, *_: Any, **__: Any) -> None:
        """Keep every file of a folder."""
        super().upload_folder(name, path)

    def download_file(
        self, name: str, output_file_path: str | None = None, *_: Any, **__: Any
    ) -> None:
        """Copy a kept file out of the run's folder."""
        super().download_file(name, output_file_path)

    def download_files(
        self, prefix: str | None = None, output_directory: str | None = None, *_: Any, **__: Any
    ) -> None:
        """Copy the kept files whose names start with `prefix` into a folder."""
        super().download_files(prefix or "", output_directory or ".")

    def complete(self, **_: Any) -> None:
        """Do nothing: a run is complete when its script ends with exit code 0."""

    def fail(self, error_details: Any = None, error_code: Any = None, **_: Any) -> None:
        """Keep the details; a run has failed when its script ends with another exit code."""
        super().fail(error_details, error_code)

    def cancel(self) -> None:
        """Say that a run is cancelled from outside; the script goes on."""
        only_there.say_once("a script cannot cancel its own run; it goes on")

    def child_run(self, name: str | None = None, *_: Any, **__: Any) -> Run:
        """Return a part of this run."""
        child = _same(super().child_run(name), type(self))
        child.__dict__["parent"] = self
        self._children[-1] = child
        return child

    def create_children(
        self,
        count: int | None = None,
        tag_key: str | None = None,
        tag_values: Iterable[str] | None = None,
    ) -> list[script.Run]:
        """Return several parts of this run: so many, or one for each value of a tag."""
        values = list(tag_values or ())
        children = super().create_children(len(values) if count is None else count)
        for child, value in zip(children, values, strict=False):
            child.tag(str(tag_key), value)
        return children

    def get_children(self, *_: Any, **__: Any) -> list[script.Run]:
        """Return the parts of this run that this process has made."""
        return super().get_children()

    def get_file_names(self) -> list[str]:
        """Return the names of the run's files."""
        return super().get_file_names()

    def log(
        self, name: str, value: Any, description: str = "", step: float | None = None, **_: Any
    ) -> None:
        """Log one value, unless it has come through MLflow already."""
        value = scalar(name, value)
        number = isinstance(value, (int, float))
        if not (number and ECHOES.is_one("azureml", f"{self.id}/{name}", float(value))):
            super().log(name, value, description, step)

    def log_list(self, name: str, value: Iterable[Any], *_: Any, **more: Any) -> None:
        """Log several values of one metric in order."""
        super().log_list(name, value, step=more.get("step"))

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Attach properties."""
        super().add_properties(properties)


class _OfflineRun(Run):
    """A run that no sweep has started."""


class _SubmittedRun(Run):
    """A run of a sweep."""


class Named:
    """Something of the service's that has a name here, and no more."""

    def __init__(self, what: str, name: str, **more: Any) -> None:
        self.name = name
        self.__dict__.update(more)
        self._what = what

    def __getattr__(self, name: str) -> Any:
        """Say that this is not to be had.

        Raises:
            OnlyAtTheService: always, but for names of Python's own.
        """
        if name.startswith("_"):
            raise AttributeError(name)
        raise only_there.OnlyAtTheService(only_there.sentence(f"{self._what}.{name}"))

    def __repr__(self) -> str:
        return f"{self._what}({self.name!r})"


def _same(run: script.Run, kind: type[Run]) -> Run:
    """Return a run of another kind that is the same as this one: they share all they have."""
    made: Run = object.__new__(kind)
    made.__dict__ = run.__dict__
    return made


def _experiment() -> str:
    """Return the name of the experiment, where the sweep's folder can be seen."""
    import json  # noqa: PLC0415 - few scripts ask

    folder = os.path.dirname(os.path.dirname(os.environ.get("SWEEP_RUN_FOLDER", "")))
    try:
        with open(os.path.join(folder, "sweep.json"), encoding="utf-8") as file:
            return str(json.load(file)["experiment"])
    except (OSError, ValueError, KeyError):
        return os.environ.get("SWEEP_ID", "offline")


def get_run(experiment: Any, run_id: str, *_: Any, **__: Any) -> Any:
    """Return a kept run of an experiment by its id."""
    return experiment.workspace.get_run(run_id)


NAMES = frozenset({"Run", "_OfflineRun", "_SubmittedRun", "get_run"})
"""What modules of the SDK's names have from here."""
