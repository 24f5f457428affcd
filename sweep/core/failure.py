"""How a run can fail, and how often it may begin again for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

Kind = Literal["error", "start", "memory", "hang", "diverged", "quota", "lost", "preempted"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MEANINGS: dict[Kind, str] = {
    "error": "the script ended with an error",
    "start": "it could not be started",
    "memory": "it ran out of memory",
    "hang": "it reported nothing for too long",
    "diverged": "its metric was no finite number",
    "quota": "it used more disk than it may",
    "lost": "its slot or its node was gone",
    "preempted": "its node was taken away",
}
"""What each kind means, for people."""

AGAIN: frozenset[Kind] = frozenset({"lost", "preempted"})
"""Kinds that a run is not to blame for."""


class Attempts:
    """How often a run may be started, by the kind in which it ends.

    Args:
        again: for kinds that a run is not to blame for.
        named: for single kinds; 1 for all others.
    """

    def __init__(self, again: int = 3, named: Mapping[Kind, int] | None = None) -> None:
        self._again = again
        self._named = dict(named or {})

    def of(self, kind: Kind) -> int:
        """Return the most starts of a run that ends in this way."""
        return self._named.get(kind, self._again if kind in AGAIN else 1)

    @property
    def most(self) -> int:
        """Return the most starts of any run: every budget used up."""
        return 1 + sum(self.of(kind) - 1 for kind in KINDS)

    def to_wire(self) -> Any:
        """Return a number, or a mapping where single kinds have their own."""
        return {"again": self._again, **self._named} if self._named else self._again

    @classmethod
    def from_wire(cls, wire: Any) -> Attempts:
        """Rebuild what `to_wire` returned."""
        if isinstance(wire, int):
            return cls(wire)
        named = dict(wire)
        return cls(named.pop("again", 3), named)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Attempts) and self.to_wire() == other.to_wire()

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return f"Attempts({self._again}, {self._named})"
