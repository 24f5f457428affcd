"""A slot: the Ray actor that holds one run's resources and looks after the run.

It stays warm from run to run. Between it and the run's process stands the guard
(`sweep.compute.guard`); from the run it hears over a Unix socket of the run's own (reports) and
a pipe (output). It knows no sweep, no policy and no database.

This module and those it imports use the standard library only: they travel to nodes that have
nothing but Ray.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import tempfile
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sweep.compute.environments import Unmet
from sweep.compute.execution import QUOTA_GRACE, RUN_MARK, Execution, Order, message_of
from sweep.compute.functions import FunctionRuns
from sweep.compute.guarding import send_order, start_guard
from sweep.compute.line import Line
from sweep.compute.link import Orders, SlotEnd
from sweep.compute.mailbox import Mailbox
from sweep.compute.needs import Needs
from sweep.compute.node_facts import node_facts
from sweep.compute.processes import end_marked
from sweep.compute.travel import Away, sees


class Slot:
    """One place where one run at a time executes.

    Args:
        number: the slot's number in its target.
        folder: a short path on this node for sockets; made if need be.
        guard_sources: texts of the guard's program, by file; written beside the sockets.
    """

    def __init__(self, number: int, folder: str, guard_sources: Mapping[str, str]) -> None:
        self.number = number
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix=f"{number}-", dir=folder))
        self._guard_file = self._folder / "guard.py"
        for name, source in guard_sources.items():
            (self._folder / name).write_text(source)
        self._needs = Needs(self._guard_file)
        self._run: Execution | None = None
        self._waiting: deque[Order] = deque()
        self._ready: dict[str, asyncio.Task[Execution | None]] = {}  # the first of those
        self._functions: FunctionRuns | None = None
        self._early_stops: dict[str, float] = {}  # run: grace
        self._over: deque[str] = deque(maxlen=64)  # the latest runs that have ended
        self._away: Away | None = None  # where the engine's files are not seen

    async def open(
        self,
        function: dict[str, Any] | None = None,
        heartbeat: float = 5.0,
        probe: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Start the guard and begin to listen to it; return facts about this node.

        Args:
            function: where runs are calls of it: `pickled`, `metric`, and `env` and `cwd` of the
                process that loads it.
            heartbeat: seconds after which a host on this machine hears something in any case.
            probe: a file of the engine's, `path` and `text`, by which it is found out whether
                its files are seen here; None where they are.
        """
        self._mailbox = Mailbox()
        self._turn = asyncio.Lock()
        self._line = Line(self.number, self._mailbox)
        if not (seen := sees(probe)):
            self._away = await asyncio.to_thread(Away, self._line)
        ours = [self._folder, *([self._away.folder] if self._away else [])]
        self._guard = start_guard(self._guard_file, ours)
        if function is not None:
            self._functions = FunctionRuns(self._mailbox, self._folder, self._to_guard, self._away)
            self._functions.load(function)
        reader, self._writer = await asyncio.open_unix_connection(sock=self._guard)
        self._listener = asyncio.create_task(self._listen(reader))
        orders: Orders = {
            "start": self.start,
            "stop": self.stop,
            "recall": self.recall,
            "answer": self.answer,
        }
        path = self._folder / "link"
        self._link = SlotEnd(path, self._mailbox, orders, heartbeat)
        await self._link.listen()
        return {
            **await asyncio.to_thread(node_facts),
            "link": str(path),
            "sees": seen,
            "pid": os.getpid(),
            "devices": os.environ.get("CUDA_VISIBLE_DEVICES", ""),
        }

    async def let_go(self) -> None:
        """Wait until the host has called, and has let go."""
        await self._link.ended.wait()

    async def take(self, acknowledged: int, timeout: float) -> tuple[int, bytes]:
        """See `Mailbox.take`: how a host on another machine hears from this slot."""
        return await self._mailbox.take(acknowledged, timeout)

    async def start(self, *orders: Order) -> None:
        """Begin a run, and others behind it; what becomes of them is said through `take`."""
        if self._functions is not None:
            await self._functions.start(*orders)
            return
        self._waiting += orders
        await self._go_on()
        self._get_ready()

    async def _go_on(self) -> None:
        """Begin the next run, if nothing runs."""
        async with self._turn:
            while self._run is None and self._waiting:
                order = self._waiting.popleft()
                ready = await self._ready_for(order["run"])
                if ready is None:
                    await self._begin(order)
                else:
                    self._run = ready
                    self._hand_over(ready)

    def _get_ready(self) -> None:
        """Begin to prepare the run that is next, while another one goes on."""
        if self._waiting and not self._ready and self._away is None:
            order = self._waiting[0]
            if not self._needs.at_hand(order):
                return
            self._ready[order["run"]] = asyncio.create_task(self._prepared(order))

    async def _prepared(self, order: Order) -> Execution | None:
        run = Execution(order, self._mailbox, self._folder)
        try:
            await run.prepare()
        except OSError:  # it is tried again when it is its turn, and the reason is said then
            return None
        return run

    async def _ready_for(self, run: str) -> Execution | None:
        """Return a run that was prepared, once."""
        preparing = self._ready.pop(run, None)
        return None if preparing is None else await preparing

    async def _begin(self, order: Order) -> None:
        if self._away is not None:
            order = self._away.local(order)
        self._run = run = Execution(order, self._mailbox, self._folder)
        try:
            there = await self._needs.bring(order, run.notice)
            if there and self._away is not None:
                there = await self._away.bring(order, run.notice)
            if not there:
                run.skip()
                self._forget(run)
                return
            await run.prepare()
            if self._away is not None:
                run.delivery = self._away.delivery(order, run.notice)
        except Unmet as error:  # no other run would fare better
            self._mailbox.put(json.dumps({"k": "fatal", "why": str(error)}).encode())
            return
        except OSError as error:
            await run.refuse(str(error))
            self._forget(run)
            return
        self._hand_over(run)

    def _hand_over(self, run: Execution) -> None:
        message, output = run.guard_order()
        self._to_guard(message, [output])
        run.handed_over()
        run.watch(lambda: self._to_guard({"do": "stop", "grace": QUOTA_GRACE}, []))
        if (grace := self._early_stops.pop(run.key, None)) is not None:
            run.unwatch()
            self._to_guard({"do": "stop", "grace": grace}, [])

    async def stop(self, run: str, grace: float) -> None:
        """End a run, if it is still going on; one that is about to start, as soon as it has."""
        if self._functions is not None:
            await self._functions.stop(run, grace)
        elif self._run is not None and self._run.key == run and self._run.started:
            self._run.unwatch()
            self._to_guard({"do": "stop", "grace": grace}, [])
        elif any(order["run"] == run for order in self._waiting):
            await self._take_back(run)
            self._over.append(run)
            self._mailbox.put(message_of("ended", run, code=None, stopped=True))
        elif (
            run not in self._over
            and not self._needs.cancel(run)
            and not (self._away and self._away.cancel(run))
        ):
            self._early_stops[run] = grace

    async def recall(self) -> None:
        """Give back the runs that wait here."""
        if self._functions is not None:
            self._functions.recall()
        while self._waiting:
            run = self._waiting[-1]["run"]
            await self._take_back(run)
            self._mailbox.put(message_of("returned", run))

    async def _take_back(self, run: str) -> None:
        """Forget a run that waits."""
        self._waiting = deque(order for order in self._waiting if order["run"] != run)
        if (ready := await self._ready_for(run)) is not None:
            await ready.abandon()

    async def answer(self, number: int, answer: dict[str, Any]) -> None:
        """Hear the engine's answer to a question."""
        self._line.answer(number, answer)

    def _forget(self, run: Execution) -> None:
        if self._run is run:
            self._run = None
            self._over.append(run.key)
        if self._away is not None:
            self._away.clear(run.order)

    def _to_guard(self, message: Order, descriptors: list[int]) -> None:
        send_order(self._guard, message, descriptors)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            event, run = json.loads(line), self._run
            if self._functions is not None:
                await self._functions.on_guard(event)
                continue
            assert run is not None, "the guard speaks of a run that nobody ordered"
            if event["event"] == "started":
                run.say("started", pid=event["pid"], host=socket.gethostname())
                continue
            if event["event"] == "notice":
                run.notice(event["text"])
                continue
            await self._needs.ended(run.order)
            if self._away is None and not run.devices:
                # Nothing of it is left, so the next one need not wait for its last words.
                self._forget(run)
                await self._go_on()
            if event["event"] == "refused":
                await run.refuse(event["error"])
            else:
                await run.finish(event)
            self._forget(run)
            await self._go_on()
            self._get_ready()
        # Without its guard the slot can promise nothing: it clears up and goes.
        if self._run is not None:
            end_marked(RUN_MARK, self._run.order["env"][RUN_MARK])
        os.kill(os.getpid(), signal.SIGKILL)
