"""Snapshots of a source directory: content-addressed, each file stored once."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

ALWAYS_LEFT_OUT = frozenset({".git", "__pycache__", ".sweep", ".ipynb_checkpoints"})
"""Never wanted in a run's folder; the last but one is our own."""
SIZE_TO_MENTION = 300 * 1024**2
"""The service's limit; there is none here, but it may be a surprise."""

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of a source directory.

    Attributes:
        id: hash of all names, modes and contents: an unchanged tree has the same.
        tree: a folder that holds it; not to be written to.
        files: how many.
        size: bytes in all.
        warnings: what the user should know about it.
    """

    id: str
    tree: Path
    files: int
    size: int
    warnings: tuple[str, ...] = ()


def take(source: Path, store: Path, *, strict: bool = False) -> Snapshot:
    """Copy what `source` holds into `store`, unless it is there.

    The rules of ``.amlignore`` in its root hold, or else those of ``.gitignore`` there, never
    both; ignore files in deeper folders have no effect. Besides, version control, caches,
    virtual environments and our own files are left out.

    Args:
        source: the directory.
        store: where snapshots are kept.
        strict: leave out nothing but what the ignore file names.

    Raises:
        OSError: something cannot be read or written.
    """
    warnings: list[str] = []
    entries: list[tuple[str, str, str]] = []  # name, kind, hash or link target
    size = 0
    for path in _walk(source, _ignored(source), strict=strict):
        name = path.relative_to(source).as_posix()
        if path.is_symlink() and not path.is_file():
            entries += _link(source, path, name, warnings)
            continue
        digest, length = _keep(path, store / "objects")
        kind = "x" if os.access(path, os.X_OK) else "f"
        entries.append((name, kind, digest))
        size += length
    manifest = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
    identity = hashlib.sha256(manifest).hexdigest()
    tree = store / "trees" / identity
    if not tree.exists():
        _grow(tree, entries, store / "objects")
    if size > SIZE_TO_MENTION:
        warnings.append(
            f"the snapshot of {source} is {size / 1024**2:,.0f} MiB and is copied for every run:"
            " name what is not needed in .amlignore"
        )
    return Snapshot(identity, tree, len(entries), size, tuple(warnings))


def _ignored(source: Path) -> GitIgnoreSpec:
    for name in (".amlignore", ".gitignore"):
        if (source / name).is_file():
            lines = (source / name).read_text(encoding="utf-8", errors="replace").splitlines()
            return GitIgnoreSpec.from_lines(lines)
    return GitIgnoreSpec.from_lines([])


def _walk(source: Path, ignored: GitIgnoreSpec, *, strict: bool) -> Iterator[Path]:
    """Yield files and links in a fixed order."""
    prune = all(pattern.include for pattern in ignored.patterns)  # nothing is let in again
    for folder, folders, files in os.walk(source):
        here = Path(folder)
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = sorted(
            name
            for name in folders
            if name not in links
            and (strict or not _left_out(here / name))
            and not (prune and ignored.match_file(f"{(here / name).relative_to(source)}/"))
        )
        for name in sorted(files + links):
            path = here / name
            relative = path.relative_to(source).as_posix()
            if not ignored.match_file(relative) and (path.is_file() or path.is_symlink()):
                yield path


def _left_out(folder: Path) -> bool:
    return folder.name in ALWAYS_LEFT_OUT or (folder / "pyvenv.cfg").is_file()


def _link(
    source: Path, path: Path, name: str, warnings: list[str]
) -> Iterator[tuple[str, str, str]]:
    """Keep a link to a folder when it stays inside; a broken one is not kept."""
    target = path.resolve()
    if target.is_relative_to(source.resolve()) and target.exists():
        yield name, "l", os.path.relpath(target, path.parent.resolve())
    else:
        warnings.append(
            f"{name} is a link that leaves {source} and is not in the snapshot: pass its target"
            f" to the script as an argument ({target})"
        )


def _keep(path: Path, objects: Path) -> tuple[str, int]:
    hasher = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            hasher.update(block)
    digest = hasher.hexdigest()
    place = objects / digest[:2] / digest[2:]
    length = path.stat().st_size
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f"{place.name}.{os.getpid()}")
        shutil.copyfile(path, part)
        part.replace(place)
    return digest, length


def _grow(tree: Path, entries: list[tuple[str, str, str]], objects: Path) -> None:
    """Make the folder of a snapshot, all or nothing."""
    part = tree.with_name(f"{tree.name}.{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name, kind, what in entries:
        place = part / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if kind == "l":
            place.symlink_to(what)
        else:
            shutil.copyfile(objects / what[:2] / what[2:], place)
            place.chmod(0o755 if kind == "x" else 0o644)
    try:
        part.rename(tree)
    except OSError:  # somebody else was quicker
        shutil.rmtree(part)
