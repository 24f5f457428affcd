"""A tree of files that arrives as a list and a stream of bytes; nothing of it leaves its folder.

The list has one entry for each file or link: name, kind (`f`, `x` for a program, `l` for a link),
SHA-256 of the content or target of the link, and size. The stream is the contents, one after the
other. Standard library only: it travels with the slot.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from collections import deque
from pathlib import Path
from typing import BinaryIO

Entry = tuple[str, str, str, int]


def identity(entries: list[Entry]) -> str:
    """Return the name of a tree: the hash of its names, kinds and contents; a snapshot's id."""
    return hashlib.sha256(json.dumps([entry[:3] for entry in entries]).encode()).hexdigest()


def checked(text: bytes, name: str) -> list[Entry]:
    """Return the entries of a list, none of which leaves the folder.

    Args:
        text: a JSON list.
        name: of the tree.

    Raises:
        OSError: it is the list of another tree, or an entry is refused; the message says which.
    """
    entries = [(str(n), str(k), str(w), int(s)) for n, k, w, s in json.loads(text)]
    if identity(entries) != name:
        raise OSError("the list of its files has not arrived as it was sent")
    names = {entry[0]: entry[1] for entry in entries}
    if len(names) != len(entries):
        raise OSError("a name is in it twice")
    for path, kind, what, _ in entries:
        if not is_inside(path):
            raise OSError(f"the name {path!r} is refused")
        if any(p in names for p in _parents(path)):
            raise OSError(f"the name {path!r} is refused: it is below a file or a link")
        if kind not in ("f", "x", "l"):
            raise OSError(f"{path!r} is of no kind that is known here")
        if kind == "l" and not stays_inside(path, what):
            raise OSError(f"the link {path!r} is refused: it leads to {what!r}")
    return entries


def is_inside(name: str) -> bool:
    """Tell whether a name is that of something below a folder, whatever is there."""
    parts = name.split("/")
    return "\0" not in name and not {"", ".", ".."} & set(parts)


def _parents(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]


def stays_inside(name: str, target: str) -> bool:
    """Tell whether a link stays inside: it first goes up, at most to the top, and then down.

    After a step down `..` would not lead back where that was a link.
    """
    if not target or "\0" in target or target != posixpath.normpath(target):
        return False
    whole = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    return not target.startswith("/") and whole.split("/")[0] != ".."


class Unpacking:
    """Writes the files of a list from their stream, and checks each.

    Args:
        folder: is made; must not be there.
        entries: as `checked` returns them.
    """

    def __init__(self, folder: Path, entries: list[Entry]) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._links = [entry for entry in entries if entry[1] == "l"]
        self._coming = deque(entry for entry in entries if entry[1] != "l")
        self._file: BinaryIO | None = None
        self._left = 0
        self._hash = hashlib.sha256()
        self._advance()

    def write(self, data: bytes) -> None:
        """Take the next bytes.

        Raises:
            OSError: a file is not what its entry says, or cannot be written.
        """
        rest = memoryview(data)
        while rest:
            if self._file is None:
                raise OSError("there is more of it than its list says")
            piece, rest = rest[: self._left], rest[self._left :]
            self._file.write(piece)
            self._hash.update(piece)
            self._left -= len(piece)
            if not self._left:
                self._end()
                self._advance()

    def finish(self) -> None:
        """Make the links; everything must have come.

        Raises:
            OSError: it has not.
        """
        if self._coming or self._file is not None:
            raise OSError("it has not come whole")
        for name, _, target, _ in self._links:
            place = self._folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(target)

    def close(self) -> None:
        """Give up."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _advance(self) -> None:
        """Begin the next file that has a content; make those before it that have none."""
        while self._coming:
            name, kind, _, self._left = self._coming[0]
            place = self._folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            self._hash = hashlib.sha256()
            mode = 0o755 if kind == "x" else 0o644
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            self._file = os.fdopen(os.open(place, flags, mode), "wb")
            if self._left > 0:
                return
            self._end()

    def _end(self) -> None:
        assert self._file is not None
        self._file.close()
        self._file = None
        name, _, digest, _ = self._coming.popleft()
        if self._hash.hexdigest() != digest:
            raise OSError(f"{name} has not arrived as it was sent")
