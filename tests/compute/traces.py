"""What a target has on this machine while it is up: processes, sockets, files."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Collection
from pathlib import Path

LOOPBACK = {
    "0100007F",
    "00000000000000000000000001000000",
    "0000000000000000FFFF00000100007F",
}
"""Addresses as the kernel's tables have them."""


def words(pid: int) -> list[str]:
    """Return the words of a process; none of one that is gone or dead."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def processes() -> list[int]:
    return [int(p.name) for p in Path("/proc").iterdir() if p.name.isdecimal()]


def alive(pid: int) -> bool:
    """Whether a process lives; one that is dead and not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


def has(pid: int, word: str) -> bool:
    """Whether a process was started with a word in its environment."""
    try:
        return word.encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


def ours(*folders: Path) -> set[int]:
    """Return the living processes that know of some folders: by words, environment, or place."""
    names = [str(folder) for folder in folders]
    found = set()
    for pid in processes():
        with contextlib.suppress(OSError):
            known = "\0".join([*words(pid), str(Path(f"/proc/{pid}/cwd").readlink())])
            inside = any(name in known or has(pid, name) for name in names)
            if pid != os.getpid() and inside and alive(pid):
                found.add(pid)
    return found


def sockets(pids: Collection[int]) -> set[str]:
    """Return the sockets of some processes, as the kernel numbers them."""
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for fd in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    name = str(fd.readlink())
                    if name.startswith("socket:"):
                        found.add(name[8:-1])
    return found


def listening() -> dict[str, str]:
    """Return the sockets on which somebody listens, and the addresses they are bound to."""
    return {
        columns[9]: columns[1].split(":")[0]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for columns in (line.split() for line in Path(table).read_text().splitlines()[1:])
        if columns[3] == "0A"
    }


def named(pids: Collection[int]) -> set[Path]:
    """Return the folders in the machine's place for temporary files that processes were given."""
    said = (word for pid in pids for word in words(pid))
    return {
        Path(found) for word in said for found in re.findall(r"/tmp/(?:sweep|ray)[\w-]+", word)
    }


def files(*folders: Path) -> set[Path]:
    """Return what lies in some folders, and where temporary files are made."""
    return {p for f in (Path(tempfile.gettempdir()), *folders) for p in f.iterdir()}
