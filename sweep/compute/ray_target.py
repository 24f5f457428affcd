"""The engine's end of a target on Ray: slots in a cluster, reached through a target host.

This module does not import Ray; it speaks with `sweep.compute.host` over pipes.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sweep.compute import endings
from sweep.compute.assignment import ID_SHOWN, Assignment, Node
from sweep.compute.cluster import Cluster, Host, LocalRay, Opened
from sweep.compute.holding import Holding
from sweep.compute.resources import Resources
from sweep.compute.target import (
    Function,
    Message,
    Notice,
    RunEnded,
    RunLost,
    RunOrder,
    RunSaid,
    RunStarted,
)
from sweep.compute.traffic import Answer, Traffic
from sweep.errors import TargetError

PATIENCE = 0.25
"""Longest wait of one poll, in seconds: signals and views are looked after in between."""
LONG_RUNS, SHORT_RUNS = (0.005, 0.002), (0.03, 0.006)
"""When something was heard within the first of these seconds, more is gathered for the second:
what is heard together is written in one transaction, which costs more than a report. Slots that
have their next run already do not wait for it."""
OBEDIENCE = 10.0
"""Seconds, beyond the grace of a run, in which a slot must have ended it."""
SLOT_DEADLINE = 120.0
"""Seconds within which a cluster must have brought up its first slot."""


class RayTarget:
    """Slots on a Ray: one that is started here and ends with the sweep, or somebody else's.

    Args:
        resources: what there is, and what one run takes.
        folder: where Ray's files and the host's log go.
        function: where runs are calls: what they have in common.
        cluster: where the slots are; None for a Ray that is started here.
    """

    def __init__(
        self,
        resources: Resources,
        folder: Path,
        function: Function | None = None,
        cluster: Cluster | None = None,
    ) -> None:
        self._resources = resources
        self._function = function
        self._cluster: Cluster = LocalRay() if cluster is None else cluster
        self._path = folder
        self._opened: Opened | None = None
        self._wanted = 0
        self._runs = Assignment()
        self._slots = Holding(self._cluster, self._runs, self._ask_for, self._drop)
        self._traffic = Traffic()
        self._failed_in_a_row = 0
        self._starts: dict[int, list[dict[str, Any]]] = {}  # by slot: not told to the host yet
        self._queue: deque[RunOrder] = deque()
        self._stopping: dict[str, float] = {}  # key: when patience ends
        self._unheard: list[Message] = []
        self._heard_at = 0.0
        self._none_since = 0.0  # when there was a slot last
        self._patience = SLOT_DEADLINE

    # ---- the protocol -----------------------------------------------------------------

    def now(self) -> float:
        """Return the time of this machine."""
        return time.time()

    def open(self, slots: int) -> None:
        """Start the target host, which starts Ray or joins it; later, only ask for more slots."""
        self._wanted = max(self._wanted, min(slots, self._resources.slots))
        if self._opened is not None:
            self._slots.open(self._wanted)
            return
        self._none_since = time.monotonic()
        self._cluster.check()
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._opened = self._cluster.open(self._wanted, self._resources, self._path)
        self._host.tell(
            do="open",
            address=self._opened.address,
            **self._resources.told(),
            temp=self._opened.temp,
            sockets=self._opened.sockets,
            probe=self._traffic.probe(self._path),
            function=self._traffic.function(self._function),
        )
        self._slots.open(self._wanted)
        self._patience = max(SLOT_DEADLINE, self._cluster.patience)

    def launch(self, order: RunOrder) -> None:
        """Give a run to a free slot, or to the next that is free: one may just have gone."""
        self._queue.append(order)
        self._fill()
        self._slots.launched()

    def stop(self, run: int, attempt: int, grace: float) -> None:
        """Tell the run's slot to end it; a slot that does not obey is ended itself."""
        key = f"{run}.{attempt}"
        if key in self._runs:
            slot = self._runs.slot(key)
            if orders := self._starts.pop(slot, None):
                self._host.tell(do="start", slot=slot, orders=orders)
            self._host.tell(do="stop", slot=slot, run=key, grace=grace)
            self._stopping[key] = time.monotonic() + grace + OBEDIENCE
        elif any(o.run == run for o in self._queue):
            self._queue = deque(o for o in self._queue if o.run != run)
            self._unheard.append(RunEnded(run, attempt, None, stopped=True))

    def poll(self, timeout: float) -> Sequence[Message]:
        """Hear what the host has to say."""
        messages, self._unheard = self._unheard, []
        self._flush()
        self._mind_stops()
        for slot in self._runs.overdue(time.monotonic()):
            self._host.tell(do="recall", slot=slot)
        messages += map(Notice, self._cluster.look())
        self._answer(self._traffic.late())
        wait = 0.0 if messages else max(0.0, min(timeout, PATIENCE))
        for said in self._hear(wait):
            if said["k"] == "said":  # the most frequent by far
                order = self._runs.order(said["run"])
                messages.append(RunSaid(order.run, order.attempt, said["m"]))
            else:
                messages += self._understand(said)
        self._flush()
        if self._slots.look(time.monotonic()):
            messages.append(self._runs.are())
        if news := self._runs.news():
            messages.append(news)
        if self._runs.up:
            self._none_since = time.monotonic()
            self._patience = self._cluster.patience
        elif time.monotonic() > self._none_since + self._patience:
            last = self._host.last_words()
            raise TargetError(f"no slot came up within {self._patience:g} s{last}")
        return messages

    def _hear(self, wait: float) -> list[dict[str, Any]]:
        heard = self._host.hear(wait)
        now = time.monotonic()
        busy, gather = SHORT_RUNS if self._runs.ahead > 1 else LONG_RUNS
        if heard and not self._stopping and now - self._heard_at < busy:
            time.sleep(gather)
            heard += self._host.hear(0)
        if heard:
            self._heard_at = now
        return heard

    def quarantine(self, node: str) -> None:
        """Let no new run start on a node."""
        self._runs.quarantined |= {n.id for n in self._runs.up.values() if n.name == node}
        for slot in filter(self._runs.shunned, self._runs.idle()):
            self._drop(slot)
        self._unheard.append(self._runs.are())

    def release(self, node: str) -> None:
        """Let runs start on a node again: slots that had no place may be there."""
        bad = self._runs.quarantined
        self._runs.quarantined = {i for i in bad if not node.endswith(i[:ID_SHOWN])}
        for slot in set(range(self._wanted)) - self._runs.up.keys():
            self._drop(slot)  # it waits for another node

    def close(self) -> None:
        """End the host, and with it Ray, the slots and the runs; return when all are gone."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None
            self._cluster.close()
            self._traffic.close()

    @property
    def _host(self) -> Host:
        assert self._opened is not None, "open comes first"
        return self._opened.host

    def _answer(self, answers: Iterable[Answer]) -> None:
        for slot, question, answer in answers:
            self._host.tell(do="answer", slot=slot, n=question, answer=answer)

    def _drop(self, slot: int) -> None:
        self._host.tell(do="drop", slot=slot)

    def _ask_for(self, slot: int) -> None:
        self._host.tell(do="slot", slot=slot, avoid=sorted(self._runs.quarantined))

    def _fill(self) -> None:
        while self._queue:
            order = self._queue[0]
            key = f"{order.run}.{order.attempt}"
            slot = self._runs.place(key, order)
            if slot is None:
                return
            self._queue.popleft()
            self._starts.setdefault(slot, []).append(self._traffic.order(slot, key, order))

    def _flush(self) -> None:
        """Tell the host what is to start: one message for each slot that is to be given more."""
        for slot, orders in [*self._starts.items()]:
            if self._runs.is_low(slot, len(orders)):
                self._host.tell(do="start", slot=slot, orders=orders)
                del self._starts[slot]

    def _mind_stops(self) -> None:
        for key, deadline in [*self._stopping.items()]:
            if key not in self._runs:
                del self._stopping[key]
            elif time.monotonic() > max(deadline, self._traffic.heard(key) + OBEDIENCE):
                del self._stopping[key]
                self._drop(self._runs.slot(key))

    # ---- what the host says -----------------------------------------------------------

    def _understand(self, said: dict[str, Any]) -> Iterator[Message]:
        match said["k"]:
            case "started":
                order = self._runs.order(said["run"])
                node = self._runs.up[self._runs.slot(said["run"])].name
                facts = {"pid": said["pid"], "host": said["host"], "node": node}
                yield RunStarted(order.run, order.attempt, facts)
            case "returned":
                self._queue.appendleft(self._runs.give_back(said["run"]))
                self._fill()
            case "notice":
                yield Notice(f"run {self._runs.order(said['run']).run}: {said['text']}")
            case "ended":
                yield self._ended(said)
            case "refused":
                run, attempt = self._release(said["run"])
                error = f"cannot start: {said['error']}"
                yield RunEnded(run, attempt, None, error=error, kind="start")
            case "up" if not self._slots.goes(said["slot"]):
                self._failed_in_a_row = 0
                there = Node(said["node"], said["host"])
                yield from self._traffic.up(said, there)
                self._runs.add(said["slot"], there, time.monotonic())
                self._fill()
                yield self._runs.are()
            case "want" | "file":
                self._answer(self._traffic.hear(said))
            case "down":
                yield from self._down(said["slot"], said["why"])
            case "fatal":
                raise TargetError(said["why"])

    def _ended(self, said: dict[str, Any]) -> RunEnded:
        run, attempt = self._release(said["run"], said.get("seconds"))
        error, kind = endings.of_run(said)
        stopped = said["stopped"] and not error
        tail, facts = said.get("tail", ""), endings.facts_of(said)
        return RunEnded(run, attempt, said["code"], stopped, error, kind, tail, facts)

    def _release(self, key: str, seconds: float | None = None) -> tuple[int, int]:
        slot = self._runs.slot(key)
        order = self._runs.end(key, time.monotonic(), seconds)
        self._traffic.over(key)
        if self._runs.shunned(slot):
            self._drop(slot)
        self._slots.ended()
        self._fill()
        return order.run, order.attempt

    def _down(self, slot: int, why: str) -> Iterator[Message]:
        if self._slots.gone(slot):
            return
        node, shunned = self._runs.up.get(slot), self._runs.shunned(slot)
        leaving = self._slots.leaving(node)
        self._starts.pop(slot, None)
        for order in self._runs.remove(slot):
            self._traffic.over(f"{order.run}.{order.attempt}")
            reason = f"slot {slot} is gone: {why}"
            yield RunLost(order.run, order.attempt, reason, leaving or endings.of_slot(why))
        if node is not None:
            yield self._runs.are()
        if not shunned:
            self._failed_in_a_row += 1
            if self._failed_in_a_row > 3 * self._wanted:
                raise TargetError(f"slots do not come up: {why}")
            yield Notice(f"slot {slot} is gone ({why}); a new one is started")
        self._ask_for(slot)

    def processes(self) -> list[int]:
        """Return the processes of this target: the host, Ray, slots, runs; none once closed."""
        return [] if self._opened is None else self._host.members()
