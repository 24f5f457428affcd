"""What a plain word of a YAML file means: the core schema of YAML 1.2, section 10.3.2.

YAML 1.1, which PyYAML speaks, takes `1e-4` for text, `on` for a boolean, `1:30` for ninety and
`2024-01-01` for a date. Here only what looks like one is a number, and only true and false are
booleans.
"""

from __future__ import annotations

import math
import re

from sweep.formats.findings import quoted

Scalar = bool | int | float | str | None

TAG_PREFIX = "tag:yaml.org,2002:"
"""What `!!` stands for."""

MOST_DIGITS = 100
"""Longest number that is read; even in hexadecimal it stays within the range of a float."""

_DECIMAL = re.compile(r"[-+]?[0-9]+")
_PREFIXED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_FIRST = frozenset("+-.0123456789")

_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(
        (f"{plus}.{inf}" for plus in ("", "+") for inf in ("inf", "Inf", "INF")), math.inf
    ),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}

_TYPES: dict[str, type] = {"bool": bool, "float": float, "int": int, "null": type(None)}


def resolve(text: str) -> Scalar:
    """Return what the plain scalar `text` stands for.

    Raises:
        ValueError: it is a number of unreasonable length.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST:
        return text
    if _DECIMAL.fullmatch(text):
        return int(_short(text))
    if _FLOAT.fullmatch(text):
        return float(_short(text))
    if _PREFIXED.fullmatch(text):
        return int(_short(text), 0)
    return text


def convert(text: str, tag: str) -> Scalar:
    """Return `text` as what its tag says it is.

    Raises:
        ValueError: it is no such thing, or the tag is not one of a scalar in the core schema.
    """
    name = tag.removeprefix(TAG_PREFIX)
    if name == "str":
        return text
    value = resolve(text)
    if name == "float" and type(value) is int:
        value = float(value)
    if type(value) is not _TYPES.get(name):
        raise ValueError(f"{quoted(text)} is not of the type !!{name}")
    return value


def _short(text: str) -> str:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a number of {len(text)} characters; at most {MOST_DIGITS} are read")
    return text
