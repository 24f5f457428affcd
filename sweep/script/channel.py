"""Where what a script logs goes: to the slot that watches it, or to the terminal."""

import os
import sys
from _thread import RLock

from sweep.script.errors import RunLogError
from sweep.script.values import KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable
    from typing import Any, Protocol

    class Channel(Protocol):
        """Where messages go."""

        def send(self, message: "dict[str, Any]") -> None:
            """Send one message."""

        def stopped(self) -> bool:
            """Tell whether the run was told to stop."""


LIMIT = 1 << 20
"""Bytes of one message."""
BUFFER = 1 << 20
"""Bytes that may wait between script and slot before the script does."""
PATIENCE = 30.0
"""Seconds a script waits for a full buffer, at most; what it had to say is lost then."""
NO_SIGNAL = 0x4000
"""Linux' MSG_NOSIGNAL: a script that lets SIGPIPE kill it does not die of a slot that is gone."""


def _refuse(value: object) -> object:
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _encoder() -> "Callable[[Any], str]":
    """Return what makes a message JSON: the C part of `json`, whose import takes a script 2 ms."""
    try:
        from _json import encode_basestring_ascii, make_encoder  # noqa: PLC0415

        def encode(message: "Any") -> str:
            text = encode_basestring_ascii
            pack = make_encoder({}, _refuse, text, None, ":", ",", False, False, True)
            return "".join(pack(message, 0))

        assert encode({"a": [1.5, "b", None]}) == '{"a":[1.5,"b",null]}'
    except Exception:  # noqa: BLE001 - another Python than those that we know
        import json  # noqa: PLC0415

        return json.JSONEncoder(separators=(",", ":")).encode
    return encode


encode = _encoder()


def line_of(message: "dict[str, Any]", name: "str | None" = None) -> bytes:
    """Return a message about `name` as a line.

    Raises:
        RunLogError: it is too large.
    """
    data = encode(message).encode() + b"\n"
    if len(data) > LIMIT:
        raise RunLogError(
            f"{name or 'this'!r} takes {len(data):,} bytes; at most {LIMIT:,} can be"
            " logged at once: write it to a file in outputs"
        )
    return data


class SocketChannel:
    """Messages to the slot over a Unix socket: JSON objects, one a line.

    It connects when there is something to say, and anew in a forked child. Logging is never a
    reason for training to fail: a slot that does not listen costs a warning.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._socket: socket | None = None
        self._lock = RLock()
        self._warned = False
        os.register_at_fork(after_in_child=self._forked)

    def _forked(self) -> None:
        """Leave the parent's connection to it, and a lock that no thread here will release."""
        self._lock = RLock()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def send(self, message: "dict[str, Any]") -> None:
        """Send one message.

        Raises:
            RunLogError: it is too large.
        """
        data = line_of(message, message.get("n"))
        with self._lock:
            # Nobody else has the connection meanwhile: a signal handler that logs in the midst of
            # a message makes another, and one that raises leaves no half of a line behind.
            connection, self._socket = self._socket, None
            whole = False
            try:
                connection = connection or self._connect()
                connection.sendall(data, NO_SIGNAL)
                whole = True
            except OSError as error:
                if not self._warned:
                    self._warned = True
                    print(f"sweep: what was logged may be lost: {error}", file=sys.stderr)
            finally:
                if whole and self._socket is None:
                    self._socket = connection
                elif connection is not None:
                    connection.close()

    def stopped(self) -> bool:
        """Tell whether the run was told to stop: a script hears that by a signal."""
        return False

    def _connect(self) -> "socket":
        # Not `socket`, whose import takes 3 ms; and not needed by a script that runs by itself.
        from _socket import AF_UNIX, SO_SNDBUF, SOL_SOCKET, socket  # noqa: PLC0415

        connection = socket(AF_UNIX)
        try:
            connection.setsockopt(SOL_SOCKET, SO_SNDBUF, BUFFER)
            connection.settimeout(PATIENCE)
            connection.connect(self._path)
        except BaseException:
            connection.close()
            raise
        return connection


class Terminal:
    """Messages of a script that runs by itself: printed as the service's offline run does."""

    def send(self, message: "dict[str, Any]") -> None:
        """Print one message."""
        kind = message["k"]
        if kind in KINDS:
            what = message.get("d") or KINDS[kind]
            print(f"Attempted to log {what} metric {message['n']}:\n{message['v']}")
        else:
            print(f"Attempted to keep {kind} {message.get('n') or message.get('v')}")

    def stopped(self) -> bool:
        """Nobody stops it but its user."""
        return False
