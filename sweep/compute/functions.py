"""Function runs in a slot: a resident runner process, and one run after the other in it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

from sweep.compute.compat import surroundings
from sweep.compute.execution import OOM_SCORE, QUOTA_GRACE, Order, message_of
from sweep.compute.gpus import visible_devices
from sweep.compute.hearing import TOO_MANY, Output
from sweep.compute.mailbox import RUN_MESSAGES, Allowance, Mailbox
from sweep.compute.outputs import too_much, until_above
from sweep.compute.run_log import RunLog
from sweep.compute.travel import Away

BUSY_SECONDS, GATHER_SECONDS = 0.003, 0.001
CHUNK = 1 << 16
"""Bytes that are read from the runner at a time."""
RUNNER_LOG_BYTES = 10_000_000
"""Of what the process and its children print past Python; what runs print is theirs."""
START_DEADLINE = 120.0
"""Seconds in which the runner must have loaded the function."""


class FunctionRuns:
    """The slot's side of a runner (`sweep.compute.runner`).

    Args:
        mailbox: where what the runs say goes.
        sockets: a folder with a short path.
        to_guard: sends an order, with descriptors, to the slot's guard.
        away: what runs have here, where the engine's files are not seen.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        sockets: Path,
        to_guard: Callable[[Order, list[int]], None],
        away: Away | None = None,
    ) -> None:
        self._away = away
        self._mailbox = mailbox
        self._sockets = sockets
        self._to_guard = to_guard
        self._function: Order = {}
        self._file = sockets / "function"
        self._host = socket.gethostname()
        self._waiting: deque[Order] = deque()
        self._writer: asyncio.StreamWriter | None = None
        self._hearing: asyncio.Task[None] | None = None
        self._alive = False
        self._ended = asyncio.Event()
        self._log = RunLog(sockets / "runner.log", RUNNER_LOG_BYTES)
        self._output: Output | None = None
        self._said: dict[str, Allowance] = {}
        self._watching: dict[str, asyncio.Task[None]] = {}
        self._above: dict[str, str] = {}  # run: why it is ended, it has written too much
        self._orders: dict[str, Order] = {}  # given to the runner, not ended
        self._stopping: set[str] = set()
        self._over: deque[str] = deque(maxlen=64)  # the latest runs that have ended

    def load(self, function: Order) -> None:
        """Keep the function for the runner to load: `pickled`, `metric`, `env`, `cwd`."""
        self._file.write_bytes(function.pop("pickled"))
        self._file.chmod(0o600)
        self._function = function if self._away is None else self._away.function(function)

    async def start(self, *orders: Order) -> None:
        """Take runs, to be given to the runner one after the other."""
        self._waiting += orders if self._away is None else map(self._away.call, orders)
        await self._go_on()

    def recall(self) -> None:
        """Give back the runs that wait."""
        while self._waiting:
            self._say("returned", self._waiting.pop()["run"])

    async def _go_on(self) -> None:
        """Give the next run to the runner, which is started if need be."""
        while self._waiting and not self._orders:
            order = self._waiting.popleft()
            run = order["run"]
            self._orders[run] = order
            self._said[run] = Allowance(order.get("messages") or RUN_MESSAGES)
            try:
                if not self._alive:
                    await self._start_runner()
            except OSError as error:
                del self._orders[run], self._said[run]
                self._say("refused", run, error=f"the function's process: {error}")
                continue
            if run in self._stopping:
                self._end(run, code=None, stopped=True)
            else:
                if self._away is not None:
                    self._away.begins(order, self._say)
                self._tell({"do": "run", **order})
                if quota := order.get("outputs_bytes"):
                    self._watching[run] = asyncio.create_task(self._watch(run, quota))

    async def stop(self, run: str, grace: float) -> None:
        """Ask a run to end at its next log; after the grace, end its process.

        A run that is not there yet will not be started.
        """
        if run in self._over or run in self._stopping:
            return
        for order in self._waiting:
            if order["run"] == run:
                self._waiting.remove(order)
                self._over.append(run)
                self._say("ended", run, code=None, stopped=True)
                return
        self._stopping.add(run)
        if not self._alive or run not in self._orders:
            return
        self._tell({"do": "stop", "run": run})
        await asyncio.sleep(grace)
        if run in self._orders:
            self._to_guard({"do": "stop", "grace": 0}, [])

    async def _watch(self, run: str, quota: int) -> None:
        """End a run that has written too much."""
        await until_above(Path(self._orders[run]["folder"]), quota)
        if run in self._orders and run not in self._stopping:
            self._above[run] = too_much(quota)
            del self._watching[run]  # it is not to be canceled by what it brings about
            await self.stop(run, QUOTA_GRACE)

    async def on_guard(self, event: dict[str, Any]) -> None:
        """Hear what the guard says of the runner's process."""
        if event["event"] == "started":
            return
        self._ended.set()
        if not self._alive:
            return  # it has not even called
        self._alive = False
        assert self._hearing is not None
        assert self._writer is not None
        await self._hearing  # its last words
        self._writer.close()
        self._hear_output()
        for run in [*self._orders]:
            code = event.get("code", -1)
            stopped = run in self._stopping
            error = "" if stopped else event.get("error", "")
            tail = "" if stopped else self._log.tail.decode(errors="replace")
            self._end(run, code=code, stopped=stopped, error=error, tail=tail)
        await self._go_on()

    # ---- the runner -------------------------------------------------------------------

    async def _start_runner(self) -> None:
        path = self._sockets / secrets.token_hex(8)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.setblocking(False)
            listening.bind(str(path))
            path.chmod(0o600)
            listening.listen(1)
            program = [sys.executable, "-m", "sweep.compute.runner"]
            output_out, output_in = os.pipe()
            try:
                self._log.tail = b""
                self._output = Output(output_out, self._log.write)
                given = self._function["env"]
                self._to_guard(
                    {
                        "do": "start",
                        "argv": [*program, str(path), str(self._file), self._function["metric"]],
                        "env": {**given, **surroundings(given), **visible_devices()},
                        "cwd": self._function["cwd"],
                        "oom_score": OOM_SCORE,
                        "leash": True,
                    },
                    [output_in],
                )
            finally:
                os.close(output_in)
            connection = await self._connection(listening)
        path.unlink()
        _, self._writer = await asyncio.open_unix_connection(sock=connection.dup())
        cast("asyncio.ReadTransport", self._writer.transport).pause_reading()
        self._alive = True
        self._hearing = asyncio.create_task(self._hear(connection))

    async def _connection(self, listening: socket.socket) -> socket.socket:
        """Wait for the runner to call, or for its end.

        Raises:
            OSError: it has ended, or takes too long; the message is its last output.
        """
        self._ended.clear()
        calling = asyncio.ensure_future(asyncio.get_running_loop().sock_accept(listening))
        ending = asyncio.ensure_future(self._ended.wait())
        await asyncio.wait(
            {calling, ending}, timeout=START_DEADLINE, return_when=asyncio.FIRST_COMPLETED
        )
        ending.cancel()
        if not calling.done():
            calling.cancel()
            if ending.done():
                self._hear_output()
            raise OSError(self._log.tail.decode(errors="replace").strip())
        connection, _ = calling.result()
        return connection

    def _hear_output(self) -> None:
        """Keep the last that was printed by a process that is gone."""
        assert self._output is not None
        self._output.close()
        self._log.close()

    def _tell(self, message: Order) -> None:
        assert self._writer is not None
        self._writer.write(json.dumps(message).encode() + b"\n")

    async def _hear(self, connection: socket.socket) -> None:
        """Hear the runner until it has ended.

        While it speaks all the time, it is heard a thousand times a second and not once for every
        line: that costs this process more than the lines.
        """
        loop, rest, heard = asyncio.get_running_loop(), b"", 0.0
        with connection, contextlib.suppress(ConnectionError):
            while chunk := await loop.sock_recv(connection, CHUNK):
                *lines, rest = (rest + chunk).split(b"\n")
                self._pass_on(lines)
                await self._go_on()
                await self._mailbox.room()
                now = time.monotonic()
                if now - heard < BUSY_SECONDS:
                    await asyncio.sleep(GATHER_SECONDS)
                heard = now

    def _pass_on(self, lines: list[bytes]) -> None:
        """Hear a few lines of the runner; what is logged goes on as it is, many as one."""
        logged: list[bytes] = []
        for line in lines:
            run = next(iter(self._orders), "")
            if line.startswith(b'{"run":"%s","m":' % run.encode()):
                if self._may_say(run, len(line), logged):
                    logged.append(b'{"k":"said",' + line[1:])
                continue
            self._put(logged)
            said = json.loads(line)
            if "start" in said:
                self._say("started", said["run"], host=self._host, **said["start"])
            elif "end" in said:
                self._end(said["run"], **said["end"])
            elif self._may_say(said["run"], len(line), logged):
                logged.append(b'{"k":"said",' + line[1:])
        self._put(logged)

    def _put(self, lines: list[bytes]) -> None:
        if lines:
            self._mailbox.put(b"\n".join(lines))
            lines.clear()

    def _may_say(self, run: str, size: int, before: list[bytes]) -> bool:
        said = self._said.get(run)
        if said is None or said.take(size):
            return True
        if said.dropped == 1:
            self._put(before)
            self._say("notice", run, text=TOO_MANY)
        return False

    def _end(self, run: str, **facts: Any) -> None:
        if (order := self._orders.pop(run, None)) is None:
            return
        if watching := self._watching.pop(run, None):
            watching.cancel()
        if (above := self._above.pop(run, None)) and facts.get("stopped"):
            facts |= {"stopped": False, "code": facts["code"] or None}
            facts |= {"error": above, "kind": "quota", "tail": ""}
        self._stopping.discard(run)
        self._over.append(run)
        end = partial(self._say, "ended", run, dropped=self._said.pop(run).dropped, **facts)
        end() if self._away is None else self._away.ends(order, end)

    def _say(self, kind: str, run: str, /, **facts: Any) -> None:
        self._mailbox.put(message_of(kind, run, **facts), urgent=kind != "started")
