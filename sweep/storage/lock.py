"""One writer per sweep: a lock that dies with the process that holds it."""

from __future__ import annotations

from pathlib import Path

from sweep.errors import WorkspaceError
from sweep.lease import Lease, holder
from sweep.storage.closing import Closing
from sweep.storage.trouble import explain_os


class Lock(Closing):
    """An exclusive lock on a sweep, held from construction to `close`.

    Raises:
        WorkspaceError: another live process holds it; the message names it.
        DiskFull: there is no room to write down who holds it.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._lease = Lease(path)
        except BlockingIOError:
            pid = holder(path)
            who = f"process {pid}" if pid else "another process"
            raise WorkspaceError(f"{path.parent.name}: {who} is working on this sweep") from None
        except OSError as error:
            raise explain_os(path, error) from None

    def close(self) -> None:
        """Let others work on the sweep."""
        self._lease.close()
