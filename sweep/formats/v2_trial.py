"""The section `trial` of a sweep job: what each trial runs; or the file of a command component."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sweep.formats.checks import Unfit, listed, mapping, text
from sweep.formats.fields import Fields
from sweep.formats.findings import Findings, quoted
from sweep.formats.hdconfig import modules
from sweep.formats.located import Node, inside
from sweep.formats.metrics_section import metrics
from sweep.formats.record import variables
from sweep.formats.references import Reference
from sweep.formats.shell_script import SHELLS
from sweep.formats.v2_command import Command, Known, Spot, read_command
from sweep.formats.v2_data import Input, Literal, literal
from sweep.formats.v2_space import word_of
from sweep.formats.yaml12 import read_yaml

EXAMPLE = "{command: python train.py --lr ${{search_space.lr}}, code: src}"
KEYS = (
    *("command", "code", "environment", "environment_variables", "distribution", "resources"),
    *("shell", "warm_start", "metrics", "type", "name", "display_name", "description"),
)
COMPONENT_KEYS = (
    *("$schema", "type", "name", "version", "display_name", "description", "tags"),
    *("is_deterministic", "inputs", "outputs", "command", "code", "environment", "distribution"),
    *("resources", "shell", "environment_variables"),
)
_INPUT_KEYS = ("type", "default", "optional", "description", "min", "max", "enum", "mode", "path")


@dataclass(frozen=True, slots=True)
class Trial:
    """What each trial runs.

    Attributes:
        command: the words, or the script for a shell.
        code: the folder of which every trial gets a copy; None for none.
        environment: as in the file.
        environment_variables: set for each trial.
        inputs: what a component's own defaults add to the job's inputs.
        outputs: what a component adds to the job's outputs.
        warm_start: modules that trials are forked with, or "auto"; None for none.
        metrics: what is found in trials' output, see `metrics_section`; None for nothing.
    """

    command: Command
    code: Path | None = None
    environment: Any = None
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    outputs: Collection[str] = ()
    warm_start: str | tuple[str, ...] | None = None
    metrics: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What a trial may refer to in the rest of the file."""

    search_space: Collection[str]
    inputs: Mapping[str, Input]
    outputs: Collection[str]


def read_trial(job: Fields, around: Around, beside: Path, findings: Findings) -> Trial:
    """Return the trial of a job whose file is in the folder `beside`."""
    node = job.need("trial", _mapping_or_path, None)
    if node is None:
        return Trial(Command())
    if isinstance(node.value, str):
        return _component(node, around, beside, findings)
    section = Fields(node, inside(job.path, "trial"), findings)
    section.only(KEYS)
    known = Known(around.search_space, around.inputs, around.outputs)
    return _read(section, known, beside, findings)


def _read(section: Fields, known: Known, beside: Path, findings: Findings) -> Trial:
    shell = section.take("shell", word_of({word: word for word in SHELLS}), "")
    line = section.need("command", _line, "")
    spot = Spot(inside(section.path, "command"), section.at("command"))
    command = read_command(line, shell, known, spot, findings) if line else Command()
    for key in ("distribution", "resources"):
        if key in section:
            _of_the_service(section, key, findings)
    return Trial(
        command=command,
        code=_folder(section, beside, findings),
        environment=section.take("environment", Node.plain, None),
        environment_variables=section.take("environment_variables", variables, {}),
        warm_start=section.take("warm_start", modules, None),
        metrics=section.take("metrics", metrics, None),
    )


def _of_the_service(section: Fields, key: str, findings: Findings) -> None:
    node = section.at(key)
    entries = node.value if isinstance(node.value, dict) else {}
    many = [
        name
        for name in ("instance_count", "process_count_per_instance", "process_count_per_node")
        if name in entries and entries[name].value not in (None, 1)
    ]
    effect = f"{many[0]}: a trial is one process on one node" if many else "has no effect here"
    findings.warn(effect, inside(section.path, key), node)


def _folder(section: Fields, beside: Path, findings: Findings) -> Path | None:
    code: str = section.take("code", text, "")
    if not code:
        return None
    place = (beside / code.removeprefix("file://")).expanduser()
    if not place.is_dir():
        what = "is a file, not a folder" if place.is_file() else "there is no folder"
        at = section.at("code")
        findings.problem(f"{what} {quoted(str(place))}", inside(section.path, "code"), at)
    return place


def _component(node: Node, around: Around, beside: Path, findings: Findings) -> Trial:
    """Return the trial that a component's file describes."""
    name = str(node.value)
    place = beside / name.removeprefix("file:")
    if name.startswith("azureml:") or not place.is_file():
        what = "is registered with the service" if name.startswith("azureml:") else "is no file"
        raise findings.fatal(
            f"{quoted(name)} {what}: expected {EXAMPLE}, or the path of a component's file",
            "trial",
            node,
        )
    own = Findings(place)
    root = read_yaml(place, own)
    if not isinstance(root.value, dict):
        raise own.fatal(f"expected a command component, got {root}", at=root)
    section = Fields(root, "", own)
    section.only(COMPONENT_KEYS)
    section.take("type", word_of({"command": "command"}), "command")
    defaults, missing = _component_inputs(section, around, own)
    outputs = section.take("outputs", mapping("{model: {type: uri_folder}}"), None)
    names = list(outputs.value) if outputs is not None and isinstance(outputs.value, dict) else []
    known = Known(
        search_space=around.search_space,
        inputs=[*around.inputs, *defaults, *around.search_space],
        outputs=[*around.outputs, *names],
        missing=missing,
        renamed={
            Reference("inputs", key): Reference("search_space", key) for key in around.search_space
        },
    )
    trial = _read(section, known, place.parent, own)
    own.check()
    for warning in own.warnings:
        findings.warnings.append(warning)
    return replace(trial, inputs=defaults, outputs=tuple(names))


def _component_inputs(
    section: Fields, around: Around, findings: Findings
) -> tuple[dict[str, Input], list[str]]:
    """Return the inputs with their defaults, and the optional ones that are not given."""
    declared = section.take("inputs", mapping("{lr: {type: number}}"), None)
    entries = declared.value if declared is not None and isinstance(declared.value, dict) else {}
    defaults: dict[str, Input] = {}
    missing = []
    for name, node in entries.items():
        fields = Fields(node, inside("inputs", name), findings)
        fields.only(_INPUT_KEYS)
        if name in around.inputs or name in around.search_space:
            continue
        if "default" in fields:
            nothing: Literal = ""
            defaults[name] = Input(fields.take("default", literal, nothing))
        elif fields.at("optional").value is True:
            missing.append(name)
        else:
            findings.problem("is given by neither inputs nor search_space", fields.path, node)
    return defaults, missing


def _mapping_or_path(node: Node) -> Node:
    if isinstance(node.value, dict) or (isinstance(node.value, str) and node.value):
        return node
    raise Unfit(listed([f"a mapping such as {EXAMPLE}", "the path of a component's file"]), node)


def _line(node: Node) -> str:
    if isinstance(node.value, str) and node.value.strip() and "\0" not in node.value:
        return node.value
    raise Unfit("a command such as python train.py", node)
