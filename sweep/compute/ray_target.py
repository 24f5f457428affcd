"""The engine's end of a target on Ray: slots in a cluster, reached through a target host.

This module does not import Ray; it speaks with `sweep.compute.host` over pipes.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from base64 import b64encode
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweep.compute import endings
from sweep.compute.existing import ExistingCluster
from sweep.compute.host_process import HostProcess
from sweep.compute.ray_environment import host_environment
from sweep.compute.ray_files import RayFiles
from sweep.compute.ray_folder import RayFolder
from sweep.compute.resources import Resources
from sweep.compute.target import (
    Message,
    Notice,
    RunEnded,
    RunLost,
    RunOrder,
    RunSaid,
    RunStarted,
    SlotsAre,
)
from sweep.errors import TargetError

PATIENCE = 0.25
"""Longest wait of one poll, in seconds: signals and views are looked after in between."""
DROPPED = ("dropped", "output_dropped")
ID_SHOWN = 8
"""Characters of a node's id in its name."""
OBEDIENCE = 10.0
"""Seconds, beyond the grace of a run, in which a slot must have ended it."""
SLOT_DEADLINE, SLOT_ABSENCE = 120.0, 30.0
"""Seconds within which a cluster must have brought up its first slot, and that a Ray of our own
may be without one afterwards: it is dead then."""


class RayTarget:
    """Slots on a Ray: one that is started here and ends with the sweep, or somebody else's.

    Args:
        resources: what there is, and what one run takes.
        folder: where Ray's files and the host's log go.
        function: where runs are calls: the pickled function, and the primary metric's name.
        cluster: one that is there already; None to start one here.
    """

    def __init__(
        self,
        resources: Resources,
        folder: Path,
        function: tuple[bytes, str] | None = None,
        cluster: ExistingCluster | None = None,
    ) -> None:
        self._resources = resources
        self._function = function
        self._cluster = cluster
        self._path = folder
        self._folder: RayFolder | None = None
        self._files = RayFiles(folder)
        self._process: HostProcess | None = None
        self._wanted = 0
        self._free: list[int] = []
        self._up: dict[int, _Node] = {}
        self._quarantined: set[str] = set()
        self._failed_in_a_row = 0
        self._runs: dict[str, tuple[int, int, int]] = {}  # key: run, attempt, slot
        self._queue: deque[RunOrder] = deque()
        self._stopping: dict[str, float] = {}  # key: when patience ends
        self._unheard: list[Message] = []
        self._none_since = 0.0  # when there was a slot last
        self._patience = SLOT_DEADLINE

    # ---- the protocol -----------------------------------------------------------------

    def now(self) -> float:
        """Return the time of this machine."""
        return time.time()

    def open(self, slots: int) -> None:
        """Start the target host, which starts Ray or joins it."""
        self._wanted = min(slots, self._resources.slots)
        self._folder = RayFolder(self._path)
        self._none_since = time.monotonic()
        cluster = self._cluster
        if cluster is not None:
            cluster.check()
        environment = host_environment() if cluster is None else cluster.environment()
        self._process = HostProcess(environment, self._path)
        temp = str(self._folder.short)
        elsewhere = Path(tempfile.gettempdir()) / f"sweep-{secrets.token_hex(6)}"
        self._host.tell(
            do="open",
            address=None if cluster is None else cluster.address,
            cpus=self._resources.cpus,
            gpus=self._resources.gpus,
            slot_cpus=self._resources.cpus_per_run,
            slot_gpus=self._resources.gpus_per_run,
            temp=temp,
            sockets=f"{temp}/s" if cluster is None else str(elsewhere),
            function=b64encode(self._function[0]).decode() if self._function else None,
            metric=self._function[1] if self._function else "",
        )
        for slot in range(self._wanted):
            self._ask_for(slot)

    def launch(self, order: RunOrder) -> None:
        """Give a run to a free slot, or to the next that is free: one may just have gone."""
        self._queue.append(order)
        self._fill()

    def stop(self, run: int, attempt: int, grace: float) -> None:
        """Tell the run's slot to end it; a slot that does not obey is ended itself."""
        key = f"{run}.{attempt}"
        if key in self._runs:
            slot = self._runs[key][2]
            self._host.tell(do="stop", slot=slot, run=key, grace=grace)
            self._stopping[key] = time.monotonic() + grace + OBEDIENCE
        elif any(o.run == run for o in self._queue):
            self._queue = deque(o for o in self._queue if o.run != run)
            self._unheard.append(RunEnded(run, attempt, None, stopped=True))

    def poll(self, timeout: float) -> Sequence[Message]:
        """Hear what the host has to say."""
        messages, self._unheard = self._unheard, []
        self._mind_stops()
        if text := self._files.look(time.monotonic()):
            messages.append(Notice(text))
        wait = 0.0 if messages else max(0.0, min(timeout, PATIENCE))
        for said in self._host.hear(wait):
            messages += self._understand(said)
        if self._up:
            self._none_since = time.monotonic()
            self._patience = SLOT_ABSENCE if self._cluster is None else SLOT_DEADLINE
        elif time.monotonic() > self._none_since + self._patience:
            last = self._host.last_words()
            raise TargetError(f"no slot came up within {self._patience:g} s{last}")
        return messages

    def quarantine(self, node: str) -> None:
        """Let no new run start on a node."""
        self._quarantined |= {n.id for n in self._up.values() if n.name == node}
        for slot in [s for s in self._free if self._shunned(s)]:
            self._free.remove(slot)
            self._host.tell(do="drop", slot=slot)
        self._unheard.append(self._slots())

    def release(self, node: str) -> None:
        """Let runs start on a node again: slots that had no place may be there."""
        self._quarantined = {i for i in self._quarantined if not node.endswith(i[:ID_SHOWN])}
        for slot in set(range(self._wanted)) - self._up.keys():
            self._host.tell(
                do="drop", slot=slot
            )  # it waits for another node; it is asked for anew

    def close(self) -> None:
        """End the host, and with it Ray, the slots and the runs; return when all are gone."""
        if self._process is not None:
            self._process.close()
            self._process = None
            if self._folder is not None:
                self._folder.clear()

    @property
    def _host(self) -> HostProcess:
        assert self._process is not None, "open comes first"
        return self._process

    def _ask_for(self, slot: int) -> None:
        self._host.tell(do="slot", slot=slot, avoid=sorted(self._quarantined))

    def _shunned(self, slot: int) -> bool:
        return slot in self._up and self._up[slot].id in self._quarantined

    def _slots(self) -> SlotsAre:
        usable = [node for node in self._up.values() if node.id not in self._quarantined]
        return SlotsAre(len(usable), len({node.id for node in usable}))

    def _fill(self) -> None:
        while self._queue and self._free:
            order, slot = self._queue.popleft(), self._free.pop()
            key = f"{order.run}.{order.attempt}"
            self._runs[key] = (order.run, order.attempt, slot)
            self._host.tell(do="start", slot=slot, order={"run": key, **order.plain()})

    def _mind_stops(self) -> None:
        for key, deadline in [*self._stopping.items()]:
            if key not in self._runs:
                del self._stopping[key]
            elif time.monotonic() > deadline:
                del self._stopping[key]
                self._host.tell(do="drop", slot=self._runs[key][2])

    # ---- what the host says -----------------------------------------------------------

    def _understand(self, said: dict[str, Any]) -> Iterator[Message]:
        match said["k"]:
            case "said":
                run, attempt, _ = self._runs[said["run"]]
                yield RunSaid(run, attempt, said["m"])
            case "started":
                run, attempt, slot = self._runs[said["run"]]
                facts = {"pid": said["pid"], "host": said["host"], "node": self._up[slot].name}
                yield RunStarted(run, attempt, facts)
            case "notice":
                yield Notice(f"run {self._runs[said['run']][0]}: {said['text']}")
            case "ended":
                yield self._ended(said)
            case "refused":
                run, attempt = self._release(said["run"])
                error = f"cannot start: {said['error']}"
                yield RunEnded(run, attempt, None, error=error, kind="start")
            case "up":
                self._failed_in_a_row = 0
                self._up[said["slot"]] = _Node(said["node"], said["host"])
                self._offer(said["slot"])
                yield self._slots()
            case "down":
                yield from self._down(said["slot"], said["why"])
            case "fatal":
                raise TargetError(said["why"])

    def _ended(self, said: dict[str, Any]) -> RunEnded:
        run, attempt = self._release(said["run"])
        error, kind = endings.of_run(said)
        stopped = said["stopped"] and not error
        facts = {
            name: said[name]
            for name in ("stop_seconds", "cpu_seconds", "peak_memory", *DROPPED)
            if said.get(name)
        }
        tail = said.get("tail", "")
        return RunEnded(run, attempt, said["code"], stopped, error, kind, tail, facts)

    def _release(self, key: str) -> tuple[int, int]:
        run, attempt, slot = self._runs.pop(key)
        self._offer(slot)
        return run, attempt

    def _offer(self, slot: int) -> None:
        """Let a slot that has nothing to do take a run; one on a bad node goes."""
        if self._shunned(slot):
            self._host.tell(do="drop", slot=slot)
            return
        self._free.append(slot)
        self._fill()

    def _down(self, slot: int, why: str) -> Iterator[Message]:
        node = self._up.pop(slot, None)
        if node is not None:
            yield self._slots()
        if slot in self._free:
            self._free.remove(slot)
        for key, (run, attempt, where) in [*self._runs.items()]:
            if where == slot:
                del self._runs[key]
                reason = f"slot {slot} is gone: {why}"
                yield RunLost(run, attempt, reason, endings.of_slot(why))
        if node is None or node.id not in self._quarantined:
            self._failed_in_a_row += 1
            if self._failed_in_a_row > 3 * self._wanted:
                raise TargetError(f"slots do not come up: {why}")
            yield Notice(f"slot {slot} is gone ({why}); a new one is started")
        self._ask_for(slot)

    def processes(self) -> list[int]:
        """Return the processes of this target: the host, Ray, slots, runs; none once closed."""
        return [] if self._process is None else self._process.members()


@dataclass(frozen=True, slots=True)
class _Node:
    """A node of the cluster, by Ray's id, and its host's name."""

    id: str
    host: str

    @property
    def name(self) -> str:
        """Several nodes may share a host, so the name has part of the id."""
        return f"{self.host}-{self.id[:ID_SHOWN]}"
