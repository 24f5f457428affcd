"""Run configurations to start from, which `sweep folder attach` writes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from sweep.formats.environment import Environment, PythonSection
from sweep.formats.record import Section
from sweep.formats.runconfig import RunConfiguration, write_runconfig
from sweep.storage.targets import TargetRegistry
from sweep.storage.workspace import WorkspaceFolder

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
PACKAGES = f"""\
# Packages of the runs. They are installed where a run configuration says
# userManagedDependencies: false; else the interpreter is used as it is.
name: project_environment
channels: [conda-forge]
dependencies:
- python={VERSION}
- pip:
  - numpy
"""
FILE = "conda_dependencies.yml"


def write_templates(project: Path, workspace: WorkspaceFolder) -> list[str]:
    """Write what is not there yet: packages, and a run configuration for each kind of place.

    Args:
        project: the folder for configurations.
        workspace: with the compute targets, of which each has a configuration.

    Returns:
        The names of all of these configurations.

    Raises:
        OSError: they cannot be written.
    """
    if not (project / FILE).exists():
        (project / FILE).write_text(PACKAGES)
    found = dict(_templates(project, workspace))
    for name, template in found.items():
        if not (project / name).exists():
            write_runconfig(template, project / name)
    return [*found]


def _templates(
    project: Path, workspace: WorkspaceFolder
) -> Iterator[tuple[str, RunConfiguration]]:
    python = PythonSection(
        user_managed_dependencies=True, conda_dependencies_file=f"{project.name}/{FILE}"
    )
    environment = Environment(name="local", python=python)
    yield "local", RunConfiguration(environment=environment)
    image = Section(baseImage=f"python:{VERSION}-slim")
    inside = PythonSection(user_managed_dependencies=True)
    yield (
        "docker",
        RunConfiguration(
            docker=Section(useDocker=True, sharedVolumes=True, shmSize="2g", arguments=[]),
            environment=Environment(name="docker", python=inside, docker=image),
        ),
    )
    for entry in TargetRegistry(workspace).entries():
        if entry.name in ("local", "docker", FILE):
            continue
        own = Environment(name=entry.name, python=python)
        framework = "PySpark" if entry.kind.lower() == "hdinsight" else "Python"
        yield entry.name, RunConfiguration(target=entry.name, framework=framework, environment=own)
