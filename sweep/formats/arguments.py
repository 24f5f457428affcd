"""How the values of a run reach its script: as arguments and as environment variables.

There is no shell anywhere: an argument is one element of a list, whatever characters are in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from sweep.errors import ConfigError, Problem

Style = Literal["space", "equals"]
"""`--penalty 0.5` in two arguments, or `--penalty=0.5` in one."""

ENVIRONMENT_PREFIX = "AZUREML_SWEEP_"

# What argparse takes for a negative number and not for an option, in every version of Python.
_NEGATIVE_NUMBER = re.compile(r"-\d+|-\d*\.\d+")
_UNSPELLABLE = re.compile(r"[^A-Za-z0-9_]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def flag_of(name: str) -> str:
    """Return the option that a parameter is passed as: its name, with dashes where it has none."""
    return name if name.startswith("-") else f"--{name}"


def takes_next(word: str) -> bool:
    """Tell whether a word is an option that may have its value in the word behind it."""
    return word.startswith("-") and "=" not in word


def text_of(value: Any) -> str:
    """Return a value as a script sees it.

    Numbers are written so that they read back the same, lists and dicts as compact JSON, and text
    stays as it is.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return float.__repr__(value)  # NumPy's floats have another repr
    if isinstance(value, list | dict):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return str(value)


def render(name: str, value: Any, style: Style = "space") -> list[str]:
    """Return the arguments that give `value` to the parameter `name`.

    What argparse would take for an option, such as `-1e-05` or a text with a dash in front, is
    passed as `--name=value` in either style.

    Raises:
        ConfigError: name or value contain a NUL, or half of a surrogate pair.
    """
    flag, text = _passable(name, flag_of(name)), _passable(name, text_of(value))
    number = not isinstance(value, str) and _NEGATIVE_NUMBER.fullmatch(text)
    if style == "equals" or (text.startswith("-") and not number):
        return [f"{flag}={text}"]
    return [flag, text]


def environment(flat: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment variables for parameters and their values.

    A parameter `--learning-rate` is `AZUREML_SWEEP_learning-rate`, and, as no shell can spell
    that, `AZUREML_SWEEP_learning_rate` too, unless another parameter is called so.

    Raises:
        ConfigError: a name or a value contains a NUL or half of a surrogate pair, or a name
            a "=".
    """
    exact, spelled = {}, {}
    for name, value in flat.items():
        variable = ENVIRONMENT_PREFIX + name.lstrip("-")
        if "=" in name:
            message = "a '=' cannot be in the name of an environment variable"
            raise ConfigError(Problem(message, key=name))
        exact[_passable(name, variable)] = _passable(name, text_of(value))
        spelled[_UNSPELLABLE.sub("_", variable)] = exact[variable]
    return spelled | exact


def strip_fixed(fixed: Sequence[str], names: Collection[str]) -> tuple[list[str], list[str]]:
    """Split `fixed` arguments into those that stay and those that set one of `names`.

    An option that is removed takes its value along: what follows it, if that is no option.
    Leading dashes do not count in the comparison. Nothing is touched from `--` on.
    """
    swept = {name.lstrip("-") for name in names}
    end = fixed.index("--") if "--" in fixed else len(fixed)
    kept: list[str] = []
    removed: list[str] = []
    start = 0
    while start < end:
        name, equals, _ = fixed[start].partition("=")
        drop = _is_option(fixed[start]) and name.lstrip("-") in swept
        value = drop and not equals and start + 1 < end and not _is_option(fixed[start + 1])
        (removed if drop else kept).extend(fixed[start : start + 1 + value])
        start += 1 + value
    return [*kept, *fixed[end:]], removed


def _is_option(argument: str) -> bool:
    """Tell whether argparse would take this for an option, whatever options there are."""
    name = argument.partition("=")[0]
    return (
        len(name) > 1
        and name[0] == "-"
        and " " not in name
        and not _NEGATIVE_NUMBER.fullmatch(name)
    )


def _passable(name: str, text: str) -> str:
    if "\0" in text:
        raise ConfigError(Problem("a NUL character cannot be passed to a script", key=repr(name)))
    if _SURROGATE.search(text):
        message = "half of a surrogate pair is no text and cannot be passed to a script"
        raise ConfigError(Problem(message, key=repr(name)))
    return text
