"""What failures say about more than one run: about the script, or about a node."""

from __future__ import annotations

from sweep.core.commands import Quarantine
from sweep.core.run import TERMINAL, RunRecord, RunState

FAST = 60.0
"""Seconds within which a failure is the node's rather than the run's."""
SAME_NODE = 3
"""Different runs that fail fast on one node, one after another, before it is left alone."""


class Mishaps:
    """Counts failures while nothing has gone well.

    Args:
        limit: how many of the first runs may all fail; None: any number.
    """

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._in_a_row = 0
        self._proven = False
        self._on_node: dict[str, set[int]] = {}
        self.quarantined: set[str] = set()
        """Nodes that are not to be used."""

    def script_is_broken(self, record: RunRecord) -> str | None:
        """Take note of a run's end; if the first runs have all failed, say so."""
        if record.state is not RunState.FAILED:
            self._proven |= record.state in TERMINAL
            return None
        if self._proven or self._limit is None or record.kind == "diverged":
            return None
        self._in_a_row += 1
        if self._in_a_row < self._limit:
            return None
        return f"the first {self._limit} runs all failed; run {record.number}: {record.reason}"

    def node_is_broken(self, record: RunRecord, at: float, others: int) -> Quarantine | None:
        """Take note of an attempt's end; if its node is at fault, say so.

        Args:
            record: the run whose attempt has ended.
            at: the time.
            others: how many other nodes there are to turn to.
        """
        node = record.node
        if record.state in (RunState.COMPLETED, RunState.CANCELED):
            self._on_node.pop(node, None)
            return None
        began = record.launched_at
        slow = began is None or at - began > FAST or record.kind in ("hang", "diverged", "quota")
        if not node or slow or record.again or record.kind is None:
            return None
        failed = self._on_node.setdefault(node, set())
        failed.add(record.number)
        if len(failed) < SAME_NODE or others < 1:
            return None
        self.quarantined.add(node)
        del self._on_node[node]
        return Quarantine(
            node,
            f"{SAME_NODE} runs in a row failed there within {FAST:g} s; run {record.number}:"
            f" {record.reason}",
        )

    def release(self, node: str) -> None:
        """Give a node another chance."""
        self.quarantined.discard(node)

    def forget_nodes(self) -> None:
        """All nodes are new."""
        self._on_node.clear()
        self.quarantined.clear()
