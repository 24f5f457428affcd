"""What a user knows beforehand: what to try first, what never to try, what not to try twice."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from samplers.course import Course
from samplers.errors import Misplaced, SpaceError
from samplers.guided import MOST_STEPS, GuidedSampler
from samplers.partial import completed, is_whole
from samplers.refusal import Refusals, Refuse, Refusing
from samplers.sampler import Sampler, Sampling
from samplers.space import Configuration, Space
from samplers.values import plain

Points = Sequence[Mapping[str, Any]]
"""Configurations, or parts of them."""

DEFAULTS: dict[str, Any] = {"points_to_evaluate": [], "refuse": []}
"""The settings that all samplings have, and what they are by default."""

COUNTED = 10_000
"""Up to so many configurations, those that are not refused are counted."""

AnySampling = TypeVar("AnySampling", bound=Sampling)


class Guide:
    """Points that come first, and refusals, checked against a space.

    Args:
        space: that is sampled.
        points: whole configurations, or parts of them; the rest is drawn.
        refuse: conditions and functions.
        duplicates: whether a configuration may come again.

    Raises:
        SpaceError: the space has no such configuration, or it is refused, or stands twice.
    """

    def __init__(
        self, space: Space, points: Points | None, refuse: Refuse | None, *, duplicates: bool
    ) -> None:
        if not isinstance(duplicates, bool):
            raise SpaceError(f"duplicates is True or False, got {duplicates!r}")
        self._space = space
        self.duplicates = duplicates
        self.refusals = Refusals(space.root, refuse)
        self.points = _points(points)
        places: dict[str, int] = {}
        self._whole = [self._is_whole(n, point, places) for n, point in enumerate(self.points)]
        if self.refusals and not self.refusals.absent:
            self._check_left()

    def __bool__(self) -> bool:
        """Tell whether there are points or refusals."""
        return bool(self.points or self.refusals)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that all samplings have, in JSON; of functions there are the names."""
        return {"points_to_evaluate": self.points, "refuse": self.refusals.wire}

    @property
    def draws(self) -> bool:
        """Whether anything has to be drawn for the points."""
        return not all(self._whole)

    def around(
        self,
        sampler: Sampler,
        seed: int | None,
        *,
        in_order: bool = False,
        skips: bool = False,
        asks: int = 1,
        begun: Sequence[Configuration] = (),
    ) -> Sampler:
        """Return a sampler that does as is said, and for the rest as `sampler` does.

        Args: see `GuidedSampler`.
        """
        if not self and not skips and not begun:
            return sampler
        return GuidedSampler(
            sampler,
            self._space,
            seed or 0,
            points=self.points,
            refusals=self.refusals,
            in_order=in_order,
            skips=skips,
            asks=asks,
            begun=begun,
        )

    def allows(self) -> Callable[[Mapping[str, Any]], bool] | None:
        """Return what tells whether a configuration is allowed; None: all are.

        It raises Misplaced where nobody should wait for one that is.
        """
        if not self.refusals:
            return None
        refused = 0

        def allowed(configuration: Mapping[str, Any]) -> bool:
            nonlocal refused
            if self.refusals.refuser(configuration) is None:
                refused = 0
                return True
            refused += 1
            if refused > MOST_STEPS:
                raise Misplaced(f"nearly everything is refused: {refused:,} in a row", ("refuse",))
            return False

        return allowed

    def size(self) -> int | None:
        """Return how many configurations there are, as far as that can be told; None: no end.

        Functions that are not here count as if they refused nothing.
        """
        size = self._space.size
        if size is None or not self.refusals or size > COUNTED or self.refusals.absent:
            return size
        every = map(self._space.configuration_at, range(size))
        return sum(self.refusals.refuser(one) is None for one in every)

    def _check_left(self) -> None:
        """Raise where nothing, or nearly nothing, can be proposed at all."""
        GuidedSampler(
            _Silent(),
            self._space,
            0,
            points=(),
            refusals=self.refusals,
            in_order=False,
            skips=False,
            asks=0,
        ).ask(0)

    def _is_whole(self, place: int, point: Mapping[str, Any], places: dict[str, int]) -> bool:
        """Check a point, and tell whether it is whole; `places` are those of whole ones before."""
        where = ("points_to_evaluate", place)
        try:
            whole = is_whole(self._space.root, point)
        except Misplaced as error:
            raise Misplaced(error.bare, (*where, *error.where), name=error.name) from None
        if not whole:
            return False
        configuration = completed(self._space.root, point, ())
        if not self.refusals.absent:
            refuser = self.refusals.refuser(configuration)
            if refuser is not None:
                raise Misplaced(f"is refused, by refuse[{refuser}]", where)
        before = places.setdefault(self._space.key(configuration), place)
        if before != place and not self.duplicates:
            raise Misplaced(f"is the same as points_to_evaluate[{before}]", where)
        return True


class _Silent:
    """A sampler that nobody asks."""

    def ask(self, number: int, pending: Sequence[Configuration] = ()) -> Configuration | None:
        """Return nothing."""
        raise NotImplementedError(f"nobody asks for {number} beside {len(pending)}")

    def tell(
        self, configuration: Configuration, loss: float | None, course: Course | None = None
    ) -> None:
        """Learn nothing."""


def _points(points: Any) -> list[dict[str, Any]]:
    if points is None:
        return []
    if not isinstance(points, list | tuple):
        raise SpaceError(f"points_to_evaluate is a list of configurations, got {points!r}")
    for place, point in enumerate(points):
        if not isinstance(point, Mapping):
            message = f"expected a configuration such as {{'lr': 0.1}}, got {point!r}"
            raise Misplaced(message, ("points_to_evaluate", place))
    return [plain(point) for point in points]


def guide_of(sampling: Sampling) -> Guide | None:
    """Return the guide of a sampling; None for those that have none."""
    guide = getattr(sampling, "guide", None)
    return guide if isinstance(guide, Guide) else None


def reseeded(sampling: AnySampling, seed: int) -> AnySampling:
    """Return the same sampling with another seed."""
    made: AnySampling = _with(sampling, seed=seed)
    return made


def absent_functions(sampling: Sampling) -> list[str]:
    """Return the names of functions that are needed to sample on, and are not here."""
    guide = guide_of(sampling)
    return [] if guide is None else guide.refusals.absent


def with_functions(sampling: AnySampling, functions: Sequence[Refusing]) -> AnySampling:
    """Return the same sampling with the functions that its stored form only names.

    Raises:
        SpaceError: there are more or fewer of them.
    """
    guide = guide_of(sampling)
    if guide is None:
        if functions:
            raise SpaceError("refuse: nothing is sampled here")
        return sampling
    made: AnySampling = _with(sampling, refuse=guide.refusals.with_functions(functions))
    return made


def functions_of(sampling: Sampling) -> list[Refusing]:
    """Return the functions that refuse configurations, as far as they are here."""
    guide = guide_of(sampling)
    return [] if guide is None else [one for one in guide.refusals.said if callable(one)]


def configurations(sampling: Sampling) -> int | None:
    """Return how many configurations a sampling can propose; None: no end of them."""
    guide = guide_of(sampling)
    return sampling.space.size if guide is None else guide.size()


def _with(sampling: Any, **settings: Any) -> Any:
    guide = guide_of(sampling)
    kept = sampling.properties
    if guide is not None and guide.refusals:
        kept = kept | {"refuse": guide.refusals.said}  # with its functions
    return type(sampling)(sampling.space, **kept | settings)
