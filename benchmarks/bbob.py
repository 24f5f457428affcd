"""The 24 noiseless functions of BBOB, written after their definitions.

Hansen, Finck, Ros & Auger 2009, "Real-parameter black-box optimization benchmarking 2009:
noiseless functions definitions", INRIA RR-6829. The places of the optima and the rotations are
drawn by NumPy from the number of the instance, so the instances are not COCO's; the optimal value
is 0.
"""

from collections.abc import Callable

import numpy as np

from benchmarks.bbob_parts import (
    Array,
    asymmetric,
    oscillated,
    penalty,
    ramp,
    rotation,
    scales,
    somewhere,
)

Function = Callable[[Array], float]


def bbob(number: int, dimensions: int, instance: int) -> Function:
    """Return function `number` (1 to 24) on [-5, 5] to the power of `dimensions` (at least 2)."""
    dice = np.random.default_rng([number, dimensions, instance])
    return MAKERS[number - 1](dimensions, dice)


def sphere(n: int, dice: np.random.Generator) -> Function:
    """Function 1."""
    best = somewhere(n, dice)
    return lambda x: float(np.sum((x - best) ** 2))


def ellipsoid(n: int, dice: np.random.Generator, turned: bool = False) -> Function:
    """Functions 2 and, `turned`, 10."""
    best, weights = somewhere(n, dice), 1e6 ** ramp(n)
    turn = rotation(n, dice) if turned else np.eye(n)
    return lambda x: float(np.sum(weights * oscillated(turn @ (x - best)) ** 2))


def waves(z: Array) -> float:
    """Return Rastrigin's function of `z`."""
    return float(10 * (len(z) - np.sum(np.cos(2 * np.pi * z))) + np.sum(z**2))


def rastrigin(n: int, dice: np.random.Generator) -> Function:
    """Function 3."""
    best, spread = somewhere(n, dice), scales(10, n)
    return lambda x: waves(spread * asymmetric(oscillated(x - best), 0.2))


def bueche_rastrigin(n: int, dice: np.random.Generator) -> Function:
    """Function 4."""
    best, even = somewhere(n, dice), np.arange(n) % 2 == 0
    best[even] = np.abs(best[even])

    def loss(x: Array) -> float:
        z = oscillated(x - best)
        z = np.where(even & (z > 0), 10.0, 1.0) * scales(10, n) * z
        return waves(z) + 100 * penalty(x)

    return loss


def linear_slope(n: int, dice: np.random.Generator) -> Function:
    """Function 5."""
    sign = np.where(dice.random(n) < 0.5, -1.0, 1.0)
    slope = sign * 10 ** ramp(n)

    def loss(x: Array) -> float:
        z = np.where(x * sign * 5 < 25, x, sign * 5)
        return float(np.sum(5 * np.abs(slope) - slope * z))

    return loss


def attractive_sector(n: int, dice: np.random.Generator) -> Function:
    """Function 6."""
    best, turn, other = somewhere(n, dice), rotation(n, dice), rotation(n, dice)

    def loss(x: Array) -> float:
        z = turn @ (scales(10, n) * (other @ (x - best)))
        total = np.sum((np.where(z * best > 0, 100.0, 1.0) * z) ** 2)
        return float(oscillated(np.array([total]))[0] ** 0.9)

    return loss


def step_ellipsoid(n: int, dice: np.random.Generator) -> Function:
    """Function 7."""
    best, turn, other = somewhere(n, dice), rotation(n, dice), rotation(n, dice)

    def loss(x: Array) -> float:
        near = scales(10, n) * (turn @ (x - best))
        steps = np.where(np.abs(near) > 0.5, np.floor(0.5 + near), np.floor(0.5 + 10 * near) / 10)
        z = other @ steps
        return float(0.1 * max(abs(near[0]) / 1e4, np.sum(100 ** ramp(n) * z**2)) + penalty(x))

    return loss


def valley(z: Array) -> float:
    """Return Rosenbrock's function of `z`."""
    return float(np.sum(100 * (z[:-1] ** 2 - z[1:]) ** 2 + (z[:-1] - 1) ** 2))


def rosenbrock(n: int, dice: np.random.Generator) -> Function:
    """Function 8."""
    best = dice.uniform(-3, 3, n)
    return lambda x: valley(max(1, n**0.5 / 8) * (x - best) + 1)


def rosenbrock_turned(n: int, dice: np.random.Generator) -> Function:
    """Function 9."""
    turn = rotation(n, dice)
    return lambda x: valley(max(1, n**0.5 / 8) * (turn @ x) + 0.5)


def discus(n: int, dice: np.random.Generator) -> Function:
    """Function 11."""
    best, turn = somewhere(n, dice), rotation(n, dice)
    weights = np.where(np.arange(n) == 0, 1e6, 1.0)
    return lambda x: float(np.sum(weights * oscillated(turn @ (x - best)) ** 2))


def bent_cigar(n: int, dice: np.random.Generator) -> Function:
    """Function 12."""
    best, turn = somewhere(n, dice), rotation(n, dice)
    weights = np.where(np.arange(n) == 0, 1.0, 1e6)
    return lambda x: float(np.sum(weights * (turn @ asymmetric(turn @ (x - best), 0.5)) ** 2))


def sharp_ridge(n: int, dice: np.random.Generator) -> Function:
    """Function 13."""
    best, turn, other = somewhere(n, dice), rotation(n, dice), rotation(n, dice)

    def loss(x: Array) -> float:
        z = turn @ (scales(10, n) * (other @ (x - best)))
        return float(z[0] ** 2 + 100 * np.sqrt(np.sum(z[1:] ** 2)))

    return loss


def different_powers(n: int, dice: np.random.Generator) -> Function:
    """Function 14."""
    best, turn = somewhere(n, dice), rotation(n, dice)
    return lambda x: float(np.sqrt(np.sum(np.abs(turn @ (x - best)) ** (2 + 4 * ramp(n)))))


def rastrigin_turned(n: int, dice: np.random.Generator) -> Function:
    """Function 15."""
    best, turn, other = somewhere(n, dice), rotation(n, dice), rotation(n, dice)

    def loss(x: Array) -> float:
        z = asymmetric(oscillated(turn @ (x - best)), 0.2)
        return waves(turn @ (scales(10, n) * (other @ z)))

    return loss


def weierstrass(n: int, dice: np.random.Generator) -> Function:
    """Function 16."""
    best, turn, other = somewhere(n, dice), rotation(n, dice), rotation(n, dice)
    half, three = 0.5 ** np.arange(12), 3.0 ** np.arange(12)
    lowest = np.sum(half * np.cos(np.pi * three))

    def loss(x: Array) -> float:
        z = turn @ (scales(0.01, n) * (other @ oscillated(turn @ (x - best))))
        sums = np.sum(half * np.cos(2 * np.pi * three * (z[:, None] + 0.5)), axis=1)
        return float(10 * (np.mean(sums) - lowest) ** 3 + 10 / n * penalty(x))

    return loss


def schaffers(n: int, dice: np.random.Generator, condition: float = 10) -> Function:
    """Functions 17 and, with a higher `condition`, 18."""
    best, turn, other = somewhere(n, dice), rotation(n, dice), rotation(n, dice)

    def loss(x: Array) -> float:
        z = scales(condition, n) * (other @ asymmetric(turn @ (x - best), 0.5))
        s = np.sqrt(z[:-1] ** 2 + z[1:] ** 2)
        root = np.sqrt(s)
        return float(np.mean(root + root * np.sin(50 * s**0.2) ** 2) ** 2 + 10 * penalty(x))

    return loss


def griewank_rosenbrock(n: int, dice: np.random.Generator) -> Function:
    """Function 19."""
    turn = rotation(n, dice)

    def loss(x: Array) -> float:
        z = max(1, n**0.5 / 8) * (turn @ x) + 0.5
        s = 100 * (z[:-1] ** 2 - z[1:]) ** 2 + (z[:-1] - 1) ** 2
        return float(10 * np.mean(s / 4000 - np.cos(s)) + 10)

    return loss


def schwefel(n: int, dice: np.random.Generator) -> Function:
    """Function 20."""
    sign = np.where(dice.random(n) < 0.5, -1.0, 1.0)
    best = 4.2096874633 / 2

    def loss(x: Array) -> float:
        turned = 2 * sign * x
        z = turned.copy()
        z[1:] += 0.25 * (turned[:-1] - 2 * best)
        z = 100 * (scales(10, n) * (z - 2 * best) + 2 * best)
        sines = np.mean(z * np.sin(np.sqrt(np.abs(z))))
        return float(-sines / 100 + 4.189828872724339 + 100 * penalty(z / 100))

    return loss


def gallagher(n: int, dice: np.random.Generator, peaks: int = 101) -> Function:
    """Functions 21 and, with fewer `peaks`, 22."""
    turn = rotation(n, dice)
    reach, top = (5.0, 1000.0) if peaks == 101 else (4.9, 1e6)
    places = dice.uniform(-reach, reach, (peaks, n))
    places[0] = dice.uniform(-4, 4, n) * (1.0 if peaks == 101 else 0.98)
    heights = np.array([10.0, *(1.1 + 8 * np.arange(peaks - 1) / (peaks - 2))])
    alphas = 1000 ** (2 * dice.permutation(peaks - 1) / (peaks - 2))
    shapes = np.array(
        [
            dice.permutation(scales(alpha, n) ** 2) / alpha**0.25 / alpha**0.25
            for alpha in [top, *alphas]
        ]
    )

    def loss(x: Array) -> float:
        z = (x - places) @ turn.T
        found = np.max(heights * np.exp(-np.sum(shapes * z**2, axis=1) / (2 * n)))
        return float(oscillated(np.array([10 - found]))[0] ** 2 + penalty(x))

    return loss


def katsuura(n: int, dice: np.random.Generator) -> Function:
    """Function 23."""
    best, turn, other = somewhere(n, dice), rotation(n, dice), rotation(n, dice)
    two = 2.0 ** np.arange(1, 33)

    def loss(x: Array) -> float:
        z = other @ (scales(100, n) * (turn @ (x - best)))
        scaled = two * z[:, None]
        sums = np.sum(np.abs(scaled - np.round(scaled)) / two, axis=1)
        product = np.prod((1 + np.arange(1, n + 1) * sums) ** (10 / n**1.2))
        return float(10 / n**2 * product - 10 / n**2 + penalty(x))

    return loss


def lunacek(n: int, dice: np.random.Generator) -> Function:
    """Function 24."""
    sign = np.where(dice.random(n) < 0.5, -1.0, 1.0)
    turn, other = rotation(n, dice), rotation(n, dice)
    centre = 2.5
    s = 1 - 1 / (2 * np.sqrt(n + 20) - 8.2)
    second = -np.sqrt((centre**2 - 1) / s)

    def loss(x: Array) -> float:
        y = 2 * sign * x
        z = other @ (scales(100, n) * (turn @ (y - centre)))
        bowls = min(np.sum((y - centre) ** 2), n + s * np.sum((y - second) ** 2))
        return float(bowls + 10 * (n - np.sum(np.cos(2 * np.pi * z))) + 1e4 * penalty(x))

    return loss


MAKERS: tuple[Callable[[int, np.random.Generator], Function], ...] = (
    sphere, ellipsoid, rastrigin, bueche_rastrigin, linear_slope, attractive_sector,
    step_ellipsoid, rosenbrock, rosenbrock_turned, lambda n, dice: ellipsoid(n, dice, True),
    discus, bent_cigar, sharp_ridge, different_powers, rastrigin_turned, weierstrass,
    schaffers, lambda n, dice: schaffers(n, dice, 1000), griewank_rosenbrock, schwefel,
    gallagher, lambda n, dice: gallagher(n, dice, 21), katsuura, lunacek,
)  # fmt: skip
