"""What a script imports and which files it reads, from its text; nothing of it is executed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sweep.formats.script_options import constant, name_of

LARGEST = 1 << 20
"""Bytes of a script; a larger one is not looked at."""
MOST_FILES = 50
READERS = frozenset(
    {"open", "read_csv", "read_json", "read_parquet", "loadtxt", "genfromtxt", "read_text"}
)
INSTALLERS = (b"sys.path", b"site.addsitedir", b'"pip"', b"'pip'", b"pip install")
"""What a script may say that finds modules where nobody else does."""


@dataclass(frozen=True, slots=True)
class Import:
    """A module that is imported, by the first word of its name.

    Attributes:
        root: that word.
        file: the file that imports it, relative to the source.
        line: where.
        certain: whether that is done in any case, and its failure is not caught.
    """

    root: str
    file: str
    line: int
    certain: bool


@dataclass(slots=True)
class ScriptText:
    """What was read of a script and of the modules beside it that it imports.

    Attributes:
        tree: the script's own text, parsed.
        imports: the first of each module that is not beside it, the certain ones first.
        files: (file, line) of the script that it reads, as far as that is written there.
        mends: whether it looks for modules, or installs some, by itself.
    """

    tree: ast.Module
    imports: dict[str, Import] = field(default_factory=dict)
    files: list[tuple[str, int]] = field(default_factory=list)
    mends: bool = False


def read_script(source: Path, script: str) -> ScriptText | None:
    """Read a script; None where it is too large, or no Python.

    Raises:
        SyntaxError: it is none that this version of Python understands.
        OSError: it cannot be read.
    """
    place = source / script
    read = _read(place)
    if read is None:
        return None
    found = ScriptText(read[1], files=[*_files(read[1])])
    home, seen, todo = place.parent, {place}, [(place, read, True)]
    while todo:
        path, (text, tree), certain = todo.pop()
        found.mends = found.mends or any(word in text for word in INSTALLERS)
        for name, line, at_once in _imports(tree):
            root, sure = name.partition(".")[0], certain and at_once
            beside = [*_beside(home, name)]
            for other in beside if len(seen) < MOST_FILES else ():
                if other not in seen and (below := _read_or_none(other)) is not None:
                    seen.add(other)
                    todo.append((other, below, sure))
            known = found.imports.get(root)
            if not beside and not (home / root).is_dir() and not (known and known.certain >= sure):
                where = path.relative_to(source).as_posix()
                found.imports[root] = Import(root, where, line, sure)
    return found


def _read(place: Path) -> tuple[bytes, ast.Module] | None:
    if place.suffix != ".py" or place.stat().st_size > LARGEST:
        return None
    text = place.read_bytes()
    return text, ast.parse(text, str(place))


def _read_or_none(place: Path) -> tuple[bytes, ast.Module] | None:
    try:
        return _read(place)
    except (OSError, SyntaxError, ValueError):  # it may be for another Python, and not needed
        return None


def _beside(home: Path, name: str) -> Iterator[Path]:
    """Yield the files in the script's folder that importing a module executes."""
    words = name.split(".")
    for count in range(1, len(words) + 1):
        stem = home.joinpath(*words[:count])
        for place in (stem / "__init__.py", stem.with_suffix(".py")):
            if place.is_file():
                yield place
                break


def _imports(tree: ast.Module) -> Iterator[tuple[str, int, bool]]:
    """Yield (module, line, whether it is imported in any case)."""
    todo: list[tuple[ast.AST, bool]] = [(node, True) for node in tree.body]
    while todo:
        node, certain = todo.pop()
        if isinstance(node, ast.Import):
            yield from ((name.name, node.lineno, certain) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module and not node.level:
                yield node.module, node.lineno, certain
                yield from (
                    (f"{node.module}.{name.name}", node.lineno, False) for name in node.names
                )
        else:
            here = certain and isinstance(node, (ast.With, ast.ClassDef))
            todo += [(child, here) for child in ast.iter_child_nodes(node)]


def _files(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield what is opened for reading by a name that is written there."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or name_of(node.func) not in READERS or not node.args:
            continue
        name, mode = constant(node.args[0]), "r"
        if name_of(node.func) == "open":
            if isinstance(node.func, ast.Attribute):
                continue  # of something else
            given = node.args[1] if len(node.args) > 1 else None
            given = next((k.value for k in node.keywords if k.arg == "mode"), given)
            mode = "r" if given is None else constant(given)
        plain = isinstance(name, str) and name and "\0" not in name and "://" not in name
        if plain and isinstance(mode, str) and mode[:1] == "r" and not Path(name).is_absolute():
            yield name, node.lineno
