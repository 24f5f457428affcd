"""Clusters by the word for their kind, each loaded only when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from sweep.compute.cluster import Cluster
from sweep.errors import ConfigError

KINDS = {
    "existing": ("sweep.compute.existing", "ExistingCluster"),
    "pool": ("sweep.compute.pool", "Pool"),
    "remote": ("sweep.compute.ssh_cluster", "RemoteCluster"),
    "spark": ("sweep.compute.spark", "SparkCluster"),
}
"""Word: the module and its class, which has a class method `from_kept`."""


def cluster_of(kept: Mapping[str, Any] | None) -> Cluster | None:
    """Return the cluster that a sweep, or the registry, has kept; None for this machine.

    Args:
        kept: `kind`, and what that kind needs; never a secret. `target`, the name in the
            registry, is none of the cluster's business.

    Raises:
        ConfigError: there is no such kind here.
        UserError: a secret that it needs is not there, or cannot be read.
    """
    if kept is None:
        return None
    if kept["kind"] not in KINDS:
        raise ConfigError(f"compute target of kind {kept['kind']!r}: there is {', '.join(KINDS)}")
    module, name = KINDS[kept["kind"]]
    cluster: Cluster = getattr(import_module(module), name).from_kept(
        {key: value for key, value in kept.items() if key != "target"}
    )
    return cluster
