"""Which run is in which slot of a target, and how many a slot may be given ahead.

A slot executes one run at a time. Between a run's end and the word of it here, and back with the
next run, a slot would wait; where runs are so short that this shows, a slot is given more than
one run, and they wait there: as many as it executes within `AHEAD_SECONDS`, and at least two
where a run takes less than `TWO_AHEAD_SECONDS`, one below `ONE_AHEAD_SECONDS`. When a slot has
nothing to do for a while, what waits behind a run elsewhere is taken back.
"""

from __future__ import annotations

from dataclasses import dataclass

from sweep.compute.target import RunOrder, SlotsAre

ID_SHOWN = 8
"""Characters of a node's id in its name."""
AHEAD_SECONDS, TWO_AHEAD_SECONDS, ONE_AHEAD_SECONDS = 0.02, 0.2, 1.0
MOST_AHEAD = 32
"""Runs that one slot may be given ahead."""
RECALL_SECONDS = 0.05
"""How long one slot must be idle, and another silent, before what waits there is taken back: most
often the next run for the idle one is under way."""
LONG_SECONDS = 10.0
"""Any longer run counts as so long in the average."""
WEIGHT = 0.2
"""Of the latest run in the average of durations."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the cluster, by Ray's id, and its host's name."""

    id: str
    host: str

    @property
    def name(self) -> str:
        """Several nodes may share a host, so the name has part of the id."""
        return f"{self.host}-{self.id[:ID_SHOWN]}"


class Assignment:
    """Slots that are up, by number, and the runs that they hold, by key.

    Args:
        can_wait: whether a slot can hold more than one run.
    """

    def __init__(self, can_wait: bool = True) -> None:
        self.up: dict[int, Node] = {}
        self.quarantined: set[str] = set()
        self._can_wait = can_wait
        self._runs: dict[str, tuple[RunOrder, int]] = {}
        self._held: dict[int, dict[str, None]] = {}  # by slot, in order
        self._free: list[int] = []
        self._ended: dict[int, float] = {}  # when a slot has last ended a run
        self._seconds = ONE_AHEAD_SECONDS  # a run takes, on average
        self._told = 0
        self._recalled: set[int] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._runs

    def order(self, key: str) -> RunOrder:
        """Return the order of a run."""
        return self._runs[key][0]

    def slot(self, key: str) -> int:
        """Return the slot that holds a run."""
        return self._runs[key][1]

    # ---- slots ------------------------------------------------------------------------

    def add(self, slot: int, node: Node, now: float) -> None:
        """Take note of a slot that has come up, with nothing in it."""
        self.up[slot], self._held[slot], self._ended[slot] = node, {}, now
        self._free.append(slot)

    def remove(self, slot: int) -> list[RunOrder]:
        """Take note of a slot that is gone; return the orders that went with it."""
        self.up.pop(slot, None)
        if slot in self._free:
            self._free.remove(slot)
        return [self._runs.pop(key)[0] for key in self._held.pop(slot, {})]

    def idle(self) -> list[int]:
        """Return slots that hold nothing."""
        return [*self._free]

    def shunned(self, slot: int) -> bool:
        """Tell whether a slot is on a node that is not to be used."""
        return slot in self.up and self.up[slot].id in self.quarantined

    def are(self) -> SlotsAre:
        """Return how many slots there are, and how many runs they may be given ahead."""
        usable = [node for node in self.up.values() if node.id not in self.quarantined]
        self._told = self._ahead()
        return SlotsAre(len(usable), len({node.id for node in usable}), self._told * len(usable))

    @property
    def ahead(self) -> int:
        """How many runs a slot may be given ahead, as was told last."""
        return self._told

    def news(self) -> SlotsAre | None:
        """Return what has changed much about how many runs may be given ahead."""
        ahead = self._ahead()
        much = ahead >= 2 * self._told or 2 * ahead <= self._told
        return self.are() if ahead != self._told and much else None

    def _ahead(self) -> int:
        if not self._can_wait or self._seconds >= ONE_AHEAD_SECONDS:
            return 0
        least = 2 if self._seconds < TWO_AHEAD_SECONDS else 1
        return max(least, min(MOST_AHEAD, int(AHEAD_SECONDS / max(self._seconds, 1e-6))))

    # ---- runs -------------------------------------------------------------------------

    def place(self, key: str, order: RunOrder) -> int | None:
        """Give a run to a slot; None when there is no room."""
        slot = self._free.pop() if self._free else self._shortest()
        if slot is not None:
            self._runs[key] = order, slot
            self._held[slot][key] = None
        return slot

    def _shortest(self) -> int | None:
        if not self._told:
            return None
        usable = [s for s in self._held if s not in self._recalled and not self.shunned(s)]
        slot = min(usable, key=lambda s: len(self._held[s]), default=None)
        return None if slot is None or len(self._held[slot]) > self._told else slot

    def is_low(self, slot: int, untold: int) -> bool:
        """Tell whether a slot is to be told of the runs that it is not told of yet.

        Many are told at once: each time costs a call of Ray.
        """
        return len(self._held[slot]) - untold <= max(min(self._told, 2), self._told // 2, 1)

    def end(self, key: str, now: float, seconds: float | None = None) -> RunOrder:
        """Take note that a run has ended, which has executed for so long."""
        order, slot = self._take(key)
        if seconds is not None:
            self._seconds += WEIGHT * (min(seconds, LONG_SECONDS) - self._seconds)
        self._ended[slot] = now
        return order

    def give_back(self, key: str) -> RunOrder:
        """Take note that a slot has given back a run that waited there."""
        order, slot = self._take(key)
        if len(self._held[slot]) <= 1:
            self._recalled.discard(slot)
        return order

    def _take(self, key: str) -> tuple[RunOrder, int]:
        order, slot = self._runs.pop(key)
        held = self._held[slot]
        del held[key]
        if not held and not self.shunned(slot):
            self._free.append(slot)
            self._recalled.discard(slot)
        return order, slot

    def overdue(self, now: float) -> list[int]:
        """Return slots in which runs wait behind a long one, each once."""
        if not any(now - self._ended[slot] > RECALL_SECONDS for slot in self._free):
            return []
        found = [
            slot
            for slot, held in self._held.items()
            if len(held) > 1
            and slot not in self._recalled
            and now - self._ended[slot] > RECALL_SECONDS
        ]
        self._recalled.update(found)
        return found
