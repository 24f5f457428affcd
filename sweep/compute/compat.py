"""What a run finds on its path beside its own: stand-ins for what old scripts import."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

IMPORTABLE = Path(__file__).resolve().parents[1] / "compat" / "importable"
TRACKING = "MLFLOW_TRACKING_URI"
OURS = "sweep://run"
"""Where MLflow is to log to: our store, which it finds by the entry points in that folder."""


def surroundings(env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which old scripts find us, to be set over those of `env`.

    Our folder comes after the user's own, and a tracking server of the user's is left alone.
    """
    path = env.get("PYTHONPATH", "")
    found = {"PYTHONPATH": os.pathsep.join(filter(None, (path, str(IMPORTABLE))))}
    if not env.get(TRACKING):
        found[TRACKING] = OURS
    return found
