"""Which files of a workspace nobody needs any more, and away with them.

Of a sweep that is over: the outputs of runs that are not among its best, and Ray's files; the
whole folder of one that was canceled; snapshots that no sweep has. Never anything of a sweep that
is worked on or can go on by itself, nor of runs whose outputs such a sweep builds on. Results,
reasons and logs of the sweeps that stay are kept.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sweep.compute.outputs import size_of
from sweep.core.commands import SweepStatus
from sweep.core.run import OVER
from sweep.engine.bundle import LOGS
from sweep.engine.provenance import trees_of
from sweep.errors import SweepError
from sweep.storage.journal import Batch, SqliteJournal
from sweep.storage.lock import Lock
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import SweepFolder, WorkspaceFolder

DAY = 86_400.0
YOUNGEST_SNAPSHOT = DAY
"""Seconds: a younger one may be that of a sweep which is just being made."""


@dataclass(frozen=True, slots=True)
class Freed:
    """Something that can go.

    Attributes:
        sweep: of which it is; None for snapshots.
        what: it, in words.
        paths: files and folders.
        size: bytes that are free then; files that are linked from elsewhere do not count.
    """

    sweep: SweepFolder | None
    what: str
    paths: Sequence[Path]
    size: int


def plan(
    workspace: WorkspaceFolder, *, keep_best: int = 1, older_days: float = 0.0
) -> list[Freed]:
    """Return what can go; nothing is changed.

    Args:
        workspace: the workspace.
        keep_best: how many of the best runs of each sweep keep their outputs.
        older_days: only sweeps that ended so many days ago.
    """
    before = time.time() - older_days * DAY
    found: list[Freed] = []
    staying: list[SweepFolder] = []
    sweeps = workspace.sweeps()
    needed = _needed(sweeps)
    for sweep in sweeps:
        whole, parts = False, list[Freed]()
        with contextlib.suppress(SweepError):  # what cannot be read is the doctor's
            whole, parts = _of_sweep(sweep, keep_best, before, needed)
        found += parts
        if not whole:
            staying.append(sweep)
    folders = [p for p in (workspace.path / "sweeps").glob("*") if not p.name.startswith(".")]
    if len(folders) != len(sweeps):  # nobody knows which snapshots the others have
        return found
    return [*found, *_snapshots(workspace, staying)]


def _of_sweep(
    sweep: SweepFolder, keep_best: int, before: float, needed: frozenset[Path]
) -> tuple[bool, list[Freed]]:
    """Return whether all of a sweep can go, and what can."""
    with SweepReader(sweep.database) as reader:
        status = reader.get("status")[0]
        rows = reader.runs()
        best = {row.number for row in reader.ranked(keep_best)}
        any_best = bool(reader.ranked(1))
        created = float(reader.get("created", 0.0))
    ended = max([row.ended_at for row in rows if row.ended_at is not None], default=created)
    if sweep.engine is not None or status not in OVER or ended > before:
        return False, []
    builds_on_it = any(place.is_relative_to(sweep.path) for place in needed)
    if status == SweepStatus.CANCELED.value and not builds_on_it:
        return True, [Freed(sweep, "canceled: all of it", [sweep.path], _bytes([sweep.path]))]
    parts: list[Freed] = []
    ray = sweep.path / "ray"
    if ray.is_dir() and (size := _bytes([ray])):
        parts.append(Freed(sweep, "files of Ray", [ray], size))
    if sweep.is_lone_run or not any_best:  # nobody can say which runs do not matter
        return False, parts
    paths: list[Path] = []
    for place in _folders(sweep):
        number = _run(place)
        outputs = (place / "outputs").resolve()
        if number not in best and outputs not in needed:
            paths += [path for path in sorted(place.iterdir()) if path.name not in LOGS]
    if paths:
        runs = len({_run(path.parent) for path in paths})  # each may have several attempts
        are = "run that is" if runs == 1 else "runs that are"
        what = f"outputs of {runs} {are} not among the best {len(best)}"
        parts.append(Freed(sweep, what, paths, _bytes(paths)))
    return False, parts


def _run(place: Path) -> int:
    """Return whose folder this is: that of its second attempt is called NUMBER.2."""
    return int(place.name.partition(".")[0])


def _folders(sweep: SweepFolder) -> Iterator[Path]:
    """Yield the folders of runs and their attempts."""
    for place in sorted((sweep.path / "runs").glob("*")):
        if (
            place.name.replace(".", "", 1).isdecimal()
            and place.is_dir()
            and not place.is_symlink()
        ):
            yield place


def _needed(sweeps: Iterable[SweepFolder]) -> frozenset[Path]:
    """Return the outputs that sweeps build on which are not over."""
    found: set[Path] = set()
    for sweep in sweeps:
        with contextlib.suppress(SweepError), SweepReader(sweep.database) as reader:
            if reader.get("status")[0] not in OVER:
                earlier = reader.get("template").get("earlier") or ()
                found |= {Path(place).resolve() for place in earlier if place}
    return frozenset(found)


def _snapshots(workspace: WorkspaceFolder, staying: Sequence[SweepFolder]) -> list[Freed]:
    """Return the snapshots that no sweep has, with the files that only they have."""
    used: set[str] = set()
    try:
        for sweep in staying:
            with SweepReader(sweep.database) as reader:
                used |= {tree.name for tree in trees_of(reader)}
    except SweepError:
        return []  # nobody knows which it has
    old = time.time() - YOUNGEST_SNAPSHOT
    trees = [
        tree
        for tree in (workspace.snapshots / "trees").glob("*")
        if tree.name not in used and tree.lstat().st_mtime < old
    ]
    links: dict[int, int] = {}
    for tree in trees:
        for path in tree.rglob("*"):
            if path.is_file() and not path.is_symlink():
                inode = path.stat().st_ino
                links[inode] = links.get(inode, 0) + 1
    objects = [
        place
        for place in (workspace.snapshots / "objects").glob("*/*")
        if place.is_file()
        and place.stat().st_mtime < old
        and place.stat().st_nlink == 1 + links.get(place.stat().st_ino, 0)
    ]
    if not trees and not objects:
        return []
    size = sum(place.stat().st_blocks * 512 for place in objects)
    return [Freed(None, f"{len(trees)} snapshots that no sweep has", [*trees, *objects], size)]


def _bytes(paths: Iterable[Path]) -> int:
    return sum(
        size_of(path, whole=True)
        if path.is_dir() and not path.is_symlink()
        else path.lstat().st_blocks * 512
        for path in paths
    )


def free(part: Freed) -> bool:
    """Let something go; return False where its sweep has begun to be worked on meanwhile.

    Raises:
        OSError: it cannot be removed.
    """
    if part.sweep is None:
        for path in part.paths:
            _remove(path)
        return True
    try:
        lock = Lock(part.sweep.lock)
    except SweepError:
        return False
    with lock:
        with SweepReader(part.sweep.database) as reader:
            status, goal = reader.get("status")[0], reader.goal
        if status not in OVER:
            return False
        whole = part.sweep.path in part.paths
        if not whole:
            text = f"sweep gc: {part.what}"
            with contextlib.closing(SqliteJournal(part.sweep.database, goal)) as journal:
                journal.write(Batch(notices=[(time.time(), None, text)]))
        for path in part.paths:
            _remove(path)
    return True


def _remove(path: Path) -> None:
    """Remove a file or a folder; a folder first loses its name, so that it is there or is not."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    path.rename(aside)
    (aside / "sweep.json").unlink(missing_ok=True)  # from here on it is no sweep
    for folder, _, _ in os.walk(aside):  # a run may have closed its folders
        with contextlib.suppress(OSError):
            Path(folder).chmod(0o700)
    shutil.rmtree(aside)
