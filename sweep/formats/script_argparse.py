"""The options that a script declares with `argparse`, read from its text."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from sweep.formats.script_options import (
    FLAGS,
    KINDS,
    PLAIN,
    UNKNOWN,
    Option,
    ScriptOptions,
    constant,
    keywords,
    name_of,
)

PARSES = frozenset({"parse_args", "parse_intermixed_args"})
LENIENT = frozenset({"parse_known_args", "parse_known_intermixed_args"})
GROUPS = frozenset({"add_argument_group", "add_mutually_exclusive_group"})
CERTAIN = (
    *(ast.Module, ast.FunctionDef, ast.ClassDef, ast.With),
    *(ast.Expr, ast.Assign, ast.AnnAssign, ast.Call),
)
"""What is done whenever that around it is."""


def read_argparse(nodes: Sequence[ast.AST], calls: Sequence[ast.Call]) -> ScriptOptions:
    """Return what a script takes.

    Args:
        nodes: all that is in its text.
        calls: those of them that are calls.
    """
    found = ScriptOptions("argparse", abbreviated=True)
    above = {child: node for node in nodes for child in ast.iter_child_nodes(node)}
    made = [call for call in calls if name_of(call.func) == "ArgumentParser"]
    groups = [call for call in calls if name_of(call.func) in GROUPS]
    found.doubt = _doubt_of_argv(nodes, above) or _doubt_of_parsers(nodes, made, groups, above)
    for call in made:
        _make(found, call)
    parsed = False
    for call in sorted(calls, key=lambda c: c.lineno):
        word = name_of(call.func)
        if word == "add_argument":
            _add(found, call, above)
        elif word == "add_subparsers":
            found.doubt = "it has commands of its own"
        elif word in LENIENT:
            found.lenient = True
        elif word in PARSES:
            parsed = True
            if not _reads_command_line(call, above):
                found.doubt = f"line {call.lineno}: it parses something else than its command line"
    if not parsed and not found.lenient:
        found.doubt = "where it parses its command line cannot be read off the text"
    return found


def _make(found: ScriptOptions, call: ast.Call) -> None:
    given = keywords(call)
    if given is None or given.keys() & {"parents", "prefix_chars", "fromfile_prefix_chars"}:
        found.doubt = f"line {call.lineno}: its parser takes options from elsewhere"
    elif constant(given.get("allow_abbrev")) is False:
        found.abbreviated = False


def _add(found: ScriptOptions, call: ast.Call, above: dict[ast.AST, ast.AST]) -> None:
    words = [constant(word) for word in call.args]
    given = keywords(call)
    if given is None or not words or not all(isinstance(word, str) for word in words):
        found.doubt = f"line {call.lineno}: an option cannot be read off the text"
        return
    certain = _certain(call, above)
    if not words[0].startswith("-"):
        found.words = True
        open_end = constant(given.get("nargs")) in ("?", "*", UNKNOWN) or "action" in given
        if certain and not open_end:
            found.positionals.append(words[0])
        return
    action, values = _action(given.get("action")), _values(given)
    names = tuple(words)
    if action == "BooleanOptionalAction":
        names += tuple(f"--no-{name[2:]}" for name in words if name.startswith("--"))
    default = constant(given.get("default"))
    found.options.append(
        Option(
            names,
            call.lineno,
            _kind(given.get("type")),
            _choices(given.get("choices")),
            {"flag": 0, "value": values}.get(action, 0 if action[:1] == "B" else None),
            required=certain and constant(given.get("required")) is True,
            default=None if default is UNKNOWN else default,
        )
    )


def _action(node: ast.expr | None) -> str:
    word = constant(node)
    if word is UNKNOWN and node is not None:
        return name_of(node)
    if word in FLAGS:
        return "flag"
    return "value" if word is None or word in PLAIN else "own"


def _values(given: dict[str, ast.expr]) -> int | None:
    """Return how many words follow an option; None where one is among what may follow."""
    count = constant(given.get("nargs", ast.Constant(1)))
    return count if isinstance(count, int) else None


def _kind(node: ast.expr | None) -> str:
    if node is None:
        return "str"
    return node.id if isinstance(node, ast.Name) and node.id in KINDS else ""


def _choices(node: ast.expr | None) -> tuple[Any, ...] | None:
    if isinstance(node, ast.Call) and name_of(node.func) == "range":
        bounds = [constant(bound) for bound in node.args]
        if all(type(bound) is int for bound in bounds) and abs(max(bounds, default=0)) < 10_000:
            return tuple(range(*bounds))
        return None
    found = constant(node)
    return tuple(found) if isinstance(found, (list, tuple, set, dict)) else None


def _certain(node: ast.AST, above: dict[ast.AST, ast.AST]) -> bool:
    """Tell whether what is done there is done in any case."""
    while (node := above.get(node, node)) in above:
        if isinstance(node, ast.If) and "__name__" in ast.dump(node.test):
            continue
        if not isinstance(node, CERTAIN):
            return False
    return True


def _reads_command_line(call: ast.Call, above: dict[ast.AST, ast.AST]) -> bool:
    if call.keywords:
        return False
    if not call.args:
        return True
    [given] = call.args[:1]
    if isinstance(given, ast.Subscript):
        return ast.unparse(given) == "sys.argv[1:]"
    if isinstance(given, ast.Constant):
        return given.value is None
    # A parameter of the function around, which stands for the command line by default.
    node: ast.AST = call
    while (node := above.get(node, node)) in above:
        if isinstance(node, ast.FunctionDef) and isinstance(given, ast.Name):
            parameters = node.args
            defaults = dict(
                zip(
                    [a.arg for a in reversed(parameters.args)],
                    reversed(parameters.defaults),
                    strict=False,
                )
            )
            return given.id in defaults and constant(defaults[given.id]) is None
    return False


def _doubt_of_argv(nodes: Sequence[ast.AST], above: dict[ast.AST, ast.AST]) -> str:
    """Return a doubt where a script changes its own command line."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "sys":
            if any(name.name == "argv" for name in node.names):
                return f"line {node.lineno}: it handles its command line itself"
        elif isinstance(node, ast.Attribute) and node.attr == "argv":
            around = above[node]
            read = isinstance(node.ctx, ast.Load) and not isinstance(around, ast.Attribute)
            if isinstance(around, ast.Subscript):
                read = ast.unparse(around) in ("sys.argv[0]", "sys.argv[1:]")
                read = read and isinstance(around.ctx, ast.Load)
            if not read:
                return f"line {node.lineno}: it handles its command line itself"
    return ""


def _doubt_of_parsers(
    nodes: Sequence[ast.AST],
    made: Sequence[ast.Call],
    groups: Sequence[ast.Call],
    above: dict[ast.AST, ast.AST],
) -> str:
    """Return a doubt where somebody else may add options to a parser."""
    if len(made) > 1:
        return "it has several parsers"
    own = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    if any(
        isinstance(n, ast.ClassDef) and "ArgumentParser" in map(name_of, n.bases) for n in nodes
    ):
        return "its parser is of a class of its own"
    imported = any(isinstance(n, ast.ImportFrom) and n.module == "argparse" for n in nodes)
    for call in made:
        if ast.unparse(call.func) != "argparse.ArgumentParser" and not (
            imported and isinstance(call.func, ast.Name)
        ):
            return f"line {call.lineno}: its parser is not that of argparse"
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value in [*made, *groups]:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(not isinstance(target, ast.Name) for target in targets):
                return f"line {node.lineno}: its parser is kept in an object"
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    for node in nodes:
        known = isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load)
        if (known or node in made) and _is_given_away(node, own, above):
            return (
                f"line {getattr(node, 'lineno', 0)}: options may be added to its parser elsewhere"
            )
    return ""


def _is_given_away(node: ast.AST, own: set[str], above: dict[ast.AST, ast.AST]) -> bool:
    """Tell whether a parser is put into something, or is given to what is not in this script."""
    around = above.get(node)
    if isinstance(around, ast.keyword):
        around = above[around]
    if isinstance(around, ast.Call):
        return name_of(around.func) not in own
    return not isinstance(around, (ast.Attribute, ast.Assign, ast.AnnAssign, ast.Return))
