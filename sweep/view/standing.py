"""How a sweep stands, to a reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samplers import GridParameterSampling, configurations
from sweep.core.definition import SweepDefinition
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import SweepFolder


def status_of(reader: SweepReader, folder: SweepFolder) -> str:
    """Return how a sweep stands: a running one that nobody works on is interrupted."""
    status: str = reader.get("status")[0]
    if status == "Running" and folder.engine is None:
        return "Interrupted"
    return status


def most_runs(definition: Mapping[str, Any]) -> int:
    """Return how many runs there can be: a grid may have fewer points than runs are allowed.

    Args:
        definition: of the sweep, as it is kept.
    """
    most: int = definition["max_total_jobs"]
    kept = SweepDefinition.from_wire(definition)
    sampling, each = kept.sampling, kept.limits.replicates
    points = configurations(sampling) if isinstance(sampling, GridParameterSampling) else None
    return min(most // each, points or most) * each
