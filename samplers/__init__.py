"""Choosing the configurations of a sweep: what to search, and where to look next.

A `Space` maps names to expressions, made by the functions `choice`, `uniform`, …. A sampling, such
as `RandomParameterSampling`, describes how to sample a space; its `sampler()` answers
`ask(number)` with a configuration and learns from `tell(configuration, loss)`.

Nothing here reads a clock, a file or a global random state.
"""

from samplers.bayesian import BayesianParameterSampling
from samplers.choices import Expression
from samplers.distributions import (
    lognormal,
    loguniform,
    normal,
    qlognormal,
    qloguniform,
    qnormal,
    quniform,
    randint,
    uniform,
)
from samplers.errors import SpaceError, SpaceWarning
from samplers.grid import GridParameterSampling
from samplers.optuna_sampling import OptunaParameterSampling
from samplers.random import RandomParameterSampling
from samplers.sampler import Sampler, Sampling
from samplers.sampling import SAMPLINGS, sampling_class, sampling_from_wire, sampling_wire
from samplers.space import Configuration, Space
from samplers.words import WORDS, choice, expression, from_wire

__all__ = [
    "SAMPLINGS",
    "WORDS",
    "BayesianParameterSampling",
    "Configuration",
    "Expression",
    "GridParameterSampling",
    "OptunaParameterSampling",
    "RandomParameterSampling",
    "Sampler",
    "Sampling",
    "Space",
    "SpaceError",
    "SpaceWarning",
    "choice",
    "expression",
    "from_wire",
    "lognormal",
    "loguniform",
    "normal",
    "qlognormal",
    "qloguniform",
    "qnormal",
    "quniform",
    "randint",
    "sampling_class",
    "sampling_from_wire",
    "sampling_wire",
    "uniform",
]
