"""Our end of a target host that runs on a remote machine."""

from __future__ import annotations

import asyncio
import contextlib
import json
import platform
import sys
import threading
from collections import deque
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any

import asyncssh

from sweep.compute.ssh import command_line, first_word
from sweep.compute.ssh_loop import Loop
from sweep.compute.ssh_sources import PROTOCOL
from sweep.errors import TargetError

SILENCE = 60.0
"""Seconds without a word of ours after which everything over there ends."""
STARTING, GOODBYE = 60.0, 30.0
"""Seconds in which the other end must have begun, and ended."""
CLUSTER_STARTING = 360.0
"""The same, where it brings up a cluster first."""
BACKLOG_BYTES = 16 << 20
"""What is kept here of what the host says, before it has to wait."""
NOT_FOUND = (126, 127)


class NotThere(Exception):
    """There is no such interpreter, or it has no hypersweep."""


class RemoteHost:
    """A running `sweep.compute.remote_host`, and the connection to it.

    Args:
        loop: where the connection lives; closed with this.
        connection: to the machine; closed with this.
        name: of the machine, for messages.
        python: the interpreter there.
        log: a file here for what it prints.
        asked: the cluster that it is to join there: see `sweep.compute.remote_host`.

    Attributes:
        there: what it has said of itself: python, executable, host, cpus, gpus, address, temp,
            sockets.
        told: what the user should know, and nobody has fetched yet.

    Raises:
        NotThere: there is no such interpreter, or it has no hypersweep.
        TargetError: it cannot be started.
    """

    def __init__(
        self,
        loop: Loop,
        connection: asyncssh.SSHClientConnection,
        name: str,
        python: str,
        log: Path,
        asked: Mapping[str, Any] | None = None,
    ) -> None:
        self._loop, self._connection, self._name, self._log = loop, connection, name, log
        self._news = threading.Condition()
        self._chunks: list[bytes] = []
        self._size = 0
        self._rest = b""
        self._end: str | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._words: deque[bytes] = deque(maxlen=50)
        self.told: list[str] = []
        self.there: dict[str, Any] = loop.call(self._start(python, asked))

    # ---- in the loop ------------------------------------------------------------------

    async def _start(self, python: str, asked: Mapping[str, Any] | None) -> dict[str, Any]:
        self._room = asyncio.Event()
        self._room.set()
        command = [python, "-m", "sweep.compute.remote_host", f"{SILENCE:g}"]
        command += [json.dumps(asked)] if asked else []
        patience = CLUSTER_STARTING if asked else STARTING
        self._process = await self._connection.create_process(command_line(command), encoding=None)
        self._begin(self._read_errors())
        try:
            there = await asyncio.wait_for(first_word(self._process.stdout), patience)
        except asyncio.TimeoutError:
            raise TargetError(f"{self._name}: no host starts within {patience:g} s") from None
        if not there:
            await self._process.wait_closed()
            await self._tasks[0]
            if self._process.exit_status in NOT_FOUND or b"No module named" in self._last():
                raise NotThere(self._last().decode(errors="replace"))
            raise TargetError(f"{self._name}: the target host does not start{self.last_words()}")
        if there["protocol"] != PROTOCOL:
            raise TargetError(f"{self._name}: {python} there has another version of hypersweep")
        self._begin(self._read())
        self._begin(self._beat())
        return there

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def _read(self) -> None:
        reason = "it has ended"
        try:
            while data := await self._process.stdout.read(1 << 20):
                self._put(data)
                await self._room.wait()
            await self._process.wait_closed()
        except (OSError, asyncssh.Error) as error:
            reason = f"the connection is lost: {error}"
        if self._connection.is_closed() and reason == "it has ended":
            reason = "the connection is lost"
        with self._news:
            self._end = reason
            self._news.notify()

    def _put(self, data: bytes) -> None:
        with self._news:
            self._chunks.append(data)
            self._size += len(data)
            if self._size > BACKLOG_BYTES:
                self._room.clear()
            self._news.notify()

    async def _read_errors(self) -> None:
        with self._log.open("ab") as log, contextlib.suppress(OSError, asyncssh.Error):
            async for line in self._process.stderr:
                self._words.append(line)
                log.write(line)
                log.flush()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(SILENCE / 6)
            self._write(b"\n")

    def _write(self, data: bytes) -> None:
        with contextlib.suppress(OSError, asyncssh.Error):  # `hear` says that it is gone
            self._process.stdin.write(data)

    # ---- what a target needs ----------------------------------------------------------

    def tell(self, **order: Any) -> None:
        """Give an order; if the host is gone, the next `hear` says so.

        Raises:
            TargetError: a function cannot be called by the Python over there.
        """
        if order["do"] == "open":
            self._check_function(order)
            order |= {"cpus": self.there["cpus"], "gpus": self.there["gpus"]}
        elif order["do"] == "start":
            order["orders"] = [self._with_their_python(o) for o in order["orders"]]
        self._loop.soon(self._write, json.dumps(order).encode() + b"\n")

    def _check_function(self, order: dict[str, Any]) -> None:
        ours, theirs = platform.python_version(), self.there["python"]
        if order["function"] is not None and _minor(ours) != _minor(theirs):
            raise TargetError(
                f"{self._name}: it has Python {theirs}, and a function that is pickled here by"
                f" Python {ours} cannot be loaded there: use the same, or a script"
            )

    def _with_their_python(self, order: dict[str, Any]) -> dict[str, Any]:
        argv = order.get("argv")
        if not argv or argv[0] != sys.executable:
            return order
        return {**order, "argv": [self.there["executable"], *argv[1:]]}

    def hear(self, timeout: float) -> list[dict[str, Any]]:
        """Return what it says; wait up to `timeout` seconds for anything.

        Raises:
            TargetError: it is gone, or the connection to it.
        """
        with self._news:
            if not self._chunks and self._end is None:
                self._news.wait(timeout)
            data, end = b"".join(self._chunks), self._end
            self._chunks.clear()
            self._size = 0
        self._loop.soon(self._room.set)
        if not data:
            if end is None:
                return []
            raise TargetError(f"the target host on {self._name} is gone: {end}{self.last_words()}")
        *lines, self._rest = (self._rest + data).split(b"\n")
        heard: list[dict[str, Any]] = json.loads(b"[%s]" % b",".join(lines))
        self.told += [m["text"] for m in heard if m["k"] == "told"]
        return [m for m in heard if m["k"] != "told"]

    def last_words(self) -> str:
        """Return the last it has printed, as the end of a sentence."""
        last = self._last().decode(errors="replace").strip()
        return f": {last} (its log: {self._log})" if last else ""

    def _last(self) -> bytes:
        return next((line for line in reversed([*self._words]) if line.strip()), b"")

    def members(self) -> list[int]:
        """Nothing of it lives on this machine."""
        return []

    def close(self) -> None:
        """End it; return when its last process is gone, as far as the connection holds."""
        self._loop.call(close(self._connection, self._process))
        self._loop.close()


async def close(
    connection: asyncssh.SSHClientConnection,
    process: asyncssh.SSHClientProcess[bytes] | None = None,
) -> None:
    """End a process by the end of its input, then the connection."""
    with contextlib.suppress(OSError, asyncssh.Error, asyncio.TimeoutError):
        if process is not None:
            process.stdin.write_eof()
            await asyncio.wait_for(process.wait_closed(), GOODBYE)
    connection.abort()
    await connection.wait_closed()


def _minor(python: str) -> list[str]:
    return python.split(".")[:2]
