"""Grid sampling: every combination once."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final
from warnings import warn

from samplers.choices import Choice
from samplers.dice import seed_of
from samplers.errors import SpaceError, SpaceWarning
from samplers.permutation import shuffled
from samplers.sampler import Sampler, changed
from samplers.space import Configuration, Space, space_of


class GridParameterSampling:
    """Go through all combinations, in the order of declaration; the last parameter varies fastest.

    Every expression must have finitely many values: `choice`, and beyond HyperDrive `randint`,
    `quniform` and `qloguniform`. Repeated options count once, with a warning. With `shuffle` the
    combinations come in a random order, so that the first few are a fair sample of all.

    Raises:
        SpaceError: something is wrong with the space or the seed.
    """

    name: ClassVar[str] = "GRID"
    exact: ClassVar[bool] = True
    defaults: ClassVar[dict[str, Any]] = {"shuffle": False, "seed": None}

    def __init__(
        self,
        parameter_space: Space | Mapping[str, Any],
        *,
        shuffle: bool = False,
        seed: int | None = None,
    ) -> None:
        if not isinstance(shuffle, bool):
            raise SpaceError(f"shuffle is True or False, got {shuffle!r}")
        space = space_of(parameter_space)
        _check_finite(space)
        self.space: Final = space.distinct()
        self.shuffle: Final = shuffle
        self.seed: Final = seed_of(seed)
        if self.space != space:
            names = [
                name for name, wire in self.space.wire().items() if wire != space.wire()[name]
            ]
            message = f"the grid leaves out repeated options of {', '.join(names)}"
            warn(message, SpaceWarning, stacklevel=2)

    @property
    def properties(self) -> dict[str, Any]:
        """The settings that differ from their defaults."""
        return changed(self)

    def seeded(self, seed: int) -> "GridParameterSampling":
        """Return the same sampling with this seed; itself if it is not shuffled."""
        if not self.shuffle:
            return self
        return GridParameterSampling(self.space, shuffle=True, seed=seed)

    def sampler(self) -> Sampler:
        """Return a sampler that goes through the grid."""
        return GridSampler(self.space, (self.seed or 0) if self.shuffle else None)


class GridSampler:
    """Compute combination `number`; nothing is ever listed. Without a seed, in order."""

    def __init__(self, space: Space, seed: int | None) -> None:
        self._space = space
        self._seed = seed
        self._size = space.size or 0

    def ask(
        self,
        number: int,
        pending: Sequence[Configuration] = (),  # noqa: ARG002 -- the protocol has it
    ) -> Configuration | None:
        """Return combination `number`, or None past the last."""
        if number >= self._size:
            return None
        if self._seed is not None:
            number = shuffled(number, self._size, self._seed)
        return self._space.configuration_at(number)

    def tell(self, configuration: Configuration, loss: float | None) -> None:
        """Learn nothing."""


def _check_finite(space: Space) -> None:
    for path, expression in space.leaves:
        # A choice is as finite as the expressions in its options, which are leaves themselves.
        if expression.size is None and not isinstance(expression, Choice):
            name = str(path[0])
            raise SpaceError(
                f"{name}: {expression} has no end of values; a grid takes choice, randint, "
                "quniform and qloguniform",
                parameter=name,
            )
