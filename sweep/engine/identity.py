"""What a new sweep, or a lone run, is called."""

from __future__ import annotations

import secrets
import time
import uuid

from sweep.core.definition import SweepDefinition
from sweep.core.single import Single


def new_identity(definition: SweepDefinition, experiment: str) -> str:
    """Return an id that no other has, as HyperDrive makes them."""
    if isinstance(definition.sampling, Single):
        if experiment.startswith("HD_"):  # by that the ids of sweeps are known
            experiment = f"run_{experiment}"
        return f"{experiment[:200]}_{int(time.time())}_{secrets.token_hex(4)}"
    return f"HD_{uuid.uuid4()}"
