"""What comes out of a run while it executes: its reports by a socket, its output by a pipe.

No tasks and no streams, only callbacks of the event loop: for a run of thirty milliseconds these
would cost more than all the rest. Once nothing of a run is left, whatever it has still said lies
in the kernel, so that it is heard to the end without waiting.

It travels to the slots, and uses the standard library only.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

from sweep.compute.mailbox import Allowance, Mailbox

LINE_LIMIT = 1 << 20
"""Bytes of one message of a run; longer ones are dropped and counted."""
TOO_MANY = "it has logged all that one run may; more is counted, and not kept"
MOST_SPEAKERS = 256
"""Connections that one run may have at a time: each takes memory and a descriptor."""
CHUNK = 1 << 16
AGAIN_SECONDS = 0.1
"""After which a connection that could not be taken is tried again."""


class Hearing:
    """Hears what the processes of one run log.

    Args:
        path: of the socket, which must not exist.
        run: the run's key.
        mailbox: where the messages go.
        allowance: how much it may say.
        tell: takes what the user is to be told.

    Raises:
        OSError: there can be no socket.
    """

    def __init__(
        self,
        path: Path,
        run: str,
        mailbox: Mailbox,
        allowance: Allowance,
        tell: Callable[[str], None],
    ) -> None:
        self.prefix = b'{"k":"said","run":' + json.dumps(run).encode() + b',"m":'
        self.mailbox = mailbox
        self.allowance = allowance
        self.speakers: set[Speaker] = set()
        self.dropped = 0
        self._path = path
        self._tell = tell
        self._told: set[str] = set()
        self._loop = asyncio.get_running_loop()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.setblocking(False)
        self._listening.bind(str(path))
        path.chmod(0o600)
        self._listening.listen(16)
        self._loop.add_reader(self._listening, self._called)

    def _called(self) -> None:
        try:
            connection, _ = self._listening.accept()
        except BlockingIOError:
            return
        except OSError as error:  # no more descriptors
            self.drop(f"it cannot be heard: {error.strerror}")
            self._loop.remove_reader(self._listening)
            self._loop.call_later(AGAIN_SECONDS, self._listen_again)
            return
        self._hear(connection)

    def _listen_again(self) -> None:
        if self._listening.fileno() >= 0:
            self._loop.add_reader(self._listening, self._called)

    def _hear(self, connection: socket.socket) -> None:
        if len(self.speakers) >= MOST_SPEAKERS:
            self.drop(f"it has {MOST_SPEAKERS} connections to log by; more are not heard")
            connection.close()
            return
        connection.setblocking(False)
        self.speakers.add(Speaker(connection, self))

    def drop(self, why: str) -> None:
        """Count a message that is not passed on; the first for each reason is told of."""
        self.dropped += 1
        if why not in self._told:
            self._told.add(why)
            self._tell(why)

    def close(self) -> None:
        """Hear what has been said, also by whom nobody has answered yet; then let go."""
        self._loop.remove_reader(self._listening)
        with contextlib.suppress(OSError):
            while True:
                self._hear(self._listening.accept()[0])
        self._listening.close()
        self._path.unlink(missing_ok=True)
        for speaker in [*self.speakers]:
            speaker.close()


class Speaker:
    """One connection of a run."""

    def __init__(self, connection: socket.socket, hearing: Hearing) -> None:
        self._connection = connection
        self._hearing = hearing
        self._rest = b""
        self._too_long = False
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Task[None] | None = None
        self._loop.add_reader(connection, self._readable)

    def _readable(self) -> None:
        if self._read() and not self._hearing.mailbox.has_room():
            self._loop.remove_reader(self._connection)  # its buffer fills, and it has to wait
            self._waiting = self._loop.create_task(self._wait())

    async def _wait(self) -> None:
        await self._hearing.mailbox.room()
        self._waiting = None
        self._loop.add_reader(self._connection, self._readable)

    def _read(self) -> bool:
        """Pass on what is there; False when there was nothing, for now or for good."""
        try:
            data = self._connection.recv(CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if not data:
            lines.append(self._rest)
        self._pass_on(lines)
        if len(self._rest) > LINE_LIMIT:
            self._rest, self._too_long = b"", True
        if not data:
            self._end()
        return bool(data)

    def _pass_on(self, lines: list[bytes]) -> None:
        hearing = self._hearing
        passed: list[bytes] = []
        for line in map(bytes.strip, lines):
            if not line and not self._too_long:
                continue
            if why := self._objection(line):
                self._put(passed)
                hearing.drop(why)
            else:
                passed.append(hearing.prefix + line + b"}")
            self._too_long = False
        self._put(passed)

    def _objection(self, line: bytes) -> str:
        if self._too_long or len(line) > LINE_LIMIT:
            return f"a message of more than {LINE_LIMIT:,} bytes is not kept"
        if not self._hearing.allowance.take(len(line)):
            return TOO_MANY
        return "" if _is_object(line) else "what is no message is not kept"

    def _put(self, messages: list[bytes]) -> None:
        if messages:
            self._hearing.mailbox.put(b"\n".join(messages))
            messages.clear()

    def close(self) -> None:
        """Hear what has been said; then let go."""
        while self._read():
            pass
        self._end()

    def _end(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        if self._connection.fileno() >= 0:
            self._loop.remove_reader(self._connection)
            self._connection.close()
        self._hearing.speakers.discard(self)


class Output:
    """Keeps what comes out of a pipe, to its end.

    Args:
        descriptor: of the pipe's end, which is ours from now on.
        keep: takes what has come.
    """

    def __init__(self, descriptor: int, keep: Callable[[bytes], None]) -> None:
        self._descriptor = descriptor
        self._keep = keep
        self._loop = asyncio.get_running_loop()
        os.set_blocking(descriptor, False)
        self._loop.add_reader(descriptor, self._readable)

    def _readable(self) -> None:
        self._read()

    def _read(self) -> bool:
        """Keep what is there; False when there was nothing, for now or for good."""
        try:
            data = os.read(self._descriptor, CHUNK)
        except BlockingIOError:
            return False
        if data:
            self._keep(data)
        else:
            self._end()
        return bool(data)

    def close(self) -> None:
        """Keep what has been written; then let go."""
        while self._descriptor >= 0 and self._read():
            pass
        self._end()

    def _end(self) -> None:
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
