"""The options that a training script takes, read from its text; nothing of it is executed.

`argparse` and `click` are known. Where a script does what cannot be followed by reading, that is
said, and nothing is concluded from what was read.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

FLAGS = frozenset({"store_true", "store_false", "store_const", "append_const", "count"})
"""Actions of `argparse` that take no value."""
PLAIN = frozenset({"store", "append", "extend"})
KINDS = frozenset({"int", "float", "str"})
UNKNOWN: Any = object()
"""What cannot be read off the text."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a script.

    Attributes:
        names: its spellings, with their dashes.
        line: where it is declared.
        kind: "int", "float" or "str", as which its value is read; empty where that is not known.
        choices: values that it may have, after they were read; None for any.
        values: how many words follow it; None where that is not known or left open.
        required: whether the script refuses to go on without it.
        default: its default, where that is written there; else None.
    """

    names: tuple[str, ...]
    line: int
    kind: str = ""
    choices: tuple[Any, ...] | None = None
    values: int | None = 1
    required: bool = False
    default: Any = None


@dataclass(slots=True)
class ScriptOptions:
    """What a script takes on its command line.

    Attributes:
        library: "argparse" or "click"; empty where neither reads the command line.
        options: in the order of the text.
        positionals: names of what it needs besides options.
        words: whether it takes anything besides options.
        doubt: why what was read may not be all; empty where it is.
        lenient: whether unknown options are passed over.
        abbreviated: whether the beginning of an option's name will do.
    """

    library: str = ""
    options: list[Option] = field(default_factory=list)
    positionals: list[str] = field(default_factory=list)
    words: bool = False
    doubt: str = ""
    lenient: bool = False
    abbreviated: bool = False

    def find(self, flag: str) -> Option | None:
        """Return the option that a flag stands for."""
        for option in self.options:
            if flag in option.names:
                return option
        near = self.beginning(flag)
        return near[0] if len(near) == 1 else None

    def beginning(self, flag: str) -> list[Option]:
        """Return the options that a flag may be the beginning of."""
        if not self.abbreviated or not flag.startswith("--"):
            return []
        return [o for o in self.options if any(name.startswith(flag) for name in o.names)]

    @property
    def names(self) -> list[str]:
        """All spellings."""
        return [name for option in self.options for name in option.names]


def read_options(tree: ast.Module) -> ScriptOptions:
    """Return what a script takes, whose text has been parsed."""
    nodes = [*ast.walk(tree)]
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    if any(name_of(call.func) == "ArgumentParser" for call in calls):
        from sweep.formats.script_argparse import read_argparse  # noqa: PLC0415 - only these

        return read_argparse(nodes, calls)
    imports = (node for node in nodes if isinstance(node, ast.Import))
    if any(name.name == "click" for node in imports for name in node.names):
        from sweep.formats.script_click import read_click  # noqa: PLC0415 - only these

        return read_click(nodes)
    return ScriptOptions()


def name_of(function: ast.expr) -> str:
    """Return the last word of what is called."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def constant(node: ast.expr | None) -> Any:
    """Return the value that is written there, or UNKNOWN; None where there is nothing."""
    if node is None:
        return None
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return UNKNOWN


def keywords(call: ast.Call) -> dict[str, ast.expr] | None:
    """Return the keyword arguments of a call; None where some come out of a mapping."""
    if any(k.arg is None for k in call.keywords):
        return None
    return {k.arg: k.value for k in call.keywords if k.arg is not None}
