"""Which slots a target asks for: all that it can use, or on a shared pool its part of them.

What a sweep can use is not known here; it shows. A slot that stays idle is of no use, for the
engine gives a run to every slot that it has a run for. A run that fills the last free slot means
that there may be more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from sweep.compute.assignment import Assignment, Node
from sweep.compute.cluster import Cluster

LOOK_SECONDS = 0.25
UNUSED_SECONDS = 3.0
"""How long slots must be idle before they are let go."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a pool grants a sweep.

    Attributes:
        slots: how many it may hold.
        leaving: nodes, by Ray's ids, on which nothing more should start.
    """

    slots: int
    leaving: Collection[str] = ()


@runtime_checkable
class Elastic(Protocol):
    """A cluster that has as many nodes as its sweeps can use."""

    def need(self, slots: int) -> Allowance:
        """Say how many slots the sweep can use; return what it may hold."""
        ...


class Use:
    """How many slots a sweep can use, from what it does with those that it has.

    Args:
        most: more it never can.
    """

    def __init__(self, most: int) -> None:
        self.slots = self._most = most
        self._idle_since: float | None = None

    def filled(self) -> None:
        """Take note that a run has taken the last free slot."""
        self.slots = min(self._most, max(1, 2 * self.slots))

    def look(self, busy: int, idle: int, now: float) -> None:
        """Take note of how many slots have work, and how many have none, now.

        One is kept: it is by a free slot that the engine sees that it can launch.
        """
        if not idle:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now
        elif now - self._idle_since >= UNUSED_SECONDS:
            self._idle_since = None
            self.slots = min(self.slots, max(1, busy))


class Holding:
    """The slots of one target, by number.

    Args:
        cluster: where they are.
        runs: what they hold.
        ask, drop: how a slot is asked for, and ended.
    """

    def __init__(
        self,
        cluster: Cluster,
        runs: Assignment,
        ask: Callable[[int], None],
        drop: Callable[[int], None],
    ) -> None:
        self._pool = cluster if isinstance(cluster, Elastic) else None
        self._runs, self._ask, self._drop = runs, ask, drop
        self._use = Use(0)
        self._asked: set[int] = set()
        self._going: set[int] = set()  # told to end; the word that it has is not here yet
        self._allowed = Allowance(0)
        self._left: set[str] = set()  # nodes that leave or have left
        self._wanted = 0
        self._next_look = 0.0
        self._changed = False

    def open(self, wanted: int) -> None:
        """Ask for slots; never for more than `wanted`, which may grow."""
        if wanted == self._wanted:
            return
        self._wanted, self._use = wanted, Use(wanted)
        self._allowed = Allowance(wanted) if self._pool is None else self._pool.need(wanted)
        self._fit()

    def launched(self) -> None:
        """Take note that the engine has launched a run."""
        if self._pool is not None and not self._runs.idle():
            self._use.filled()

    def look(self, now: float) -> bool:
        """Ask for more, or let go; return whether slots that were up have been let go."""
        if self._pool is not None and now >= self._next_look:
            self._next_look = now + LOOK_SECONDS
            idle = len(self._runs.idle())
            self._use.look(len(self._runs.up) - idle, idle, now)
            self._allowed = self._pool.need(self._use.slots)
            self._left.update(self._allowed.leaving)
            self._fit()
        changed, self._changed = self._changed, False
        return changed

    def ended(self) -> None:
        """Take note that a run has ended, before the next one takes its slot."""
        if self._pool is not None:
            self._fit()

    def goes(self, slot: int) -> bool:
        """Tell whether a slot has been let go, and is still heard of."""
        return slot in self._going

    def gone(self, slot: int) -> bool:
        """Take note that a slot is down; return whether it has been let go."""
        known = slot in self._going
        self._going.discard(slot)
        return known

    def leaving(self, node: Node | None) -> str:
        """Return how a run ends with its node, as `sweep.core.failure` calls it, or nothing."""
        return "preempted" if node is not None and node.id in self._left else ""

    def _fit(self) -> None:
        leaving = {
            slot
            for slot in self._runs.idle()
            if slot in self._runs.up and self._runs.up[slot].id in self._allowed.leaving
        }
        for slot in leaving:
            self._let_go(slot)
        for slot in self._spare()[: max(0, len(self._asked) - self._allowed.slots)]:
            self._let_go(slot)
        free = [n for n in range(self._wanted) if n not in self._asked | self._going]
        for slot in free[: max(0, self._allowed.slots - len(self._asked))]:
            self._asked.add(slot)
            self._ask(slot)

    def _spare(self) -> list[int]:
        """Return slots without a run: first what is not up, then from the emptiest node on."""
        idle, up = set(self._runs.idle()), self._runs.up
        busy: dict[str, int] = {}
        for slot, node in up.items():
            busy[node.id] = busy.get(node.id, 0) + (slot not in idle)
        waiting = sorted(self._asked - up.keys(), reverse=True)
        return [*waiting, *sorted(idle & self._asked, key=lambda s: (busy[up[s].id], up[s].id, s))]

    def _let_go(self, slot: int) -> None:
        self._changed |= slot in self._runs.up
        self._asked.discard(slot)
        self._going.add(slot)
        self._runs.remove(slot)
        self._drop(slot)
