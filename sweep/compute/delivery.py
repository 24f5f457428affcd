"""What a run writes on a node that the engine does not see, given back while it is written.

Standard library only: it travels with the slot.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import stat
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweep.compute.line import Line
from sweep.compute.out_of_sight import FOLDERS, MOST_FILES

LOOK_SECONDS = 1.0
SHARE = 0.05
"""At most this part of one processor's time goes into looking."""
EDGE = 4096
"""Bytes at each end of what has been sent that tell whether a file has grown or is another."""
RESTLESS = 3
"""Times that a file may have changed while it was sent before it is given back as it is."""

Stamp = tuple[int, int, int]


@dataclass(slots=True)
class Sent:
    """What the engine has of one file."""

    stamp: Stamp = (-1, -1, -1)
    size: int = 0
    edges: bytes = b""
    content: Any = field(default_factory=hashlib.sha256)
    pieces: int = 0  # times that it has been sent, or added to
    restless: int = 0


class Delivery:
    """Looks each second for what is new, and sends it; at the end, everything that is left.

    A file that has grown is sent from where it was; one that was written anew, whole, and the
    engine keeps the old one until all of the new one is there.

    Args:
        run: its key.
        folder: of the run, on this node.
        bound: bytes that the engine takes.
        folders: in that of the run; empty for all of it.
        line: to the engine.
        notice: tells the user something.
    """

    def __init__(
        self,
        run: str,
        folder: Path,
        bound: int,
        line: Line,
        notice: Callable[[str], None],
        folders: Sequence[str] = FOLDERS,
    ) -> None:
        self._folders = tuple(folders) or ("",)
        self._run = run
        self._folder = folder
        self._bound = bound
        self._line = line
        self._notice = notice
        self._sent: dict[str, Sent] = {}
        self._missing: dict[str, int] = {}
        self._why = ""
        self._ending = asyncio.Event()
        self._looked = 0.0
        self._task = asyncio.create_task(self._work())

    async def finish(self) -> int:
        """The run is gone: send what is left; return the bytes that could not be."""
        self._ending.set()
        await self._task
        missing = sum(self._missing.values())
        if self._missing:
            files = f"{len(self._missing):,} file{'s' * (len(self._missing) > 1)}"
            self._notice(f"{files} ({missing:,} bytes) did not come back: {self._why}")
        return missing

    async def _work(self) -> None:
        wait = LOOK_SECONDS
        while True:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._ending.wait(), wait)
            if self._ending.is_set():
                await self._round(last=True)
                return
            began = time.monotonic()
            await self._round(last=False)
            wait = max(LOOK_SECONDS, (self._looked - began) / SHARE)

    async def _round(self, *, last: bool) -> None:
        found = await asyncio.to_thread(lambda: dict(self._files(self._folders)))
        self._looked = time.monotonic()
        for name in [*(self._sent.keys() - found.keys())]:
            del self._sent[name]
            await self._tell(name, "gone")
        for name in [*(self._missing.keys() - found.keys())]:
            del self._missing[name]
        for name in sorted(found, key=lambda name: found[name][1]):  # small ones do not wait
            await self._bring(name, found[name], last=last)

    def _files(self, folders: tuple[str, ...]) -> Iterator[tuple[str, Stamp]]:
        """Yield the files; a link counts as the file that it leads to, if that is the run's."""
        count, todo = 0, [*folders]
        inside = os.path.realpath(self._folder) + "/"
        while todo:
            at = todo.pop()
            with contextlib.suppress(OSError), os.scandir(self._folder / at) as entries:
                for entry in entries:
                    name = f"{at}/{entry.name}" if at else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(name)
                        continue
                    with contextlib.suppress(OSError):
                        about = entry.stat()
                        own = not entry.is_symlink() or os.path.realpath(entry).startswith(inside)
                        if own and stat.S_ISREG(about.st_mode) and count < MOST_FILES:
                            count += 1
                            yield name, _stamp(about)

    # ---- one file ---------------------------------------------------------------------

    async def _bring(self, name: str, stamp: Stamp, *, last: bool) -> None:
        sent = self._sent.get(name)
        if sent is not None and sent.stamp == stamp and (not last or sent.pieces < 2):
            return
        try:
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
            file = os.open(self._folder / name, flags)
        except OSError:
            return  # gone meanwhile, or not readable
        try:
            await self._send(name, file, sent, last=last)
            self._missing.pop(name, None)
        except OSError as error:
            self._why = self._why or str(error)
            sent = self._sent.setdefault(name, Sent())
            sent.stamp = stamp  # it is tried again when it has changed
            self._missing[name] = max(0, stamp[1] - sent.size)
        finally:
            os.close(file)

    async def _send(self, name: str, file: int, sent: Sent | None, *, last: bool) -> None:
        stamp = _stamp(os.fstat(file))
        size = stamp[1]
        others = sum(s.size for s in self._sent.values()) - (sent.size if sent else 0)
        if others + size > self._bound:
            raise OSError(f"one run may give back {self._bound / 1e9:,.3g} GB")
        if sent is not None and await asyncio.to_thread(_is_continued, file, sent, stamp, last):
            await self._grow(name, file, sent, size)
        else:  # it is new, or another
            restless = 0 if sent is None else sent.restless
            fresh = Sent(restless=restless)
            if not await self._put(name, file, fresh, stamp, last=last):
                self._sent[name] = sent or fresh
                self._sent[name].restless = restless + 1
                return
            sent = self._sent[name] = fresh
        sent.stamp = stamp
        sent.edges = await asyncio.to_thread(_edges, file, sent.size)

    async def _grow(self, name: str, file: int, sent: Sent, size: int) -> None:
        while sent.size < size:
            data = os.pread(file, min(self._line.pace.size, size - sent.size), sent.size)
            if not data:
                return
            await self._tell(name, "grow", data, offset=sent.size)
            sent.content.update(data)
            sent.size += len(data)
            sent.pieces += 1

    async def _put(self, name: str, file: int, fresh: Sent, stamp: Stamp, *, last: bool) -> bool:
        """Send a file whole; False when it changed meanwhile, and was not yet taken over."""
        size = stamp[1]
        while True:
            data = os.pread(file, min(self._line.pace.size, size - fresh.size), fresh.size)
            end = not data or fresh.size + len(data) >= size
            if end and not last and fresh.restless < RESTLESS and _stamp(os.fstat(file)) != stamp:
                await self._tell(name, "drop")
                return False
            await self._tell(name, "put", data, offset=fresh.size, end=end)
            fresh.content.update(data)
            fresh.size += len(data)
            if end:
                fresh.pieces = 1 if _stamp(os.fstat(file)) == stamp else 2
                return True
            if not name.startswith(FOLDERS[:2]):
                await self._logs()

    async def _logs(self) -> None:
        """While a large file is sent, what is logged does not wait for it."""
        if time.monotonic() > self._looked + LOOK_SECONDS:
            found = dict(self._files(FOLDERS[:2]))
            self._looked = time.monotonic()
            for name, stamp in found.items():
                await self._bring(name, stamp, last=False)

    async def _tell(self, name: str, what: str, data: bytes = b"", **facts: Any) -> None:
        more = {**facts, "data": b64encode(data).decode()} if what in ("grow", "put") else facts
        await self._line.ask("file", run=self._run, name=name, what=what, **more)


def _stamp(about: os.stat_result) -> Stamp:
    return about.st_ino, about.st_size, about.st_mtime_ns


def _edges(file: int, size: int) -> bytes:
    """Return a hash of the beginning and the end of the first bytes of a file."""
    first, end = os.pread(file, min(EDGE, size), 0), max(0, size - EDGE)
    return hashlib.sha256(first + os.pread(file, size - end, end)).digest()


def _is_continued(file: int, sent: Sent, stamp: Stamp, exactly: bool) -> bool:
    """Tell whether what was sent of a file is still its beginning."""
    if not sent.pieces or stamp[0] != sent.stamp[0] or stamp[1] < sent.size:
        return False
    if not exactly:
        return stamp[1] > sent.size and _edges(file, sent.size) == sent.edges
    whole, offset = hashlib.sha256(), 0
    while offset < sent.size and (
        data := os.pread(file, min(1 << 20, sent.size - offset), offset)
    ):
        whole.update(data)
        offset += len(data)
    return bool(whole.digest() == sent.content.digest())
