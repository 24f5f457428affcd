"""The section `metrics` of a sweep's file: where metrics are that a script does not log."""

from __future__ import annotations

import importlib
import re
from pathlib import PurePosixPath
from typing import Any

from sweep.formats.checks import Unfit, text
from sweep.formats.located import Node

EXAMPLE = "{stdout: 'loss=(?P<loss>[0-9.]+)'} or {file: metrics.jsonl}"
MANY = 16
"""A repetition that may go on for longer counts as one without an end."""


def metrics(node: Node) -> dict[str, Any]:
    """Return what is looked for: `stdout`, a list of expressions, and `file`.

    Raises:
        Unfit: it is something else, or an expression that cannot be used.
    """
    if not isinstance(node.value, dict) or not node.value:
        raise Unfit(f"a mapping such as {EXAMPLE}", node)
    found: dict[str, Any] = {}
    for key, value in node.value.items():
        if key == "stdout":
            items = value.value if isinstance(value.value, list) else [value]
            found[key] = [_expression(item) for item in items]
        elif key == "file":
            found[key] = _file(value)
        else:
            raise Unfit("stdout or file", Node(key, value.line, value.column))
    return found


def _expression(node: Node) -> str:
    pattern = text(node)
    try:
        groups = set(re.compile(pattern).groupindex)
    except (re.error, RecursionError, OverflowError) as error:
        raise Unfit(f"a regular expression ({error})", node) from None
    if not groups - {"step"}:
        raise Unfit("a regular expression with a named group, such as (?P<loss>[0-9.]+)", node)
    if ("name" in groups) != ("value" in groups):
        raise Unfit("both groups, name and value, or neither", node)
    if _repeats(_parsed(pattern), inside=False):
        raise Unfit(
            "no repetition inside of a repetition, such as (a+)+: that may take for ever", node
        )
    return pattern


def _file(node: Node) -> str:
    name = text(node)
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.name:
        raise Unfit("a file in the run's folder, such as metrics.jsonl", node)
    return name


def _parsed(pattern: str) -> Any:
    """Return an expression as a tree; Python keeps that to itself, and has moved it once."""
    try:
        parser = importlib.import_module("re._parser")
    except ImportError:
        parser = importlib.import_module("sre_parse")
    return parser.parse(pattern)


def _repeats(tree: Any, *, inside: bool) -> bool:
    """Tell whether there is a long repetition in a tree that is itself in one, or two nested."""
    if isinstance(tree, (list, tuple)) or hasattr(tree, "data"):
        parts = list(tree)
        if len(parts) == 3 and isinstance(parts[0], int) and hasattr(parts[2], "data"):
            long = int(parts[1]) > MANY
            return (long and inside) or _repeats(parts[2], inside=inside or long)
        return any(_repeats(part, inside=inside) for part in parts)
    return False
