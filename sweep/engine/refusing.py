"""Functions that refuse configurations: they are not kept with a sweep.

They are given anew, or imported from the sweep's snapshot where a process of its own works on it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any

from samplers import SpaceError, absent_functions, functions_of, with_functions
from samplers.refusal import name_of
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


def importable(definition: SweepDefinition, source: Path, tree: Path) -> list[dict[str, str]]:
    """Return how another process finds the functions of a sweep in its snapshot.

    Args:
        definition: with the functions.
        source: the directory that the snapshot is of.
        tree: the snapshot.

    Raises:
        ConfigError: one of them cannot be imported from there.
    """
    return [_found(one, source.resolve(), tree) for one in functions_of(definition.sampling)]


def _found(function: Any, source: Path, tree: Path) -> dict[str, str]:
    name = name_of(function)
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    file = Path(getattr(module, "__file__", None) or "/").resolve()
    if module is None or module.__name__ == "__main__" or not file.is_relative_to(source):
        raise ConfigError(
            f"refuse: the process that works on the sweep cannot import {name}: define it in a"
            " module of the source directory, beside the script that submits; or say it by"
            " conditions such as {'lr': {'above': 0.1}}, or use tune(...)"
        )
    if not (tree / file.relative_to(source)).is_file():
        raise ConfigError(f"refuse: {name}: {file} is left out of the snapshot")
    steps = module.__name__.split(".")
    place = file.parent if file.name == "__init__.py" else file.with_suffix("")
    within = function.__qualname__
    try:
        same = attrgetter(within)(module) is function
    except AttributeError:
        same = False
    if not same or place.parts[-len(steps) :] != tuple(steps):
        raise ConfigError(
            f"refuse: {name} cannot be imported by this name: define it by itself in its module"
        )
    root = place.parents[len(steps) - 1].relative_to(source)
    return {"module": module.__name__, "name": within, "root": root.as_posix()}


def imported(found: Sequence[Mapping[str, str]], tree: Path) -> Functions:
    """Return the functions that `importable` has found, out of a snapshot.

    Raises:
        UserError: one of them cannot be had.
    """
    functions = []
    for one in found:
        name, root = f"{one['module']}.{one['name']}", (tree / one["root"]).resolve()
        if not root.is_relative_to(tree.resolve()):
            raise UserError(f"refuse: {name}: {one['root']} is not in the snapshot")
        try:
            with _importing(str(root)):
                module = import_module(one["module"])
            functions.append(attrgetter(one["name"])(module))
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise UserError(f"refuse: {name} cannot be imported: {what}") from error
        file = Path(module.__file__ or "/").resolve()
        if not file.is_relative_to(root):
            raise UserError(
                f"refuse: {one['module']} is {file} here, and not the module of this name in the"
                " source directory: call that otherwise"
            )
    return functions


@contextmanager
def _importing(root: str) -> Iterator[None]:
    """Look into a folder first, and behind all others later: ours need theirs.

    Nothing is written beside what is imported: a snapshot stays as it is.
    """
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, root)
    try:
        yield
    finally:
        sys.path.remove(root)
        sys.path.append(root)
        sys.dont_write_bytecode = before
