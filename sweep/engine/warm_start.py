"""What a warmed process imports before runs are forked from it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from sweep.errors import ConfigError

AUTO = "auto"
EXPECTED = "expected auto, or modules such as sklearn,pandas"


def modules(asked: str | Sequence[str], command: Sequence[str], source: Path) -> list[str]:
    """Return the modules, each as ``package.module`` or ``package.module:name``.

    Args:
        asked: "auto" for those that the script imports at its top level and that neither come
            with Python nor are in the source directory; or their names, in a list or in one
            text with commas.
        command: of each run.
        source: the directory of which each run gets a copy.

    Raises:
        ConfigError: no run could be forked like that.
    """
    if len(command) != 2 or not command[1].endswith(".py"):
        raise ConfigError("warm_start: only runs of a Python script can be started warm")
    script = source / command[1]
    if asked == AUTO:
        return list(dict.fromkeys(_imports(script)))
    names = asked.split(",") if isinstance(asked, str) else list(asked)
    for name in names:
        if not isinstance(name, str) or not all(part.isidentifier() for part in name.split(".")):
            raise ConfigError(f"warm_start: {name!r} is not the name of a module; {EXPECTED}")
        if _beside(script, name):
            raise ConfigError(
                f"warm_start: {name} is in the source directory, of which every run has its own"
                " copy: only modules that are installed can be imported beforehand"
            )
    return names


def _imports(script: Path) -> Iterator[str]:
    """Yield what a script imports whenever it runs, as far as it is installed."""
    try:
        body = ast.parse(script.read_bytes()).body
    except (SyntaxError, ValueError):
        return  # the runs will say it
    for statement in body:
        if isinstance(statement, ast.Import):
            found = [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and not statement.level:
            found = [f"{statement.module}:{alias.name}" for alias in statement.names]
            found = [name.removesuffix(":*") for name in found]
        else:
            continue
        for name in found:
            top = name.partition(":")[0].partition(".")[0]
            if top not in sys.stdlib_module_names and not _beside(script, top):
                yield name


def _beside(script: Path, name: str) -> bool:
    top = name.partition(".")[0]
    return (script.parent / f"{top}.py").exists() or (script.parent / top).is_dir()
