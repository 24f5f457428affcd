"""A small network that learns a chance: two hidden layers of rectified units, on NumPy."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]
Layers = list[tuple[Singles, Singles]]
"""Of each layer: the weights (units x inputs) and the biases (units)."""

BATCH = 4096
RATE, WARM = 3e-3, 0.1
"""The step size, and for which share of the steps it rises."""
DECAY = 0.1
"""Of the weights, in each step, as a share of the step size."""
MEMORY = 0.9, 0.999
SMALL = 1e-8


def learnt(
    x: Singles, y: Singles, weights: Singles, units: tuple[int, ...], rounds: int
) -> Layers:
    """Return a network for the chances `y` (n; 0 to 1) of `x` (n x d), by maximum likelihood.

    Loshchilov & Hutter 2019, "Decoupled weight decay regularization" (AdamW), in so many rounds
    over all data; the step size rises, then falls like a cosine.
    """
    dice = np.random.default_rng(0)
    layers = _start([x.shape[1], *units, 1], dice)
    parts = [part for layer in layers for part in layer]
    means = [np.zeros_like(part) for part in parts]
    squares = [np.zeros_like(part) for part in parts]
    weights, total = weights / weights.mean(), rounds * (len(x) // BATCH)
    for step, batch in enumerate(_batches(len(x), rounds, dice), 1):
        slopes = _slopes(layers, x[batch], y[batch], weights[batch])
        rate = RATE * _height(step / total)
        for place, slope in enumerate(slopes):
            means[place] += (1 - MEMORY[0]) * (slope - means[place])
            squares[place] += (1 - MEMORY[1]) * (slope**2 - squares[place])
            mean = means[place] / (1 - MEMORY[0] ** step)
            root = np.sqrt(squares[place] / (1 - MEMORY[1] ** step))
            parts[place] -= rate * (mean / (root + SMALL) + DECAY * parts[place])
    return layers


def odds(layers: Layers, x: Singles) -> Singles:
    """Return the logarithms of the odds (n) at `x` (n x d)."""
    return _forward(layers, x)[1]


def _forward(layers: Layers, x: Singles) -> tuple[list[Singles], Singles]:
    """Return what each layer takes in, and the logarithms of the odds."""
    *hidden, (last, bias) = layers
    inputs = [x]
    for inner, biases in hidden:
        inputs.append(np.maximum(inputs[-1] @ inner.T + biases, 0))
    return inputs, (inputs[-1] @ last.T + bias)[:, 0]


def _start(sizes: list[int], dice: np.random.Generator) -> Layers:
    layers = []
    for inputs, count in pairwise(sizes):
        bound = 1 / math.sqrt(inputs)
        inner = dice.uniform(-bound, bound, (count, inputs)).astype(np.float32)
        layers.append((inner, dice.uniform(-bound, bound, count).astype(np.float32)))
    layers[-1][1][:] = -3.5
    return layers


def _batches(count: int, rounds: int, dice: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    for _ in range(rounds):
        order = dice.permutation(count)
        for number in range(count // BATCH):
            yield order[number * BATCH : (number + 1) * BATCH]


def _height(share: float) -> float:
    if share < WARM:
        return share / WARM
    return (1 + math.cos(math.pi * (share - WARM) / (1 - WARM))) / 2


def _slopes(layers: Layers, x: Singles, y: Singles, weights: Singles) -> list[Singles]:
    """Return the slopes of the loss, of each layer's weights and biases."""
    inputs, told = _forward(layers, x)
    chance = 1 / (1 + np.exp(-np.clip(told, -60, 60)))
    back = ((weights * (chance - y)) / len(x))[:, None].astype(np.float32)
    slopes: list[Singles] = []
    for (inner, _), before in zip(reversed(layers), reversed(inputs), strict=True):
        slopes = [back.T @ before, back.sum(axis=0), *slopes]
        back = (back @ inner) * (before > 0)
    return slopes
