"""On how many nodes a run is, and how many processes it has on each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sweep.compute.cluster import Cluster
from sweep.compute.existing import ExistingCluster
from sweep.errors import ConfigError, ResourceError
from sweep.formats.runconfig import RunConfiguration


@dataclass(frozen=True, slots=True)
class Distribution:
    """How a run is spread.

    Attributes:
        nodes: that it is on at a time.
        processes: on each of them.
        mpi: whether its processes look for their places under Open MPI's names.
    """

    nodes: int = 1
    processes: int = 1
    mpi: bool = False

    def needs(self) -> dict[str, Any]:
        """Return what `sweep.compute.needs` is to know; nothing for one process."""
        if self.nodes == self.processes == 1:
            return {}
        return {"nodes": self.nodes, "processes": self.processes, "mpi": self.mpi}


def distribution_of(configuration: RunConfiguration) -> Distribution:
    """Return how a run is spread: `nodeCount`, and the sections `mpi` and `pytorch`.

    Raises:
        ConfigError: they contradict each other, or are no numbers.
    """
    mpi, pytorch = configuration.mpi, configuration.pytorch
    nodes = _agreed(
        {
            "nodeCount": configuration.node_count,
            "mpi.nodeCount": _count(mpi, "mpi", "nodeCount"),
            "pytorch.nodeCount": _count(pytorch, "pytorch", "nodeCount"),
        }
    )
    total = _count(pytorch, "pytorch", "processCount", nodes)
    if total % nodes:
        raise ConfigError(
            f"pytorch.processCount: {total} processes cannot be shared equally by {nodes} nodes"
        )
    processes = _agreed(
        {
            "mpi.processCountPerNode": _count(mpi, "mpi", "processCountPerNode"),
            "pytorch.processCount per node": total // nodes,
        }
    )
    by_mpi = "mpi" in configuration.communicator.lower()
    return Distribution(nodes, processes, by_mpi or _count(mpi, "mpi", "processCountPerNode") > 1)


def _count(section: Mapping[str, Any], name: str, key: str, default: int = 1) -> int:
    value = section.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigError(f"{name}.{key}: expected a whole number >= 1, got {value!r}")
    return value


def _agreed(said: Mapping[str, int]) -> int:
    """Return the number that is not 1; 1 is as good as nothing said."""
    others = {name: number for name, number in said.items() if number != 1}
    if len({*others.values()}) > 1:
        words = " and ".join(f"{name} is {number}" for name, number in others.items())
        raise ConfigError(f"{words}: which of them?")
    return next(iter(others.values()), 1)


def check_nodes(nodes: int, kept: Mapping[str, Any] | None, cluster: Cluster | None) -> None:
    """Refuse a run that has more nodes than its target will ever have.

    Args:
        nodes: of a run.
        kept: what `cluster_of` takes.
        cluster: the target; None for this machine.

    Raises:
        ResourceError: there are too few.
    """
    if nodes == 1:
        return
    if kept is None:
        there, name = 1, "local"
    else:
        name = str(kept.get("target") or kept.get("name") or kept.get("address") or kept["kind"])
        if isinstance(cluster, ExistingCluster):
            there = cluster.nodes()
        else:
            there = 1 if kept["kind"] == "remote" else int(kept.get("max_nodes", 1))
    if there < nodes:
        raise ResourceError(
            f"nodeCount {nodes}: a run asks for {nodes} nodes, and the target {name} has {there}:"
            " no run could ever start; lower nodeCount, or name a target with more nodes"
        )
