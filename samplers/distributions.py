"""The words for numbers: `uniform`, `normal`, their `q`, `log` and `qlog` forms, and `randint`.

Every function takes HyperDrive's arguments in HyperDrive's order, and raises `SpaceError` for an
argument that is not a finite number (text and booleans are not numbers) or is out of order.
"""

import math
from warnings import warn

from samplers.errors import SpaceError, SpaceWarning
from samplers.integer import Integer
from samplers.law import Normal, Uniform
from samplers.number import Number, within_reach
from samplers.values import LIMIT, real, unwrapped


def randint(upper: int) -> Integer:
    """Return a whole number from 0 to `upper` - 1, all alike; `upper` itself is excluded."""
    number = unwrapped(upper)
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number <= LIMIT:
        message = f"randint: upper must be a whole number > 0, up to {LIMIT:g}; got {upper!r}"
        raise SpaceError(message, argument=0)
    return Integer(int(number))


def uniform(min_value: float, max_value: float) -> Number:
    """Return a number between the bounds, all alike; `min_value` < `max_value`."""
    return Number(_bounds("uniform", min_value, max_value))


def quniform(min_value: float, max_value: float, q: float) -> Number:
    """Return a number between the bounds, rounded to a multiple of `q` > 0.

    The values are the multiples of `q` between the bounds, ints if `q` is whole. What would be
    rounded out of bounds goes to the outermost of them. Halves go to the even multiple.
    """
    return Number(_bounds("quniform", min_value, max_value), q=_step("quniform", q))


def loguniform(min_value: float, max_value: float) -> Number:
    """Return exp(x) for x between the bounds, which are natural logarithms.

    `min_value` <= `max_value`. Warns if both are in (0, 1], where they are hardly meant so.
    """
    return within_reach(Number(_exponents("loguniform", min_value, max_value), base=math.e))


def qloguniform(min_value: float, max_value: float, q: float) -> Number:
    """Return exp(x) for x between the bounds, rounded to a multiple of `q` > 0.

    See `loguniform` for the bounds and `quniform` for the rounding.
    """
    law = _exponents("qloguniform", min_value, max_value)
    return within_reach(Number(law, q=_step("qloguniform", q), base=math.e))


def normal(mu: float, sigma: float) -> Number:
    """Return a normally distributed number with mean `mu` and standard deviation `sigma` >= 0."""
    return Number(_bell("normal", mu, sigma))


def qnormal(mu: float, sigma: float, q: float) -> Number:
    """Return a normally distributed number, rounded to a multiple of `q` > 0."""
    return Number(_bell("qnormal", mu, sigma), q=_step("qnormal", q))


def lognormal(mu: float, sigma: float) -> Number:
    """Return exp(x) for a normally distributed x; `mu` and `sigma` are those of x."""
    return Number(_bell("lognormal", mu, sigma), base=math.e)


def qlognormal(mu: float, sigma: float, q: float) -> Number:
    """Return exp(x) for a normally distributed x, rounded to a multiple of `q` > 0."""
    return Number(_bell("qlognormal", mu, sigma), q=_step("qlognormal", q), base=math.e)


def _bounds(word: str, low: object, high: object) -> Uniform:
    law = Uniform(real(low, f"{word}: min", 0), real(high, f"{word}: max", 1))
    if law.low >= law.high:
        raise SpaceError(f"{word} needs min < max, got {law.low} and {law.high}", argument=1)
    return law


def _exponents(word: str, low: object, high: object) -> Uniform:
    law = Uniform(real(low, f"{word}: min", 0), real(high, f"{word}: max", 1))
    if law.low > law.high:
        raise SpaceError(f"{word} needs min <= max, got {law.low} and {law.high}", argument=1)
    if 0 < law.low <= law.high <= 1:
        warn(
            f"the bounds of {word}({law.low}, {law.high}) are natural logarithms, so it ranges "
            f"from {math.exp(law.low):.6g} to {math.exp(law.high):.6g}; for {law.low} to "
            f"{law.high} the bounds are {math.log(law.low):.6g} and {math.log(law.high):.6g}",
            SpaceWarning,
            stacklevel=3,
        )
    return law


def _bell(word: str, mu: object, sigma: object) -> Normal:
    law = Normal(real(mu, f"{word}: mu", 0), real(sigma, f"{word}: sigma", 1))
    if law.sigma < 0:
        raise SpaceError(f"{word} needs sigma >= 0, got {law.sigma}", argument=1)
    return law


def _step(word: str, q: object) -> int | float:
    step = real(q, f"{word}: q", 2)
    if step < 1 / LIMIT:
        raise SpaceError(f"{word} needs q > 0, got {step}", argument=2)
    return step
