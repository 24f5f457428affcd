"""Numbers: uniform or normal, plain or exponentiated, rounded to a step or not.

Eight of the ten words are one class, because they are the combinations of three choices: a law
(`uniform`, `normal`), an exponent (`log`) and a step (`q`).
"""

import math
from dataclasses import dataclass, replace
from typing import ClassVar

from samplers.errors import SpaceError
from samplers.law import Law
from samplers.values import LIMIT, is_number, unwrapped

SLACK = 1e-9
"""How far out of bounds rounding may carry a number, as a share of the unit interval."""


@dataclass(frozen=True, slots=True, repr=False)
class Number:
    """A random number: `base` to the power of what `law` draws, rounded to a multiple of `q`.

    Without `base` nothing is raised to a power, without `q` nothing is rounded.
    """

    width: ClassVar[int] = 1
    depth: ClassVar[int] = 0
    law: Law
    q: int | float | None = None
    base: float | None = None

    @property
    def word(self) -> str:
        """The word of the wire form, such as `qloguniform`."""
        step, scale = "" if self.q is None else "q", "" if self.base is None else "log"
        return f"{step}{scale}{self.law.word}"

    @property
    def arguments(self) -> list[int | float]:
        """The arguments of the wire form, as they were given."""
        return [*self.law.arguments, *([] if self.q is None else [self.q])]

    @property
    def steps(self) -> tuple[int, int] | None:
        """The first and the last value, in multiples of `q`; None without `q` or without ends.

        All multiples of `q` within the bounds count. If there is none, the rounded bounds do.
        """
        if self.q is None or self.law.ends is None:
            return None
        low, high = (self._scaled(end) / self.q for end in self.law.ends)
        first, last = _whole(low, math.ceil(low)), _whole(high, math.floor(high))
        return (first, last) if first <= last else (round(low), round(high))

    @property
    def size(self) -> int | None:
        """How many values there are; None if infinitely many."""
        if (steps := self.steps) is not None:
            return steps[1] - steps[0] + 1
        ends = self.law.ends
        return 1 if ends is not None and ends[0] == ends[1] else None

    def wire(self) -> list[object]:
        """Return the wire form, such as `["quniform", [1, 10, 2]]`."""
        return [self.word, self.arguments]

    def quantile(self, u: float) -> int | float:
        """Return the value at `u` of the unit interval, 0 <= u <= 1; it never falls as u grows."""
        return self.at(self.law.quantile(u))

    def at(self, x: float) -> int | float:
        """Return the value that a draw `x` of the law becomes."""
        value = self._scaled(x)
        if self.q is None:
            return value
        step = round(value / self.q)  # halves go to the even step, as everywhere in Python
        if (steps := self.steps) is not None:
            step = min(max(step, steps[0]), steps[1])
        return multiple(step, self.q)

    def value_at(self, index: int) -> int | float:
        """Return value `index` of the `size` values, in rising order."""
        if self.q is None or self.steps is None:
            return self.quantile(0.5)
        return multiple(self.steps[0] + index, self.q)

    def cell(self, value: object) -> tuple[float, float]:
        """Return the part of the unit interval that `quantile` maps to `value`.

        A continuous number has a point there, given twice.

        Raises:
            SpaceError: there is no such value.
        """
        number, cell = unwrapped(value), None
        if is_number(number, 2 * LIMIT):  # rounding to a large q may go beyond the limit
            cell = self._point(number) if self.q is None else self._interval(number, self.q)
        if cell is None:
            raise SpaceError(f"{value!r} is not a value of {self}")
        return cell

    def rebased(self, base: float) -> "Number":
        """Return the same number with powers of `base`, if it has powers at all.

        Raises:
            SpaceError: the bounds are out of reach in that base.
        """
        return self if self.base is None else within_reach(replace(self, base=base))

    def __repr__(self) -> str:
        """Return the call that makes it."""
        return f"{self.word}({', '.join(map(repr, self.arguments))})"

    def _point(self, number: float) -> tuple[float, float] | None:
        if self.size == 1:
            return (0.0, 1.0) if number == self.value_at(0) else None
        if self.base is not None and number <= 0:
            return None
        place = self._place(number)
        return (_clipped(place),) * 2 if -SLACK <= place <= 1 + SLACK else None

    def _interval(self, number: float, q: float) -> tuple[float, float] | None:
        step = round(number / q)
        first, last = self.steps or (-math.inf if self.base is None else 0, math.inf)
        if not first <= step <= last or multiple(step, q) != number:
            return None
        low = 0.0 if step == first else _clipped(self._place((step - 0.5) * q))
        high = 1.0 if step == last else _clipped(self._place((step + 0.5) * q))
        return low, high

    def _place(self, value: float) -> float:
        return self.law.cdf(value if self.base is None else math.log(value) / math.log(self.base))

    def _scaled(self, x: float) -> float:
        """Return `x`, or the power with this exponent; never beyond `LIMIT`, so never inf."""
        if self.base is None:
            return min(max(x, -LIMIT), LIMIT) + 0.0  # -0.0 becomes 0.0: one value, one key
        reach = _reach(self.base)
        x = min(max(x, -reach), reach)
        return math.exp(x) if self.base == math.e else self.base**x  # exp is more exact than e**x


def within_reach(number: Number) -> Number:
    """Return `number` if its bounds are exponents that a float can be raised to.

    Raises:
        SpaceError: they are not; so they were probably not meant to be exponents.
    """
    if number.base is not None and number.law.ends is not None:
        reach = _reach(number.base)
        for argument, end in enumerate(number.law.ends):
            if not -reach <= end <= reach:
                message = (
                    f"the bounds of {number} are exponents of {number.base:g}, "
                    f"and {end:g} is out of range (±{reach:.4g})"
                )
                if end > 0:
                    message += f"; for the number {end:g} write {math.log(end, number.base):.6g}"
                raise SpaceError(message, argument=argument)
    return number


def _reach(base: float) -> float:
    return math.log(LIMIT) / math.log(base)


def _clipped(place: float) -> float:
    return min(max(place, 0.0), 1.0)


def _whole(x: float, otherwise: int) -> int:
    """Return the whole number that `x` is but for binary noise: 0.3 / 0.1 is 3."""
    near = round(x)
    return near if math.isclose(x, near, rel_tol=1e-12, abs_tol=1e-12) else otherwise


def multiple(step: int, q: float) -> int | float:
    """Return an int if `q` is whole, else a float of 15 digits, which have no binary noise."""
    return step * int(q) if q == int(q) else float(f"{step * q:.15g}")
