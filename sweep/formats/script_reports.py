"""How often a training script reports a metric, read from its text; nothing of it is executed."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from sweep.formats.script_options import constant, keywords, name_of

ONE_VALUE = frozenset({"log", "log_metric"})
"""Calls that report one value of the metric that they name first."""
MAY_REPORT = frozenset({"log_metrics", "log_row", "log_list", "log_table", "SweepCallback"})
"""Calls that may report it as well, or many times."""
ONCE = (
    *(ast.Module, ast.Expr, ast.Assign, ast.AnnAssign, ast.If, ast.With, ast.Try, ast.Return),
    *(ast.Call, ast.keyword, ast.withitem, ast.Await, ast.FunctionDef, ast.AsyncFunctionDef),
)
"""What executes what is in it once, or not at all, if it is executed once."""


def reported_once(tree: ast.Module, metric: str) -> int | None:
    """Return the line that reports a metric, where it is plain that this is done once in a run.

    Args:
        tree: the script's text, parsed.
        metric: its name.

    Returns:
        The line; None where it may be done more often, or that cannot be read off the text.
    """
    above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    calls = [node for node in above if isinstance(node, ast.Call)]
    if any(_reports_any(call) for call in calls):
        return None
    logs = [call for call in calls if _reports_one(call)]
    names = [constant(_named(call)) for call in logs]
    if any(not isinstance(name, str) for name in names) or names.count(metric) != 1:
        return None
    call = logs[names.index(metric)]
    return call.lineno if _executed_once(call, above, tree) else None


def may_report(tree: ast.AST) -> bool:
    """Tell whether anything in a text may report anything."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(_reports_any(call) or _reports_one(call) for call in calls)


def _reports_one(call: ast.Call) -> bool:
    return name_of(call.func) in ONE_VALUE and _arguments(call) > 1


def _reports_any(call: ast.Call) -> bool:
    name = name_of(call.func)
    return name in MAY_REPORT or "autolog" in name


def _arguments(call: ast.Call) -> int:
    """Return how many a call has: that of a logarithm has one."""
    return len(call.args) + len(call.keywords)


def _named(call: ast.Call) -> ast.expr | None:
    """Return what a call names its metric."""
    given = keywords(call) or {}
    return call.args[0] if call.args else given.get("name", given.get("key"))


def _executed_once(node: ast.AST, above: Mapping[ast.AST, ast.AST], tree: ast.Module) -> bool:
    """Tell whether a part of a script is plainly executed once, if at all."""
    seen: set[str] = set()
    while not isinstance(node, ast.Module):
        node = above[node]
        if not isinstance(node, ONCE):
            return False
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            uses = [*_uses(tree, node.name)]
            if node.decorator_list or node.name in seen or len(uses) != 1:
                return False
            if not isinstance(above[node], ast.Module):
                return False
            seen.add(node.name)
            (use,) = uses
            call = above[use]
            if not isinstance(call, ast.Call) or call.func is not use:
                return False
            node = call
    return True


def _uses(tree: ast.Module, name: str) -> Iterator[ast.Name]:
    """Yield where a name is used."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            yield node
