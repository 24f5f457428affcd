"""What a sweep knows before its first run: trials of earlier sweeps, and what to try first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samplers import Configuration


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of an earlier sweep.

    Attributes:
        configuration: its hyperparameters.
        values: what it reported of the primary metric, in order.
        stopped: whether a policy stopped it.
    """

    configuration: Configuration
    values: tuple[float, ...] = ()
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Prior:
    """Earlier trials, and the configurations of the first runs.

    To a policy a trial is a run that is over; its number is negative, since it is none of the
    sweep's own. A sampler that learns has been told of its outcome.

    Attributes:
        trials: what samplers and policies learn from.
        given: configurations of the first runs, before the sampler is asked for others.
    """

    trials: tuple[Trial, ...] = ()
    given: tuple[Configuration, ...] = ()

    def to_wire(self) -> dict[str, Any]:
        """Return it as a JSON value; a value that is not finite as None."""
        return {
            "trials": [
                {
                    "configuration": trial.configuration,
                    "values": [v if math.isfinite(v) else None for v in trial.values],
                    "stopped": trial.stopped,
                }
                for trial in self.trials
            ],
            "given": list(self.given),
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any] | None) -> Prior:
        """Rebuild it from `to_wire`'s form; from None, one that is empty.

        Raises:
            KeyError, TypeError, ValueError: that is not what it is.
        """
        if wire is None:
            return NOTHING
        trials = (
            Trial(
                dict(trial["configuration"]),
                tuple(math.nan if v is None else float(v) for v in trial["values"]),
                bool(trial["stopped"]),
            )
            for trial in wire["trials"]
        )
        return cls(tuple(trials), tuple(dict(given) for given in wire["given"]))


NOTHING = Prior()
