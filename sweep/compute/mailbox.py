"""Messages from a slot to the engine, numbered, kept until they are acknowledged."""

from __future__ import annotations

import asyncio
import time
from collections import deque

BACKLOG_MESSAGES, BACKLOG_BYTES = 20_000, 16 << 20
"""How much is kept before those who speak have to wait."""
BATCH_MESSAGES, BATCH_BYTES = 5_000, 4 << 20
"""How much goes into one answer."""
BUSY_SECONDS, GATHER_SECONDS, GATHER_BYTES = 0.005, 0.001, 1 << 16
"""After an answer that is so recent, news is gathered for so long or until there is so much: an
answer costs a call of Ray, and a slot that speaks all the time would be busy with calls."""
LATER_SECONDS = 0.02
"""How long what is not urgent may wait for something to go with: an answer has its price."""
RUN_MESSAGES, RUN_BYTES = 1_000_000, 256 << 20
"""How much one run may say in all; what is beyond would fill the disk."""


class Allowance:
    """How much one run may still say.

    Attributes:
        dropped: messages that were not passed on.
    """

    def __init__(self, messages: int = RUN_MESSAGES, size: int = RUN_BYTES) -> None:
        self._messages = messages
        self._bytes = size
        self.dropped = 0

    def take(self, size: int) -> bool:
        """Tell whether one more message of so many bytes is passed on."""
        if self._messages <= 0 or self._bytes < size:
            self.dropped += 1
            return False
        self._messages -= 1
        self._bytes -= size
        return True


class Mailbox:
    """Filled by runs, emptied by long polls; bounded."""

    def __init__(self) -> None:
        self._kept: deque[tuple[int, bytes]] = deque()
        self._last = 0
        self._bytes = 0
        self._answered = 0.0
        self._waiting: asyncio.Future[None] | None = None  # somebody, for news
        self._later: asyncio.TimerHandle | None = None
        self._due = 0  # the last message that is not to wait
        self._room = asyncio.Event()
        self._room.set()

    def put(self, message: bytes, urgent: bool = True) -> None:
        """Add a message, a JSON object without line breaks; or several, one a line."""
        self._last += 1
        self._bytes += len(message)
        self._kept.append((self._last, message))
        if urgent:
            self._tell()
        elif self._later is None:
            self._later = asyncio.get_running_loop().call_later(LATER_SECONDS, self._tell)
        if self._full():
            self._room.clear()

    def _tell(self) -> None:
        self._due = self._last
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def has_room(self) -> bool:
        """Tell whether those who speak may go on."""
        return self._room.is_set()

    async def room(self) -> None:
        """Wait until the engine has caught up."""
        await self._room.wait()

    async def take(self, acknowledged: int, timeout: float) -> tuple[int, bytes]:
        """Return the number of the last of the next messages, and these, one a line.

        Waits up to `timeout` seconds for any. Everything up to `acknowledged` is forgotten.
        The answer is a copy: Ray serialises it on another thread while this one goes on.
        """
        kept = self._kept
        while kept and kept[0][0] <= acknowledged:
            self._bytes -= len(kept.popleft()[1])
        if not self._full():
            self._room.set()
        if self._due <= acknowledged:
            await self._wait(timeout)
        if self._bytes < GATHER_BYTES and time.monotonic() - self._answered < BUSY_SECONDS:
            await asyncio.sleep(GATHER_SECONDS)
        self._answered = time.monotonic()
        batch, size, last = [], 0, acknowledged
        for last, message in kept:  # noqa: B007 - the last number is part of the answer
            batch.append(message)
            size += len(message)
            if len(batch) >= BATCH_MESSAGES or size >= BATCH_BYTES:
                break
        batch.append(b"")
        return last, b"\n".join(batch)

    async def _wait(self, timeout: float) -> None:
        loop = asyncio.get_running_loop()
        self._waiting = waiting = loop.create_future()
        timer = loop.call_later(timeout, self._tell)
        try:
            await waiting
        finally:
            timer.cancel()

    def _full(self) -> bool:
        return len(self._kept) >= BACKLOG_MESSAGES or self._bytes >= BACKLOG_BYTES
