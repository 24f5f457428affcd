"""What old drivers and notebooks say that our own names do not cover."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import sweep
from samplers import Sampling
from sweep.compat.only_there import OnlyAtTheService, say_once, sentence
from sweep.errors import ConfigError

if TYPE_CHECKING:
    from typing_extensions import Self

DEFAULT_GPU_IMAGE = sweep.DEFAULT_CPU_IMAGE
HyperDriveStepRun = sweep.HyperDriveRun
StepRun = sweep.ScriptRun
HyperParameterSampling = Sampling


class Workspace(sweep.Workspace):
    """The local workspace, however the service's was named.

    Args:
        subscription_id, resource_group, workspace_name, auth: of the service's; without effect.
        path: a directory; the workspace is in it, in the nearest one above it, or made in it.
    """

    location = "local"
    subscription_id = resource_group = sku = "local"

    def __init__(self, *service: Any, path: str | Path = ".", **more: Any) -> None:
        super().__init__(path)
        if service or more:
            say_once(f"{self.folder.path} stands in for the service's workspace")

    @classmethod
    def get(cls, *_: Any, **__: Any) -> Self:
        """Return the local workspace, whatever the service's is called."""
        return cls.from_config()

    create = setup = get

    def get_details(self) -> dict[str, Any]:
        """Return what is known of it, under the service's names."""
        return {"name": self.name, "location": self.location, "id": str(self.folder.path)}

    def write_config(self, *_: Any, **__: Any) -> None:
        """Do nothing: the folder itself is what others find."""

    def __getattr__(self, name: str) -> Any:
        """Say that this is not to be had.

        Raises:
            OnlyAtTheService: always, but for names of Python's own.
        """
        if name.startswith("_") or name == "folder":
            raise AttributeError(name)
        raise OnlyAtTheService(sentence(f"Workspace.{name}"))


class Environment(sweep.Environment):
    """What runs find around them; of the service's own, the name only."""

    @classmethod
    def get(cls, workspace: Any, name: str, version: str | None = None, **_: Any) -> Environment:
        """Return one of the service's environments: here, this Python as it is."""
        del workspace
        say_once(f"{name} is an environment of the service: runs use this Python as it is")
        made = cls(name, version)
        made.python.user_managed_dependencies = True
        return made

    def register(self, workspace: Any) -> Environment:
        """Return it: it need not be registered."""
        del workspace
        return self


class HyperDriveRunConfig(sweep.HyperDriveConfig):
    """An older name for `HyperDriveConfig`, with the estimator first."""

    def __init__(
        self, estimator: Any, hyperparameter_sampling: Any, *arguments: Any, **named: Any
    ) -> None:
        order = "primary_metric_name primary_metric_goal max_total_runs max_concurrent_runs"
        given = dict(zip(order.split(), arguments, strict=False))
        super().__init__(hyperparameter_sampling, estimator=estimator, **given, **named)


class EstimatorStep(sweep.PythonScriptStep):
    """A step that runs an estimator's script."""

    def __init__(
        self,
        name: str | None = None,
        estimator: sweep.Estimator | None = None,
        estimator_entry_script_arguments: Any = None,
        **named: Any,
    ) -> None:
        if not isinstance(estimator, sweep.ScriptRunConfig) or not estimator.script:
            raise ConfigError(f"estimator: expected an Estimator, got {estimator!r}")
        arguments = estimator_entry_script_arguments
        super().__init__(
            estimator.script,
            name,
            estimator.arguments if arguments is None else arguments,
            runconfig=estimator.run_config,
            source_directory=estimator.source_directory,
            **{k: v for k, v in named.items() if k in ("inputs", "outputs", "allow_reuse")},
        )
