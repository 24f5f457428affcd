"""What a Ray target needs to know of a cluster: how its host is reached, and when it grows."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sweep.compute import standby
from sweep.compute.ray_files import RayFiles
from sweep.compute.ray_folder import RayFolder
from sweep.compute.resources import Resources


class Host(Protocol):
    """Our end of a running `sweep.compute.host`, wherever that is."""

    def tell(self, **order: Any) -> None:
        """Give an order; if the host is gone, the next `hear` says so."""
        ...

    def hear(self, timeout: float) -> list[dict[str, Any]]:
        """Return what it says; wait up to `timeout` seconds for anything.

        Raises:
            TargetError: it is gone.
        """
        ...

    def last_words(self) -> str:
        """Return the last it has printed, as the end of a sentence."""
        ...

    def members(self) -> list[int]:
        """Return its processes that live on this machine."""
        ...

    def close(self) -> None:
        """End it; return when its last process is gone."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """A host that runs, and what it is to be told first.

    Attributes:
        host: our end of it.
        address: the cluster that it joins; None to start a Ray of its own where it runs.
        temp: a short folder there for the files of that Ray.
        sockets: a short folder for sockets, on every node; made if need be.
    """

    host: Host
    address: str | None
    temp: str
    sockets: str

    def close(self) -> None:
        """End the host, and take away the sockets of slots on this machine."""
        self.host.close()
        shutil.rmtree(self.sockets, ignore_errors=True)


class Cluster(Protocol):
    """A place with nodes on which slots can be."""

    @property
    def patience(self) -> float:
        """Seconds that it may be without a single slot, after there was one."""
        ...

    def check(self) -> None:
        """Refuse what cannot work, before anything is started.

        Raises:
            UserError: it does not let us in, or it is set up wrongly.
            TargetError: it does not answer.
        """
        ...

    def open(self, wanted: int, resources: Resources, folder: Path) -> Opened:
        """Bring up what a host needs, and the host.

        Args:
            wanted: how many slots a sweep can use.
            resources: what one slot takes.
            folder: of this sweep's target, on this machine.

        Raises:
            TargetError: it cannot be brought up.
        """
        ...

    def look(self) -> Sequence[str]:
        """Look after it; return what the user should know. Called every quarter of a second."""
        ...

    def close(self) -> None:
        """Let go of it; the host is closed before."""
        ...


class LocalRay:
    """A Ray of our own on this machine, which ends with the sweep."""

    patience = 30.0

    def __init__(self) -> None:
        self._folder: RayFolder | None = None
        self._files: RayFiles | None = None

    def check(self) -> None:
        """There is nothing that could be wrong."""

    def open(self, wanted: int, resources: Resources, folder: Path) -> Opened:  # noqa: ARG002
        """Start a host; it starts Ray."""
        self._folder, self._files = RayFolder(folder), RayFiles(folder)
        host = standby.host_in(folder)
        temp = str(self._folder.short)
        return Opened(host, None, temp, f"{temp}/s")

    def look(self) -> Sequence[str]:
        """Bound the files of Ray."""
        text = self._files.look(time.monotonic()) if self._files else ""
        return [text] if text else []

    def close(self) -> None:
        """Take away what Ray has left."""
        if self._folder is not None:
            self._folder.clear()
