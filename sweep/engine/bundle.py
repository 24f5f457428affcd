"""A sweep as one file: its database, its snapshots, and what its runs have left.

A tar archive, compressed with gzip, of plain files only:

    sweep.json, sweep.db     as in the sweep's folder
    runs/17/...              what a run has left and its snapshot does not hold
    tree/0/...               the snapshots, the present one first
    bundle.json              last: the size and the SHA-256 of each, the links of the snapshots

Secrets are not in it: the file that holds them stays behind, and where one is found in a log it is
blackened, in another file the whole file stays behind.
"""

from __future__ import annotations

import filecmp
import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sweep.core.redact import REDACTED
from sweep.engine.provenance import trees_of
from sweep.engine.surroundings import versions
from sweep.errors import UserError
from sweep.storage.private import secrets_of
from sweep.storage.reader import SweepReader
from sweep.storage.schema import connect
from sweep.storage.workspace import SweepFolder

VERSION = 1
SUFFIX = ".sweep.tar.gz"
ABOUT = "bundle.json"
LOGS = ("user_logs", "logs", "azureml-logs")
SHORTEST = 6
"""Characters of a secret: a shorter one is found anywhere."""
LARGEST_TO_SEARCH = 64 << 20
TEXTS = {
    "event": ("data", "commands"),
    "run": ("reason", "facts"),
    "metric": ("value",),
    "tag": ("value",),
    "notice": ("text",),
}
"""Columns with words of scripts."""


def bundle(folder: SweepFolder, file: Path, warn: Callable[[str], None]) -> int:
    """Write a sweep into a file, also while it is worked on; return its bytes.

    Raises:
        UserError: there is such a file already.
        OSError: it cannot be written; nothing is left of it.
    """
    if file.exists():
        raise UserError(f"{file} is there already")
    with SweepReader(folder.database) as reader:
        template, trees = reader.get("template"), trees_of(reader)
    secrets = _secrets(folder, template)
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with tempfile.TemporaryDirectory(prefix="sweep-bundle-") as place:
            database = Path(place) / "sweep.db"
            _copy(folder.database, database, secrets)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as to:
                _write(to, folder, database, trees, secrets, warn)
                os.fsync(to.fileno())
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    return file.stat().st_size


def _write(
    to: Any,
    folder: SweepFolder,
    database: Path,
    trees: Sequence[Path],
    secrets: Sequence[bytes],
    warn: Callable[[str], None],
) -> None:
    about: dict[str, Any] = {"bundle": VERSION, "sweep": folder.id, "created": time.time()}
    about |= {"versions": versions(), "trees": [tree.name for tree in trees], "files": {}}
    about["links"], about["secrets"] = {}, bool(secrets)
    with tarfile.open(fileobj=to, mode="w:gz", compresslevel=6, format=tarfile.PAX_FORMAT) as tar:
        add = _Adding(tar, about["files"])
        add.file("sweep.json", folder.path / "sweep.json")
        add.file("sweep.db", database)
        for number, tree in enumerate(trees):
            for path in _files(tree):
                name = f"tree/{number}/{path.relative_to(tree).as_posix()}"
                if path.is_symlink():
                    about["links"][name] = str(path.readlink())
                else:
                    add.file(name, path)
        for path in _files(folder.path / "runs"):
            inside = path.relative_to(folder.path)
            if path.is_symlink() or _is_copy(path, Path(*inside.parts[2:]), trees):
                continue
            said = add.run_file(inside, path, secrets)
            if said:
                warn(said)
        add.text(ABOUT, json.dumps(about))


class _Adding:
    """An archive that is written, and what is said of its files."""

    def __init__(self, tar: tarfile.TarFile, files: dict[str, list[Any]]) -> None:
        self._tar, self._files = tar, files

    def file(self, name: str, path: Path) -> None:
        with path.open("rb") as source:
            facts = os.fstat(source.fileno())
            self._add(name, source, facts.st_size, executable=bool(facts.st_mode & 0o100))

    def run_file(self, inside: Path, path: Path, secrets: Sequence[bytes]) -> str:
        """Add what a run has left; return why it is left out, if it is."""
        name = inside.as_posix()
        if not secrets:
            self.file(name, path)
            return ""
        if path.stat().st_size > LARGEST_TO_SEARCH:
            return f"{name} is left out: it is too large to be searched for secrets"
        data = path.read_bytes()
        if any(secret in data for secret in secrets):
            if len(inside.parts) < 3 or inside.parts[2] not in LOGS:
                return f"{name} is left out: a secret of the sweep is in it"
            for secret in secrets:
                data = data.replace(secret, REDACTED.encode())
        self._add(name, io.BytesIO(data), len(data))
        return ""

    def text(self, name: str, text: str) -> None:
        data = text.encode()
        self._add(name, io.BytesIO(data), len(data))

    def _add(self, name: str, source: Any, size: int, *, executable: bool = False) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o700 if executable else 0o600
        reader = _Hashing(source)
        try:
            self._tar.addfile(info, reader)
        except OSError as error:
            if error.errno is None:
                raise UserError(f"{name} became shorter while it was read: try again") from None
            raise
        self._files[name] = [size, reader.hash.hexdigest()]


class _Hashing:
    """A file that knows the hash of what has been read of it."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._source.read(size)
        self.hash.update(data)
        return data


def _files(folder: Path) -> Iterator[Path]:
    """Yield files and links below a folder in a fixed order; no link is followed."""
    for place, folders, names in os.walk(folder):
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        folders[:] = sorted(set(folders) - {*links})
        for name in sorted([*names, *links]):
            path = Path(place) / name
            if path.is_symlink() or path.is_file():
                yield path


def _is_copy(path: Path, inside: Path, trees: Sequence[Path]) -> bool:
    """Tell whether a file of a run's folder is as its snapshot has it."""
    return any(
        (tree / inside).is_file() and filecmp.cmp(path, tree / inside, shallow=False)
        for tree in trees
    )


def _copy(database: Path, place: Path, secrets: Sequence[bytes]) -> None:
    """Copy a database as it is at one moment."""
    with closing(connect(database)) as source, closing(sqlite3.connect(place)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        for secret in secrets:
            for table, columns in TEXTS.items():
                for column in columns:
                    copy.execute(  # only names of ours are put together here
                        f"UPDATE {table} SET {column} = replace({column}, ?, ?)"  # noqa: S608
                        f" WHERE instr({column}, ?)",
                        (secret.decode(), REDACTED, secret.decode()),
                    )
        copy.commit()
        if secrets:
            copy.execute("VACUUM")


def _secrets(folder: SweepFolder, template: Mapping[str, Any]) -> list[bytes]:
    """Return the texts that nobody else may see, the longest first."""
    if not template.get("redacted"):
        return []
    found: set[str] = set()
    for part, whole in secrets_of(folder).items():
        found |= {*_hidden(whole, template.get(part))}
    texts = {text.partition("=")[2] if text.startswith("-") else text for text in found}
    return [t.encode() for t in sorted(texts, key=len, reverse=True) if len(t) >= SHORTEST]


def _hidden(whole: Any, public: Any) -> Iterator[str]:
    """Yield the texts in a value that another, of the same shape, does not have."""
    if isinstance(whole, dict):
        for key, value in whole.items():
            yield from _hidden(value, public.get(key) if isinstance(public, dict) else None)
    elif isinstance(whole, list):
        others = public if isinstance(public, list) and len(public) == len(whole) else []
        for place, value in enumerate(whole):
            yield from _hidden(value, others[place] if others else None)
    elif isinstance(whole, str) and whole != public:
        yield whole
