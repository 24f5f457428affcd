"""Our own program as it travels to another machine, and how two ends know that they match."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from functools import cache
from pathlib import Path

PACKAGES = ("policies", "samplers", "sweep")
FILES = ("*.py", "*.dist-info/*")
"""What of them is needed: programs, and by what others find them."""
PROTOCOL = 1
"""Of the words that cross a connection: raised when older ones are not understood any more."""
HERE = Path(__file__).parent


@cache
def packed() -> bytes:
    """Return our packages as a compressed tar file; the same bytes for the same sources."""
    root, buffer = HERE.parent.parent, io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        found = {p for name in PACKAGES for kind in FILES for p in (root / name).rglob(kind)}
        for path in sorted(found):
            data = path.read_bytes()
            member = tarfile.TarInfo(str(path.relative_to(root)))
            member.size, member.mode = len(data), 0o644
            tar.addfile(member, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), mtime=0)


def digest(*parts: bytes) -> str:
    """Return a short name for some bytes."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
