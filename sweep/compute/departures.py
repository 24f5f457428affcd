"""Trees of files that nodes may fetch from this machine: snapshots, earlier outputs."""

from __future__ import annotations

import bisect
import hashlib
import itertools
import json
import os
import stat
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sweep.compute.unpacking import Entry, identity, stays_inside

MOST = 1 << 20
"""Bytes of one answer."""
BLOCK = 1 << 20


class Listing:
    """The files of a tree, in a fixed order, and their bytes as one stream.

    Args:
        tree: a folder; its snapshot's id is the same as that of the listing.

    Raises:
        OSError: it cannot be read.
    """

    def __init__(self, tree: Path) -> None:
        self._tree = tree
        self._entries = [_entry(tree, name) for name in _walk(tree)]
        files = [e for e in self._entries if e[1] != "l" and e[3]]
        self._names = [e[0] for e in files]
        self._starts = [0, *itertools.accumulate(e[3] for e in files)]
        self._text = json.dumps(self._entries).encode()
        self.id = identity(self._entries)

    def about(self) -> dict[str, Any]:
        """Return its name, and how long its list and its stream are."""
        return {"id": self.id, "list": len(self._text), "data": self._starts[-1]}

    def read(self, part: str, offset: int, size: int) -> bytes:
        """Return up to `size` bytes of the list or the data, from `offset` on.

        Raises:
            OSError: a file cannot be read any more, or has become shorter.
        """
        if part == "list":
            return self._text[offset : offset + size]
        pieces = []
        at = bisect.bisect_right(self._starts, offset) - 1
        while size > 0 and at < len(self._names):
            inside = offset - self._starts[at]
            wanted = min(size, self._starts[at + 1] - offset)
            with (self._tree / self._names[at]).open("rb") as file:
                piece = os.pread(file.fileno(), wanted, inside)
            if len(piece) != wanted:
                raise OSError(f"{self._names[at]} has changed")
            pieces.append(piece)
            offset, size, at = offset + wanted, size - wanted, at + 1
        return b"".join(pieces)


class Departures:
    """Answers questions for trees; hashing a large one goes on beside everything else."""

    def __init__(self) -> None:
        self._allowed: set[str] = set()
        self._listings: dict[str, Listing | OSError | None] = {}
        self._waiting: list[Mapping[str, Any]] = []

    def allow(self, tree: str) -> None:
        """Let nodes fetch a tree."""
        self._allowed.add(tree)

    def answer(self, said: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the answer to a question; None if it comes later, from `late`."""
        path = said["path"]
        if path not in self._allowed:
            return {"error": f"{path!r:.200} is not for nodes"}
        if path not in self._listings:
            self._listings[path] = None
            threading.Thread(target=self._list, args=(path,), daemon=True).start()
        listing = self._listings[path]
        if listing is None:
            self._waiting.append(said)
            return None
        if isinstance(listing, OSError):
            return {"error": f"{listing.filename}: {listing.strerror}"}
        try:
            offset, size = max(0, int(said["offset"])), min(MOST, int(said["size"]))
            if not size:
                return listing.about()
            data = listing.read(said["part"], offset, size)
        except OSError as error:
            return {"error": str(error)}
        return {"data": b64encode(data).decode()}

    def late(self) -> Iterator[tuple[Mapping[str, Any], dict[str, Any]]]:
        """Yield questions that can be answered now, and their answers."""
        waiting, self._waiting = self._waiting, []
        for said in waiting:
            answer = self.answer(said)
            if answer is not None:
                yield said, answer

    def _list(self, path: str) -> None:
        try:
            self._listings[path] = Listing(Path(path))
        except OSError as error:
            self._listings[path] = error


def _walk(tree: Path) -> Iterator[str]:
    """Yield files and links that stay inside, in the order that a snapshot has."""
    for folder, folders, files in os.walk(tree, onerror=_raise):
        here = Path(folder)
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = sorted(set(folders) - set(links))
        for name in sorted(files + links):
            path = here / name
            relative = path.relative_to(tree).as_posix()
            if path.is_symlink():
                if stays_inside(relative, str(path.readlink())):
                    yield relative
            elif path.is_file():
                yield relative


def _raise(error: OSError) -> None:
    raise error


def _entry(tree: Path, name: str) -> Entry:
    path = tree / name
    if path.is_symlink():
        return name, "l", str(path.readlink()), 0
    hasher, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        kind = "x" if os.fstat(file.fileno()).st_mode & stat.S_IXUSR else "f"
        while block := file.read(BLOCK):
            hasher.update(block)
            size += len(block)
    return name, kind, hasher.hexdigest(), size
