"""What the engine needs from a sampler, and what a user describes one with."""

from collections.abc import Sequence
from typing import Any, Protocol

from samplers.course import Course
from samplers.space import Configuration, Space


class Sampler(Protocol):
    """Propose configurations; learn from losses."""

    def ask(self, number: int, pending: Sequence[Configuration] = ()) -> Configuration | None:
        """Return the configuration of run `number`, or None when the space is exhausted.

        `pending` are the configurations of the runs that were proposed and not yet told of. The
        answer depends on the seed, on the arguments and on what was told, in order; asking
        changes nothing.
        """
        ...

    def tell(
        self, configuration: Configuration, loss: float | None, course: Course | None = None
    ) -> None:
        """Learn the outcome of one run; a lower `loss` is better.

        A loss that is not finite is as bad as the worst that is. None says that there was no
        outcome at all, so the configuration was proposed but nothing is known about it.
        `course` says how the run came to the loss; without one it went as far as it would.

        Raises:
            SpaceError: a sampler that learns has no such configuration in its space.
        """
        ...


class Sampling(Protocol):
    """A way to sample a space: immutable, and the maker of samplers."""

    @property
    def name(self) -> str:
        """The name in the wire form."""
        ...

    @property
    def exact(self) -> bool:
        """Whether configuration n depends on the seed and n only.

        If so, a replay may ask again and compare. If not, it has to adopt what was recorded.
        """
        ...

    @property
    def defaults(self) -> dict[str, Any]:
        """The arguments besides the space, and their default values."""
        ...

    @property
    def space(self) -> Space:
        """The space that is sampled."""
        ...

    @property
    def seed(self) -> int | None:
        """The seed of all randomness; None counts as 0 until somebody draws one."""
        ...

    @property
    def properties(self) -> dict[str, Any]:
        """The arguments besides the space that differ from their defaults, in JSON."""
        ...

    def seeded(self, seed: int) -> "Sampling":
        """Return the same sampling with this seed."""
        ...

    def sampler(self, begun: Sequence[Configuration] = ()) -> Sampler:
        """Return a new sampler that has been told nothing.

        `begun` is what was proposed before, when points, refusals or the space were others: the
        sampler goes on after it.
        """
        ...


def changed(sampling: Sampling) -> dict[str, Any]:
    """Return the settings of `sampling` that differ from their defaults."""
    said = getattr(getattr(sampling, "guide", None), "settings", {})
    settings = {
        name: said[name] if name in said else getattr(sampling, name) for name in sampling.defaults
    }
    return {name: value for name, value in settings.items() if value != sampling.defaults[name]}
