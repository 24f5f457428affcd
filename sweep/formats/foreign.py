"""What files of other programs have in common when they become sweep jobs."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable
from typing import Any

from samplers import Expression, SpaceError, choice, loguniform, quniform, randint
from sweep.formats.references import REFERENCE

MOST_STEPS = 1000
"""Most values of a range with steps that are written out one by one."""
RUNS = 100
"""Of a sweep whose file does not say how many."""


def whole_numbers(least: int, most: int) -> Expression:
    """Return all whole numbers of a range, each as likely as the others.

    Raises:
        SpaceError: there are none.
    """
    if least > most:
        raise SpaceError(f"no number is from {least} to {most}")
    if least == most:
        return choice([least])
    # Rounded halves would give the ends of the range half of what the others get.
    return randint(most + 1) if least == 0 else quniform(least - 0.5, most + 0.5, 1)


def log_range(least: float, most: float) -> Expression:
    """Return a range of values whose logarithms are evenly likely.

    Raises:
        SpaceError: the bounds are not above 0, or in the wrong order.
    """
    if least <= 0 or most <= 0:
        raise SpaceError(f"a logarithmic range is above 0, got {least:g} and {most:g}")
    return loguniform(math.log(least), math.log(most))


def stepped(least: float, most: float, step: float) -> Expression:
    """Return the values from one bound on, step by step.

    Raises:
        SpaceError: there are none.
    """
    if step <= 0 or least > most:
        raise SpaceError(f"no values are from {least:g} to {most:g} in steps of {step:g}")
    count = math.floor((most - least) / step + 1e-9) + 1
    if count > MOST_STEPS:
        return quniform(least, most, step)
    return choice([_plain(round(least + step * index, 12)) for index in range(count)])


def _plain(value: float) -> float:
    return int(value) if float(value).is_integer() else value


def line_of(words: Iterable[str]) -> str:
    """Return words, with references in them, as the text of a command."""
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    pieces, at = [], 0
    for found in REFERENCE.finditer(word):
        pieces += [_piece(word[at : found.start()]), found[0]]
        at = found.end()
    return "".join([*pieces, _piece(word[at:])]) if pieces else shlex.quote(word)


def _piece(text: str) -> str:
    return shlex.quote(text) if text else ""


def number_of(value: Any) -> Any:
    """Return a number that may be written as text; None for anything else.

    >>> number_of("0.01"), number_of("5"), number_of("x")
    (0.01, 5, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    written = str(value).strip().lstrip("+-")
    return int(number) if written.isdecimal() else number
