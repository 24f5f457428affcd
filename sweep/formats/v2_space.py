"""The section `search_space` of a sweep job: parameters by name, each with a type and its keys.

An option of a choice may be a mapping; a value in it that has a distribution's `type` is a
parameter of its own, which exists only where this option is taken:

    model:
      type: choice
      values:
        - {kind: forest, trees: {type: choice, values: [10, 100]}}
        - {kind: linear}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from samplers import WORDS, Expression, SpaceError, expression
from sweep.formats.checks import Check, Unfit, listed, mapping, number
from sweep.formats.fields import Fields, fitting
from sweep.formats.findings import Findings, did_you_mean, quoted
from sweep.formats.located import Node, inside
from sweep.formats.parameter_space import Parameter, noted
from sweep.formats.references import NAME

T = TypeVar("T")

EXAMPLE = "{learning_rate: {type: uniform, min_value: 0, max_value: 1}}"

_BOUNDS, _BELL = ("min_value", "max_value"), ("mu", "sigma")
KEYS: dict[str, tuple[str, ...]] = {
    "choice": ("values",),
    "randint": ("upper",),
    "uniform": _BOUNDS,
    "quniform": (*_BOUNDS, "q"),
    "loguniform": _BOUNDS,
    "qloguniform": (*_BOUNDS, "q"),
    "normal": _BELL,
    "qnormal": (*_BELL, "q"),
    "lognormal": _BELL,
    "qlognormal": (*_BELL, "q"),
}
"""The keys of each type, in the order of the arguments of its expression."""

_KEYS_CHECKED: dict[str, dict[str, Check[Any]]] = {
    word: {name: number() for name in names if name != "values"} for word, names in KEYS.items()
}
_INNER_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def snake_case(word: str) -> str:
    """Return a word as version 2 compares it.

    >>> snake_case("MedianStopping"), snake_case("CHOICE")
    ('median_stopping', 'choice')
    """
    return _INNER_CAPITAL.sub("_", word).lower()


def word_of(words: Mapping[str, T]) -> Check[T]:
    """Take one of the `words`, in snake_case, CamelCase or capitals, for what it stands for."""

    def check(node: Node) -> T:
        value = node.value
        if isinstance(value, str) and snake_case(value) in words:
            return words[snake_case(value)]
        hint = did_you_mean(value, words) if isinstance(value, str) else ""
        raise Unfit(listed(words), node, hint)

    return check


_WORD = word_of({word: word for word in WORDS})


def read_space(job: Fields, findings: Findings) -> dict[str, Parameter]:
    """Return the sound parameters by name, in the order of the file."""
    node = job.need("search_space", mapping(EXAMPLE), None)
    if node is None or not isinstance(node.value, dict):
        return {}
    path = inside(job.path, "search_space")
    if not node.value:
        findings.problem(f"expected at least one parameter, such as {EXAMPLE}", path, node)
    parameters = {}
    for name, entry in node.value.items():
        where = inside(path, name)
        if not NAME.fullmatch(name):
            findings.problem(_bad_name(name), where, node.keys[name])
            continue
        if (
            fitting(
                entry,
                where,
                mapping("{type: uniform, min_value: 0, max_value: 1}"),
                None,
                findings,
            )
            is None
        ):
            continue
        found = _expression(Fields(entry, where, findings), findings)
        if found is not None:
            parameters[name] = Parameter(found, where, entry)
    return parameters


def _bad_name(name: str) -> str:
    fitted = re.sub(r"\W", "_", name.lstrip("-"), flags=re.ASCII)
    hint = f"; write {fitted}" if NAME.fullmatch(fitted) else ""
    return f"a name has letters, digits and _, and begins with no digit: {quoted(name)}{hint}"


def _expression(fields: Fields, findings: Findings) -> Expression | None:
    """Return what a parameter says, or None after a problem."""
    problems = len(findings.problems)
    word = fields.need("type", _WORD, "")
    if not word:
        return None
    fields.only(("type", *KEYS[word]), _instead(word))
    if word == "choice":
        nodes: list[Node] = fields.need("values", _options, [])
        path = inside(fields.path, "values")
        arguments: list[Any] = [_option(n, inside(path, i), findings) for i, n in enumerate(nodes)]
        arguments = [arguments]  # else an option that is a list would be taken for all of them
    else:
        checks = _KEYS_CHECKED[word]
        arguments = [fields.need(key, checks[key], 1) for key in KEYS[word]]
    if len(findings.problems) > problems:
        return None
    try:
        with noted(findings, fields.path, fields.node):
            return expression(word, arguments)
    except SpaceError as error:
        findings.problem(str(error), *_blamed(error, word, fields))
        return None


def _instead(word: str) -> dict[str, str]:
    """Return what is said of keys that another type, or version 1, has."""
    hints = {}
    for other, names in KEYS.items():
        for name in names:
            if name not in KEYS[word]:
                hints[name] = f"belongs to {other}, not to {word}"
    for old, new in (("min", "min_value"), ("max", "max_value")):
        if new in KEYS[word]:
            hints[old] = f"unknown key; did you mean {new!r}?"
    return hints


def _blamed(error: SpaceError, word: str, fields: Fields) -> tuple[str, Node]:
    if error.argument is None or (error.argument >= len(KEYS[word]) and word != "choice"):
        return fields.path, fields.node
    if word == "choice":
        values = fields.at("values")
        path = inside(inside(fields.path, "values"), error.argument)
        assert isinstance(values.value, list)
        return path, values.value[error.argument]
    key = KEYS[word][error.argument]
    return inside(fields.path, key), fields.at(key)


def _options(node: Node) -> list[Node]:
    if isinstance(node.value, list):
        return node.value
    single = node.value is not None and not node.depth
    raise Unfit("a list of options such as [16, 32]", node, f"; write [{node}]" if single else "")


def _option(node: Node, path: str, findings: Findings, *, member: bool = False) -> Any:
    """Return an option, with expressions for the members of mappings that stand for one."""
    value = node.value
    if isinstance(value, list):
        return [_option(n, inside(path, i), findings) for i, n in enumerate(value)]
    if not isinstance(value, dict):
        if isinstance(value, str) and "\0" in value:
            findings.problem("a NUL character cannot be passed to a script", path, node)
        return value
    if member and _is_distribution(value):
        return _expression(Fields(node, path, findings), findings)
    return {
        key: _option(item, inside(path, key), findings, member=True) for key, item in value.items()
    }


def _is_distribution(value: Mapping[str, Node]) -> bool:
    """Tell a distribution from a mapping of constants that has a `type` among them."""
    kind = value["type"].value if "type" in value else None
    return isinstance(kind, str) and snake_case(kind) in KEYS
