"""Files that come from a node, written into the folder of their run on this machine.

A node is not trusted with more than that: names stay inside the folder, no link is followed, and
there is a bound on how much comes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sweep.compute.out_of_sight import FOLDERS, MOST_FILES
from sweep.compute.unpacking import is_inside

BOUND = 1_000_000_000
"""Bytes that one run may give back, where its outputs have no quota."""
STAGE = ".arriving"
"""Folder for files that are not whole yet, beside the others."""
MOST_STAGED = 8
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class Arrivals:
    """The files of one run.

    Args:
        folder: of the run.
        bound: bytes that are taken.
        folders: those in it where files may be; they are made. Empty: anywhere in it, and it is
            made with the first file.

    Raises:
        OSError: the folder cannot be made.
    """

    def __init__(self, folder: Path, bound: int = BOUND, folders: Sequence[str] = FOLDERS) -> None:
        self._folder = folder
        self._bound = bound
        self._sizes: dict[str, int] = {}
        self._staged: dict[str, int] = {}  # name: bytes of it so far
        self._stages: dict[str, str] = {}  # name: of its file
        self._numbers = 0
        self._below = tuple(f"{name}/" for name in folders) or ("",)
        for name in folders:
            (folder / name).mkdir(parents=True, exist_ok=True)

    @property
    def size(self) -> int:
        """Bytes that are here, also of files that are not whole yet."""
        return sum(self._sizes.values()) + sum(self._staged.values())

    def take(self, said: Mapping[str, Any]) -> None:
        """Write what has come.

        Args:
            said: `name`, `what`: `put` with `data` and `offset`, and `end` with the last of it;
                `grow` with `data` and `offset`; `gone`; `drop` for a `put` that has no end.

        Raises:
            OSError: it is refused, or cannot be written; the message says why.
        """
        name = said["name"]
        own = isinstance(name, str) and is_inside(name) and name.startswith(self._below)
        if not own or name.startswith(STAGE):
            raise OSError(f"the name {name!r:.200} is refused")
        try:
            data = b64decode(said.get("data", ""), validate=True)
            self._do(said["what"], name, data, said)
        except OSError as error:
            self._drop(name)
            raise OSError(f"{name}: {error.strerror or error}") from None
        except (ValueError, KeyError, TypeError):
            raise OSError(f"{name}: it has come garbled") from None

    def close(self) -> None:
        """The run is over: what is not whole will not be."""
        shutil.rmtree(self._folder / STAGE, ignore_errors=True)

    def _do(self, what: str, name: str, data: bytes, said: Mapping[str, Any]) -> None:
        if what in ("put", "grow") and self.size + len(data) > self._most(what, name):
            raise OSError(f"one run may give back {self._bound / 1e9:,.3g} GB")
        match what:
            case "put":
                self._put(name, data, said["offset"], end=said["end"] is True)
            case "grow":
                self._grow(name, data, said["offset"])
            case "gone":
                self._drop(name)
                self._sizes.pop(name, None)
                with self._place(name) as (folder, leaf), contextlib.suppress(FileNotFoundError):
                    os.unlink(leaf, dir_fd=folder)
            case "drop":
                self._drop(name)
            case _:
                raise ValueError(what)

    def _most(self, what: str, name: str) -> int:
        """Return how much may be here; what is to be replaced does not count."""
        return self._bound + (self._sizes.get(name, 0) if what == "put" else 0)

    def _put(self, name: str, data: bytes, offset: int, *, end: bool) -> None:
        if offset == 0:
            self._drop(name)
            if len(self._staged) >= MOST_STAGED or len(self._sizes) >= MOST_FILES:
                raise OSError("there are too many files")
            (self._folder / STAGE).mkdir(parents=True, exist_ok=True, mode=0o700)
            self._numbers += 1
            self._stages[name], self._staged[name] = f"{STAGE}/{self._numbers}", 0
        if offset != self._staged.get(name):
            raise ValueError(offset)
        first = os.O_CREAT | os.O_EXCL if offset == 0 else 0
        with self._place(self._stages[name]) as (folder, leaf):
            _write(folder, leaf, data, offset, first)
            self._staged[name] += len(data)
            if end:
                with self._place(name) as (target, final):
                    os.replace(leaf, final, src_dir_fd=folder, dst_dir_fd=target)
                self._sizes[name] = self._staged.pop(name)
                del self._stages[name]

    def _grow(self, name: str, data: bytes, offset: int) -> None:
        if offset != self._sizes[name]:
            raise ValueError(offset)
        with self._place(name) as (folder, leaf):
            _write(folder, leaf, data, offset)
        self._sizes[name] += len(data)

    def _drop(self, name: str) -> None:
        if stage := self._stages.pop(name, None):
            del self._staged[name]
            with contextlib.suppress(OSError):
                (self._folder / stage).unlink()

    @contextlib.contextmanager
    def _place(self, name: str) -> Iterator[tuple[int, str]]:
        """Open the folder in which a file is, step by step, and no link; make it if need be."""
        *parents, leaf = name.split("/")
        here = os.open(self._folder, FOLDER)
        try:
            for part in parents:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, dir_fd=here)
                below = os.open(part, FOLDER, dir_fd=here)
                os.close(here)
                here = below
            yield here, leaf
        finally:
            os.close(here)


def _write(folder: int, leaf: str, data: bytes, offset: int, more: int = 0) -> None:
    file = os.open(leaf, FILE | more, 0o644, dir_fd=folder)
    try:
        about = os.fstat(file)
        if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1:
            raise OSError("something else is there")
        rest = memoryview(data)
        while rest:
            written = os.pwrite(file, rest, offset)
            rest, offset = rest[written:], offset + written
    finally:
        os.close(file)
