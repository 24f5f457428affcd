"""How a sweep stands, to a reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    """Return how many runs there can be.

    Args:
        definition: of the sweep, as it is kept.
    """
    return SweepDefinition.from_wire(definition).most_runs
