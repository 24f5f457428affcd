"""The sampling of a lone run: one configuration, with nothing in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from samplers import Configuration, Course, Space

SINGLE = "SINGLE"


class Single:
    """A sampling and its own sampler: the empty configuration, once."""

    name = SINGLE
    exact = True
    seed: int | None = 0

    @property
    def space(self) -> Space:
        """There is none.

        Raises:
            LookupError: always.
        """
        raise LookupError("a lone run has no space")

    @property
    def defaults(self) -> dict[str, Any]:
        """Return the arguments: none."""
        return {}

    @property
    def properties(self) -> dict[str, Any]:
        """Return the arguments: none."""
        return {}

    def seeded(self, seed: int) -> Single:  # noqa: ARG002 - the signature is the protocol's
        """Return itself: there are no dice."""
        return self

    def sampler(self, begun: Sequence[Configuration] = ()) -> Single:  # noqa: ARG002
        """Return itself: it learns nothing."""
        return self

    def ask(self, number: int, pending: Sequence[Configuration] = ()) -> Configuration | None:  # noqa: ARG002
        """Return the one configuration, once."""
        return {} if number == 0 else None

    def tell(
        self, configuration: Configuration, loss: float | None, course: Course | None = None
    ) -> None:
        """Learn nothing."""
