"""A node of a pool, inside a job of Slurm.

``python -m sweep.compute.slurm_node FOLDER``: takes what it needs from FOLDER/node.json and the
token from its own file. On USR1, which Slurm sends some time before the job's is over, it says so
in FOLDER/leaving; what runs may go on for most of that time. On TERM, too, but it ends at once.
Either way every process of it is gone when it ends, and its files.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sweep.compute.guarded import Guarded
from sweep.compute.node_watch import NAME
from sweep.compute.ray_environment import ON_LOOPBACK, quiet_environment
from sweep.compute.ray_node import address_towards, node_command
from sweep.compute.slurm import WARNING, kept_node

LAST_SECONDS = 15
"""Before the end, in which a node must have ended by itself."""
MOST_SECONDS = 2 * WARNING
"""That a node may go on after the warning: Slurm gives it up to a minute early."""
FAREWELL_SECONDS = 1.0
"""After a TERM, so that its pool knows that it is taken away before it is missed."""
ORPHANED = {"RAY_gcs_rpc_server_reconnect_timeout_s": "20"}
"""After which a node gives up whose head is gone."""


class SlurmNode:
    """One node.

    Args:
        folder: its own, shared with the keeper.
    """

    def __init__(self, folder: Path) -> None:
        kept = kept_node(folder)
        self._leaving = folder / "leaving"
        self._leaving.unlink(missing_ok=True)  # of an earlier time that this job has run
        self._until: float | None = None
        signal.signal(signal.SIGUSR1, self.warn)
        signal.signal(signal.SIGTERM, self.end)
        self._sockets = _shared(Path(tempfile.gettempdir()) / f"sweep-{kept['pool']}")
        self._temp = Path(tempfile.mkdtemp(prefix=f"sweep-{kept['pool']}-"))
        ip = address_towards(kept["head"])
        offer = {
            "num_cpus": kept["cpus"],
            "num_gpus": kept["gpus"],
            "labels": {NAME: kept["name"]},
        }
        command = node_command(self._temp, kept["head"], ip, **offer)
        environment = {**quiet_environment(), **kept["environment"], **ORPHANED}
        if ip.startswith("127."):
            environment |= ON_LOOPBACK
        environment["RAY_AUTH_TOKEN_PATH"] = kept["token"]
        self._node = Guarded(command, environment, folder, folder / "node.log", pipes=True)

    def warn(self, *_: Any) -> None:
        """Take note that the time is nearly over, and say so."""
        now = time.time()
        said = os.environ.get("SLURM_JOB_END_TIME", "")
        end = min(float(said), now + MOST_SECONDS) if said.isdigit() else now + WARNING
        self._leave(end - LAST_SECONDS)

    def end(self, *_: Any) -> None:
        """Let `work` end soon."""
        self._leave(time.time() + FAREWELL_SECONDS)

    def _leave(self, until: float) -> None:
        self._until = until if self._until is None else min(until, self._until)
        draft = self._leaving.with_suffix(".new")
        draft.write_text(str(self._until))
        draft.replace(self._leaving)

    def work(self) -> None:
        """Wait until the node has ended, or has to."""
        while self._until is None or time.time() < self._until:
            ready = select.select([self._node.out], [], [], 0.2)[0]
            if ready and not os.read(self._node.out, 1 << 12):
                return

    def close(self) -> None:
        """End the node; take its files away, and the sockets if no other node is here."""
        self._node.close()
        shutil.rmtree(self._temp, ignore_errors=True)
        folder, descriptor = self._sockets
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _shared(folder: Path) -> tuple[Path, int]:
    """Make a folder that several nodes of one machine use, and hold it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return folder, descriptor


def main() -> None:
    """Run the node; its keeper sees in the queue that it has ended."""
    node = SlurmNode(Path(sys.argv[1]))
    try:
        node.work()
    finally:
        node.close()


if __name__ == "__main__":
    main()
