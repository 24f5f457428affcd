"""`--set a.b=c`: single entries of a file said otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sweep.errors import ConfigError, Problem
from sweep.formats.findings import Findings, quoted
from sweep.formats.located import Node
from sweep.formats.yaml12 import parse
from sweep.formats.yaml_writer import yaml_of

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def overrides_of(words: Iterable[str]) -> dict[str, Node]:
    """Return what `a.b=c` words say: values by the dotted paths of entries.

    Raises:
        ConfigError: one of them is nothing of the kind.
    """
    found = {}
    for word in words:
        path, equals, text = word.partition("=")
        if not equals or not _steps(path):
            raise ConfigError(
                Problem(
                    f"expected PATH=VALUE such as limits.timeout=3600, got {quoted(word)}",
                    key="--set",
                )
            )
        found[path] = _value(path, text)
    return found


def overrides_from(values: Iterable[Mapping[str, Any]]) -> dict[str, Node]:
    """Return what mappings from dotted paths to values say, of Python's own kinds."""
    merged: dict[str, Any] = {}
    for mapping in values:
        merged |= mapping
    return {path: _value(path, yaml_of(value)) for path, value in merged.items()}


def _value(path: str, text: str) -> Node:
    findings = Findings(f"--set {path}")
    if not text.strip():
        return Node(None, 0, 0)
    node = parse(text, findings)
    findings.check()
    return _nowhere(node)


def _nowhere(node: Node) -> Node:
    """Return a value without a place: it stands in no file."""
    value = node.value
    if isinstance(value, list):
        value = [_nowhere(item) for item in value]
    elif isinstance(value, dict):
        value = {key: _nowhere(item) for key, item in value.items()}
    keys = {key: _nowhere(item) for key, item in node.keys.items()}
    return replace(node, value=value, line=0, column=0, keys=keys)


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        if not found:
            return []
        steps.append(found[1] if found[1] is not None else int(found[2]))
        at = found.end()
        if at < len(path) and path[at] == ".":
            at += 1
    return steps


def overridden(root: Node, overrides: Mapping[str, Node]) -> Node:
    """Return a tree with other values at some paths; mappings on the way are made.

    Raises:
        ConfigError: a path leads through a value that has nothing below it.
    """
    for path, value in overrides.items():
        root = _with(root, _steps(path), value, path)
    return root


def _with(node: Node, steps: list[str | int], value: Node, path: str) -> Node:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        if not isinstance(node.value, list) or step >= len(node.value):
            raise ConfigError(Problem(f"there is no entry {step} in it", key=f"--set {path}"))
        items = [*node.value]
        items[step] = _with(items[step], rest, value, path)
        return replace(node, value=items)
    if node.value is not None and not isinstance(node.value, dict):
        raise ConfigError(
            Problem(f"{quoted(str(step))} cannot stand in {node}", key=f"--set {path}")
        )
    entries = dict(node.value or {})
    entries[step] = _with(entries.get(step, Node(None, 0, 0)), rest, value, path)
    keys = {**node.keys, step: node.keys.get(step, Node(step, 0, 0))}
    depth = 1 + max(child.depth for child in entries.values())
    return replace(node, value=entries, keys=keys, depth=depth)
