"""SQLite's write-ahead log, looked at before SQLite does.

SQLite takes a log for over at the first frame that is not whole, and writes on from there. After a
crash that is right: what comes behind was never promised. When the log itself was damaged, whole
transactions stand behind the break, and the next write would destroy them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEADER, FRAME_HEADER = 32, 24
MAGIC = 0x377F0682
"""The last bit tells the order of bytes in which sums are taken."""
SMALLEST_PAGE, LARGEST_PAGE = 512, 65536
PROMISED = 2
"""Commits that must stand behind a break: the first may have been under way, and was not
promised; the second was begun after the first had been."""

Sums = tuple[int, int]


@dataclass(frozen=True, slots=True)
class LogState:
    """What a log holds.

    Attributes:
        transactions: whole ones that SQLite will find.
        lost: whole ones that stand behind a break, where SQLite will not look.
    """

    transactions: int = 0
    lost: int = 0


def log_of(database: Path) -> Path:
    """Return where the log of a database is, if it has one."""
    return database.with_name(f"{database.name}-wal")


def state_of_log(path: Path) -> LogState:
    """Return what the log of a database holds; nothing where there is none.

    See https://www.sqlite.org/fileformat2.html#walformat for the format.

    Args:
        path: the log. Nobody may be writing it.

    Raises:
        OSError: it cannot be read.
    """
    if not path.exists() or path.stat().st_size <= HEADER:
        return LogState()
    found = lost = 0
    chained = True
    for whole, commits in _frames(path.read_bytes()):
        chained = chained and whole
        if commits:
            found, lost = found + chained, lost + (not chained)
    return LogState(found, lost if lost >= PROMISED else 0)


def _frames(data: bytes) -> Iterator[tuple[bool, bool]]:
    """Yield of each frame whether all is well up to it, and whether it ends a transaction.

    The sums of a frame go on from those of the frame before, so a frame behind a broken one can
    still be told from rubbish.
    """
    magic, _, page, _, salt1, salt2, *stated = struct.unpack_from(">8I", data)
    if not SMALLEST_PAGE <= page <= LARGEST_PAGE:
        page = 4096  # the header is broken; ours have pages of this size
    order = ">" if magic == MAGIC | 1 else "<"
    sums: Sums = (stated[0], stated[1])
    whole = magic | 1 == MAGIC | 1 and _add(order, data[:24], (0, 0)) == sums
    salts = (salt1, salt2) if whole else struct.unpack_from(">2I", data, HEADER + 8)
    for at in range(HEADER, len(data) - FRAME_HEADER - page + 1, FRAME_HEADER + page):
        number, size, *rest = struct.unpack_from(">6I", data, at)
        if tuple(rest[:2]) != salts:  # left over from an earlier round, or broken
            whole, sums = False, (rest[2], rest[3])
            continue
        start = at + FRAME_HEADER
        computed = _add(order, data[start : start + page], _add(order, data[at : at + 8], sums))
        sums = (rest[2], rest[3])
        sound = computed == sums and number > 0
        whole = whole and sound
        yield whole, sound and size > 0


def _add(order: str, block: bytes, sums: Sums) -> Sums:
    first, second = sums
    words = struct.unpack(f"{order}{len(block) // 4}I", block)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second
