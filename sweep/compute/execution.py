"""One script run in a slot, from its order to its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sweep.compute.compat import surroundings
from sweep.compute.delivery import Delivery
from sweep.compute.gpus import holders, until_free, visible_devices
from sweep.compute.hearing import Hearing, Output
from sweep.compute.mailbox import RUN_MESSAGES, Allowance, Mailbox
from sweep.compute.outputs import size_of, too_much, until_above
from sweep.compute.processes import end_marked, oom_kills
from sweep.compute.run_log import LOG_BYTES, RunLog

RUN_MARK = "SWEEP_RUN_ID"
"""Every process of a run carries it in its environment."""
FIRST = ".1"
"""How the key of a run's first attempt ends."""
OOM_SCORE = 500
"""When memory runs out, the kernel is to choose a run and not what watches it."""
QUOTA_GRACE = 5.0
"""Seconds in which a run may end by itself that has written too much."""

Order = dict[str, Any]


class Execution:
    """The folder, the socket and the output of one run.

    Args:
        order: what to run: `run` (key), `argv`, `env`, `folder`, and where needed `tree` (the
            snapshot to copy into the folder), `cwd`, and bounds: `log_bytes` of what is kept of
            its output, `outputs_bytes` it may write, `messages` it may log; `warm`: modules that
            it is forked with, once they are imported.
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
        self.devices = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        self._holders: list[int] = []  # of memory on these GPUs before the run
        self._oom_kills = 0
        self._began = 0.0
        self._dropped = 0
        self._told: set[str] = set()
        self._allowance = Allowance(order.get("messages") or RUN_MESSAGES)
        self._folder = Path(order["folder"])
        log = self._folder / "user_logs" / "std_log.txt"
        self._log = RunLog(log, order.get("log_bytes") or LOG_BYTES)
        self._quota: int | None = order.get("outputs_bytes")
        self._at_first = 0
        self._watching: asyncio.Task[None] | None = None
        self._above = ""  # why it is ended: it has written too much
        self.delivery: Delivery | None = None  # where the engine does not see the folder
        self._undelivered = 0

    def say(self, kind: str, /, **facts: Any) -> None:
        """Tell the engine something about this run."""
        self.mailbox.put(message_of(kind, self.key, **facts))

    def notice(self, text: str) -> None:
        """Tell the user something about this run."""
        self.say("notice", text=text)

    # ---- before -----------------------------------------------------------------------

    async def prepare(self) -> None:
        """Make the run's folder, its socket and its output pipe.

        Raises:
            OSError: one of them cannot be made.
        """
        self._holders = await holders(self.devices)
        self._oom_kills = oom_kills()
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
        folder = self._folder
        if tree := self.order.get("tree"):
            try:
                shutil.copytree(tree, folder, symlinks=True, dirs_exist_ok=True)
            except shutil.Error as error:  # a list, one entry for every file
                raise OSError(f"its copy of the source: {error.args[0][0][2]}") from None
        for name in ("outputs", "logs", "user_logs"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        if self._quota:
            self._at_first = size_of(folder)

    def guard_order(self) -> tuple[Order, int]:
        """Return the order for the guard, and the descriptor that goes with it."""
        channel = {"SWEEP_CHANNEL": str(self._socket_path)}
        given = self.order["env"]
        env = {**given, **surroundings(given), **channel, **visible_devices()}
        cwd = self.order.get("cwd") or self.order["folder"]
        start = {"do": "start", "argv": self.order["argv"], "env": env, "cwd": cwd}
        more = {"oom_score": OOM_SCORE, "warm": self.order.get("warm")}
        return {**start, **more}, self._output_in

    # ---- meanwhile --------------------------------------------------------------------

    @property
    def started(self) -> bool:
        """Whether the guard has been told to start it."""
        return self._output is not None and self._output_in < 0

    def handed_over(self) -> None:
        """Let go of the run's end of the output pipe: the run has it now."""
        if self._output_in >= 0:
            self._began = time.monotonic()
            os.close(self._output_in)
            self._output_in = -1

    def watch(self, stop: Callable[[], None]) -> None:
        """Call `stop` when the run has written more than it may."""
        if self._quota:
            self._watching = asyncio.create_task(self._watch(self._quota, stop))

    async def _watch(self, quota: int, stop: Callable[[], None]) -> None:
        await until_above(self._folder, quota, self._at_first)
        self._above = too_much(quota)
        stop()

    def unwatch(self) -> None:
        """It is to end anyway: whatever it has written is no reason any more."""
        if self._watching is not None:
            self._watching.cancel()

    async def _accept(self, listening: socket.socket) -> None:
        while True:
            connection, _ = await asyncio.get_running_loop().sock_accept(listening)
            self._hear(connection)

    def _hear(self, connection: socket.socket) -> None:
        if len(self._speakers) >= MOST_SPEAKERS:
            self._drop(f"it has {MOST_SPEAKERS} connections to log by; more are not heard")
            connection.close()
            return
        task = asyncio.create_task(self._listen_to(connection))
        self._speakers.add(task)
        task.add_done_callback(self._speakers.discard)

    async def _listen_to(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=connection, limit=LINE_LIMIT)
        prefix = b'{"k":"said","run":' + json.dumps(self.key).encode() + b',"m":'
        with contextlib.closing(writer), contextlib.suppress(ConnectionError):
            while line := await self._line(reader):
                if not (line := line.strip()):
                    continue
                if not self._allowance.take(len(line)):
                    self._drop(TOO_MANY)
                elif not _is_object(line):
                    self._drop("what is no message is not kept")
                else:
                    self.mailbox.put(prefix + line + b"}")
                await self.mailbox.room()

    def _drop(self, why: str) -> None:
        """Count a message that is not passed on; the first for each reason is told of."""
        self._dropped += 1
        if why not in self._told:
            self._told.add(why)
            self.say("notice", text=why)

    async def _line(self, reader: asyncio.StreamReader) -> bytes:
        """Return the next line that is not too long; nothing when there is no more."""
        too_long = False
        while True:
            try:
                line = await reader.readuntil(b"\n")
            except asyncio.IncompleteReadError as end:
                line = end.partial
            except asyncio.LimitOverrunError as error:
                await reader.readexactly(error.consumed)
                too_long = True
                continue
            if not too_long:
                return line
            self._drop(f"a message of more than {LINE_LIMIT:,} bytes is not kept")
            too_long = False

    async def _keep_output(self, reader: asyncio.StreamReader) -> None:
        told = False
        while chunk := await reader.read(1 << 16):
            self._log.write(chunk)
            if self._log.error and not told:
                told = True
                self.say("notice", text=f"its output cannot be written: {self._log.error}")
        self._log.close()

    # ---- after ------------------------------------------------------------------------

    async def finish(self, event: dict[str, Any]) -> None:
        """Everything of the run is gone: hear its last words, then announce its end."""
        await self._close()
        if self.devices and (left := await until_free(self.devices, self._holders)):
            pids = ", ".join(map(str, left))
            self.say(
                "notice", text=f"its GPUs still have memory of process {pids}, says the driver"
            )
        facts = {name: value for name, value in event.items() if name != "event"}
        if facts["code"] == -signal.SIGKILL and oom_kills() > self._oom_kills:
            facts["oom"] = True
        if self._above and facts["stopped"]:  # by us, so it has failed, however it took that
            facts |= {"stopped": False, "code": facts["code"] or None}
            facts |= {"error": self._above, "kind": "quota"}
        failed = facts["code"] != 0 and not facts["stopped"] and "error" not in facts
        facts["tail"] = self._log.tail.decode(errors="replace") if failed else ""
        facts["seconds"] = time.monotonic() - self._began
        facts |= {"dropped": self._dropped, "output_dropped": self._log.dropped}
        self.say("ended", undelivered=self._undelivered, **facts)

    def skip(self) -> None:
        """Announce that it was stopped before it could be started."""
        self.say("ended", code=None, stopped=True)

    async def abandon(self) -> None:
        """Let go of what was prepared: it is not to be started."""
        await self._close()

    async def refuse(self, error: str) -> None:
        """Announce that the run could not be started."""
        await self._close()
        self.say("refused", error=error)

    async def _close(self) -> None:
        self.handed_over()
        self.unwatch()
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
        if self.delivery is not None:
            self._undelivered = await self.delivery.finish()


def message_of(kind: str, run: str, /, **facts: Any) -> bytes:
    """Return a message about a run as the engine hears it."""
    return json.dumps({"k": kind, "run": run, "t": time.time(), **facts}).encode()


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
