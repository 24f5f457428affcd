"""Whole numbers below a bound."""

from dataclasses import dataclass
from typing import ClassVar

from samplers.errors import SpaceError
from samplers.values import is_number, unwrapped


@dataclass(frozen=True, slots=True, repr=False)
class Integer:
    """One of 0, 1, … `upper` - 1, all alike.

    A draw has 53 bits, so beyond an `upper` of 2**50 not every number can come up.
    """

    word: ClassVar[str] = "randint"
    width: ClassVar[int] = 1
    depth: ClassVar[int] = 0
    upper: int

    @property
    def size(self) -> int:
        """How many values there are."""
        return self.upper

    def wire(self) -> list[object]:
        """Return the wire form, such as `["randint", [5]]`."""
        return [self.word, [self.upper]]

    def quantile(self, u: float) -> int:
        """Return the value at `u` of the unit interval, 0 <= u <= 1."""
        return min(int(u * self.upper), self.upper - 1)

    def value_at(self, index: int) -> int:
        """Return value `index`, which is `index`."""
        return index

    def cell(self, value: object) -> tuple[float, float]:
        """Return the part of the unit interval that `quantile` maps to `value`.

        Raises:
            SpaceError: there is no such value.
        """
        number = unwrapped(value)
        if is_number(number) and number == int(number) and 0 <= number < self.upper:
            return number / self.upper, (number + 1) / self.upper
        raise SpaceError(f"{value!r} is not a value of {self}")

    def __repr__(self) -> str:
        """Return the call that makes it."""
        return f"randint({self.upper})"
