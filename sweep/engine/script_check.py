"""Does a script fit its sweep? Found by reading it: nothing of it is executed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from samplers import Space
from sweep.formats.arguments import text_of
from sweep.formats.findings import did_you_mean, quoted
from sweep.formats.script_options import Option, ScriptOptions
from sweep.formats.script_text import Import, ScriptText, read_script

Level = Literal["error", "warning", "fine"]
SECONDS = 20.0
"""Longest time in which another interpreter says which modules it has."""
STOOD_IN = frozenset({"azureml"})
"""Modules for which something stands in where they are not installed."""
FIND = """\
import importlib.util, json, sys
def is_there(name):
    try:
        return importlib.util.find_spec(name) is not None
    except Exception:
        return True
print(json.dumps([name for name in sys.argv[1:] if not is_there(name)]))
"""
READ_AS: Mapping[str, type] = {"int": int, "float": float, "str": str}


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that was found.

    Attributes:
        part: of what it speaks: script, imports, files and others.
        level: "error" where it cannot work, "warning" where it may not.
        text: a sentence.
    """

    part: str
    level: Level
    text: str


def look_at(source: Path, script: str) -> ScriptText | Remark | None:
    """Read a script; return what is wrong with it, or None where it is nothing to be read."""
    try:
        return read_script(source, script)
    except SyntaxError as error:
        where = f"{script}:{error.lineno or 0}:{error.offset or 0}"
        return Remark("script", "error", f"{where}: no Python of this version: {error.msg}")
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        return Remark("script", "warning", f"{script}: cannot be read: {error}")


def check_options(
    takes: ScriptOptions, script: str, swept: Mapping[str, Sequence[Any]], fixed: Sequence[str]
) -> list[Remark]:
    """Compare what a script takes with what it will be given.

    Args:
        takes: what was read of the script.
        script: its name.
        swept: values of each option that is swept, see `values_of`.
        fixed: arguments that are the same for every run.
    """
    if not takes.library:
        return []
    if takes.doubt:
        said = f"{script}: its options cannot be checked: {takes.doubt}"
        return [Remark("script", "fine", said)]
    return [
        Remark("script", "error", f"{script}{said}")
        for said in (*_swept(takes, swept), *_fixed(takes, swept, fixed))
    ]


def _swept(takes: ScriptOptions, swept: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    for flag, values in swept.items():
        option = takes.find(flag)
        if option is None:
            if near := takes.beginning(flag):
                others = " or ".join(option.names[-1] for option in near)
                yield f": the option {quoted(flag)}, which is swept, may be {others}"
            elif not takes.lenient and not _glued(takes, flag):
                hint = did_you_mean(flag, takes.names)
                yield f": there is no option {quoted(flag)}, which is swept{hint}"
        elif option.values == 0 and (takes.words or takes.lenient):
            continue  # what follows it may be taken for something else
        elif said := next(filter(None, (_misfit(option, value) for value in values)), ""):
            yield f":{option.line}: {option.names[-1]}, which is swept, {said}"


def values_of(space: Space | None) -> dict[str, list[Any]]:
    """Return the values of each hyperparameter; of a range, its ends."""
    found: dict[str, list[Any]] = {}

    def note(name: str, value: Any) -> int:
        found.setdefault(name, []).append(value)
        return 0

    if space is not None:
        space.heaviest(note)
    return found


def _glued(takes: ScriptOptions, flag: str) -> bool:
    """Tell whether `-x1` may be `-x 1`."""
    return not flag.startswith("--") and any(name == flag[:2] for name in takes.names)


def _misfit(option: Option, value: Any) -> str:
    text = text_of(value)
    if option.values == 0:
        return f"takes no value, and is given {quoted(text)}"
    if option.values is not None and option.values != 1:
        return f"takes {option.values} values, and is given one, {quoted(text)}"
    read: Any = text
    if option.kind:
        try:
            read = READ_AS[option.kind](text)
        except ValueError:
            return f"is read as {option.kind}, which {quoted(text)} is not"
    if option.choices is not None and option.kind and read not in option.choices:
        known = ", ".join(map(str, option.choices[:10]))
        return f"may be {known}, and is given {quoted(text)}"
    return ""


def _fixed(
    takes: ScriptOptions, swept: Mapping[str, Sequence[Any]], fixed: Sequence[str]
) -> Iterator[str]:
    given = {*swept}
    for word in fixed[: fixed.index("--")] if "--" in fixed else fixed:
        name = word.partition("=")[0]
        if name.startswith("--"):
            given.add(name)
            if takes.find(name) is None and name != "--help" and not takes.lenient:
                yield f": there is no option {quoted(name)}{did_you_mean(name, takes.names)}"
        elif name.startswith("-"):
            given |= {name, name[:2]}
    found = [takes.find(name) for name in given]
    for option in takes.options:
        if option.required and option not in found:
            yield f":{option.line}: {option.names[-1]} is required, and neither swept nor given"
    taken = any(takes.lenient if o is None else o.values == 0 for o in found)
    if takes.positionals and not fixed and not taken:
        yield f": it needs {', '.join(takes.positionals)}, and is given options only"


def check_imports(
    text: ScriptText, interpreter: str, home: Path, *, ask: bool = True, stand_in: bool = True
) -> list[Remark]:
    """Look for what a script imports where its runs will.

    Args:
        text: the script.
        interpreter: of the runs.
        home: the script's folder.
        ask: start the interpreter, where it is not this one; else nothing is known of it.
        stand_in: something stands in for `azureml`.
    """
    names = [name for name in text.imports if not (stand_in and name in STOOD_IN)]
    if interpreter == sys.executable:
        missing = {name for name in names if not _is_here(name)}
    elif ask and names:
        missing = _missing_elsewhere(names, interpreter, home)
    else:
        return []
    return [
        Remark("imports", _level(text, where), f"{where.file}:{where.line}: {said}")
        for name, where in text.imports.items()
        if name in missing
        for said in [f"there is no module {name!r} for {interpreter}{_when(where)}"]
    ]


def _level(text: ScriptText, where: Import) -> Level:
    return "error" if where.certain and not text.mends else "warning"


def _when(where: Import) -> str:
    return "" if where.certain else ", which is imported on some ways only"


def _is_here(name: str) -> bool:
    if name in sys.stdlib_module_names:
        return True
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return True


def _missing_elsewhere(names: Sequence[str], interpreter: str, home: Path) -> set[str]:
    try:
        answer = subprocess.run(
            [interpreter, "-c", FIND, *names],
            cwd=home,
            capture_output=True,
            timeout=SECONDS,
            check=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        found = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return set()  # nothing is known of it
    return {name for name in names if name in found}


def check_files(text: ScriptText, script: str, source: Path) -> list[Remark]:
    """Look for files that a script reads and that its runs would not find."""
    return [
        Remark(
            "files",
            "warning",
            f"{script}:{line}: it reads {quoted(name)}, which is not in {source}, of which each"
            " run gets a copy: pass an absolute path",
        )
        for name, line in text.files
        if not (source / name).exists()
    ]


def check_arguments(fixed: Sequence[str], source: Path, here: Path) -> list[Remark]:
    """Look for arguments that name a file from here on, and nothing from a run's folder on."""
    return [
        Remark(
            "files",
            "warning",
            f"the argument {quoted(word)} names something in {here}, and nothing in a run's own"
            f" folder: pass {here / word}",
        )
        for word in fixed
        if ("/" in word or "." in word)
        and not word.startswith(("-", "/", "."))
        and (here / word).exists()
        and not (source / word).exists()
    ]
