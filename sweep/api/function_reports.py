"""How often a function of `tune` reports its metric, read from its text."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

from sweep.formats.script_reports import may_report, reported_once

RUN = "run"
"""The parameter that is given the run."""


def reports_of(train: Callable[..., Any], metric: str) -> int | None:
    """Return how often a function reports a metric, where that is plain.

    A number that it returns is a report if it has made none.

    Args:
        train: see `tune`.
        metric: its name.

    Returns:
        1, or None: it may be more often, or cannot be read off the text.
    """
    if not isinstance(train, FunctionType):
        return None
    try:
        functions = [*_functions(train, known := set[str]())]
    except (OSError, SyntaxError, TypeError, ValueError):  # there is no text, or not of it alone
        return None
    call = ast.Expr(ast.Call(ast.Name(functions[0].name, ast.Load()), [], []))
    tree = ast.Module([*functions, call], [])
    if _handed_on(tree, known):
        return None
    if reported_once(tree, metric) is not None:
        return 1
    return None if RUN in inspect.signature(train).parameters or may_report(tree) else 1


def _handed_on(tree: ast.Module, known: set[str]) -> bool:
    """Tell whether the run is handed to a function whose text is not known."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        handed = any(isinstance(one, ast.Name) and one.id == RUN for one in given)
        if handed and not (isinstance(call.func, ast.Name) and call.func.id in known):
            return True
    return False


def _functions(function: FunctionType, seen: set[str]) -> Iterator[ast.FunctionDef]:
    """Yield a function, and those of its module that it calls, however indirectly.

    Raises:
        ValueError: one of them is not what its text defines.
    """
    seen.add(function.__name__)
    (defined,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    if not isinstance(defined, ast.FunctionDef):
        raise ValueError("no plain function")  # noqa: TRY004 - of a text, and nobody sees it
    yield defined
    names = {node.id for node in ast.walk(defined) if isinstance(node, ast.Name)}
    around = inspect.getclosurevars(function).nonlocals
    for name in sorted(names - seen):
        other = around.get(name, function.__globals__.get(name))
        if isinstance(other, FunctionType) and other.__module__ == function.__module__:
            yield from _functions(other, seen)
