"""A target whose cluster may vanish and be brought up anew, while the sweep goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from sweep.compute import standby
from sweep.compute.target import (
    Message,
    Notice,
    RunEnded,
    RunLost,
    RunOrder,
    RunStarted,
    SlotsAre,
    Target,
)
from sweep.errors import TargetError

VANISHED = "its cluster has vanished"


@runtime_checkable
class Renewable(Protocol):
    """A cluster that can be opened again after it has vanished."""

    def has_vanished(self) -> bool:
        """Say whether it has gone without having been told to; `open` brings it up again."""
        ...


class RenewedTarget:
    """Targets on one cluster, one after the other: a new one whenever that has vanished.

    Args:
        make: makes a target.
        cluster: on which they are.
    """

    def __init__(self, make: Callable[[], Target], cluster: Renewable) -> None:
        self._make, self._cluster = make, cluster
        self._target = make()
        self._slots = 0
        self._orders: dict[int, RunOrder] = {}  # what has not ended
        self._begun: set[int] = set()  # of these: what has started, or is to stop
        self._lasts = False  # there has been a slot since it was brought up

    def now(self) -> float:
        """Return the time of this machine."""
        return self._target.now()

    def open(self, slots: int) -> None:
        """Begin to bring up slots."""
        self._slots = slots
        self._target.open(slots)

    def launch(self, order: RunOrder) -> None:
        """Begin a run."""
        self._orders[order.run] = order
        self._begun.discard(order.run)
        self._target.launch(order)

    def stop(self, run: int, attempt: int, grace: float) -> None:
        """Ask a run to end."""
        self._begun.add(run)
        self._target.stop(run, attempt, grace)

    def quarantine(self, node: str) -> None:
        """Use a node no longer."""
        self._target.quarantine(node)

    def release(self, node: str) -> None:
        """Use a node again."""
        self._target.release(node)

    def poll(self, timeout: float) -> Sequence[Message]:
        """Return what has happened.

        Raises:
            TargetError: the cluster is gone, and cannot be brought up again.
        """
        try:
            messages = self._target.poll(timeout)
        except TargetError as gone:
            if not (self._lasts and self._cluster.has_vanished()):
                raise
            return self._renew(str(gone))
        messages = [*map(self._judged, messages)]
        for message in messages:
            if isinstance(message, RunStarted):
                self._begun.add(message.run)
            elif isinstance(message, RunEnded | RunLost):
                self._forget(message)
            elif isinstance(message, SlotsAre):
                self._lasts = self._lasts or message.slots > 0
        return messages

    def close(self) -> None:
        """Let go of the cluster."""
        self._target.close()

    def _judged(self, message: Message) -> Message:
        """Return what has happened: what ends a node ends its run first, which may look failed."""
        if isinstance(message, RunEnded) and message.error and self._cluster.has_vanished():
            return RunLost(message.run, message.attempt, f"{VANISHED}: {message.error}")
        return message

    def _forget(self, message: RunEnded | RunLost) -> None:
        order = self._orders.get(message.run)
        if order is not None and order.attempt == message.attempt:
            del self._orders[message.run]
            self._begun.discard(message.run)

    def _renew(self, why: str) -> list[Message]:
        """Bring the cluster up again; what had begun is lost, what had not begins there."""
        self._target.close()
        orders, begun = self._orders, self._begun
        self._orders, self._begun, self._lasts = {}, set(), False
        self._target = self._make()
        self._target.open(self._slots)
        messages: list[Message] = [Notice(f"{why}; it is brought up again"), SlotsAre(0, 0)]
        for run, order in orders.items():
            if run in begun:
                messages.append(RunLost(run, order.attempt, why))
            else:
                self.launch(order)
        return messages


def target_on(cluster: object, make: Callable[[], Target]) -> Target:
    """Return a target on a cluster, which is brought up again if that is possible.

    Args:
        cluster: on which it is; None for this machine.
        make: makes the target.
    """
    if cluster is not None:
        standby.dismiss()
    return RenewedTarget(make, cluster) if isinstance(cluster, Renewable) else make()
