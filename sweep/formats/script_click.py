"""The options that a script declares with `click`, read from its text."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from sweep.formats.script_options import (
    KINDS,
    UNKNOWN,
    Option,
    ScriptOptions,
    constant,
    keywords,
    name_of,
)

TYPES = {"INT": "int", "FLOAT": "float", "STRING": "str", "IntRange": "int", "FloatRange": "float"}


def read_click(nodes: Sequence[ast.AST]) -> ScriptOptions:
    """Return what the command of a script takes; nothing is known where there is none.

    Args:
        nodes: all that is in its text.
    """
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    commands = [f for f in functions if "command" in map(_word, f.decorator_list)]
    if not commands:
        return ScriptOptions()
    found = ScriptOptions("click")
    for decorator in commands[0].decorator_list:
        _decorate(found, decorator)
    if len(commands) > 1 or any("group" in map(_word, f.decorator_list) for f in functions):
        found.doubt = "it has several commands"
    return found


def _word(decorator: ast.expr) -> str:
    """Return the name of a decorator that is `click.NAME`; empty for any other."""
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        return target.attr if target.value.id == "click" else ""
    return ""


def _decorate(found: ScriptOptions, decorator: ast.expr) -> None:
    word = _word(decorator)
    given = keywords(decorator) if isinstance(decorator, ast.Call) else {}
    if not word or given is None:
        found.doubt = f"line {decorator.lineno}: a decorator may add options"
    elif word == "command":
        found.lenient = found.lenient or "context_settings" in given
        if "cls" in given:
            found.doubt = f"line {decorator.lineno}: its command is of a class of its own"
    elif isinstance(decorator, ast.Call) and word == "option":
        option = _option(decorator, given)
        if option is None:
            found.doubt = f"line {decorator.lineno}: an option cannot be read off the text"
        else:
            found.options.append(option)
    elif isinstance(decorator, ast.Call) and word == "argument":
        found.words = True
        optional = constant(given.get("required")) is False or "default" in given
        one = constant(given.get("nargs", ast.Constant(1))) == 1
        if one and not optional and "envvar" not in given:
            name = constant(decorator.args[0]) if decorator.args else ""
            found.positionals.append(name if isinstance(name, str) else "")


def _option(call: ast.Call, given: dict[str, ast.expr]) -> Option | None:
    words = [constant(word) for word in call.args]
    if not all(isinstance(word, str) for word in words) or "cls" in given:
        return None
    texts = [word for word in words if word.startswith("-")]
    default = constant(given.get("default"))
    kind, choices = _type(given.get("type"), default)
    count = constant(given.get("nargs", ast.Constant(1)))
    values: int | None = count if isinstance(count, int) and count > 0 else None
    flag = any("/" in text for text in texts) or constant(given.get("is_flag")) is True
    if flag or constant(given.get("count")) is True:
        values = 0
    elif given.keys() & {"is_flag", "flag_value", "count"}:
        values = None
    return Option(
        tuple(name.strip() for text in texts for name in text.split("/")),
        call.lineno,
        kind,
        choices,
        values,
        required=constant(given.get("required")) is True and "envvar" not in given,
        default=None if default is UNKNOWN else default,
    )


def _type(node: ast.expr | None, default: Any) -> tuple[str, tuple[Any, ...] | None]:
    if node is None:
        word = type(default).__name__
        return (word if word in KINDS else ""), None
    if not isinstance(node, ast.Call):
        word = name_of(node)
        return TYPES.get(word, word if word in KINDS else ""), None
    word = name_of(node.func)
    if word != "Choice" or not node.args or node.keywords:
        return TYPES.get(word, ""), None
    options = constant(node.args[0])
    whole = isinstance(options, (list, tuple)) and all(isinstance(o, str) for o in options)
    return "str", tuple(options) if whole else None
