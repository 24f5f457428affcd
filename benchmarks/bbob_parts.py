"""What the definitions of the BBOB functions are made of; see `bbob`."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def oscillated(x: Array) -> Array:
    """T_osz: small ripples that keep signs and order."""
    size = np.where(x == 0, 0.0, np.log(np.abs(np.where(x == 0, 1.0, x))))
    a, b = np.where(x > 0, 10.0, 5.5), np.where(x > 0, 7.9, 3.1)
    ripples: Array = np.sign(x) * np.exp(size + 0.049 * (np.sin(a * size) + np.sin(b * size)))
    return ripples


def asymmetric(x: Array, beta: float) -> Array:
    """T_asy: positive coordinates grow, the last ones most."""
    power = 1 + beta * ramp(len(x)) * np.sqrt(np.maximum(x, 0))
    return np.where(x > 0, np.maximum(x, 0) ** power, x)


def ramp(n: int) -> Array:
    """Return n numbers from 0 to 1."""
    steps: Array = np.arange(n) / (n - 1)
    return steps


def scales(alpha: float, n: int) -> Array:
    """Return the diagonal of the matrix called capital lambda."""
    diagonal: Array = alpha ** (ramp(n) / 2)
    return diagonal


def penalty(x: Array) -> float:
    """Return what leaving the box costs."""
    return float(np.sum(np.maximum(0, np.abs(x) - 5) ** 2))


def rotation(n: int, dice: np.random.Generator) -> Array:
    """Return a random orthogonal matrix."""
    q, r = np.linalg.qr(dice.standard_normal((n, n)))
    turned: Array = q * np.sign(np.diag(r))
    return turned


def somewhere(n: int, dice: np.random.Generator) -> Array:
    """Return a place for the optimum."""
    return dice.uniform(-4, 4, n)
