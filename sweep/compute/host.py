"""The target host: the one process that drives Ray, beside its cluster.

``python -m sweep.compute.host``: the engine speaks with it in JSON objects, one a line, over
standard input and output, here or through a remote shell. The engine itself holds no Ray: a
driver is ended by Ray's core, without an exception, when its cluster's head is gone, and the
process that holds a sweep must survive that. The end of the input means that the engine is
gone: the host leaves, Ray ends the slots, the guards end the runs.

In:  {"do": "settle", "folder": path, "log": path},
     {"do": "open", "address": null, "cpus": n, "gpus": n, "temp": path, "slot_cpus": x,
      "slot_gpus": x, "sockets": path, "probe": {"path": path, "text": "..."},
      "function": {"pickled": base64, ...} or null},
     {"do": "slot", "slot": n, "avoid": [node ids]}, {"do": "start", "slot": n, "orders": [{...}]},
     {"do": "recall", "slot": n}, {"do": "stop", "slot": n, "run": key, "grace": s},
     {"do": "drop", "slot": n}, {"do": "answer", "slot": n, "n": question, "answer": {...}}
Out: {"k": "ready", ...}, {"k": "up", "slot": n, ...}, {"k": "down", "slot": n, "why": "..."},
     {"k": "fatal", "why": "..."}, and what the slots say of their runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
from base64 import b64decode
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

from sweep.compute import ensemble, guard, link, near, slot, spread
from sweep.compute.lean_ray import leave_out
from sweep.compute.probe import first_line, has_room
from sweep.compute.ray_environment import OBJECT_STORE_BYTES
from sweep.compute.travelling import TRAVEL

HEARTBEAT = 5.0
"""Seconds after which a slot answers even when it has nothing to say."""
MISSED = 3
"""Heartbeats that may be missed before a slot is given up."""
GUARD_SOURCES = {
    name: Path(guard.__file__).with_name(name).read_text()
    for name in (*guard.FILES, spread.LAUNCHER)
}


class Host:
    """Slots by number, and a pump for each."""

    def __init__(self, say: Callable[[bytes], None]) -> None:
        self._say = say
        self._slots: dict[int, Any] = {}
        self._links: dict[int, link.HostEnd] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._opened: dict[str, Any] = {}
        self._function: Any = None
        self._near = False  # whether slots are on this machine, as far as is known

    def tell(self, kind: str, **facts: Any) -> None:
        """Say one thing to the engine."""
        self._say(json.dumps({"k": kind, **facts}).encode() + b"\n")

    async def obey(self, order: dict[str, Any]) -> None:
        """Carry out one order of the engine."""
        match order["do"]:
            case "settle":
                _settle(order["folder"], order["log"])
            case "open":
                await self._open(order)
            case "slot":
                self._begin(self._serve(order["slot"], order["avoid"]))
                await asyncio.sleep(0)  # until it is asked for: the next order may be to drop it
            case "start":
                self._call(order["slot"], "start", *order["orders"])
            case "recall":
                self._call(order["slot"], "recall")
            case "stop":
                self._call(order["slot"], "stop", order["run"], order["grace"])
            case "answer":
                self._call(order["slot"], "answer", order["n"], order["answer"])
            case "drop":
                self._drop(order["slot"])

    async def _open(self, order: dict[str, Any]) -> None:
        import ray  # noqa: PLC0415

        for module in TRAVEL:
            ray.cloudpickle.register_pickle_by_value(module)
        self._opened = order
        Thread(target=_warm_up, args=(ray.cloudpickle.dumps,)).start()
        quiet = {"log_to_driver": False, "logging_level": "ERROR", "configure_logging": False}
        if order["address"]:
            ray.init(address=order["address"], **quiet)
        else:
            leave_out()
            ray.init(
                address="local",
                num_cpus=order["cpus"],
                num_gpus=order["gpus"],
                include_dashboard=False,
                object_store_memory=OBJECT_STORE_BYTES,
                _temp_dir=order["temp"],
                **quiet,
            )
            os.chmod(order["temp"], 0o700)  # noqa: PTH101 - nothing waits; Ray opens it to all
        if order["function"] is not None:
            function = order["function"]
            pickled = b64decode(function["pickled"])
            self._function = ray.put({**function, "pickled": pickled})
        rooms = [n for n in ray.nodes() if n["Alive"] and has_room(n["Resources"])]
        here = socket.gethostname()
        self._near = bool(rooms) and all(n["NodeManagerHostname"] == here for n in rooms)
        self.tell("ready", ray=ray.__version__, resources=ray.cluster_resources())

    async def _serve(self, number: int, avoid: Sequence[str]) -> None:
        """Create a slot, on a node that is not to be avoided, and pass on what it says."""
        import ray  # noqa: PLC0415

        elsewhere = {"ray.io/node-id": f"!in({','.join(avoid)})"} if avoid else None
        if self._opened.get("nodes", 1) > 1:
            together = self._slots[number] = ensemble.Ensemble(number, self._say, self._slots)
            beat = (HEARTBEAT, MISSED * HEARTBEAT)
            asked = ensemble.Asked(self._opened, elsewhere, self._make, _node_of)
            await together.serve(ray, asked, beat, self.tell)
            return
        if not self._near or not await self._serve_near(number, elsewhere):
            await self._serve_far(number, elsewhere)

    async def _serve_near(self, number: int, elsewhere: dict[str, str] | None) -> bool:
        """Serve a slot on this machine; False if it has come up on another one."""
        import ray  # noqa: PLC0415

        options = {"label_selector": elsewhere, "max_concurrency": 1}
        actor = self._slots[number] = self._make(number, near.NearSlot, **options)
        how = (_node_of, self._function, HEARTBEAT, self._opened["probe"])
        living = actor.live.options(num_returns="streaming").remote(*how)
        try:
            facts = await (await anext(living))
            direct = await link.HostEnd.to(facts.pop("link"))
            if direct is None:
                self._near = False
                ray.kill(actor)
                return False
            self.tell("up", slot=number, **facts)
            await self._over_link(number, direct, lambda: _end_of(living))
        except (ray.exceptions.RayError, asyncio.TimeoutError) as error:
            self._lose(number, actor, error)
        return True

    async def _serve_far(self, number: int, elsewhere: dict[str, str] | None) -> None:
        """Serve a slot that may be on another machine, where need be by calls of Ray."""
        import ray  # noqa: PLC0415

        actor = self._slots[number] = self._make(number, label_selector=elsewhere)
        try:
            facts = await actor.open.remote(self._function, HEARTBEAT, self._opened["probe"])
            direct = await link.HostEnd.to(facts.pop("link"))
            node = await actor.__ray_call__.remote(_node_of)
            self.tell("up", slot=number, **facts, node=node)
            if direct is not None:
                await self._over_link(number, direct, lambda: actor.take.remote(0, 0))
            seen = 0
            while True:
                answer = actor.take.remote(seen, HEARTBEAT)
                seen, messages = await asyncio.wait_for(answer, MISSED * HEARTBEAT)
                self._say(messages)
        except (ray.exceptions.RayError, asyncio.TimeoutError) as error:
            self._lose(number, actor, error)

    async def _over_link(
        self, number: int, direct: link.HostEnd, end: Callable[[], Awaitable[Any]]
    ) -> None:
        """Pass on what a slot says, until it is gone; raises of what it has died."""
        self._links[number] = direct
        try:
            await direct.hear(self._say, MISSED * HEARTBEAT)
        finally:
            del self._links[number]
            direct.close()
        await asyncio.wait_for(end(), MISSED * HEARTBEAT)  # Ray is asked
        raise asyncio.TimeoutError("its connection has broken")

    def _lose(self, number: int, actor: Any, error: BaseException) -> None:
        import ray  # noqa: PLC0415

        ray.kill(actor)
        self._slots.pop(number, None)
        self.tell("down", slot=number, why=first_line(error))

    def _make(self, name: int | str, kind: type = slot.Slot, **where: Any) -> Any:
        """Create a slot."""
        import ray  # noqa: PLC0415

        options = {
            "num_cpus": self._opened["slot_cpus"],
            "num_gpus": self._opened["slot_gpus"],
            "max_restarts": 0,
            "max_task_retries": 0,
            "max_concurrency": 16,
        }
        actor = ray.remote(kind).options(**options | where)
        return actor.remote(name, self._opened["sockets"], GUARD_SOURCES)

    def _call(self, number: int, method: str, *arguments: Any) -> None:
        """Call a slot; if it is gone, its pump says so."""
        if direct := self._links.get(number):
            direct.tell(method, *arguments)
        elif isinstance(actor := self._slots.get(number), ensemble.Ensemble):
            self._begin(_await(actor.call(method, *arguments)))
        elif hasattr(actor, method):  # one that is near is spoken to over its link alone
            self._begin(_await(getattr(actor, method).remote(*arguments)))

    def _drop(self, number: int) -> None:
        import ray  # noqa: PLC0415

        if isinstance(actor := self._slots.get(number), ensemble.Ensemble):
            actor.dropped.set()
        elif actor:
            ray.kill(actor)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _await(answer: Any) -> None:
    import ray  # noqa: PLC0415

    with contextlib.suppress(ray.exceptions.RayActorError):  # the pump of that slot says it
        await answer


def _warm_up(dumps: Callable[[Any], bytes]) -> None:
    """Do while Ray starts what it would do before the first actor, half a second long.

    It analyses the code that travels, and imports for which it has serialisers.
    """
    dumps(near.NearSlot)
    for name in ("pyarrow", "pydantic"):
        with contextlib.suppress(ImportError):
            import_module(name)


def _settle(folder: str, log: str) -> None:
    """Work in this folder, and write this log."""
    os.chdir(folder)
    errors = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(errors, sys.stderr.fileno())
    os.close(errors)


async def _end_of(living: Any) -> None:
    async for rest in living:
        await rest


def _node_of(_: Any) -> str:
    import ray  # noqa: PLC0415 - in the slot

    return str(ray.get_runtime_context().get_node_id())


async def serve() -> None:
    """Obey the engine until it is gone."""
    out = sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever a library prints must not reach the engine

    def say(messages: bytes) -> None:
        out.write(messages)
        out.flush()

    host = Host(say)
    reader = asyncio.StreamReader(limit=1 << 26)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer
    )
    try:
        import ray  # noqa: F401, PLC0415 - half a second, in which the first order is made up

        while line := await reader.readline():
            await host.obey(json.loads(line))
    except Exception as error:  # noqa: BLE001 - the engine must hear of it, whatever it is
        host.tell("fatal", why=f"{type(error).__name__}: {first_line(error)}")
    finally:
        os._exit(0)  # Ray's own goodbye takes a second and a half; its children follow anyway


if __name__ == "__main__":
    asyncio.run(serve())
