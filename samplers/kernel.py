"""The kernel of our Gaussian process: what it takes for granted of a loss.

A sum of parts, whose shares are fitted to the losses:

* Matérn 5/2 of all parameters, which any smooth function can be made of;
* the mean of such kernels of one parameter each, for effects that add up (Duvenaud, Nickisch &
  Rasmussen 2011, "Additive Gaussian processes"), of which a few losses tell more;
* a quadratic, for the bowl that the whole is when seen from far away;
* a rough one, Matérn 5/2 at a fraction of the length scales, in the place of noise: what the
  others do not explain. The same configuration has the same loss again, so there is nothing to be
  hoped for right beside one that is known, and more a little further away.

All of it on scales that may be bent.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np

from samplers.bending import bent
from samplers.columns import Array, Groups

NEXT_TO_NOTHING = 1e-3
"""A part with so small a share is left out."""

ROUGH = 0.25
"""The length scales of the rough part, in those of the others."""

BOWL = 3
"""The weight of the second powers in the quadratic, against a constant."""

ROOT = sqrt(5)
BLOCK = 16384
"""Numbers worked on at a time: they fit into a processor's cache, which is four times as fast."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel for columns from 0 to 1.

    Attributes:
        groups: the parameter, numbered from 0, that each column belongs to.
        lengths: the length scale of each parameter.
        shares: of the first three parts; they sum to 1.
        rough: the variance of the rough part.
        bends: how each column is bent before all else; None: not at all.
    """

    groups: Groups
    lengths: Array
    shares: Array
    rough: float = 0.0
    bends: Array | None = None

    def __call__(self, a: Array, b: Array) -> Array:
        """Return the covariances (n x m) of the rows of `a` and of `b`."""
        a, b = self._bent(a), self._bent(b)
        found = np.empty((len(a), len(b)))
        rows = max(1, BLOCK // len(b))
        for start in range(0, len(a), rows):
            found[start : start + rows] = self._piece(a[start : start + rows], b)
        return found

    def _piece(self, a: Array, b: Array) -> Array:
        inverse = ROOT / self.lengths[self.groups]
        left, right = a * inverse, b * inverse
        far = np.sqrt(distances(left, right))
        rough = far * (1 / ROUGH)
        found = decayed(far)
        found *= self.shares[0]
        if self.rough > 0:
            rough = decayed(rough)
            rough *= self.rough
            found += rough
        if self.shares[1] > NEXT_TO_NOTHING:
            count = len(self.lengths)
            left, right = left * sqrt(count), right * sqrt(count)
            added = np.zeros_like(found)
            for group in range(count):
                columns = np.flatnonzero(self.groups == group)
                if len(columns) == 1:
                    far = np.abs(left[:, columns] - right[:, columns[0]])
                else:
                    far = np.sqrt(distances(left[:, columns], right[:, columns]))
                added += decayed(far)
            added *= self.shares[1] / count
            found += added
        if self.shares[2] > NEXT_TO_NOTHING:
            products = centred(a, self.groups) @ centred(b, self.groups).T
            found += self.shares[2] * bowl(products, len(self.lengths)) ** 2
        return found

    def variances(self, points: Array) -> Array:
        """Return the covariances (n) of the rows of `points` with themselves."""
        found: Array = np.full(len(points), self.shares[0] + self.shares[1] + self.rough)
        if self.shares[2] > NEXT_TO_NOTHING:
            places = centred(self._bent(points), self.groups)
            found += self.shares[2] * bowl(np.sum(places**2, axis=1), len(self.lengths)) ** 2
        return found

    def _bent(self, points: Array) -> Array:
        return points if self.bends is None else bent(points, self.bends)


def centred(points: Array, groups: Groups) -> Array:
    """Return numbers from -1 to 1 for those from 0 to 1; an option's columns stay as they are."""
    alone = np.bincount(groups)[groups] == 1
    return np.where(alone, 2 * points - 1, points)


def bowl(products: Array, count: int) -> Array:
    """Return the roots of the quadratic's covariances, for the products of centred points.

    All quadratics take part, with coefficients that are alike. They are scaled by the `count` of
    parameters, so that the variance in the middle between the centre and a corner is about 1.
    """
    found: Array = (1 + products * (BOWL / count)) / 2
    return found


def distances(a: Array, b: Array) -> Array:
    """Return the squared distances (n x m) between the rows of `a` and of `b`."""
    if a.shape[1] == 1:
        gaps: Array = a - b[:, 0]
        return gaps * gaps
    squares = np.sum(a**2, axis=1)[:, None] + np.sum(b**2, axis=1) - 2 * (a @ b.T)
    found: Array = np.maximum(squares, 0, out=squares)
    return found


def decayed(far: Array) -> Array:
    """Return Matérn 5/2 for distances of 1 / `ROOT` length scales, which are used up."""
    found = far * (1 / 3)
    found += 1
    found *= far
    found += 1
    np.exp(np.negative(far, out=far), out=far)
    found *= far
    return found


def matern_and_slope(squares: Array) -> tuple[Array, Array]:
    """Return Matérn 5/2 for squared distances in length scales, and its derivative in them."""
    found, slopes = np.empty_like(squares), np.empty_like(squares)
    for here, there, slope in _blocks(squares, found, slopes):
        far = np.sqrt(here)
        far *= ROOT
        decay = np.exp(-far)
        far += 1
        far *= decay
        decay *= here
        decay *= 5 / 3
        np.add(far, decay, out=there)
        np.multiply(far, -5 / 6, out=slope)
    return found, slopes


def _blocks(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Yield pieces of equal arrays."""
    flat = [array.reshape(-1) for array in arrays]
    for start in range(0, flat[0].size, BLOCK):
        yield tuple(array[start : start + BLOCK] for array in flat)
