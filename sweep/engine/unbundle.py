"""A sweep out of the file that `bundle` wrote, into another workspace.

The file is a stranger's until it has proved itself: only plain files with names that a bundle has
are taken, within bounds, into a folder of their own; and each has to be what its list says.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import sqlite3
import sys
import tarfile
import tempfile
import time
import zlib
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO, Any

from sweep.core.definition import SweepDefinition
from sweep.engine.bundle import ABOUT, VERSION
from sweep.errors import UserError, WorkspaceError
from sweep.storage import snapshot
from sweep.storage.checkup import check_database
from sweep.storage.journal import Batch, SqliteJournal
from sweep.storage.reader import SweepReader
from sweep.storage.schema import TABLES, connect
from sweep.storage.workspace import SWEEP_ID, SweepFolder, WorkspaceFolder, write

MOST_FILES = 1_000_000
LARGEST_LIST = 256 << 20
"""Bytes of the list of files."""
LARGEST_HEADER = 1 << 20
MARGIN = 256 << 20
"""Bytes that are to stay free on the disk."""
BLOCK = 1 << 20
NAMES = re.compile(r"sweep\.json|sweep\.db|bundle\.json|runs/[0-9]+(\.[0-9]+)?/.+|tree/[0-9]+/.+")
DEEPEST = 64
KINDS = "SELECT type, name, tbl_name FROM sqlite_master"


def unbundle(
    file: Path, workspace: WorkspaceFolder, *, largest: int | None = None
) -> tuple[SweepFolder, list[str]]:
    """Put the sweep of a bundle into a workspace, ready to be looked at and resumed.

    Args:
        file: what `bundle` wrote.
        workspace: there must be no sweep of that id in it.
        largest: bytes that may come out of it; None for what the disk has room for.

    Returns:
        The sweep, and what its owner should know.

    Raises:
        UserError: it is no bundle, is damaged, or holds what no bundle holds; nothing is kept.
    """
    if not file.is_file():
        raise UserError(f"{file}: there is no such file")
    free = shutil.disk_usage(workspace.path).free - MARGIN
    room = free if largest is None else min(free, largest)
    with tempfile.TemporaryDirectory(prefix="unbundle-", dir=workspace.path) as place:
        shop = Path(place)
        try:
            hashes = _take_out(file, shop, room)
        except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise UserError(f"{file} is no bundle of a sweep, or is damaged: {error}") from None
        about = _about(file, shop, hashes)
        return _install(file, shop, about, workspace)


# ---- taking out -----------------------------------------------------------------------


def _take_out(file: Path, shop: Path, room: int) -> dict[str, tuple[int, str]]:
    """Write the files of an archive below a folder; return size and hash of each."""
    found: dict[str, tuple[int, str]] = {}
    taken = 0
    with gzip.open(file) as unpacked:
        read: Any = _Bounded(unpacked)
        tar = tarfile.open(fileobj=read, mode="r|")  # noqa: SIM115 - it holds nothing itself
        while (member := read.next(tar)) is not None:
            name = member.name
            if not member.isreg() or member.issparse():
                raise UserError(f"{file}: {name!r} is no plain file: no bundle has that")
            if not _is_fit(name) or name in found:
                raise UserError(f"{file}: {name!r} is no name of a file in a bundle")
            taken += member.size
            if taken > room or len(found) >= MOST_FILES:
                raise UserError(
                    f"{file}: more comes out of it than there is room for ({room:,} bytes,"
                    f" {MOST_FILES:,} files)"
                )
            source = tar.extractfile(member)
            assert source is not None, "it is a plain file"
            read.left = member.size + LARGEST_HEADER
            mode = 0o700 if member.mode & 0o100 else 0o600
            found[name] = _pour(source, shop.joinpath(*name.split("/")), member.size, mode)
    return found


class _Bounded:
    """A stream of which no more is read than is due: the headers of an archive can be bombs."""

    def __init__(self, source: gzip.GzipFile) -> None:
        self._source = source
        self.left = LARGEST_HEADER

    def read(self, size: int) -> bytes:
        """Return what comes next."""
        data = self._source.read(size)
        self.left -= len(data)
        if self.left < 0:
            raise tarfile.ReadError("a header is too large")
        return data

    def next(self, tar: Any) -> tarfile.TarInfo | None:
        """Return the next file of the archive that is read from here."""
        self.left = LARGEST_HEADER
        tar.members = []  # it would keep them all
        member: tarfile.TarInfo | None = tar.next()
        return member


def _is_fit(name: str) -> bool:
    """Tell whether a name is one of a bundle, and stays in its folder."""
    parts = name.split("/")
    return (
        NAMES.fullmatch(name) is not None
        and len(parts) <= DEEPEST
        and all(part not in ("", ".", "..") and len(part) < 256 for part in parts)
        and not any(c in name for c in "\0\\\n\r")
    )


def _pour(source: IO[bytes], place: Path, size: int, mode: int) -> tuple[int, str]:
    place.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    hasher = hashlib.sha256()
    with os.fdopen(os.open(place, flags, mode), "wb") as to:
        left = size
        while left and (block := source.read(min(BLOCK, left))):
            hasher.update(block)
            to.write(block)
            left -= len(block)
    if left:
        raise tarfile.ReadError("it ends in the middle")
    return size, hasher.hexdigest()


def _about(file: Path, shop: Path, hashes: dict[str, tuple[int, str]]) -> dict[str, Any]:
    """Return what a bundle says of itself, once its files are what it says."""
    place = shop / ABOUT
    if not place.is_file() or place.stat().st_size > LARGEST_LIST:
        raise UserError(f"{file} is no bundle of a sweep, or its end is missing")
    try:
        about = json.loads(place.read_bytes())
        version, identity = about["bundle"], about["sweep"]
        files = {name: tuple(facts) for name, facts in about["files"].items()}
        links = {str(name): str(target) for name, target in about["links"].items()}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise UserError(f"{file}: its {ABOUT} cannot be read") from None
    if version != VERSION:
        raise UserError(f"{file}: made by a newer version: upgrade hypersweep to open it")
    if not isinstance(identity, str) or not SWEEP_ID.fullmatch(identity):
        raise UserError(f"{file}: {identity!r} is no id of a sweep")
    hashes.pop(ABOUT)
    if files != hashes or not {"sweep.json", "sweep.db"} <= files.keys():
        wrong = sorted(n for n in {*files, *hashes} if files.get(n) != hashes.get(n))
        raise UserError(f"{file} is damaged: {', '.join(wrong[:3]) or 'files are missing'}")
    return {**about, "links": links}


# ---- putting in -----------------------------------------------------------------------


def _install(
    file: Path, shop: Path, about: dict[str, Any], workspace: WorkspaceFolder
) -> tuple[SweepFolder, list[str]]:
    identity = about["sweep"]
    target = workspace.path / "sweeps" / identity
    if target.exists():
        raise WorkspaceError(f"there is a sweep {identity} in {workspace.path}")
    _link(file, shop, about["links"])
    _check(file, shop / "sweep.db")
    trees, said = {}, []
    for number, name in enumerate(map(str, about.get("trees", ()))):
        tree = shop / "tree" / str(number)
        tree.mkdir(parents=True, exist_ok=True)
        shot = snapshot.take(tree, workspace.snapshots, strict=True)
        trees[name] = shot.tree
        if shot.id != name:
            said.append(
                f"the snapshot {name[:12]} is {shot.id[:12]} here: not all of it could be kept"
            )
    said += _adapt(shop / "sweep.db", trees)
    with SweepReader(shop / "sweep.db") as reader:
        experiment, created = str(reader.get("experiment")), reader.get("created")
    workspace.add_experiment(experiment)
    shutil.rmtree(shop / "tree", ignore_errors=True)
    (shop / ABOUT).unlink()
    (shop / "sweep.json").unlink()
    write(shop / "sweep.json", {"id": identity, "experiment": experiment, "created": created})
    target.parent.mkdir(exist_ok=True)
    inner = shop / "sweep"
    inner.mkdir(mode=0o700)
    for path in [*shop.iterdir()]:
        if path != inner:
            path.rename(inner / path.name)
    inner.rename(target)
    write(workspace.path / "last.json", identity)
    if about.get("secrets"):
        said.append(
            "its runs were given secrets, which are not in the bundle: it can be looked at, and"
            " not resumed"
        )
    return SweepFolder(identity, target), said


def _link(file: Path, shop: Path, links: dict[str, str]) -> None:
    """Make the links of snapshots, which lead from one file of a snapshot to another."""
    for name, target in links.items():
        parts = PurePosixPath(name).parts
        if not _is_fit(name) or parts[0] != "tree":
            raise UserError(f"{file}: {name!r} is no name of a link in a bundle")
        root, place = shop.joinpath(*parts[:2]), shop.joinpath(*parts)
        end = Path(os.path.normpath(place.parent / target))
        if Path(target).is_absolute() or not end.is_relative_to(root) or end == root:
            raise UserError(f"{file}: the link {name!r} leads out of its snapshot")
        if any(parent.is_symlink() for parent in place.parents if parent != shop):
            raise UserError(f"{file}: the link {name!r} is behind another")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)


def _check(file: Path, database: Path) -> None:
    """Refuse a database that is not one of ours, or is not whole."""
    with closing(sqlite3.connect(":memory:")) as ours:
        ours.executescript(TABLES)
        expected = {*ours.execute(KINDS)}
    with closing(connect(database)) as db:
        there = {*db.execute(KINDS)}
    if there != expected:
        raise UserError(f"{file}: its database has other tables than a sweep's")
    if findings := check_database(database).findings:
        raise UserError(f"{file}: its database is not sound: {findings[0].what}")


def _adapt(database: Path, trees: dict[str, Path]) -> list[str]:
    """Let a sweep find here what it had elsewhere; return what its owner should know."""
    said: list[str] = []
    with SweepReader(database) as reader:
        template, status = dict(reader.get("template")), reader.get("status")[0]
        goal = SweepDefinition.from_wire(reader.get("definition")).goal
        former = [[u, _with_tree(t, trees), s] for u, t, s in reader.get("former", None) or ()]
        cluster = reader.get("cluster", None)
    template = _with_tree(template, trees)
    command = template.get("command")
    if command and cluster is None and Path(command[0]).is_absolute():
        was = command[0]
        if not os.access(was, os.X_OK) and Path(was).name.startswith("python"):
            template["command"] = [sys.executable, *command[1:]]
            said.append(f"its runs had {was}, which is not here: they get {sys.executable}")
    facts: dict[str, Any] = {"template": template}
    if former:
        facts["former"] = former
    now = time.time()
    text = f"opened from a bundle, as it was when it was {status}"
    with closing(SqliteJournal(database, goal)) as journal:
        journal.write(Batch(sweep=facts, notices=[(now, None, text)]))
    return said


def _with_tree(template: dict[str, Any], trees: dict[str, Path]) -> dict[str, Any]:
    name = Path(str(template.get("tree") or "")).name
    return {**template, "tree": str(trees[name])} if name in trees else dict(template)
