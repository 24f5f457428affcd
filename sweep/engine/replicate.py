"""What a run is told where each configuration is run several times: which it is, and its seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sweep.core.commands import Launch
from sweep.core.replicates import Place, seed_of

VARIABLES = {
    "configuration_number": "SWEEP_CONFIGURATION_NUMBER",
    "replicate": "SWEEP_REPLICATE",
    "seed": "SWEEP_SEED",
}


def replicate_of(place: Place, seed: int | None) -> dict[str, int]:
    """Return what a run is told.

    Args:
        place: of the run.
        seed: of its sweep.
    """
    number, which = place
    return {"configuration_number": number, "replicate": which, "seed": seed_of(seed, place)}


def replicates(seed: int | None) -> Callable[[Launch], dict[str, int] | None]:
    """Return what tells of a launch of a sweep with this seed which replicate it is."""
    return lambda launch: None if launch.place is None else replicate_of(launch.place, seed)


def variables(replicate: Mapping[str, int] | None) -> dict[str, str]:
    """Return the environment variables that say so; none where there are no replicates."""
    return {VARIABLES[key]: str(value) for key, value in (replicate or {}).items()}
