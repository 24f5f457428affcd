"""The list `parameter_space` of an hdconfig: what is searched.

An entry is `{name: --lr, expression: loguniform, values: [-6, -1]}`. An option of a choice may be
a mapping; a value in it that has exactly the keys `expression` and `values` is a parameter of its
own, which exists only where this option is taken:

    - name: --model
      expression: choice
      values:
        - {kind: forest, trees: {expression: choice, values: [10, 100]}}
        - {kind: linear}
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from samplers import WORDS, Expression, SpaceError, SpaceWarning, expression
from sweep.formats.arguments import flag_of
from sweep.formats.checks import Unfit, mapping, number, one_of, text
from sweep.formats.fields import Fields, fitting
from sweep.formats.findings import Findings, Place, quoted
from sweep.formats.located import Node, inside

ENTRY = "{name: --lr, expression: uniform, values: [0, 1]}"
"""What an entry looks like."""

_WORD = one_of({word: word for word in WORDS})


@dataclass(frozen=True, slots=True)
class Parameter:
    """One entry that can be used.

    Attributes:
        expression: the values it takes.
        path: the dotted path of the entry.
        node: the entry.
    """

    expression: Expression
    path: str
    node: Node


def read_parameters(sampling: Fields, findings: Findings) -> dict[str, Parameter]:
    """Return the sound parameters by name, in the order of the file."""
    entries: list[Node] = sampling.need("parameter_space", _entries, [])
    path = inside(sampling.path, "parameter_space")
    flags: dict[str, Node] = {}
    parameters: dict[str, Parameter] = {}
    for index, entry in enumerate(entries):
        where = inside(path, index)
        if fitting(entry, where, mapping(ENTRY), None, findings) is None:
            continue
        fields = Fields(entry, where, findings)
        name = fields.need("name", parameter_name, "")
        found = read_expression(fields, ("name", "expression", "values"), findings)
        first = flags.setdefault(flag_of(name), fields.at("name"))
        if name and first is not fields.at("name"):
            flag, line = flag_of(name), first.line
            message = f"{quoted(name)} is a second {flag}; the first is on line {line}"
            findings.problem(message, inside(where, "name"), fields.at("name"))
        elif name and found is not None:
            parameters[name] = Parameter(found, where, entry)
    return parameters


def read_expression(
    fields: Fields, keys: tuple[str, ...], findings: Findings
) -> Expression | None:
    """Return what `expression` and `values` say, or None after a problem."""
    problems = len(findings.problems)
    fields.only(keys)
    word = fields.need("expression", _WORD, "")
    nodes: list[Node] = fields.need("values", _values, [])
    path = inside(fields.path, "values")
    read = _option if word == "choice" else _number
    arguments = [read(node, inside(path, i), findings) for i, node in enumerate(nodes)]
    if len(findings.problems) > problems:
        return None
    try:
        with noted(findings, path, fields.at("values")):
            return expression(word, arguments)
    except SpaceError as error:
        findings.problem(str(error), *_blamed(error, fields.at("values"), path))
        return None


def parameter_name(node: Node) -> str:
    """Take what can name an argument of a script.

    Raises:
        Unfit: it cannot.
    """
    name = text(node)
    if not name.strip("-") or "=" in name or any(map(str.isspace, name)):
        raise Unfit("the name of an argument, without spaces and '='", node)
    return name


@contextmanager
def noted(findings: Findings, path: str, at: Place) -> Iterator[None]:
    """Turn what samplers warn of into warnings with a place."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SpaceWarning)
        yield
    for warning in caught:
        findings.warn(str(warning.message), path, at)


def _entries(node: Node) -> list[Node]:
    if isinstance(node.value, list) and node.value:
        return node.value
    hint = ""
    if isinstance(node.value, dict) and node.value:
        name = inside("", next(iter(node.value)))
        hint = f"; write '- name: {name}' with its expression and values below"
    raise Unfit(f"a list of entries such as {ENTRY}", node, hint)


def _values(node: Node) -> list[Node]:
    if isinstance(node.value, list):
        return node.value
    single = node.value is not None and not node.depth
    raise Unfit("a list of values such as [0, 1]", node, f"; write [{node}]" if single else "")


def _number(node: Node, path: str, findings: Findings) -> float:
    return fitting(node, path, number(), 0.0, findings)


def _option(node: Node, path: str, findings: Findings) -> Any:
    """Return the value of `node`, with expressions for the mappings that stand for one."""
    if isinstance(node.value, list):
        nodes = enumerate(node.value)
        return [_option(item, inside(path, index), findings) for index, item in nodes]
    if not isinstance(node.value, dict):
        if isinstance(node.value, str) and "\0" in node.value:
            findings.problem("a NUL character cannot be passed to a script", path, node)
        return node.value
    if "expression" in node.value:
        return read_expression(Fields(node, path, findings), ("expression", "values"), findings)
    items = node.value.items()
    return {key: _option(item, inside(path, key), findings) for key, item in items}


def _blamed(error: SpaceError, values: Node, path: str) -> tuple[str, Node]:
    """Return path and node of the value that `error` is about, or of all of them."""
    if error.argument is None or not isinstance(values.value, list):
        return path, values
    nodes = values.value
    if len(nodes) == 1 and isinstance(nodes[0].value, list):  # all options in one list
        nodes, path = nodes[0].value, inside(path, 0)
    return inside(path, error.argument), nodes[error.argument]
