"""Questions of a slot, through its mailbox, and the engine's answers.

One or two wait for an answer at a time, and as much is in one, or in its answer, as goes through
in a fraction of a second: so reports never wait for long behind a file.

Standard library only: it travels with the slot.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from sweep.compute.mailbox import Mailbox

LEAST, MOST = 1 << 16, 1 << 20
"""Bytes of a file in one message."""
SHORT, LONG = 0.2, 0.5
"""Seconds: what has taken less is followed by something larger, what has taken more by less."""


class Pace:
    """How much is sent at a time."""

    def __init__(self) -> None:
        self.size = LEAST

    def took(self, seconds: float) -> None:
        """Take note of how long the last piece has taken."""
        if seconds < SHORT:
            self.size = min(MOST, 2 * self.size)
        elif seconds > LONG:
            self.size = max(LEAST, self.size // 2)


class Line:
    """Questions to the engine, and its answers.

    Args:
        number: the slot's.
        mailbox: where questions go.
    """

    def __init__(self, number: int, mailbox: Mailbox) -> None:
        self._number = number
        self._mailbox = mailbox
        self._last = 0
        self._open: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.pace = Pace()

    async def ask(self, kind: str, **facts: Any) -> dict[str, Any]:
        """Return the engine's answer.

        Raises:
            OSError: it says no; the message is its reason.
        """
        self._last += 1
        number = self._last
        self._open[number] = asyncio.get_running_loop().create_future()
        question = {"k": kind, "slot": self._number, "n": number, **facts}
        self._mailbox.put(json.dumps(question).encode())
        began = time.monotonic()
        try:
            answer = await self._open[number]
        finally:
            del self._open[number]
        if "data" in facts or "data" in answer:
            self.pace.took(time.monotonic() - began)
        if "error" in answer:
            raise OSError(answer["error"])
        return answer

    def answer(self, number: int, answer: dict[str, Any]) -> None:
        """Take an answer; nobody may be waiting for it any more."""
        waiting = self._open.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)
