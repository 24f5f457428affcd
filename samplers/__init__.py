"""Choosing the configurations of a sweep: what to search, and where to look next.

A `Space` maps names to expressions, made by the functions `choice`, `uniform`, …. A sampling, such
as `RandomParameterSampling`, describes how to sample a space; its `sampler()` answers
`ask(number)` with a configuration and learns from `tell(configuration, loss)`. Every sampling may
be given points to begin with, and what it is never to propose.

Nothing here reads a clock, a file or a global random state.
"""

from samplers.bayesian import BayesianParameterSampling
from samplers.choices import Expression
from samplers.course import Course, course_of
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
from samplers.errors import Misplaced, SpaceError, SpaceWarning
from samplers.grid import GridParameterSampling
from samplers.guide import (
    absent_functions,
    configurations,
    functions_of,
    guide_of,
    with_functions,
)
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
    "Course",
    "Expression",
    "GridParameterSampling",
    "Misplaced",
    "OptunaParameterSampling",
    "RandomParameterSampling",
    "Sampler",
    "Sampling",
    "Space",
    "SpaceError",
    "SpaceWarning",
    "absent_functions",
    "choice",
    "configurations",
    "course_of",
    "expression",
    "from_wire",
    "functions_of",
    "guide_of",
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
    "with_functions",
]
