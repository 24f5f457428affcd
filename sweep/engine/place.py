"""Where the runs of a sweep execute."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sweep.compute.cluster import Cluster
from sweep.compute.kinds import cluster_of
from sweep.compute.resources import Resources, of_this_machine


@dataclass(frozen=True, slots=True)
class Place:
    """Where runs execute: this machine, or a cluster.

    Attributes:
        resources: what there is, and what one run takes.
        cluster: None for a Ray of our own here.
    """

    resources: Resources
    cluster: Cluster | None = None

    @classmethod
    def kept(cls, stored: Mapping[str, float], cluster: Mapping[str, Any] | None) -> Place:
        """Return the place that a sweep has kept; a token is taken from the environment."""
        cpus, gpus = stored["cpus_per_run"], stored["gpus_per_run"]
        nodes = int(stored.get("nodes_per_run", 1))
        if cluster is None:
            return cls(of_this_machine(cpus, gpus))
        return cls(Resources(math.inf, math.inf, cpus, gpus, nodes), cluster_of(cluster))
