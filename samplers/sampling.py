"""The ways of sampling by name, and their wire form."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from samplers.bayesian import BayesianParameterSampling
from samplers.errors import spelled
from samplers.grid import GridParameterSampling
from samplers.optuna_sampling import OptunaParameterSampling
from samplers.random import RandomParameterSampling
from samplers.sampler import Sampling
from samplers.space import Space

SamplingClass: TypeAlias = (
    type[RandomParameterSampling]
    | type[GridParameterSampling]
    | type[BayesianParameterSampling]
    | type[OptunaParameterSampling]
)

SAMPLINGS: dict[str, SamplingClass] = {
    "random": RandomParameterSampling,
    "grid": GridParameterSampling,
    "bayesian": BayesianParameterSampling,
    "optuna": OptunaParameterSampling,
}
"""The words of sweep files."""


def sampling_class(name: object) -> SamplingClass:
    """Return the class for a word of sweep files or a name of wire forms, in any letter case.

    Raises:
        SpaceError: there is none; the message suggests the nearest word.
    """
    names = SAMPLINGS | {kind.name: kind for kind in SAMPLINGS.values()}
    return names[spelled("a kind of sampling", name, names)]


def sampling_wire(sampling: Sampling) -> dict[str, Any]:
    """Return the wire form, `{"name": …, "parameter_space": …, "properties": …}`.

    `properties` is left out where all settings have their defaults.
    """
    wire = {"name": sampling.name, "parameter_space": sampling.space.wire()}
    return wire | ({"properties": sampling.properties} if sampling.properties else {})


def sampling_from_wire(
    name: object,
    parameter_space: Space | Mapping[str, Any],
    properties: Mapping[str, Any] | None = None,
) -> Sampling:
    """Return the sampling with this wire form, so `sampling_from_wire(**sampling_wire(s))` is `s`.

    Raises:
        SpaceError: an unknown name or property, or something that the class refuses.
    """
    kind = sampling_class(name)
    settings = {
        spelled(f"a property of {kind.name}", key, kind.defaults): value
        for key, value in (properties or {}).items()
    }
    return kind(parameter_space, **settings)
