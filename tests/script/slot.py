"""The far end of what a script says: a socket that listens, as a slot's does."""

from __future__ import annotations

import contextlib
import json
import socket
from pathlib import Path
from typing import Any


class Slot:
    """Listens at a path; what is said waits in the sockets until somebody asks."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.connections: list[socket.socket] = []
        self._heard: dict[socket.socket, bytes] = {}
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(self.path)
        self._server.listen(16)
        self._server.setblocking(False)

    def lines(self) -> list[bytes]:
        """Every line so far, connection by connection; the last one may lack its end."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.connections.append(self._server.accept()[0])
        for connection in self.connections:
            connection.setblocking(False)
            with contextlib.suppress(BlockingIOError, ConnectionError):
                while data := connection.recv(1 << 20):
                    self._heard[connection] = self._heard.get(connection, b"") + data
        return [line for text in self._heard.values() for line in text.splitlines(keepends=True)]

    def said(self) -> list[dict[str, Any]]:
        """Every message so far, without its time."""
        messages = [json.loads(line) for line in self.lines()]
        return [{k: v for k, v in message.items() if k != "t"} for message in messages]

    def hang_up(self) -> None:
        """End the calls that are going on."""
        self.lines()
        for connection in self.connections:
            connection.close()
        self.connections.clear()
        self._heard.clear()

    def close(self) -> None:
        """Be gone."""
        self.hang_up()
        self._server.close()
