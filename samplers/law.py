"""Laws: the unit interval laid on the real line, and back."""

import math
from dataclasses import dataclass
from typing import ClassVar

EDGE = 2.0**-53
"""The smallest step of a draw: where the tails of an unbounded law are cut."""


@dataclass(frozen=True, slots=True)
class Uniform:
    """Every number from `low` to `high` alike."""

    word: ClassVar[str] = "uniform"
    low: int | float
    high: int | float

    @property
    def arguments(self) -> tuple[int | float, ...]:
        """The bounds, as they were given."""
        return self.low, self.high

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest number."""
        return float(self.low), float(self.high)

    def quantile(self, u: float) -> float:
        """Return the number at `u` of the unit interval."""
        low, high = self.ends
        return min(low + u * (high - low), high)

    def cdf(self, x: float) -> float:
        """Return the place of `x` in the unit interval; outside of it for `x` out of bounds."""
        low, high = self.ends
        return (x - low) / (high - low)


@dataclass(frozen=True, slots=True)
class Normal:
    """The bell curve around `mu`; the single number `mu` where `sigma` is 0."""

    word: ClassVar[str] = "normal"
    mu: int | float
    sigma: int | float

    @property
    def arguments(self) -> tuple[int | float, ...]:
        """The mean and the standard deviation, as they were given."""
        return self.mu, self.sigma

    @property
    def ends(self) -> tuple[float, float] | None:
        """None, for there are none; `mu` twice where `sigma` is 0."""
        return None if self.sigma else (float(self.mu), float(self.mu))

    def quantile(self, u: float) -> float:
        """Return the number at `u` of the unit interval; the tails end 8.2 sigma from the mean.

        The standard library's inverse (Wichura 1988, algorithm AS 241, 16 digits) rather than
        SciPy's: it needs no import worth mentioning and does not change with SciPy's version.
        """
        from statistics import NormalDist  # noqa: PLC0415 -- most spaces have no normal law

        return self.mu + self.sigma * NormalDist().inv_cdf(min(max(u, EDGE), 1 - EDGE))

    def cdf(self, x: float) -> float:
        """Return the place of `x` in the unit interval.

        By erfc, not by 1 + erf: that would lose all digits in the lower tail.
        """
        return 0.5 * math.erfc((self.mu - x) / (self.sigma * math.sqrt(2)))


Law = Uniform | Normal
