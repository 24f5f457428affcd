"""A run on several nodes: one slot on each, which together are one slot to the engine.

The first leads: the engine hears what its process logs, and that its folder is the run's. The
others start when it has, and are heard of when they fail. Whatever ends one of them by force or
by failure ends all. It lives in the target host; the slots are ordinary ones.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from sweep.compute.parts import Message, Parts
from sweep.compute.spread import HERE, free_port, sees_files, variables

GRACE = 10.0
"""Seconds in which the others may end by themselves when one has failed."""
SAID = b'{"k":"said"'
LOUD = ("want", "file", "fatal")
"""What every slot may say to the engine."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the slots of a run are to be like.

    Attributes:
        opened: the engine's order for all slots: `nodes`, `slot_cpus`, `slot_gpus`, `probe`.
        elsewhere: a selector for nodes; None where any will do.
        make: creates a slot of that name.
        node_of: asked of a slot, by Ray: its node's id.
    """

    opened: Message
    elsewhere: Message | None
    make: Callable[..., Any]
    node_of: Callable[..., str]


class Ensemble:
    """The slots of one run.

    Args:
        number: as the engine calls them all.
        say: takes lines for the engine.
        known: where they are entered by their names, each for itself.

    Attributes:
        slots: handles of them; of each, `method.remote(...)` can be awaited.
        dropped: set when they are not wanted any more.
    """

    def __init__(self, number: int, say: Callable[[bytes], None], known: dict[Any, Any]) -> None:
        self._number = number
        self._say = say
        self._known = known
        self.slots: list[Any] = []
        self.dropped = asyncio.Event()
        self._hosts: list[str] = []
        self._runs: dict[str, Parts] = {}
        self._tasks: set[asyncio.Future[Any]] = set()

    async def serve(
        self, ray: Any, asked: Asked, beat: tuple[float, float], tell: Callable[..., None]
    ) -> None:
        """Create the slots, each on its own node, and pass on what they say until one is gone.

        Args:
            ray: the module.
            asked: what they are to be like.
            beat: seconds after which a slot answers in any case, and after which it is given up.
            tell: says something to the engine.
        """
        opened, count = asked.opened, asked.opened["nodes"]
        pairs = (("CPU", opened["slot_cpus"]), ("GPU", opened["slot_gpus"]))
        group = ray.util.placement_group(
            [{name: amount for name, amount in pairs if amount}] * count,
            strategy="STRICT_SPREAD",
            bundle_label_selector=[asked.elsewhere] * count if asked.elsewhere else None,
        )
        strategy = ray.util.scheduling_strategies.PlacementGroupSchedulingStrategy
        try:
            await self._unless_dropped(_done(group.ready()))
            for index, name in enumerate(self._names(count)):
                there = strategy(group, placement_group_bundle_index=index)
                self.slots.append(asked.make(name or self._number, scheduling_strategy=there))
                if name:
                    self._known[name] = self.slots[-1]
            facts = await self._unless_dropped(self.open(opened["probe"], beat[0]))
            node = await self.slots[0].__ray_call__.remote(asked.node_of)
            tell("up", slot=self._number, **facts, node=node)
            await self._unless_dropped(self.hear(*beat))
        except (ray.exceptions.RayError, asyncio.TimeoutError) as error:
            lines = str(error).strip().splitlines() or [type(error).__name__]
            tell("down", slot=self._number, why=lines[0])
        finally:
            self._known.pop(self._number, None)
            for name in self._names(count):
                self._known.pop(name, None)
            for slot in self.slots:
                ray.kill(slot)
            ray.util.remove_placement_group(group)

    def _names(self, count: int) -> list[str]:
        """Return the names of the slots; the first has none of its own."""
        return [f"{self._number}.{index}" if index else "" for index in range(count)]

    async def _unless_dropped(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Return what comes of it.

        Raises:
            asyncio.TimeoutError: they are not wanted any more.
        """
        dropped = asyncio.ensure_future(self.dropped.wait())
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait([task, dropped], return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise asyncio.TimeoutError("it was ended")
            return task.result()
        finally:
            dropped.cancel()
            task.cancel()

    async def open(self, probe: Message | None, heartbeat: float) -> Message:
        """Open all slots; return what the first says of its node.

        Where one of them does not see the engine's files, all do as if they did not.
        """
        asks = (slot.__ray_call__.remote(sees_files, probe) for slot in self.slots)
        if not all(await asyncio.gather(*asks)):
            probe = {"path": "/", "text": ""}  # no file is there
        opens = (slot.open.remote(None, heartbeat, probe) for slot in self.slots)
        facts = await asyncio.gather(*opens)
        one = len({about["host"] for about in facts}) == 1
        self._hosts = [HERE if one else about["ip"] for about in facts]
        return {**facts[0], "nodes": [about["host"] for about in facts]}

    def call(self, method: str, *arguments: Any) -> Coroutine[Any, Any, Any]:
        """Carry out an order of the engine's for the slot that we are to it."""
        if method == "start":
            return self._start(*arguments)
        if method == "stop":
            return self._stop(*arguments)
        return _done(getattr(self.slots[0], method).remote(*arguments))

    async def hear(self, heartbeat: float, patience: float) -> None:
        """Pass on what is to be heard, until one of the slots is gone.

        Raises:
            asyncio.TimeoutError: one is silent; and whatever a call of one that is gone raises.
        """
        pumps = [asyncio.ensure_future(self._pump(i, heartbeat, patience)) for i in self._places]
        try:
            await asyncio.gather(*pumps)
        finally:
            for pump in pumps:
                pump.cancel()

    @property
    def _places(self) -> range:
        return range(len(self.slots))

    async def _pump(self, part: int, heartbeat: float, patience: float) -> None:
        seen = 0
        while True:
            answer = self.slots[part].take.remote(seen, heartbeat)
            seen, lines = await asyncio.wait_for(answer, patience)
            for line in lines.splitlines():
                self._heard(part, line)

    # ---- what the engine wants ---------------------------------------------------------

    async def _start(self, *orders: Message) -> None:
        for order in orders:
            port = await self.slots[0].__ray_call__.remote(free_port)
            self._runs[order["run"]] = Parts(order, port)
            await self._begin(order["run"], 0)

    async def _begin(self, run: str, part: int) -> None:
        known = self._runs[run]
        order = known.order
        env = {
            **order["env"],
            **variables(part, self._hosts, order.get("needs") or {}, known.port),
        }
        mine = {**order, "env": env}
        if part:
            mine |= {
                # The first attempt of its own: it looks for no process of an earlier one, for
                # it would find the first slot's.
                "run": f"{run}@{part}.1",
                "log": f"std_log_{part}.txt",
                "outputs_bytes": None,
                "folders": ["user_logs"],
            }
            if "bound" not in order:  # the folder is the first one's, with its copy of the source
                mine["tree"] = ""
        await self.slots[part].start.remote(mine)

    async def _stop(self, run: str, grace: float) -> None:
        if (known := self._runs.get(run)) is None:
            return
        known.stopping = True
        await self._end(run, known, grace)

    async def _end(self, run: str, known: Parts, grace: float) -> None:
        left = [part for part in range(known.begun) if part not in known.ends]
        names = [f"{run}@{part}.1" if part else run for part in left]
        stops = (self.slots[p].stop.remote(n, grace) for p, n in zip(left, names, strict=True))
        await asyncio.gather(*stops)

    # ---- what the slots say ------------------------------------------------------------

    def _heard(self, part: int, line: bytes) -> None:
        if line.startswith(SAID):
            if part == 0:
                self._say(line + b"\n")
            return
        message = json.loads(line)
        kind = message["k"]
        run = message.get("run", "").partition("@")[0]
        if run:
            message["run"] = run
        known = self._runs.get(run)
        if kind in LOUD or known is None:
            self._tell(message)
        elif kind in ("ended", "refused"):
            self._ended(part, run, known, message)
        elif kind == "notice":
            text = f"on node {part}: {message['text']}" if part else message["text"]
            self._tell({**message, "text": text})
        elif part == 0:
            self._go_on(kind, run, known)
            self._tell(message)

    def _go_on(self, kind: str, run: str, known: Parts) -> None:
        """Start the other parts when the first has."""
        if kind == "returned":
            del self._runs[run]
        elif kind == "started" and not known.stopping:
            known.begun = len(self.slots)
            for other in self._places[1:]:
                self._do(self._begin(run, other))

    def _ended(self, part: int, run: str, known: Parts, message: Message) -> None:
        if message["k"] == "refused":
            if known.begun == 1:
                del self._runs[run]
                self._tell(message)
                return
            error = f"cannot start: {message['error']}"
            message = {"k": "ended", "run": run, "code": None, "stopped": False, "error": error}
        if known.end(part, message):
            self._do(self._end(run, known, GRACE))
        if known.over:
            del self._runs[run]
            self._tell(known.whole(self._hosts))

    def _tell(self, message: Message) -> None:
        self._say(json.dumps(message).encode() + b"\n")

    def _do(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(_forgive)
        task.add_done_callback(self._tasks.discard)


def _forgive(task: asyncio.Future[Any]) -> None:
    if not task.cancelled():
        task.exception()  # a slot that is gone is told of by its pump


async def _done(answer: Awaitable[Any]) -> Any:
    return await answer
