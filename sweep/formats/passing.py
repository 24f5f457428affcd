"""What Linux lets a process be given, asked before anything is kept or started.

A word or a variable ends at a NUL, takes at most `LONGEST` bytes, and all of them together at
most what `room` says. What is beyond is refused here by its name; otherwise the kernel would
refuse it, run by run.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from samplers import Space
from sweep.errors import ConfigError, Problem
from sweep.formats.arguments import Style, environment, render

LONGEST = 32 * 4096 - 1
"""Bytes of one argument, or of one variable with its name: MAX_ARG_STRLEN without its NUL."""
MOST = 6 << 20
"""Bytes of all arguments and variables of a process, whatever its limits are: 3/4 of _STK_LIM."""
EACH = 9
"""Bytes that each of them takes besides its own: a NUL and a pointer."""
RESERVED = 8192
"""Bytes that are left to the kernel, to the name of the program and to variables of a slot."""


def room() -> int:
    """Return how many bytes all arguments and variables of a process may take."""
    return min(os.sysconf("SC_ARG_MAX"), MOST) - RESERVED


def space_bytes(space: Space, style: Style = "space", *, as_arguments: bool = True) -> int:
    """Return how many bytes the hyperparameters of a run take, at most.

    Raises:
        ConfigError: a name or a value in the space can never be passed to a script.
    """

    def weigh(name: str, value: Any) -> int:
        if name == "--":
            raise ConfigError("a parameter cannot be called '--': behind it come no options")
        words = render(name, value, style)
        pairs = [f"{key}={text}" for key, text in environment({name: value}).items()]
        return sum(_bytes(word, name) for word in [*(words if as_arguments else ()), *pairs])

    return space.heaviest(weigh)


def words_bytes(words: Iterable[str], what: str) -> int:
    """Return how many bytes arguments take.

    Args:
        words: as the user gave them; bytes that are no UTF-8 stand in them as Python has them,
            in surrogates, and are passed on as they are.
        what: they are called in an error.

    Raises:
        ConfigError: one of them can never be passed to a script.
    """
    return sum(_bytes(word, what) for word in words)


def variables_bytes(variables: Mapping[str, str]) -> int:
    """Return how many bytes environment variables take.

    Raises:
        ConfigError: one of them can never be in an environment.
    """
    for name in variables:
        if not name or "=" in name:
            raise ConfigError(f"no environment variable can be called {name!r}")
    return sum(_bytes(f"{n}={text}", f"variable {n}") for n, text in variables.items())


def check_room(taken: int) -> None:
    """Refuse what is too much in all.

    Args:
        taken: bytes of all arguments and variables of a run.

    Raises:
        ConfigError: it is.
    """
    if taken > room():
        raise ConfigError(
            f"a run's arguments and environment variables take up to {taken:,} bytes, and this"
            f" system passes at most {room():,}: put large values into files of the source"
            " directory, and pass their names"
        )


def _bytes(text: str, what: str) -> int:
    """Return how many bytes a word takes."""
    name = what if what.isprintable() else repr(what)
    if "\0" in text:
        raise ConfigError(Problem("a NUL character cannot be passed to a script", key=name))
    try:
        length = len(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        message = "half of a surrogate pair is no text and cannot be passed to a script"
        raise ConfigError(Problem(message, key=name)) from None
    if length > LONGEST:
        raise ConfigError(
            Problem(
                f"{length:,} bytes in one argument or variable, and Linux passes at most"
                f" {LONGEST:,}: put it into a file of the source directory, and pass its name",
                key=name,
            )
        )
    return length + EACH
