"""Grid sampling: every combination once."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final
from warnings import warn

from samplers.choices import Choice
from samplers.course import Course
from samplers.dice import seed_of
from samplers.errors import SpaceError, SpaceWarning
from samplers.guide import DEFAULTS, Guide, Points, reseeded
from samplers.permutation import shuffled
from samplers.refusal import Refuse
from samplers.sampler import Sampler, changed
from samplers.space import Configuration, Space, space_of


class GridParameterSampling:
    """Go through all combinations, in the order of declaration; the last parameter varies fastest.

    Every expression must have finitely many values: `choice`, and beyond HyperDrive `randint`,
    `quniform` and `qloguniform`. Repeated options count once, with a warning. With `shuffle` the
    combinations come in a random order, so that the first few are a fair sample of all.

    `points_to_evaluate` are configurations to begin with, or parts of them; the grid then leaves
    them out, unless `duplicates` are wanted. `refuse` are conditions on configurations, and
    functions of them, that it leaves out as well.

    Raises:
        SpaceError: something is wrong with the space or the seed.
    """

    name: ClassVar[str] = "GRID"
    defaults: ClassVar[dict[str, Any]] = {
        "shuffle": False,
        "seed": None,
        "duplicates": False,
        **DEFAULTS,
    }

    def __init__(
        self,
        parameter_space: Space | Mapping[str, Any],
        *,
        shuffle: bool = False,
        seed: int | None = None,
        duplicates: bool = False,
        points_to_evaluate: Points | None = None,
        refuse: Refuse | None = None,
    ) -> None:
        if not isinstance(shuffle, bool):
            raise SpaceError(f"shuffle is True or False, got {shuffle!r}")
        space = space_of(parameter_space)
        _check_finite(space)
        self.space: Final = space.distinct()
        self.shuffle: Final = shuffle
        self.seed: Final = seed_of(seed)
        self.duplicates: Final = duplicates
        self.guide: Final = Guide(self.space, points_to_evaluate, refuse, duplicates=duplicates)
        if self.space != space:
            names = [
                name for name, wire in self.space.wire().items() if wire != space.wire()[name]
            ]
            message = f"the grid leaves out repeated options of {', '.join(names)}"
            warn(message, SpaceWarning, stacklevel=2)

    @property
    def exact(self) -> bool:
        """Whether configuration n depends on the seed and n only: not on a user's function."""
        return not self.guide.refusals.functions

    @property
    def properties(self) -> dict[str, Any]:
        """The settings that differ from their defaults."""
        return changed(self)

    def seeded(self, seed: int) -> "GridParameterSampling":
        """Return the same sampling with this seed; itself if nothing of it is drawn."""
        return reseeded(self, seed) if self.shuffle or self.guide.draws else self

    def sampler(self, begun: Sequence[Configuration] = ()) -> Sampler:
        """Return a sampler that goes through the grid; see `Sampling`."""
        sampler = GridSampler(self.space, (self.seed or 0) if self.shuffle else None)
        skips = bool(begun) or (bool(self.guide.points) and not self.duplicates)
        return self.guide.around(sampler, self.seed, in_order=True, skips=skips, begun=begun)


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

    def tell(
        self, configuration: Configuration, loss: float | None, course: Course | None = None
    ) -> None:
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
