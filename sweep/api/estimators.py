"""Estimators: older names for a `ScriptRunConfig`, which notebooks of the service still have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from sweep.api.configuration import NamedTarget, ScriptRunConfig
from sweep.api.warn import warn
from sweep.engine.targets import RUN_BASED
from sweep.errors import ConfigError
from sweep.formats.environment import Environment, PythonSection
from sweep.formats.record import Section
from sweep.formats.sections import MpiConfiguration, PyTorchConfiguration

PACKAGES = "give either environment_definition, or packages and files of packages"


class Estimator(ScriptRunConfig):
    """A script and how it is run. New code says `ScriptRunConfig`, which it is.

    Args:
        source_directory: what every run gets a copy of.
        compute_target: the target, or its name; the default is this machine.
        vm_size: without a target: a pool of such machines for this run alone.
        vm_priority: of these machines.
        entry_script: relative to the source directory.
        script_params: fixed arguments: flag to value; an empty text for a flag without a value.
        node_count: nodes for one run.
        process_count_per_node: how many processes a run has on each node.
        distributed_backend: "mpi" for the variables of Open MPI; others have no effect.
        distributed_training: an `MpiConfiguration` or a `PyTorchConfiguration`.
        use_gpu: has no effect: `gpus_per_run` of `Experiment.submit` gives a run its GPUs.
        use_docker: False: not even with an image of your own.
        custom_docker_base_image: an older name for `custom_docker_image`.
        custom_docker_image: runs are in containers of it; without one they are processes.
        image_registry_details: has no effect.
        user_managed: use the interpreter as it is.
        conda_packages: of the environment.
        pip_packages: likewise.
        conda_dependencies_file: likewise, in the source directory.
        conda_dependencies_file_path: the same.
        pip_requirements_file: likewise, in the source directory.
        pip_requirements_file_path: the same.
        environment_variables: for every run.
        environment_definition: instead of all packages.
        inputs: has no effect.
        source_directory_data_store: has no effect.
        shm_size: of /dev/shm of a container.
        resume_from: a path, which becomes the argument ``--resume-from``.
        max_run_duration_seconds: a run that takes longer is cancelled.
        framework_version: of frameworks' estimators; has no effect: what is installed is used.

    Raises:
        ConfigError: the arguments contradict each other.
    """

    framework: ClassVar[str] = "Python"

    def __init__(  # noqa: PLR0913 - the service's signature
        self,
        source_directory: str | Path,
        *,
        compute_target: NamedTarget | str | None = None,
        vm_size: str | None = None,
        vm_priority: str | None = None,
        entry_script: str | None = None,
        script_params: Mapping[str, Any] | None = None,
        node_count: int = 1,
        process_count_per_node: int = 1,
        distributed_backend: object = None,
        distributed_training: object = None,
        use_gpu: bool = False,
        use_docker: bool = True,
        custom_docker_base_image: str | None = None,
        custom_docker_image: str | None = None,
        image_registry_details: object = None,
        user_managed: bool = False,
        conda_packages: Sequence[str] | None = None,
        pip_packages: Sequence[str] | None = None,
        conda_dependencies_file: str | None = None,
        conda_dependencies_file_path: str | None = None,
        pip_requirements_file: str | None = None,
        pip_requirements_file_path: str | None = None,
        environment_variables: Mapping[str, str] | None = None,
        environment_definition: Environment | None = None,
        inputs: object = None,
        source_directory_data_store: object = None,
        shm_size: str | None = None,
        resume_from: object = None,
        max_run_duration_seconds: float | None = None,
        framework_version: str | None = None,
    ) -> None:
        if not entry_script:
            raise ConfigError("entry_script: which script of the source directory?")
        if compute_target and vm_size:
            raise ConfigError("give either compute_target, or vm_size for a pool of the run's own")
        environment = _environment(
            Path(source_directory),
            environment_definition,
            user_managed=user_managed,
            conda=conda_packages or (),
            pip=pip_packages or (),
            conda_file=conda_dependencies_file or conda_dependencies_file_path,
            pip_file=pip_requirements_file or pip_requirements_file_path,
        )
        super().__init__(
            source_directory,
            entry_script,
            arguments_of(script_params or {}),
            compute_target=compute_target or (RUN_BASED if vm_size else None),
            environment=environment,
            resume_from=resume_from,
            max_run_duration_seconds=max_run_duration_seconds,
        )
        self.run_config = replace(
            self.run_config,
            framework=self.framework,
            node_count=node_count,
            environment_variables=dict(environment_variables or {}),
            amlcompute=Section(vmSize=vm_size, vmPriority=vm_priority) if vm_size else Section(),
        )
        if isinstance(distributed_training, (MpiConfiguration, PyTorchConfiguration)):
            self.run_config = distributed_training.in_use(self.run_config)
            distributed_training = None
        elif process_count_per_node > 1 or distributed_backend == "mpi":
            self.run_config = MpiConfiguration(process_count_per_node).in_use(self.run_config)
        if use_docker and (image := custom_docker_image or custom_docker_base_image):
            around = self.run_config.environment
            docker = Section(enabled=True, baseImage=image, shmSize=shm_size)
            self.run_config.environment = replace(around, docker=docker)
        useless = {
            "distributed_backend": distributed_backend not in (None, "mpi"),
            "distributed_training": distributed_training,
            "use_gpu (see gpus_per_run of submit)": use_gpu,
            "image_registry_details": image_registry_details,
            "inputs": inputs,
            "source_directory_data_store": source_directory_data_store,
            "framework_version": framework_version,
        }
        if given := [name for name, value in useless.items() if value]:
            warn(f"without effect here: {', '.join(given)}")


class SKLearn(Estimator):
    """An estimator with scikit-learn, if it is installed."""


class PyTorch(Estimator):
    """An estimator with PyTorch, if it is installed."""

    framework = "PyTorch"


class TensorFlow(Estimator):
    """An estimator with TensorFlow, if it is installed."""

    framework = "TensorFlow"


class Chainer(Estimator):
    """An estimator with Chainer, if it is installed."""


def arguments_of(script_params: Mapping[str, Any]) -> list[Any]:
    """Return flags and values as arguments; a flag with an empty text or None stands alone."""
    if not isinstance(script_params, Mapping):
        raise ConfigError(f"script_params: expected a dict of flags, got {script_params!r}")
    found: list[Any] = []
    for flag, value in script_params.items():
        found += [flag] if value in ("", None) else [flag, value]
    return found


def _environment(  # noqa: PLR0913 - packages are named in so many ways
    source: Path,
    definition: Environment | None,
    *,
    user_managed: bool,
    conda: Sequence[str],
    pip: Sequence[str],
    conda_file: str | None,
    pip_file: str | None,
) -> Environment:
    if definition is not None:
        if conda or pip or conda_file or pip_file:
            raise ConfigError(PACKAGES)
        return definition
    if conda_file and (conda or pip or pip_file):
        raise ConfigError("give either conda_dependencies_file, or packages")
    for name in filter(None, (conda_file, pip_file)):
        if not (source / name).is_file():
            raise ConfigError(f"{name}: there is no such file in {source}")
    if pip_file:
        lines = (source / pip_file).read_text(encoding="utf-8").splitlines()
        wanted = (line.partition("#")[0].strip() for line in lines)
        pip = [*pip, *filter(None, wanted)]
    dependencies: list[Any] = [*conda, *([{"pip": list(pip)}] if pip else [])]
    inline = {"name": "project_environment", "dependencies": dependencies}
    python = PythonSection(
        user_managed_dependencies=user_managed,
        conda_dependencies_file=conda_file,
        conda_file=source / conda_file if conda_file else None,
        conda_dependencies=inline if dependencies else None,
    )
    return Environment(python=python)
