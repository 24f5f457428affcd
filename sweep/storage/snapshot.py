"""Snapshots of a source directory: content-addressed, each file stored once."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from sweep.errors import UserError
from sweep.storage.workspace import NAME

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

ALWAYS_LEFT_OUT = frozenset({".git", "__pycache__", NAME, ".ipynb_checkpoints"})
"""Never wanted in a run's folder; the last but one is our own."""
SIZE_TO_MENTION = 300 * 1024**2
"""The service's limit; there is none here, but it may be a surprise."""

LOGS = frozenset({".log", ".out", ".err"})
"""Files that change while a sweep works, as what it prints is often kept beside the script."""

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
    virtual environments and our own files are left out. A link is never followed out of `source`.

    Args:
        source: the directory.
        store: where snapshots are kept.
        strict: leave out nothing but what the ignore file names, and our own files.

    Raises:
        UserError: something in `source` cannot be read; the message names it.
        OSError: something cannot be written.
    """
    warnings: list[str] = []
    entries: list[tuple[str, str, str]] = []  # name, kind, hash or link target
    fresh: list[Path] = []
    size = 0
    root = source.resolve()
    for path in _walk(source, _ignored(source), strict=strict):
        name = path.relative_to(source).as_posix()
        target = Path(os.path.realpath(path))  # unlike resolve, it does not mind a circle
        if path.is_symlink() and not target.is_relative_to(root):
            warnings.append(
                f"{name} is a link that leaves {source} and is not in the snapshot: pass its"
                f" target to the script as an argument ({target})"
            )
        elif not path.exists():
            warnings.append(f"{name} is a broken link and is not in the snapshot")
        elif not path.is_file():
            entries.append((name, "l", os.path.relpath(target, path.parent.resolve())))
        else:
            kind, digest, length = _keep(path, store / "objects", fresh)
            entries.append((name, kind, digest))
            size += length
    identity = hashlib.sha256(json.dumps(entries).encode()).hexdigest()
    tree = store / "trees" / identity
    if not tree.exists():
        _flush(fresh)
        _grow(tree, entries, store / "objects")
    if size > SIZE_TO_MENTION:
        warnings.append(
            f"the snapshot of {source} is {size / 1024**2:,.0f} MiB and is copied for every run:"
            " name what is not needed in .amlignore"
        )
    return Snapshot(identity, tree, len(entries), size, tuple(warnings))


def differences(old: Path, new: Path) -> list[str]:
    """Return the files of an old tree that are others in a new one, in order; logs aside.

    Of files that are only in the new one, modules of Python count: what else appears beside a
    script was mostly written by it. Trees of one store: a file of a tree is a link to what is
    stored once, so the same content is the same inode.
    """
    before, after = (
        {
            path.relative_to(tree).as_posix(): path.lstat().st_ino
            for path in tree.rglob("*")
            if not path.is_dir() and path.suffix not in LOGS
        }
        for tree in (old, new)
    )
    changed = {name for name, inode in before.items() if after.get(name) != inode}
    return sorted(changed | {name for name in after.keys() - before if name.endswith(".py")})


def _ignored(source: Path) -> GitIgnoreSpec | None:
    for name in (".amlignore", ".gitignore"):
        if (source / name).is_file():
            from pathspec import GitIgnoreSpec  # noqa: PLC0415 - 20 ms, and most have no such file

            with _open(source / name) as file:
                text = file.read().decode(errors="replace")
            return GitIgnoreSpec.from_lines(text.splitlines())
    return None


def _walk(source: Path, spec: GitIgnoreSpec | None, *, strict: bool) -> Iterator[Path]:
    """Yield files and links in a fixed order."""
    ignored = spec.match_file if spec else lambda _: False
    patterns = spec.patterns if spec else ()
    prune = all(pattern.include is not False for pattern in patterns)  # none is let in
    for folder, folders, files in os.walk(source, onerror=_refuse):
        here = Path(folder)
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = sorted(
            name
            for name in folders
            if name not in links
            and not _left_out(here / name, strict=strict)
            and not (prune and ignored(f"{(here / name).relative_to(source)}/"))
        )
        for name in sorted(files + links):
            path = here / name
            relative = path.relative_to(source).as_posix()
            if not ignored(relative) and (path.is_symlink() or path.is_file()):
                yield path


def _left_out(folder: Path, *, strict: bool) -> bool:
    if strict:
        return folder.name == NAME  # a store that holds itself would have no end
    # Not Path.is_file, which minds a folder that is closed to us: reading it will say so.
    return folder.name in ALWAYS_LEFT_OUT or os.path.isfile(folder / "pyvenv.cfg")  # noqa: PTH113


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        _refuse(error)


def _refuse(error: OSError) -> NoReturn:
    raise UserError(
        f"{error.filename}: {error.strerror}, so there is no snapshot: mend it, or name it in"
        " .amlignore"
    ) from None


def _keep(path: Path, objects: Path, fresh: list[Path]) -> tuple[str, str, int]:
    """Store a file under the hash of its content; return its kind, hash and size."""
    with _open(path) as file:
        kind = "x" if os.fstat(file.fileno()).st_mode & stat.S_IXUSR else "f"
        digest, length = _pour(file, None)
        if _place(objects, kind, digest).exists():
            return kind, digest, length
        # What is stored is hashed again while it is copied: the file may be changing.
        file.seek(0)
        objects.mkdir(parents=True, exist_ok=True)
        part = objects / f"part.{secrets.token_hex(8)}"
        with part.open("wb") as copy:
            digest, length = _pour(file, copy)
    part.chmod(0o755 if kind == "x" else 0o644)
    place = _place(objects, kind, digest)
    place.parent.mkdir(exist_ok=True)
    part.replace(place)
    fresh.append(place)
    return kind, digest, length


def _pour(source: BinaryIO, target: BinaryIO | None) -> tuple[str, int]:
    hasher, length = hashlib.sha256(), 0
    while block := source.read(BLOCK):
        hasher.update(block)
        length += len(block)
        if target is not None:
            target.write(block)
    return hasher.hexdigest(), length


def _place(objects: Path, kind: str, digest: str) -> Path:
    return objects / digest[:2] / f"{digest[2:]}.{kind}"


def _flush(fresh: list[Path]) -> None:
    """Make files durable: what is taken for there must not be empty after a power failure."""
    for place in fresh:
        with place.open("rb") as file:
            os.fsync(file.fileno())


def _link(stored: Path, place: Path) -> None:
    try:
        place.hardlink_to(stored)
    except OSError:  # a file system without links, or too many of them
        shutil.copy(stored, place)


def _grow(tree: Path, entries: list[tuple[str, str, str]], objects: Path) -> None:
    """Make the folder of a snapshot, all or nothing; its files are those of the store."""
    part = tree.with_name(f"{tree.name}.{secrets.token_hex(8)}")
    part.mkdir(parents=True)
    for name, kind, what in entries:
        place = part / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if kind == "l":
            place.symlink_to(what)
        else:
            _link(_place(objects, kind, what), place)
    try:
        part.rename(tree)
    except OSError:
        shutil.rmtree(part)
        if not tree.exists():  # otherwise somebody else was quicker
            raise
