"""Find the file that a user means by a short name.

HyperDrive's command line walks the whole tree and takes the last file whose name *ends* with what
was given. Here a name is a name, with or without `.yml`, and two candidates are an error.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from sweep.errors import ConfigError
from sweep.formats.text import is_file

SUFFIXES = ("", ".yml", ".yaml")
"""What may be left out of a name."""

FOLDERS = ("", ".azureml", "aml_config")
"""Where a project, as HyperDrive has it, keeps its configurations."""

MOST_FILES = 20_000
"""How many files of a tree are looked at."""

_SKIPPED = frozenset((".git", ".sweep", "__pycache__", "node_modules"))


def find_hdconfig(name: str, path: str | Path = ".") -> Path:
    """Return the sweep file called `name` in the project at `path`.

    That is the file `name` as seen from the current folder; else the one in the project's own
    folder or in its configuration folders; else the one anywhere in its tree.

    Raises:
        ConfigError: there is no such file, or several.
    """
    if is_file(name):
        return Path(name)
    root, wanted = Path(path), [name + suffix for suffix in SUFFIXES]
    found = _existing(root / folder / file for folder in FOLDERS for file in wanted)
    if found:
        return _only(found, name)
    tree = list(islice(_files(root), MOST_FILES))
    found = [file for file in tree if file.name in wanted]
    if found:
        return _only(found, name)
    raise ConfigError(_missing(name, root, tree))


def _existing(files: Iterable[Path]) -> list[Path]:
    """Return those that exist, each once, whatever links lead to it."""
    return list({os.path.realpath(file): file for file in files if is_file(file)}.values())


def _only(found: list[Path], name: str) -> Path:
    if len(found) > 1:
        raise ConfigError(f"{name!r} may be {_listed(found)}: write out which one is meant")
    return found[0]


def _files(root: Path) -> Iterator[Path]:
    """Yield the files below `root`, in order; links to folders are not followed."""
    for folder, below, files in os.walk(root):
        below[:] = sorted(name for name in below if _may_hold(Path(folder, name)))
        yield from (Path(folder, file) for file in sorted(files))


def _may_hold(folder: Path) -> bool:
    return folder.name not in _SKIPPED and not (folder / "pyvenv.cfg").exists()


def _missing(name: str, root: Path, tree: list[Path]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only mistakes pay for it

    names = {file.name: file for file in tree if file.suffix in (".yml", ".yaml")}
    near = [names[word] for word in get_close_matches(name, names, cutoff=0.5)]
    message = f"there is no file {name!r}, with or without .yml, in {str(root)!r}"
    if len(tree) == MOST_FILES:
        message += f" (among its first {MOST_FILES:,} files)"
    return f"{message}; there is {_listed(near)}" if near else message


def _listed(files: list[Path]) -> str:
    return ", ".join(repr(str(file)) for file in files)
