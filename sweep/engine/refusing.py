"""Functions that refuse configurations: they are not kept with a sweep, so they are given anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from samplers import SpaceError, absent_functions, functions_of, with_functions
from sweep.core.definition import SweepDefinition
from sweep.errors import ConfigError, UserError

Functions = Sequence[Any]


def supplied(definition: SweepDefinition, functions: Functions, sweep: str) -> SweepDefinition:
    """Return the definition of a kept sweep with the functions that it names.

    Args:
        definition: as it is kept.
        functions: in the order in which they were given first.
        sweep: its id.

    Raises:
        UserError: some are missing.
        ConfigError: there are too many.
    """
    names = absent_functions(definition.sampling)
    if names and not functions:
        raise UserError(
            f"{sweep} refuses configurations by the Python function {', '.join(names)}, which is"
            f" not kept: resume it in Python: sweep.tune(..., resume={sweep!r}, refuse=...)"
        )
    if not names and not functions:
        return definition
    try:
        return replace(definition, sampling=with_functions(definition.sampling, functions))
    except SpaceError as error:
        raise ConfigError(str(error)) from None


def functions_in(refuse: Any) -> Functions:
    """Return the functions that somebody gives to go on with a sweep.

    Raises:
        ConfigError: there is something else among them.
    """
    given = [] if refuse is None else refuse if isinstance(refuse, (list, tuple)) else [refuse]
    for one in given:
        if not callable(one):
            raise ConfigError(
                f"refuse: with resume, only the functions are given again; conditions such as"
                f" {one!r} are kept"
            )
    return list(given)


def check_kept(definition: SweepDefinition) -> None:
    """Refuse functions where another process is to work on the sweep.

    Raises:
        ConfigError: there are any.
    """
    if functions_of(definition.sampling):
        raise ConfigError(
            "refuse: a function cannot be handed to the process that works on the sweep; say it"
            " by conditions such as {'lr': {'above': 0.1}}, or use tune(...)"
        )
