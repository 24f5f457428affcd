"""From a path to the text in the file, with a plain sentence for all that can be in the way."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

from sweep.formats.findings import Findings

MOST_BYTES = 1024 * 1024
"""Largest file that is read: a configuration of a thousand lines has 50 kB."""

LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What ends a line, for PyYAML's parsers and so for us."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Spot(NamedTuple):
    """A place in a text, both counted from 1."""

    line: int
    column: int


def read_text(path: str | Path, findings: Findings) -> str:
    """Return the text of a regular UTF-8 file.

    Raises:
        ConfigError: it cannot be read, or is no text; with all `findings` so far.
    """
    data = _read_bytes(path, findings).removeprefix(_BYTE_ORDER_MARK)
    if b"\0" in data:
        raise findings.fatal(f"is no text in UTF-8 (there is a NUL at byte {data.index(0)})")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        message = f"is no text in UTF-8 (byte 0x{data[error.start]:02x}); save it as UTF-8"
        raise findings.fatal(message, at=spot(before, len(before))) from None


def is_file(path: str | Path) -> bool:
    """Tell whether there is a file; a path that is too long or has a NUL in it is none."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises for such paths


def is_folder(path: str | Path) -> bool:
    """Tell whether there is a folder; see `is_file`."""
    return os.path.isdir(path)  # noqa: PTH112 - as above


def spot(text: str, offset: int) -> Spot:
    """Return line and column of the character at `offset`."""
    breaks = [found.end() for found in LINE_BREAK.finditer(text, 0, offset)]
    return Spot(len(breaks) + 1, offset - (breaks[-1] if breaks else 0) + 1)


def _read_bytes(path: str | Path, findings: Findings) -> bytes:
    try:
        # Opening a pipe that nobody writes to would block.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
            data = _first(descriptor, MOST_BYTES + 1) if kind == stat.S_IFREG else b""
        finally:
            os.close(descriptor)
    except OSError as error:
        raise findings.fatal(f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    except ValueError as error:  # a path with a NUL
        raise findings.fatal(f"cannot be read: {error}") from None
    if kind == stat.S_IFDIR:
        raise findings.fatal("is a folder, not a file")
    if kind != stat.S_IFREG:
        raise findings.fatal("is a pipe or a device, not a file")
    if len(data) > MOST_BYTES:
        raise findings.fatal(
            f"is larger than {MOST_BYTES // 1024} KiB, too large for a configuration"
        )
    return data


def _first(descriptor: int, count: int) -> bytes:
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        return file.read(count)
