"""Shuffling by arithmetic: any element of a random permutation, without making the others."""

from samplers.dice import bits

ROUNDS = 6


def shuffled(index: int, size: int, seed: int) -> int:
    """Return element `index` of the permutation of range(`size`) that belongs to `seed`.

    A Feistel network permutes the numbers of 2h bits, and is applied again until the result is
    below `size` (Black & Rogaway 2002, "Ciphers with arbitrary finite domains").
    """
    half = max(1, ((size - 1).bit_length() + 1) // 2)
    while (index := _feistel(index, half, seed)) >= size:
        pass
    return index


def _feistel(index: int, half: int, seed: int) -> int:
    left, right = index >> half, index & ((1 << half) - 1)
    for turn in range(ROUNDS):
        left, right = right, left ^ _mixed(right, turn, half, seed)
    return left << half | right


def _mixed(value: int, turn: int, half: int, seed: int) -> int:
    return bits(seed, turn, f"shuffle\0{value}") & ((1 << half) - 1)
