"""Steps of a pipeline, and the data that one leaves for another."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sweep.api.children import KeptRun
from sweep.api.configuration import HyperDriveConfig, NamedTarget, ScriptRunConfig
from sweep.api.runs import HyperDriveRun, ScriptRun
from sweep.core import redact
from sweep.errors import ConfigError, RunFailed
from sweep.formats.runconfig import RunConfiguration
from sweep.storage import snapshot


class PipelineData:
    """A file or folder that one step leaves in its outputs, and later steps are given.

    As an argument it is ``outputs/NAME`` for the step that makes it, relative to its working
    directory, and for all others the path of what was made. Of a sweep it is the best run's.

    Args:
        name: of the file or folder below ``outputs``.
        datastore, output_name, output_mode, is_directory: of the service's; without effect.

    Raises:
        ConfigError: it is no name.
    """

    def __init__(self, name: str, *_: Any, **__: Any) -> None:
        if not isinstance(name, str) or Path(name).name != name or name in ("", ".", ".."):
            raise ConfigError(f"PipelineData: expected a plain name, got {name!r}")
        self.name = name

    def __repr__(self) -> str:
        return f"PipelineData({self.name!r})"


class Step:
    """One part of a pipeline: a script, or a sweep.

    Attributes:
        name: of the step.
        needs: data that earlier steps make.
        makes: data that this one makes.
        allow_reuse: whether a result of before will do, when nothing has changed.
    """

    def __init__(
        self,
        name: str,
        config: ScriptRunConfig | HyperDriveConfig,
        arguments: Sequence[Any],
        inputs: Sequence[PipelineData],
        outputs: Sequence[PipelineData],
        *,
        allow_reuse: bool,
    ) -> None:
        if not name:
            raise ConfigError("name: every step of a pipeline needs one")
        given = [a for a in arguments if isinstance(a, PipelineData) and a not in outputs]
        self.name = name
        self.needs = list(dict.fromkeys([*inputs, *given]))
        self.makes = list(outputs)
        self.allow_reuse = allow_reuse
        self._config, self._arguments = config, list(arguments)

    def bound(self, paths: dict[PipelineData, Path]) -> ScriptRunConfig | HyperDriveConfig:
        """Return what is submitted, once it is known where the data of earlier steps is."""
        own = {data: f"outputs/{data.name}" for data in self.makes}
        words = [
            (own.get(word) or str(paths[word])) if isinstance(word, PipelineData) else word
            for word in self._arguments
        ]
        config = copy.copy(self._config)
        script = copy.copy(config.run_config if isinstance(config, HyperDriveConfig) else config)
        script.run_config = replace(
            script.run_config,
            arguments=tuple(w if isinstance(w, (int, float)) else str(w) for w in words),
        )
        if isinstance(config, HyperDriveConfig):
            config.run_config = script
            return config
        return script

    def digest(self, paths: dict[PipelineData, Path], store: Path) -> str:
        """Return what is the same as long as nothing has changed: source, arguments, data."""
        config = self.bound(paths)
        script = config.run_config if isinstance(config, HyperDriveConfig) else config
        how = script.run_config
        about = {
            "source": snapshot.take(script.source_directory, store).id,
            "script": how.script,
            "command": how.command,
            "arguments": redact.arguments(map(str, how.arguments)),
            "target": how.target,
            "variables": redact.variables(
                {k: str(v) for k, v in how.environment_variables.items()}
            ),
            "interpreter": how.environment.python.interpreter_path,
            "needs": [str(paths[data]) for data in self.needs],
            "makes": [data.name for data in self.makes],
            "sweep": config.to_wire() if isinstance(config, HyperDriveConfig) else None,
        }
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()

    def found(self, run: HyperDriveRun | ScriptRun) -> dict[PipelineData, Path]:
        """Return where the data is that this step has made.

        Raises:
            RunFailed: it is not there.
        """
        if not self.makes:
            return {}
        kept: KeptRun | None
        if isinstance(run, HyperDriveRun):
            kept = run.get_best_run_by_primary_metric()
            if kept is None:
                raise RunFailed(f"step {self.name}: no run of {run.id} has logged the metric")
        else:
            kept = run.run
        paths = {data: kept.folder / "outputs" / data.name for data in self.makes}
        for data, path in paths.items():
            if not path.exists():
                raise RunFailed(
                    f"step {self.name}: {kept.id} has left no outputs/{data.name} for the others"
                )
        return paths


class PythonScriptStep(Step):
    """A script.

    Args:
        script_name: relative to the source directory.
        name: of the step; the script's by default.
        arguments: texts, numbers, and data of this and of earlier steps.
        compute_target: the target, or its name.
        runconfig: a run configuration to start from.
        inputs: data of earlier steps that no argument names.
        outputs: data that it makes.
        source_directory: what it gets a copy of.
        allow_reuse: whether a result of before will do, when nothing has changed.

    Raises:
        ConfigError: the arguments contradict each other.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the service's signature
        self,
        script_name: str,
        name: str | None = None,
        arguments: Sequence[Any] = (),
        compute_target: NamedTarget | str | None = None,
        runconfig: RunConfiguration | None = None,
        inputs: Sequence[PipelineData] = (),
        outputs: Sequence[PipelineData] = (),
        source_directory: str | Path = ".",
        allow_reuse: bool = True,
    ) -> None:
        config = ScriptRunConfig(
            source_directory, script_name, run_config=runconfig, compute_target=compute_target
        )
        super().__init__(
            name or script_name, config, arguments, inputs, outputs, allow_reuse=allow_reuse
        )


class HyperDriveStep(Step):
    """A sweep.

    Args:
        name: of the step.
        hyperdrive_config: the sweep.
        estimator_entry_script_arguments: fixed arguments, instead of those of its run
            configuration; also data of earlier steps.
        inputs: data of earlier steps that no argument names.
        outputs: data that every run makes; the best run's goes on.
        allow_reuse: whether a result of before will do, when nothing has changed.

    Raises:
        ConfigError: the arguments contradict each other.
    """

    def __init__(
        self,
        name: str,
        hyperdrive_config: HyperDriveConfig,
        estimator_entry_script_arguments: Sequence[Any] | None = None,
        inputs: Sequence[PipelineData] = (),
        outputs: Sequence[PipelineData] = (),
        allow_reuse: bool = True,
    ) -> None:
        if not isinstance(hyperdrive_config, HyperDriveConfig):
            raise ConfigError(f"expected a HyperDriveConfig, got {hyperdrive_config!r}")
        arguments = estimator_entry_script_arguments
        if arguments is None:
            arguments = hyperdrive_config.run_config.arguments
        super().__init__(
            name, hyperdrive_config, arguments, inputs, outputs, allow_reuse=allow_reuse
        )
