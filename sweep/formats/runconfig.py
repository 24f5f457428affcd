"""Run configurations: HyperDrive's `.runconfig` files, which say what a single run executes.

Keys may be in camelCase or in snake_case. Unknown ones are kept and warned of. `arguments` given
as one text are split as a shell would split them, without any other meaning of a shell's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sweep.errors import ConfigError, Problem
from sweep.formats.checks import Check, Unfit, positive, text, whole
from sweep.formats.environment import (
    Environment,
    Folders,
    PythonSection,
    read_environment,
    section_or_file,
)
from sweep.formats.fields import Fields
from sweep.formats.findings import Findings, in_file_order, quoted
from sweep.formats.located import Node, inside
from sweep.formats.record import Section, attributes, entries, section, variables
from sweep.formats.spelling import Shape, keys, respelled
from sweep.formats.text import is_file, is_folder
from sweep.formats.yaml12 import read_yaml
from sweep.formats.yaml_writer import yaml_of

EXAMPLE = "{script: train.py, target: local}"

SUFFIX = ".runconfig"
FOLDERS = ("aml_config", ".azureml")
"""The folders of a project that may hold configurations. The older name has precedence."""

SHAPE: dict[str, Shape] = {
    **keys("script arguments command target framework communicator maxRunDurationSeconds"),
    **keys("nodeCount priority environment environmentVariables data outputData datacaches"),
    **keys("sourceDirectoryDataStore autoClusterComputeSpecification credentialPassthrough"),
    **keys("applicationEndpoints"),
    "history": keys("outputCollection snapshotProject directoriesToWatch"),
    "spark": keys("configuration"),
    "docker": keys("useDocker sharedVolumes shmSize arguments"),
    "hdi": keys("yarnDeployMode"),
    "tensorflow": keys("workerCount parameterServerCount"),
    "mpi": keys("processCountPerNode nodeCount"),
    "pytorch": keys("communicationBackend processCount nodeCount"),
    "paralleltask": keys("maxRetriesPerWorker workerCountPerNode terminalExitCodes"),
    "dataReferences": {"*": keys("dataStoreName pathOnDataStore mode overwrite pathOnCompute")},
    "amlcompute": keys("vmSize vmPriority retainCluster name clusterMaxNodeCount"),
    "kubernetescompute": keys("instanceType"),
}
"""The keys of the file."""


@dataclass(slots=True)
class RunConfiguration:
    """How a single run is executed; what is submitted is what it says then.

    Attributes:
        script: the script, relative to the source folder.
        arguments: of the script; numbers stay numbers.
        command: instead of script and arguments: a line for a shell, or a list.
        target: name of the compute target.
        framework: Python, PySpark, TensorFlow, PyTorch, …
        communicator: None, ParameterServer, OpenMpi, IntelMpi, …
        max_run_duration_seconds: the run is cancelled then.
        node_count: nodes for one run.
        priority: of the run in a queue.
        environment: what the run finds around it.
        environment_variables: for this run.
        history, docker, mpi, pytorch, tensorflow, spark, data_references, amlcompute: as in the
            file, keys in camelCase.
        extra: everything else.
        warnings: what is odd in the file it was read from.
        places: where the sections about data stand there, by their dotted paths.
    """

    script: str | None = None
    arguments: tuple[str | int | float, ...] = ()
    command: str | tuple[str, ...] = ""
    target: str = "local"
    framework: str = "Python"
    communicator: str = "None"
    max_run_duration_seconds: float | None = None
    node_count: int = 1
    priority: int | None = None
    environment: Environment = field(default_factory=Environment)
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    history: Section = field(default_factory=Section)
    docker: Section = field(default_factory=Section)
    mpi: Section = field(default_factory=Section)
    pytorch: Section = field(default_factory=Section)
    tensorflow: Section = field(default_factory=Section)
    spark: Section = field(default_factory=Section)
    data_references: Mapping[str, Any] = field(default_factory=dict)
    amlcompute: Section = field(default_factory=Section)
    extra: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = field(default=(), compare=False)
    places: Mapping[str, Problem] = field(default_factory=dict, compare=False)

    def without_environment(self) -> RunConfiguration:
        """Return it with the Python at hand, and without packages and images."""
        python = PythonSection(user_managed_dependencies=True)
        around = replace(self.environment, python=python, docker=Section())
        return replace(self, environment=around, docker=Section())


def _arguments(node: Node) -> tuple[str | int | float, ...]:
    if isinstance(node.value, str):
        return tuple(_split(node.value, node))
    if not isinstance(node.value, list):
        raise Unfit("a list of arguments", node)
    return tuple(_argument(item) for item in node.value)


def _argument(node: Node) -> str | int | float:
    value = node.value
    if value is None or isinstance(value, list | dict) or "\0" in str(value):
        raise Unfit("an argument", node)
    return value


def _split(line: str, node: Node) -> list[str]:
    import shlex  # noqa: PLC0415 - hardly ever needed

    try:
        return shlex.split(line)
    except ValueError:
        raise Unfit("arguments with all quotes closed", node) from None


def _command(node: Node) -> str | tuple[str, ...]:
    if isinstance(node.value, list):
        return tuple(text(item) for item in node.value)
    if not isinstance(node.value, str) or "\0" in node.value:
        raise Unfit("a command", node)
    return node.value


_CHECKS: dict[str, Check[Any]] = {
    "script": text,
    "arguments": _arguments,
    "command": _command,
    "target": text,
    "framework": text,
    "communicator": text,
    "max_run_duration_seconds": positive,
    "node_count": whole(1),
    "priority": whole(),
    "environment": section_or_file,
    "environment_variables": variables,
    **dict.fromkeys(("history", "docker", "mpi", "pytorch", "tensorflow"), section),
    **dict.fromkeys(("spark", "data_references", "amlcompute"), section),
}


def read_runconfig(path: str | Path) -> RunConfiguration:
    """Read and check a run configuration.

    Raises:
        ConfigError: with everything that is wrong in the file, in file order.
    """
    findings = Findings(path)
    root = read_yaml(path, findings)
    if not isinstance(root.value, dict):
        raise findings.fatal(f"expected a mapping such as {EXAMPLE}, got {root}", at=root)
    root = respelled(root, SHAPE, "", findings)
    found = attributes(Fields(root, "", findings), _CHECKS)
    legacy = Path(path).with_suffix(".compute")
    if "environment" in found:
        beside = Path(path).parent
        folders = Folders(beside, beside.parent if beside.name in FOLDERS else beside)
        found["environment"] = read_environment(found["environment"], folders, findings)
    elif is_file(legacy):
        findings.warn(f"{quoted(legacy.name)}, of the old format in two files, is not read")
    findings.check()
    warnings = tuple(in_file_order(findings.warnings))
    return RunConfiguration(**found, warnings=warnings, places=_places(root, findings))


def _places(root: Node, findings: Findings) -> dict[str, Problem]:
    """Return where each entry of the sections about data stands, by its dotted path."""
    found: dict[str, Problem] = {}
    sections = root.value if isinstance(root.value, dict) else {}
    for name in ("dataReferences", "data", "datacaches"):
        if (section := sections.get(name)) is None:
            continue
        below = section.value if isinstance(section.value, dict) else {}
        spots = {inside(name, key): node for key, node in section.keys.items() if key in below}
        for key, node in {name: root.keys.get(name, section), **spots}.items():
            found[key] = Problem("", source=findings.source, line=node.line, column=node.column)
    return found


def find_runconfig(path: str | Path, name: str) -> Path:
    """Return the run configuration `name` of the project at `path`; or `path`, if it is a file.

    It is looked for in the folder for configurations, with and without `.runconfig`, and, with
    it, in the project's own folder.

    Raises:
        ConfigError: there is none; names those that there are.
    """
    if is_file(path):
        return Path(path)
    root = Path(path)
    if not is_folder(root):
        raise ConfigError(f"there is no folder {str(root)!r}")
    folders = [root / inner for inner in FOLDERS if is_folder(root / inner)][:1]
    inner = [folder / file for folder in folders for file in (name, f"{name}{SUFFIX}")]
    for file in (*inner, root / f"{name.removesuffix(SUFFIX)}{SUFFIX}"):
        if is_file(file):
            return file
    there = [*root.glob(f"*{SUFFIX}"), *(file for folder in folders for file in folder.iterdir())]
    known = sorted(str(file) for file in there if file.suffix in ("", SUFFIX) and is_file(file))
    message = f"there is no run configuration {quoted(name)} in {str(root)!r}"
    raise ConfigError(f"{message}; there is {', '.join(known)}" if known else message)


def write_runconfig(configuration: RunConfiguration, path: str | Path) -> None:
    """Write a run configuration that `read_runconfig` reads back as the same.

    Raises:
        OSError: the file cannot be written.
    """
    Path(path).write_text(yaml_of(entries(configuration)), encoding="utf-8")
