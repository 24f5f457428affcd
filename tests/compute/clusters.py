"""A Ray cluster of several nodes on this machine, as somebody else would have it."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sweep.compute.existing import ExistingCluster
from sweep.compute.ray_node import RayNode, cluster_environment


@dataclass
class Cluster:
    """A head without CPUs, and nodes with one each."""

    head: RayNode
    env: dict[str, str]
    folder: Path
    nodes: list[RayNode] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def add(self) -> None:
        folder = self.folder / f"n{next(self.numbers)}"
        self.nodes.append(RayNode(folder, self.env, self.head.address, cpus=1))

    @property
    def there(self) -> ExistingCluster:
        return ExistingCluster(self.head.address, *self.secrets())

    def secrets(self) -> list[str]:
        return [self.env["RAY_AUTH_TOKEN"]]


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """A cluster of two nodes that is gone in the end."""
    env = cluster_environment()
    made = Cluster(RayNode(folder / "h", env, cpus=0), env, folder)
    try:
        with ThreadPoolExecutor() as threads:
            [*threads.map(lambda _: made.add(), range(2))]
        yield made
    finally:
        for node in [*made.nodes, made.head]:
            node.close()
