"""How many nodes a pool should have, and how many slots each of its sweeps may hold.

Pure: what is wanted and what is there goes in, what is to be done comes out.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Limits:
    """What a pool may become.

    Attributes:
        least, most: nodes.
        idle_seconds: that a node may be without work, where it is not needed.
        cpus, gpus: of one node.
    """

    least: int
    most: int
    idle_seconds: float
    cpus: float
    gpus: float = 0

    def fit(self, cpus: float, gpus: float) -> int:
        """Return how many slots of this size a node has room for."""
        fits = [there / each for there, each in ((self.cpus, cpus), (self.gpus, gpus)) if each > 0]
        return int(min(fits) + ROUNDING) if fits else 0


@dataclass(frozen=True, slots=True)
class Demand:
    """What one sweep can use.

    Attributes:
        id: of the sweep's own demand.
        since: when it was first made, in seconds since the epoch.
        slots: how many.
        cpus, gpus: of one slot.
        spread: nodes over which the slots of one run are spread.
    """

    id: str
    since: float
    slots: int
    cpus: float
    gpus: float = 0
    spread: int = 1

    @classmethod
    def from_kept(cls, demand: str, kept: dict[str, Any]) -> Demand:
        """Return what a sweep has written down.

        Raises:
            ValueError, TypeError, KeyError: it is no demand.
        """
        return cls(
            demand,
            float(kept["since"]),
            int(kept["slots"]),
            float(kept["cpus"]),
            float(kept["gpus"]),
            int(kept.get("spread", 1)),
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """A node as it is now.

    Attributes:
        name: its name in the pool.
        state: preparing, idle, running or leaving.
        idle_for: seconds without work; while it is being prepared, since that began.
    """

    name: str
    state: str
    idle_for: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done.

    Attributes:
        wanted: how many nodes there should be.
        launch: how many to start.
        remove: which to end.
        shares: how many slots each sweep may hold.
    """

    wanted: int
    launch: int
    remove: tuple[str, ...]
    shares: dict[str, int]


def plan(demands: Sequence[Demand], nodes: Sequence[Seen], limits: Limits) -> Plan:
    """Decide what becomes of a pool.

    A node that leaves, because its time is over or somebody else wants it, counts no more: its
    successor starts while it ends.
    """
    shares = share(demands, limits)
    use = sum(s / limits.fit(d.cpus, d.gpus) for d in demands if (s := shares[d.id]))
    apart = max((d.spread for d in demands if shares[d.id]), default=0)
    wanted = max(limits.least, min(limits.most, max(apart, math.ceil(use - ROUNDING))))
    staying = [node for node in nodes if node.state != "leaving"]
    idle = [node for node in staying if node.state in ("preparing", "idle")]
    idle.sort(key=lambda node: (node.state == "idle", -node.idle_for))  # what is not up yet first
    long = [node for node in idle if node.idle_for >= limits.idle_seconds]
    surplus, excess = len(staying) - wanted, len(staying) - limits.most
    remove = long[: max(0, surplus)]
    if excess > len(remove):  # no time to wait: there are more than there may be
        remove += [node for node in idle if node not in remove][: excess - len(remove)]
    names = tuple(node.name for node in remove)
    return Plan(wanted, max(0, -surplus), names, shares)


def share(demands: Sequence[Demand], limits: Limits) -> dict[str, int]:
    """Return how many slots each sweep may hold: all it can use, or a fair part.

    Where there is not room for all, slots are dealt one by one, always to the sweep that holds
    the least of the pool; who came first is served first.
    """
    fits = {d.id: limits.fit(d.cpus, d.gpus) for d in demands}
    shares = {d.id: d.slots if fits[d.id] else 0 for d in demands}
    if sum(shares[d] / fits[d] for d in shares if fits[d]) <= limits.most + ROUNDING:
        return shares
    asked, shares = shares, dict.fromkeys(shares, 0)
    left = float(limits.most)
    queue = [(0.0, d.since, d.id) for d in demands if asked[d.id] > 0]
    heapq.heapify(queue)
    while queue:
        held, since, one = heapq.heappop(queue)
        size = 1 / fits[one]
        if size > left + ROUNDING:
            continue
        left -= size
        shares[one] += 1
        if shares[one] < asked[one]:
            heapq.heappush(queue, (held + size, since, one))
    return shares
