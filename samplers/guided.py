"""A sampler that tries some points first, and leaves out what is refused."""

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from samplers.condition import condition
from samplers.course import Course
from samplers.dice import bits, unit
from samplers.errors import Misplaced
from samplers.partial import completed
from samplers.refusal import Refusals
from samplers.sampler import Sampler
from samplers.space import Configuration, Space

MOST_DRAWS = 10_000
"""So many draws in a row that are all refused: nobody waits for the next."""

MOST_STEPS = 1_000_000
"""The same for the configurations of a finite space, one after the other."""

FAR = 1 << 40
"""How far apart the numbers are under which a sampler is asked again for the same run."""


class GuidedSampler:
    """Points first, then what another sampler proposes and nothing refuses.

    It is as exact as the other one: what it keeps is only what it has found out so far.

    Args:
        sampler: the other one.
        space: of both.
        seed: of what is drawn here.
        points: configurations to begin with, or parts of them.
        refusals: what is never proposed.
        in_order: the other one has a sequence, and what cannot be is left out of it. Else it is
            asked again, and in the end something is drawn instead.
        skips: whether nothing is proposed twice.
        begun: what was proposed before, when the points, refusals or space were others.
        asks: how often the other one is asked for one run.
    """

    def __init__(  # noqa: PLR0913 -- all of it is said of one sampler
        self,
        sampler: Sampler,
        space: Space,
        seed: int,
        *,
        points: Sequence[Mapping[str, Any]],
        refusals: Refusals,
        in_order: bool,
        skips: bool,
        asks: int,
        begun: Sequence[Configuration] = (),
    ) -> None:
        self._sampler, self._space, self._seed = sampler, space, seed
        self._points, self._refusals = points, refusals
        self._in_order, self._skips, self._asks = in_order, skips, asks
        self._streams = [leaf.stream for leaf in space.leaves]
        self._found: list[Configuration] = []  # where each depends on those before it
        self._keys: set[str] | None = None
        self._begun = begun
        self._left = [place for place in range(len(points)) if not self._is_begun(place)]
        self._step = 0 if skips else len(begun)

    def ask(self, number: int, pending: Sequence[Configuration] = ()) -> Configuration | None:
        """Return the configuration of run `number`, or None when the space is exhausted.

        Raises:
            Misplaced: nearly everything is refused.
        """
        first, points = len(self._begun), len(self._left)
        if number < first:
            return copy.deepcopy(self._begun[number])
        if number < first + points:
            return self._point(self._left[number - first])
        if not self._in_order and not self._skips:
            return self._drawn(number - points, pending)
        while len(self._found) <= number - first - points:
            place = first + len(self._found)
            one = self._next() if self._in_order else self._drawn(place, pending)
            if one is None:
                return None
            self._found.append(one)
            self._proposed().add(self._space.key(one))
        return copy.deepcopy(self._found[number - first - points])

    def tell(
        self, configuration: Configuration, loss: float | None, course: Course | None = None
    ) -> None:
        """Learn the outcome of one run."""
        self._sampler.tell(configuration, loss, course)

    # ---- where configurations come from -----------------------------------------------

    def _point(self, number: int) -> Configuration:
        def drawn() -> Iterator[Configuration]:
            for again in range(MOST_DRAWS):
                units = self._units(number, f"\0point{again}\0")
                yield completed(self._space.root, self._points[number], units)

        found = self._first(drawn(), lambda _: True)
        if found is None:
            raise Misplaced(self._nothing(), ("points_to_evaluate", number))
        return found

    def _next(self) -> Configuration | None:
        """Return the next of a sequence that is not left out."""

        def steps() -> Iterator[Configuration]:
            while (one := self._sampler.ask(self._step)) is not None:
                self._step += 1
                yield one

        most = MOST_STEPS if self._space.size else MOST_DRAWS
        found = self._first(islice(steps(), most), self._is_new)
        if found is None and self._sampler.ask(self._step) is not None and self._refusals:
            raise Misplaced(self._nothing(), ("refuse",))
        if found is None:
            self._mind_end(len(self._found))
        return found

    def _drawn(self, place: int, pending: Sequence[Configuration]) -> Configuration | None:
        """Return what the other sampler proposes, or something drawn instead."""
        exhausted = False

        def candidates() -> Iterator[Configuration]:
            nonlocal exhausted
            for again in range(self._asks):
                one = self._sampler.ask(place + again * FAR, pending)
                if one is None:
                    exhausted = True
                    return
                yield one
            for again in range(MOST_DRAWS):
                yield self._space.decode(self._units(place, f"\0again{again}\0"))
            size = self._space.size
            if size is not None and size <= MOST_STEPS:
                exhausted = True
                start = size * bits(self._seed, place, "\0again") >> 53
                for step in range(size):
                    yield self._space.configuration_at((start + step) % size)

        found = self._first(candidates(), self._is_new)
        if found is None and not exhausted:
            raise Misplaced(self._nothing(), ("refuse",))
        if found is None:
            self._mind_end(place)
        return found

    def _units(self, number: int, stream: str) -> list[float]:
        return [unit(self._seed, number, stream + leaf) for leaf in self._streams]

    # ---- which of them will do --------------------------------------------------------

    def _first(
        self, candidates: Iterator[Configuration], will_do: Callable[[Configuration], bool]
    ) -> Configuration | None:
        self._refusers = Counter[int]()
        for one in candidates:
            if will_do(one):
                refuser = self._refusals.refuser(one)
                if refuser is None:
                    return one
                self._refusers[refuser] += 1
        return None

    def _is_new(self, configuration: Configuration) -> bool:
        return not self._skips or self._space.key(configuration) not in self._proposed()

    def _proposed(self) -> set[str]:
        if self._keys is None:
            points = map(self._point, range(len(self._points)))
            self._keys = {self._space.key(one) for one in (*points, *self._begun)}
        return self._keys

    def _is_begun(self, point: int) -> bool:
        """Tell whether a point is among what was proposed before, or what completes it is."""
        if not self._begun or not self._points[point]:
            return bool(self._begun)
        holds = condition(self._space.root, self._points[point])
        return any(map(holds, self._begun))

    def _mind_end(self, place: int) -> None:
        """Raise where there has been nothing at all."""
        if self._refusals and not place and not self._points and not self._begun:
            raise Misplaced("every configuration of the space is refused", ("refuse",))

    def _nothing(self) -> str:
        count = self._refusers.total()
        if not count:
            return "nearly every configuration has been proposed; more of them are duplicates"
        [(place, times)] = self._refusers.most_common(1)
        return (
            f"nearly everything is refused: {count:,} configurations in a row, {times:,} of them"
            f" by refuse[{place}]"
        )
