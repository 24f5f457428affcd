"""A slot on its host's own machine: one call of Ray for its whole life.

While an actor waits for calls Ray looks for signals a hundred times a second, which takes half a
percent of a core for each; while a call executes it does not. Orders and messages of such a slot
go over the link in any case.

It travels to the slots, and uses the standard library only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sweep.compute.slot import Slot


class NearSlot:
    """A slot that has its thread for itself.

    Args:
        number, folder, guard_sources: as of `Slot`.
    """

    def __init__(self, number: int, folder: str, guard_sources: Mapping[str, str]) -> None:
        self._about = number, folder, guard_sources

    def live(
        self,
        node_of: Callable[[Any], str],
        function: dict[str, Any] | None,
        heartbeat: float,
        probe: Mapping[str, str] | None,
    ) -> Iterator[dict[str, Any]]:
        """Yield facts about this node and the slot, once; go on until its host has let go.

        Args:
            node_of: returns the id of this node; its argument has no meaning.
            function: as of `Slot.open`, like the others.
            heartbeat: in seconds.
            probe: a file of the engine's.
        """
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        slot = Slot(*self._about)
        facts = loop.run_until_complete(slot.open(function, heartbeat, probe))
        yield {**facts, "node": node_of(None)}
        loop.run_until_complete(slot.let_go())
