"""The trial template of a Katib experiment: the command of its container, as that of a trial."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sweep.formats.foreign import line_of
from sweep.formats.references import Reference
from sweep.formats.shell_script import SHELLS

_MACRO = re.compile(r"\$\{(trialParameters|trialSpec)\.([^}]+)\}")


@dataclass(slots=True)
class KatibTrial:
    """What a trial runs, as far as it can be carried over.

    Attributes:
        section: `trial` of a sweep job.
        resources: `resources` of one.
    """

    section: dict[str, Any] = field(default_factory=dict)
    resources: dict[str, float] = field(default_factory=dict)


def trial_of(template: Any, names: Mapping[str, str], lost: list[str]) -> KatibTrial:
    """Return the trial of a template.

    Args:
        template: `trialTemplate`.
        names: of the parameters, to those that they have in a sweep job.
        lost: takes what could not be carried over.
    """
    found = KatibTrial()
    container = _container(template if isinstance(template, Mapping) else {})
    words = [*_texts(container.get("command")), *_texts(container.get("args"))]
    if not words:
        lost.append("the command: the file has none; write it in place of train.py")
        words = ["python", "train.py"]
        words += [f"--{name}={Reference('search_space', to)}" for name, to in names.items()]
        found.section["command"] = line_of(words)
        return found
    references = _references(template, names)
    words = [_filled(word, references, lost) for word in words]
    shell = words[0].rpartition("/")[2]
    if shell in SHELLS and len(words) == 3 and words[1] == "-c":
        found.section |= {"shell": shell, "command": words[2]}
    else:
        found.section["command"] = line_of(words)
    if variables := _variables(container, lost):
        found.section["environment_variables"] = variables
    if image := container.get("image"):
        lost.append(f"the image {image}: trials are processes of this machine, with its Python")
    lost += [f"the container's {key}" for key in ("volumeMounts", "envFrom") if key in container]
    found.resources = _resources(container)
    return found


def _container(template: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the primary container of a template; empty where there is none."""
    primary = template.get("primaryContainerName")
    containers = [c for c in _containers(template.get("trialSpec"), 0) if isinstance(c, Mapping)]
    named = [c for c in containers if c.get("name") == primary]
    return (named or containers or [{}])[0]


def _containers(node: Any, depth: int) -> Iterator[Any]:
    """Yield the containers of whatever kind of workload."""
    if isinstance(node, Mapping) and depth < 20:
        listed = node.get("containers")
        if isinstance(listed, list):
            yield from listed
        for key, value in node.items():
            if key != "containers":
                yield from _containers(value, depth + 1)


def _texts(value: Any) -> list[str]:
    return [str(word) for word in value] if isinstance(value, list) else []


def _references(template: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """Return the reference for each of the template's own names of parameters."""
    found = {name: str(Reference("search_space", to)) for name, to in names.items()}
    listed = template.get("trialParameters")
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, Mapping) and entry.get("reference") in names:
            to = names[entry["reference"]]
            found[str(entry.get("name"))] = str(Reference("search_space", to))
    return found


def _filled(word: str, references: Mapping[str, str], lost: list[str]) -> str:
    def reference(found: re.Match[str]) -> str:
        if found[1] == "trialParameters" and found[2] in references:
            return references[found[2]]
        lost.append(f"{found[0]} in the command")
        return found[2]

    return _MACRO.sub(reference, word)


def _variables(container: Mapping[str, Any], lost: list[str]) -> dict[str, str]:
    found = {}
    listed = container.get("env")
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, Mapping) and "value" in entry and "name" in entry:
            found[str(entry["name"])] = str(entry["value"])
        else:
            name = entry.get("name") if isinstance(entry, Mapping) else entry
            lost.append(f"the variable {name}: it comes from elsewhere in the cluster")
    return found


def _resources(container: Mapping[str, Any]) -> dict[str, float]:
    """Return what a trial takes."""
    asked = container.get("resources")
    limits: dict[str, Any] = {}
    for kind in ("requests", "limits"):
        section = asked.get(kind) if isinstance(asked, Mapping) else None
        limits |= section if isinstance(section, Mapping) else {}
    found = {}
    for name, key in (("cpu", "cpus_per_trial"), ("nvidia.com/gpu", "gpus_per_trial")):
        text = str(limits.get(name, ""))
        milli = text.endswith("m") and text[:-1].isdecimal()
        if milli or text.replace(".", "", 1).isdecimal():
            found[key] = int(text[:-1]) / 1000 if milli else float(text)
    return found
