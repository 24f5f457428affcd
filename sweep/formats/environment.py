"""The environment that runs execute in: the section `environment` of a run configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweep.errors import ConfigError
from sweep.formats.arguments import text_of
from sweep.formats.checks import Check, Unfit, flag, mapping, text
from sweep.formats.fields import Fields, fitting
from sweep.formats.findings import Findings, quoted
from sweep.formats.located import Node, inside
from sweep.formats.record import Section, attributes, section, variables
from sweep.formats.spelling import Shape, keys, respelled
from sweep.formats.text import is_file
from sweep.formats.yaml12 import read_yaml

_DOCKER: dict[str, Shape] = {
    **keys("enabled baseImage baseDockerfile buildContext sharedVolumes shmSize arguments"),
    "baseImageRegistry": keys("address username password registryIdentity"),
    "platform": keys("os architecture"),
}

EXAMPLE = "{python: {userManagedDependencies: true}}"

SHAPE: dict[str, Shape] = {
    **keys("name version assetId inferencingStackVersion environmentVariables r"),
    "python": keys(
        "userManagedDependencies interpreterPath condaDependenciesFile condaDependencies"
        " baseCondaEnvironment"
    ),
    "docker": _DOCKER,
    "spark": keys("repositories packages precachePackages"),
    "databricks": keys("mavenLibraries pypiLibraries rcranLibraries jarLibraries eggLibraries"),
}
"""The keys of the section."""


@dataclass(slots=True)
class PythonSection:
    """Which Python, and who provides its packages.

    Attributes:
        user_managed_dependencies: the interpreter is used as it is; nothing is installed.
        interpreter_path: the interpreter, `python` for the one at hand.
        conda_dependencies_file: the packages, in a file, as it was written.
        conda_dependencies: the packages, inline.
        base_conda_environment: an environment of conda's to start from.
        extra: unknown keys.
        conda_file: where `conda_dependencies_file` was found.
    """

    user_managed_dependencies: bool = False
    interpreter_path: str = "python"
    conda_dependencies_file: str | None = None
    conda_dependencies: Mapping[str, Any] | None = None
    base_conda_environment: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    conda_file: Path | None = field(default=None, compare=False)


@dataclass(slots=True)
class Environment:
    """What runs find around them.

    Attributes:
        name: what it is called.
        version: of the name.
        python: the interpreter and its packages.
        environment_variables: for every run.
        docker, spark, databricks: as in the file, keys in camelCase.
        extra: everything else, keys in camelCase.
    """

    name: str | None = None
    version: str | None = None
    python: PythonSection = field(default_factory=PythonSection)
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    docker: Section = field(default_factory=Section)
    spark: Section = field(default_factory=Section)
    databricks: Section = field(default_factory=Section)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_conda_specification(cls, name: str, file_path: str | Path) -> Environment:
        """Return an environment with the packages of conda's file.

        Raises:
            ConfigError: there is no such file.
        """
        file = _there(file_path)
        return cls(name, python=PythonSection(conda_dependencies_file=str(file), conda_file=file))

    @classmethod
    def from_pip_requirements(cls, name: str, file_path: str | Path) -> Environment:
        """Return an environment with the packages of pip's file of requirements.

        Raises:
            ConfigError: there is no such file.
        """
        packages = {"dependencies": [{"pip": [f"-r {_there(file_path).absolute()}"]}]}
        return cls(name, python=PythonSection(conda_dependencies=packages))

    @classmethod
    def from_docker_image(cls, name: str, image: str) -> Environment:
        """Return an environment that is an image, with the Python in it."""
        python = PythonSection(user_managed_dependencies=True)
        return cls(name, python=python, docker=Section(enabled=True, baseImage=image))


def _there(path: str | Path) -> Path:
    if not is_file(path):
        raise ConfigError(f"there is no file {str(path)!r} with packages")
    return Path(path)


def _version(node: Node) -> str:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unfit("a version", node)
    return text_of(value)


_PYTHON: dict[str, Check[Any]] = {
    "user_managed_dependencies": flag,
    "interpreter_path": text,
    "conda_dependencies_file": text,
    "conda_dependencies": section,
    "base_conda_environment": text,
}
_ENVIRONMENT: dict[str, Check[Any]] = {
    "name": text,
    "version": _version,
    "python": mapping(EXAMPLE[9:-1]),
    "environment_variables": variables,
    "docker": section,
    "spark": section,
    "databricks": section,
}


@dataclass(frozen=True, slots=True)
class Folders:
    """Where files are that a configuration names.

    Attributes:
        beside: the folder of the configuration itself.
        root: the project's folder.
    """

    beside: Path
    root: Path


def section_or_file(node: Node) -> Node:
    """Take what `read_environment` takes.

    Raises:
        Unfit: it is something else.
    """
    if not isinstance(node.value, str | dict):
        raise Unfit(f"a mapping such as {EXAMPLE}, or the name of a file with one", node)
    return node


def read_environment(node: Node, folders: Folders, findings: Findings) -> Environment:
    """Return the environment in `node`, or in the file beside the configuration that it names."""
    path = "environment"
    if not isinstance(node.value, str):
        return _environment(node, path, folders, findings)
    file = folders.beside / node.value
    if not is_file(file):
        findings.problem(f"there is no file {str(file)!r}", path, node)
        return Environment()
    inner = Findings(file)
    try:
        return _environment(read_yaml(file, inner), "", folders, inner)
    except ConfigError:  # its problems are among the findings
        return Environment()
    finally:
        findings.problems += inner.problems
        findings.warnings += inner.warnings


def _environment(node: Node, path: str, folders: Folders, findings: Findings) -> Environment:
    if fitting(node, path, mapping(EXAMPLE), None, findings) is None:
        return Environment()
    fields = Fields(respelled(node, SHAPE, path, findings), path, findings)
    found = attributes(fields, _ENVIRONMENT)
    if "python" in found:
        inner = Fields(found["python"], inside(path, "python"), findings)
        found["python"] = _python(inner, folders, findings)
    return Environment(**found)


def _python(fields: Fields, folders: Folders, findings: Findings) -> PythonSection:
    found = attributes(fields, _PYTHON)
    name = found.get("conda_dependencies_file")
    if name is not None and not found.get("user_managed_dependencies"):
        places = [folders.root / name, folders.beside / name]
        found["conda_file"] = next(filter(is_file, places), None)
        if found["conda_file"] is None:
            key = "condaDependenciesFile"
            message = f"there is no file {quoted(name)} in the project or beside its configuration"
            findings.problem(message, inside(fields.path, key), fields.at(key))
    return PythonSection(**found)
