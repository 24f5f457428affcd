"""The short way between the target host and a slot on the same machine: a Unix socket.

A call of an actor takes Ray about a millisecond of processor time on either side, and a run that
is over in thirty would need several. So where host and slot share a machine, orders and messages
go over a socket, as JSON objects, one a line; an empty line is a heartbeat. Ray still starts the
slot and knows when it has died. The socket is gone once the host has called, before any run.

It travels to the slots, and uses the standard library only.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from sweep.compute.mailbox import Mailbox

LINE_LIMIT = 1 << 26
"""Bytes of one order."""
CHUNK = 1 << 18

Orders = Mapping[str, Callable[..., Awaitable[None]]]


class SlotEnd:
    """The slot's end: waits for the one call of its host.

    Args:
        path: of the socket.
        mailbox: what is sent.
        orders: what the host may ask for, by name.
        heartbeat: seconds after which something is sent in any case.

    Attributes:
        ended: whether the host has called and let go.
    """

    def __init__(self, path: Path, mailbox: Mailbox, orders: Orders, heartbeat: float) -> None:
        self._path = path
        self._mailbox = mailbox
        self._orders = orders
        self._heartbeat = heartbeat
        self._tasks: set[asyncio.Future[None]] = set()
        self._server: asyncio.Server | None = None
        self.ended = asyncio.Event()

    async def listen(self) -> None:
        """Begin to wait."""
        self._server = await asyncio.start_unix_server(
            self._called, self._path, limit=LINE_LIMIT, backlog=1
        )
        self._path.chmod(0o600)

    async def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._server is None:  # one call is enough
            writer.close()
            return
        self._server.close()
        self._server = None
        self._path.unlink(missing_ok=True)
        sending = asyncio.ensure_future(self._send(writer))
        try:
            while line := await reader.readline():
                order = json.loads(line)
                task = asyncio.ensure_future(self._orders[order["do"]](*order["with"]))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        except ConnectionError:
            pass
        finally:
            sending.cancel()
            writer.close()
            self.ended.set()

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        sent = 0
        with contextlib.suppress(ConnectionError):
            while True:
                sent, messages = await self._mailbox.take(sent, self._heartbeat)
                writer.write(messages or b"\n")
                await writer.drain()

    def close(self) -> None:
        """Wait no longer."""
        if self._server is not None:
            self._server.close()
            self._server = None


class HostEnd:
    """The host's end of a link that stands."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, path: str) -> HostEnd | None:
        """Call a slot; None if it is on another machine."""
        try:
            return cls(*await asyncio.open_unix_connection(path))
        except OSError:
            return None

    def tell(self, order: str, *arguments: Any) -> None:
        """Give an order; if the slot is gone, `hear` says so."""
        data = json.dumps({"do": order, "with": arguments}).encode() + b"\n"
        self._writer.write(data)

    async def hear(self, say: Callable[[bytes], None], patience: float) -> None:
        """Pass on what the slot says, in whole lines, until it is gone.

        Args:
            say: takes the lines.
            patience: seconds between two signs of life.

        Raises:
            asyncio.TimeoutError: there was none.
        """
        rest = b""
        with contextlib.suppress(ConnectionError):
            while chunk := await asyncio.wait_for(self._reader.read(CHUNK), patience):
                whole, newline, rest = (rest + chunk).rpartition(b"\n")
                if whole.startswith(b"\n") or b"\n\n" in whole:
                    whole = b"\n".join(filter(None, whole.split(b"\n")))
                if whole:
                    say(whole + newline)

    def close(self) -> None:
        """Let go of it."""
        self._writer.close()
