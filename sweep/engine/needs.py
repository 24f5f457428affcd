"""What runs need of the nodes that they are on, from their configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sweep.compute.packages import requirements, split_conda
from sweep.engine.distribution import distribution_of
from sweep.errors import ConfigError, ResourceError
from sweep.formats.data_references import DataReference, data_references, substituted
from sweep.formats.packages import packages_of
from sweep.formats.runconfig import RunConfiguration

OWN_PYTHON = ("", "python", "python3")
"""Names of the interpreter that mean the one at hand."""


def provided(
    configuration: RunConfiguration, source: Path, *, here: bool
) -> tuple[RunConfiguration, dict[str, Any] | None]:
    """Return a run configuration that says where its data is, and what its runs need.

    The latter is what `sweep.compute.needs` takes; None where any node will do.

    Args:
        configuration: of each run.
        source: the project's folder.
        here: runs are on this machine, so what it lacks shows now.

    Raises:
        ConfigError: what is asked for can be had nowhere.
        ResourceError: it is not here.
    """
    found: dict[str, Any] = {}
    python = configuration.environment.python
    if in_container(configuration):
        pass  # what it needs is in the image
    elif packages := _packages(configuration, source, here=here):
        found["packages"] = packages
    elif not here and python.interpreter_path not in OWN_PYTHON:
        found["interpreter"] = python.interpreter_path
    if docker := _docker(configuration, here=here):
        found["docker"] = docker
    if data := data_references(configuration, source, here=here):
        found["data"] = {name: reference.path for name, reference in data.items()}
    found |= distribution_of(configuration).needs()
    return _with_data(configuration, data), found or None


def _with_data(
    configuration: RunConfiguration, data: Mapping[str, DataReference]
) -> RunConfiguration:
    paths = {name: r.path for r in data.values() for name in r.variables}
    command = configuration.command
    return replace(
        configuration,
        arguments=substituted(configuration.arguments, data),
        command=command if isinstance(command, str) else substituted(command, data),
        environment_variables={**paths, **configuration.environment_variables},
    )


def has_packages(configuration: RunConfiguration) -> bool:
    """Tell whether runs have an environment with packages of their own."""
    python = configuration.environment.python
    asked = python.conda_dependencies or python.conda_dependencies_file
    return bool(asked) and not python.user_managed_dependencies


def in_container(configuration: RunConfiguration) -> bool:
    """Tell whether runs are in containers."""
    around = configuration.environment.docker
    return bool(configuration.docker.get("useDocker") or around.get("enabled"))


def _docker(configuration: RunConfiguration, *, here: bool) -> dict[str, Any] | None:
    if not in_container(configuration):
        return None
    around, run = configuration.environment.docker, configuration.docker
    image = around.get("baseImage")
    advice = "; or leave Docker out: --ignore-environment, or useDocker: false"
    if around.get("baseDockerfile") or around.get("buildContext"):
        raise ConfigError(
            "environment.docker: images are not built here: build it (docker build -t NAME .) and"
            f" name it as baseImage{advice}"
        )
    if not isinstance(image, str) or not image or image.startswith("-"):
        raise ConfigError(f"environment.docker.baseImage: which image?{advice}")
    registry = (around.get("baseImageRegistry") or {}).get("address")
    if registry and not image.startswith(f"{registry}/"):
        image = f"{registry}/{image}"
    arguments = run.get("arguments") or around.get("arguments") or []
    if not isinstance(arguments, list) or not all(isinstance(a, str) for a in arguments):
        raise ConfigError(f"docker.arguments: expected a list of texts, got {arguments!r}")
    if here:
        from sweep.compute import containers  # noqa: PLC0415 - most sweeps have none

        try:
            containers.engine()
        except containers.NoEngine as error:
            message = f"runs are to be in containers of {image}, and {error}: install one{advice}"
            raise ResourceError(message) from None
    size = run.get("shmSize") or around.get("shmSize")
    return {"image": image, "arguments": arguments, "shm_size": size}


def _packages(
    configuration: RunConfiguration, source: Path, *, here: bool
) -> dict[str, Any] | None:
    around = configuration.environment
    found = packages_of(around.python, source, around.name or "")
    if found is None:
        return None
    packages = {
        "name": found.name,
        "channels": [*found.channels],
        "conda": [*found.conda],
        "pip": [*found.pip],
    }
    for spec in found.conda:
        if "|" in spec or "[" in spec:
            continue  # conda can read it, where it is
        try:
            split_conda(spec)
        except ValueError as error:
            raise ConfigError(f"{found.name}: {spec!r}: {error}") from None
    if here:
        from sweep.compute import environments  # noqa: PLC0415 - most sweeps have none

        try:
            if environments.choose(packages).kind != "conda":
                requirements(packages)
        except (environments.Unmet, ValueError) as error:
            raise ResourceError(str(error)) from None
    return packages
