"""A sampling from what a user says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samplers import Sampling, Space, sampling_class
from sweep.engine.submit import seeded
from sweep.errors import ConfigError


def resolve(
    sampling: Sampling | str, space: Mapping[str, Any] | Space | None, seed: int | None
) -> Sampling:
    """Return a sampling with a seed.

    Args:
        sampling: "random", "grid", "bayesian", or a sampling, which brings its own space.
        space: what is searched, when `sampling` is a word.
        seed: None: the sampling's own, or one that is drawn now.

    Raises:
        ConfigError: there are two spaces, or none.
        SpaceError: there is no such sampling, or the space is not legal.
    """
    if isinstance(sampling, str):
        if space is None:
            raise ConfigError("space: what is to be searched? Such as {'lr': loguniform(-7, 0)}")
        sampling = sampling_class(sampling)(space)
    elif not hasattr(sampling, "sampler"):
        raise ConfigError(
            f"sampling: expected random, grid, bayesian or a sampling, got {sampling!r}"
        )
    elif space is not None:
        raise ConfigError("space: the sampling brings its own; give one or the other")
    return seeded(sampling if seed is None else sampling.seeded(seed))
