"""A sampling from what a user says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samplers import Sampling, Space, sampling_class
from samplers.guide import Points
from samplers.refusal import Refuse
from sweep.engine.submit import seeded
from sweep.errors import ConfigError


def resolve(
    sampling: Sampling | str,
    space: Mapping[str, Any] | Space | None,
    seed: int | None,
    points: Points | None = None,
    refuse: Refuse | None = None,
) -> Sampling:
    """Return a sampling with a seed.

    Args:
        sampling: "random", "grid", "bayesian", or a sampling, which brings its own space.
        space: what is searched, when `sampling` is a word.
        seed: None: the sampling's own, or one that is drawn now.
        points: configurations to begin with, or parts of them, when `sampling` is a word.
        refuse: conditions on configurations that are not to be, and functions, likewise.

    Raises:
        ConfigError: there are two spaces, or none, or a sampling is told what belongs to it.
        SpaceError: there is no such sampling, or the space is not legal.
    """
    if isinstance(sampling, str):
        if space is None:
            raise ConfigError("space: what is to be searched? Such as {'lr': loguniform(-7, 0)}")
        sampling = sampling_class(sampling)(space, points_to_evaluate=points, refuse=refuse)
    elif not hasattr(sampling, "sampler"):
        raise ConfigError(
            f"sampling: expected random, grid, bayesian or a sampling, got {sampling!r}"
        )
    elif space is not None:
        raise ConfigError("space: the sampling brings its own; give one or the other")
    elif points or refuse:
        raise ConfigError("points_to_evaluate, refuse: give them to the sampling itself")
    return seeded(sampling if seed is None else sampling.seeded(seed))
