"""How a guard (`sweep.compute.guard`) is started, and told what to do.

It travels to the slots, and uses the standard library only; the engine, which has guards of its
own, is spared all else that a slot needs.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def start_guard(file: Path, folders: Sequence[Path] = ()) -> socket.socket:
    """Start a guard and return our end of its socket; in the end it takes away the folders.

    It gets an empty environment: nothing of the cluster's, above all not its token, is to be
    found in the parent of a run.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        first = subprocess.Popen(
            [sys.executable, "-I", "-S", str(file), str(theirs.fileno()), *map(str, folders)],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={},
        )
        first.wait()  # it has detached itself
    return ours


def send_order(guard: socket.socket, message: Mapping[str, Any], descriptors: list[int]) -> None:
    """Send one order; the guard always listens, so waiting for it is short."""
    data = json.dumps(message).encode() + b"\n"
    guard.setblocking(True)
    try:
        sent = socket.send_fds(guard, [data], descriptors)
        guard.sendall(data[sent:])
    finally:
        guard.setblocking(False)
