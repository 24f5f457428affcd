"""The folder of a pool: what its keeper and its sweeps tell each other.

```
pool.json       what the pool may be; written by whoever sets it up, read again when it changes
id              eight characters that no other pool has
keeper.lock     held by the keeper; keeper.log is what it and Ray print
state.json      what there is: written by the keeper
token           of its Ray; only its owner can read it
demand/ID       held by a sweep as long as it lives; ID.json is what it can use
nodes/NAME/     of one node
```
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Any

from sweep.compute.pool_plan import Demand
from sweep.lease import holder


class PoolFolder:
    """The files of a pool.

    Args:
        path: its folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = path / "keeper.lock"
        self.log = path / "keeper.log"
        self.demands_path = path / "demand"

    def make(self) -> None:
        """Make the folder, for its owner only."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.demands_path.mkdir(mode=0o700, exist_ok=True)
        if not (self.path / "id").exists():
            self.write("id", secrets.token_hex(4))

    @property
    def id(self) -> str:
        """What no other pool is called."""
        return str(self.read("id"))

    @property
    def sockets(self) -> Path:
        """Where the slots of the pool's sweeps have their sockets, on every node."""
        return Path(tempfile.gettempdir()) / f"sweep-{self.id}"

    def read(self, name: str) -> Any:
        """Return what a file holds; None if it is not there, or not whole."""
        try:
            return json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def write(self, name: str, value: Any) -> None:
        """Put a JSON value into a file: see `write_text`."""
        self.write_text(name, json.dumps(value))

    def write_text(self, name: str, text: str) -> None:
        """Put a file in the place of another, readable for its owner only."""
        draft = self.path / f"{name}.{secrets.token_hex(4)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(draft, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(self.path / name)

    def token(self) -> str:
        """Return the token of its Ray, while there is one."""
        return (self.path / "token").read_text(encoding="utf-8")

    def remove(self, name: str) -> None:
        """Take a file away, if it is there."""
        (self.path / name).unlink(missing_ok=True)

    def demands(self) -> list[Demand]:
        """Return what the sweeps that live can use; forget those that do not."""
        found = []
        for path in sorted(self.demands_path.glob("*.json")):
            if holder(path.with_suffix("")) is None:
                self.forget(path.stem)
                continue
            with contextlib.suppress(ValueError, TypeError, KeyError):
                kept = self.read(f"demand/{path.name}")
                found.append(Demand.from_kept(path.stem, kept))
        return found

    def forget(self, demand: str) -> None:
        """Take away what a sweep has left."""
        shutil.rmtree(self.sockets / demand, ignore_errors=True)
        self.remove(f"demand/{demand}.json")
        self.remove(f"demand/{demand}")

    def sweep_out(self) -> None:
        """Take away what a keeper that was killed has left."""
        self.remove("state.json")
        for link in Path(tempfile.gettempdir()).glob("sweep-*"):
            with contextlib.suppress(OSError):
                if link.is_symlink() and link.readlink().is_relative_to(self.path.resolve()):
                    link.unlink()
        for name in ("head", "nodes", "watch"):
            shutil.rmtree(self.path / name, ignore_errors=True)
