"""What a run executes, as its configuration says it."""

from __future__ import annotations

import difflib
import os
import shutil
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from sweep.engine.needs import OWN_PYTHON, has_packages, in_container
from sweep.engine.template import interpreter_argv
from sweep.errors import UserError
from sweep.formats.arguments import ENVIRONMENT_PREFIX, environment
from sweep.formats.runconfig import RunConfiguration


def command_of(configuration: RunConfiguration, source: Path, *, here: bool = True) -> list[str]:
    """Return what a run executes: the interpreter and the script, or the command.

    Args:
        configuration: of each run.
        source: the project's folder.
        here: runs are on this machine.

    Raises:
        UserError: there is neither, or no such script.
    """
    if not source.is_dir():
        raise UserError(f"{source}: there is no such folder")
    if configuration.command:
        if isinstance(configuration.command, str):
            raise UserError("a command for a shell is not run: give a list, or name a script")
        return list(configuration.command)
    script = script_of(configuration, source)
    return interpreter_argv(interpreter_of(configuration, here=here), script, source)


def script_of(configuration: RunConfiguration, source: Path) -> str:
    """Return the script relative to the source directory.

    Raises:
        UserError: there is none, or it is not in that directory.
    """
    script = configuration.script
    if not script:
        raise UserError("no script: name one on the command line or in the run configuration")
    if (source / script).is_dir():
        raise UserError(f"{script} is a folder, not a script")
    if not (source / script).is_file():
        there = sorted(p.relative_to(source).as_posix() for p in source.glob("*.py"))
        near = difflib.get_close_matches(script, there, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UserError(f"{script}: there is no such script in {source.resolve()}{hint}")
    relative = os.path.relpath(source / script, source)
    if Path(relative).parts[0] == "..":
        raise UserError(
            f"{script} is not in {source.resolve()}, of which every run gets a copy: name"
            " another source directory"
        )
    return relative


def without_effect(configuration: RunConfiguration, swept: Collection[str]) -> Iterator[str]:
    """Yield what is asked for and has no effect.

    Args:
        configuration: of each run.
        swept: names of the hyperparameters.
    """
    words = " ".join(configuration.command)
    if configuration.command and swept and ENVIRONMENT_PREFIX not in words:
        yield (
            "a command gets its hyperparameters in its environment only, and this one does not"
            f" mention any: {', '.join(environment(dict.fromkeys(swept, '')))}"
        )
    around = configuration.environment
    if in_container(configuration):
        if has_packages(configuration):
            yield "the packages are not installed into the image: runs have what is in it"
        if (around.docker.get("baseImageRegistry") or {}).get("password"):
            yield "the registry's password is not used: log in with `docker login`"
    for name in ("workerCount", "parameterServerCount"):
        if (configuration.tensorflow.get(name) or 1) != 1:
            yield f"tensorflow.{name} has no effect: nodeCount says how many nodes a run has"
    if configuration.extra.get("outputData"):
        yield "outputData has no effect: what a run writes into its folder outputs is kept"


def interpreter_of(configuration: RunConfiguration, *, here: bool = True) -> str:
    """Return the Python that runs a script: this one, unless another is named.

    Where runs have packages of their own, it is the one that is with these.

    Raises:
        UserError: there is no such program.
    """
    named = configuration.environment.python.interpreter_path
    if in_container(configuration):
        return named or "python"
    if has_packages(configuration):
        return "python"
    if named in OWN_PYTHON:
        return sys.executable
    found = shutil.which(named)
    if found is None and not here:
        return named  # the nodes may have it
    if found is None:
        raise UserError(f"interpreterPath: there is no program {named!r}")
    return str(Path(found).absolute()) if here else named
