"""One script run in a slot, from its order to its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import socket
import time
from pathlib import Path
from typing import Any

from sweep.compute.mailbox import Mailbox

LINE_LIMIT = 1 << 20
"""Bytes of one message of a run; longer ones are dropped and counted."""
OOM_SCORE = 500
"""When memory runs out, the kernel is to choose a run and not what watches it."""
TAIL = 8_192
"""Bytes of a run's output that are sent along when it fails."""

Order = dict[str, Any]


class Execution:
    """The folder, the socket and the output of one run.

    Args:
        order: what to run: `run` (key), `argv`, `env`, `folder`, and where needed `tree` (the
            snapshot to copy into the folder) and `cwd`.
        mailbox: where what the run says goes.
        sockets: a folder with a short path.
    """

    def __init__(self, order: Order, mailbox: Mailbox, sockets: Path) -> None:
        self.order = order
        self.key: str = order["run"]
        self.mailbox = mailbox
        self._socket_path = sockets / secrets.token_hex(8)
        self._listening: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._speakers: set[asyncio.Task[None]] = set()
        self._output: asyncio.Task[None] | None = None
        self._output_in = -1
        self._dropped = 0
        self._tail = b""

    def say(self, kind: str, **facts: Any) -> None:
        """Tell the engine something about this run."""
        message = {"k": kind, "run": self.key, "t": time.time(), **facts}
        self.mailbox.put(json.dumps(message).encode())

    # ---- before -----------------------------------------------------------------------

    async def prepare(self) -> None:
        """Make the run's folder, its socket and its output pipe.

        Raises:
            OSError: one of them cannot be made.
        """
        await asyncio.to_thread(self._make_folder)
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.setblocking(False)
        self._listening.bind(str(self._socket_path))
        self._socket_path.chmod(0o600)
        self._listening.listen(16)
        self._accepting = asyncio.create_task(self._accept(self._listening))
        output_out, self._output_in = os.pipe()
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(output_out, "rb", 0)
        )
        self._output = asyncio.create_task(self._keep_output(reader))

    def _make_folder(self) -> None:
        folder = Path(self.order["folder"])
        if tree := self.order.get("tree"):
            shutil.copytree(tree, folder, symlinks=True, dirs_exist_ok=True)
        for name in ("outputs", "logs", "user_logs"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def guard_order(self) -> tuple[Order, int]:
        """Return the order for the guard, and the descriptor that goes with it."""
        env = {**self.order["env"], "SWEEP_CHANNEL": str(self._socket_path)}
        if "CUDA_VISIBLE_DEVICES" in os.environ:  # the devices that this slot holds
            env["CUDA_VISIBLE_DEVICES"] = os.environ["CUDA_VISIBLE_DEVICES"]
        cwd = self.order.get("cwd") or self.order["folder"]
        start = {"do": "start", "argv": self.order["argv"], "env": env, "cwd": cwd}
        return {**start, "oom_score": OOM_SCORE}, self._output_in

    # ---- meanwhile --------------------------------------------------------------------

    @property
    def started(self) -> bool:
        """Whether the guard has been told to start it."""
        return self._output is not None and self._output_in < 0

    def handed_over(self) -> None:
        """Let go of the run's end of the output pipe: the run has it now."""
        if self._output_in >= 0:
            os.close(self._output_in)
            self._output_in = -1

    async def _accept(self, listening: socket.socket) -> None:
        while True:
            connection, _ = await asyncio.get_running_loop().sock_accept(listening)
            self._hear(connection)

    def _hear(self, connection: socket.socket) -> None:
        task = asyncio.create_task(self._listen_to(connection))
        self._speakers.add(task)
        task.add_done_callback(self._speakers.discard)

    async def _listen_to(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=connection, limit=LINE_LIMIT)
        prefix = b'{"k":"said","run":' + json.dumps(self.key).encode() + b',"m":'
        with contextlib.closing(writer), contextlib.suppress(ConnectionError):
            while line := await self._line(reader):
                if _is_object(line):
                    self.mailbox.put(prefix + line.strip() + b"}")
                elif line.strip():
                    self._dropped += 1
                await self.mailbox.room()

    async def _line(self, reader: asyncio.StreamReader) -> bytes:
        while True:
            try:
                return await reader.readline()
            except ValueError:  # noqa: PERF203 - longer than the limit; what was read is gone
                self._dropped += 1

    async def _keep_output(self, reader: asyncio.StreamReader) -> None:
        path = Path(self.order["folder"]) / "user_logs" / "std_log.txt"
        with path.open("ab", buffering=0) as log:
            while chunk := await reader.read(1 << 16):
                log.write(chunk)
                self._tail = (self._tail + chunk)[-TAIL:]

    # ---- after ------------------------------------------------------------------------

    async def finish(self, event: dict[str, Any]) -> None:
        """Everything of the run is gone: hear its last words, then announce its end."""
        await self._close()
        failed = event["code"] != 0 and not event["stopped"]
        tail = self._tail.decode(errors="replace") if failed else ""
        facts = {name: value for name, value in event.items() if name != "event"}
        self.say("ended", tail=tail, dropped=self._dropped, **facts)

    async def refuse(self, error: str) -> None:
        """Announce that the run could not be started."""
        await self._close()
        self.say("refused", error=error)

    async def _close(self) -> None:
        self.handed_over()
        if self._output is not None:
            await self._output
        if self._accepting is not None and self._listening is not None:
            self._accepting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._accepting
            # A process may have spoken and died before anybody answered its call.
            with contextlib.suppress(BlockingIOError):
                while True:
                    self._hear(self._listening.accept()[0])
            self._listening.close()
            self._socket_path.unlink()
        if self._speakers:
            await asyncio.wait(self._speakers)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
