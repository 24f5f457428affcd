"""Dice that are addressed, not rolled: a number depends on where it is asked for, not on when."""

from hashlib import blake2b
from typing import Any

from samplers.errors import SpaceError
from samplers.values import unwrapped

STEP = 2.0**-53
"""The distance between two neighbouring draws."""


def bits(seed: int, number: int, stream: str) -> int:
    """Return 53 random bits that belong to draw `number` of `stream`.

    They are the first bits of BLAKE2b (RFC 7693) of the address. So they are the same on every
    machine and for every version of every library, and a stream does not change when another one
    is added or left out.
    """
    address = f"{seed}\0{number}\0{stream}".encode()
    return int.from_bytes(blake2b(address, digest_size=8).digest(), "big") >> 11


def unit(seed: int, number: int, stream: str) -> float:
    """Return a random number in [0, 1), in steps of 2**-53: draw `number` of `stream`."""
    return bits(seed, number, stream) * STEP


def seed_of(value: Any) -> int | None:
    """Return `value` if it can be a seed: any whole number, or None for a seed still to be drawn.

    Raises:
        SpaceError: it cannot.
    """
    seed = unwrapped(value)
    if seed is None or (isinstance(seed, int) and not isinstance(seed, bool)):
        return seed
    raise SpaceError(f"a seed is a whole number, got {value!r}")
