"""Where what a script logs goes: to the slot that watches it, or to the terminal."""

from __future__ import annotations

import json
import os
import sys
from _thread import allocate_lock

from sweep.script.errors import RunLogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import Any

LIMIT = 1 << 20
"""Bytes of one message."""
BUFFER = 1 << 20
"""Bytes that may wait between script and slot before the script does."""
PATIENCE = 30.0
"""Seconds a script waits for a full buffer, at most; what it had to say is lost then."""


class SocketChannel:
    """Messages to the slot over a Unix socket: JSON objects, one a line.

    It connects when there is something to say, and anew in a forked child. Logging is never a
    reason for training to fail: a slot that does not listen costs a warning.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._pid = 0
        self._socket: socket.socket | None = None
        self._lock = allocate_lock()
        self._warned = False

    def send(self, message: dict[str, Any]) -> None:
        """Send one message.

        Raises:
            RunLogError: it is too large.
        """
        data = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        if len(data) > LIMIT:
            raise RunLogError(
                f"{message.get('n', 'this')!r} takes {len(data):,} bytes; at most {LIMIT:,} can"
                " be logged at once: write it to a file in outputs"
            )
        with self._lock:
            try:
                self._connected().sendall(data)
            except OSError as error:
                self._socket = None
                if not self._warned:
                    self._warned = True
                    print(f"sweep: what was logged may be lost: {error}", file=sys.stderr)

    def stopped(self) -> bool:
        """Tell whether the run was told to stop: a script hears that by a signal."""
        return False

    def _connected(self) -> socket.socket:
        if self._socket is None or self._pid != os.getpid():
            import socket  # noqa: PLC0415 - not needed by a script that runs by itself

            connection = socket.socket(socket.AF_UNIX)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
            connection.settimeout(PATIENCE)
            connection.connect(self._path)
            self._socket, self._pid = connection, os.getpid()
        return self._socket


class Terminal:
    """Messages of a script that runs by itself: printed as the service's offline run does."""

    NAMES = {"s": "scalar", "l": "list", "r": "row", "t": "table", "i": "image"}  # noqa: RUF012

    def send(self, message: dict[str, Any]) -> None:
        """Print one message."""
        kind = message["k"]
        if kind in self.NAMES or kind == "j":
            what = self.NAMES.get(kind) or message["d"]
            print(f"Attempted to log {what} metric {message['n']}:\n{message.get('v')}")
        else:
            print(f"Attempted to keep {kind} {message.get('n') or message.get('v')}")

    def stopped(self) -> bool:
        """Nobody stops it but its user."""
        return False
