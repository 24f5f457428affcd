"""A node of a pool on a remote machine, at the far side of an SSH connection.

``python -m sweep.compute.remote_node SILENCE``: takes one JSON object from its input: head, cpus,
gpus, name, pool, environment, token (which is so on no command line and in no file); says ``{"k":
"there", "protocol": n, "pid": n}``, then ``{"k": "up"}``. The end of the input, or so many
seconds without a line, ends it with all that runs here.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import sys
import time
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from sweep.compute.guarded import Guarded
from sweep.compute.node_watch import NAME
from sweep.compute.ray_environment import quiet_environment
from sweep.compute.ray_node import address_towards, node_command
from sweep.compute.remote_host import LAST_WORDS, LOOK_SECONDS, end_by_signal
from sweep.compute.short_folder import short_folder
from sweep.compute.ssh_sources import PROTOCOL

ORPHANED = {"RAY_gcs_rpc_server_reconnect_timeout_s": "20"}
"""After which a node gives up whose head is gone."""


class RemoteNode:
    """One node, from construction to `close`.

    Args:
        asked: what the pool has said.
        silence: seconds without a line after which the pool is gone.
    """

    def __init__(self, asked: dict[str, Any], silence: float) -> None:
        self._silence = silence
        self._folder = short_folder()
        self._sockets = Path(gettempdir()) / f"sweep-{asked['pool']}"
        offer = {
            "num_cpus": asked["cpus"],
            "num_gpus": asked["gpus"],
            "labels": {NAME: asked["name"]},
        }
        command = node_command(
            self._folder, asked["head"], address_towards(asked["head"]), **offer
        )
        environment = {**quiet_environment(), **asked["environment"], **ORPHANED}
        environment["RAY_AUTH_TOKEN"] = asked["token"]
        self._log = self._folder / "node.log"
        self._node = Guarded(command, environment, self._folder, self._log, pipes=True)

    def work(self) -> None:
        """Wait until the node has ended, or has to."""
        heard = time.monotonic()
        while time.monotonic() < heard + self._silence:
            ready, _, _ = select.select([0, self._node.out], [], [], LOOK_SECONDS)
            if 0 in ready:
                heard = time.monotonic()
                if not os.read(0, 1 << 12):
                    return
            if self._node.out in ready:
                if not os.read(self._node.out, 1 << 12):
                    os.write(2, self._log.read_bytes()[-LAST_WORDS:])
                    return
                say(k="up")

    def close(self) -> None:
        """End the node, and take its files away."""
        self._node.close()
        for folder in (self._folder, self._sockets):
            shutil.rmtree(folder, ignore_errors=True)


def say(**facts: Any) -> None:
    """Tell the pool something, if it is still there."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(facts).encode() + b"\n")


def main() -> None:
    """Run one node."""
    end_by_signal()
    say(k="there", protocol=PROTOCOL, pid=os.getpid())
    line = b""
    while not line.endswith(b"\n"):
        data = os.read(0, 1 << 16)
        if not data:
            return
        line += data
    node = RemoteNode(json.loads(line.splitlines()[0]), float(sys.argv[1]))
    try:
        node.work()
    finally:
        node.close()


if __name__ == "__main__":
    main()
