"""What files say to guide a sampling: points to begin with, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samplers import Misplaced, Sampling, SpaceError
from sweep.formats.checks import Check, Unfit
from sweep.formats.findings import Findings
from sweep.formats.located import Node, inside

POINT = "{--lr: 0.1}"
CONDITION = "{--lr: {above: 0.1}}"


def _mappings(example: str) -> Check[Node]:
    def check(node: Node) -> Node:
        if not isinstance(node.value, list):
            raise Unfit(f"a list such as [{example}]", node)
        for item in node.value:
            if not isinstance(item.value, dict):
                raise Unfit(f"a mapping such as {example}", item)
        return node

    return check


GUIDING: dict[str, Check[Any]] = {
    "points_to_evaluate": _mappings(POINT),
    "refuse": _mappings(CONDITION),
}
"""Keys that every sampling has, and what they may hold."""


def guided(
    sampling: Sampling | None, said: Mapping[str, Node], path: str, findings: Findings
) -> Sampling | None:
    """Return a sampling with what is said to guide it, or None after a problem.

    Args:
        sampling: without it; None after a problem.
        said: the values of keys in `GUIDING`.
        path: of the section they are in.
        findings: take what is wrong.
    """
    if sampling is None or not said:
        return sampling
    problems = len(findings.problems)
    for key, node in said.items():  # one by one first, so that all that is wrong is told
        items = node.value if isinstance(node.value, list) else []
        for place, item in enumerate(items):
            _made(sampling, {key: [item.plain()]}, {key: node}, path, findings, place)
    if len(findings.problems) > problems:
        return None
    settings = {key: node.plain() for key, node in said.items()}
    return _made(sampling, settings, said, path, findings)


def _made(
    sampling: Sampling,
    settings: Mapping[str, Any],
    said: Mapping[str, Node],
    path: str,
    findings: Findings,
    first: int = 0,
) -> Sampling | None:
    """Return a sampling with more settings; the first item of a list is number `first`."""
    kind: Any = type(sampling)
    try:
        made: Sampling = kind(sampling.space, **sampling.properties, **settings)
    except Misplaced as error:
        key, *steps = error.where
        if steps and isinstance(steps[0], int):
            steps[0] += first
        where, at = inside(path, str(key)), said[str(key)]
        for count, step in enumerate(steps, 1):
            blamed = error.name and count == len(steps)
            at = at.keys[str(step)] if blamed else _entry(at, step)
            where = inside(where, step)
        findings.problem(error.bare, where, at)
        return None
    except SpaceError as error:
        findings.problem(str(error), path, next(iter(said.values())))
        return None
    return made


def _entry(at: Node, step: str | int) -> Node:
    """Return an entry of a mapping or list; what is neither stands for itself."""
    if isinstance(at.value, dict):
        return at.value.get(str(step), at)
    if isinstance(at.value, list) and isinstance(step, int):
        return at.value[step]
    return at


def with_names(properties: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of a sampling with other names for its parameters."""
    return {
        key: _renamed(value, names) if key in GUIDING else value
        for key, value in properties.items()
    }


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {names.get(key, key): _renamed(one, names) for key, one in value.items()}
    return [_renamed(one, names) for one in value] if isinstance(value, list) else value
