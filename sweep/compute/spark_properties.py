"""What is kept of a Spark cluster, and the properties that its application is given."""

from __future__ import annotations

import math
import os
import re
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sweep.compute.existing import LOOPBACK
from sweep.compute.ray_environment import quiet_environment
from sweep.errors import ConfigError, TargetError

MASTER = re.compile(r"yarn|local-cluster\[\d+,\d+,\d+\]|spark://([^:/,]+:\d+)(,[^:/,]+:\d+)*")
SECRET = re.compile(r"secret|password|token|credential|access.?key", re.IGNORECASE)
OURS = ("spark.authenticate", "spark.executorEnv.RAY_", "spark.master", "spark.submit.deployMode")
"""What a user's properties cannot set."""
CONNECTING = 5.0
"""Seconds in which a master must answer."""
MEBIBYTE = 1 << 20
RAY_MEBIBYTES = 512
"""Of a Ray node's own processes."""
NODE_MEMORY_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class SparkProperties:
    """What is kept of a Spark cluster; nothing of it is secret.

    Attributes:
        master: `spark://host:port`, or `yarn` (where `HADOOP_CONF_DIR` says which).
        max_nodes, min_nodes: Ray nodes, each in one executor.
        cpus_per_node, gpus_per_node: what each offers.
        memory_per_node: bytes for what runs on it, beside the executor's own memory.
        idle_seconds: after which a node beyond `min_nodes` goes.
        secret: where the secret of `spark.authenticate` is: the name of an environment variable,
            or the path of a file, mode 0600, with a slash in it; not needed on YARN, which makes
            its own.
        allow_unauthenticated: whether a Spark will do that lets anybody in.
        driver_host: a name of this machine that the executors can connect to; empty: find out.
        python: the interpreter on the executors, which has the same Ray; empty: the same path
            as ours.
        spark_home: of a Spark installation here; empty: the one that comes with PySpark.
        properties: further properties of Spark.
    """

    master: str
    max_nodes: int = 1
    min_nodes: int = 0
    cpus_per_node: int = 1
    gpus_per_node: int = 0
    memory_per_node: int = NODE_MEMORY_BYTES
    idle_seconds: float = 60.0
    secret: str = ""
    allow_unauthenticated: bool = False
    driver_host: str = ""
    python: str = ""
    spark_home: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            ConfigError: says what, and what was expected.
        """
        if not MASTER.fullmatch(self.master):
            raise ConfigError(f"master: expected spark://host:port or yarn, got {self.master!r}")
        if not 0 <= self.min_nodes <= self.max_nodes or self.max_nodes < 1:
            raise ConfigError(
                f"min_nodes, max_nodes: expected 0 <= min_nodes <= max_nodes and a max_nodes of 1"
                f" or more, got {self.min_nodes} and {self.max_nodes}"
            )
        if self.cpus_per_node < 1 or self.gpus_per_node < 0:
            raise ConfigError("cpus_per_node must be 1 or more, gpus_per_node 0 or more")
        for name, value in self.properties.items():
            if name.startswith(OURS):
                raise ConfigError(f"properties.{name} is set by the target itself")
            if SECRET.search(name):
                raise ConfigError(f"properties.{name}: secrets are not kept; see 'secret'")
            if not re.fullmatch(r"[\w.-]+", name) or not str(value).isprintable():
                raise ConfigError(f"properties.{name}: expected a name and one line of text")

    @property
    def is_closed(self) -> bool:
        """Whether it must have a secret; YARN gives each application its own."""
        return self.master.startswith("spark:") and not self.allow_unauthenticated

    def driver_address(self) -> str:
        """Return how the executors can reach this machine.

        Raises:
            TargetError: no master answers.
        """
        if self.driver_host:
            return self.driver_host
        if not self.master.startswith("spark:"):
            return _own_address() if self.master.startswith("local") else socket.getfqdn()
        error: OSError | None = None
        for master in self.master.removeprefix("spark://").split(","):
            host, _, port = master.partition(":")
            try:
                with socket.create_connection((host, int(port)), CONNECTING) as connection:
                    ours = str(connection.getsockname()[0])
                    return _own_address() if ours.startswith(LOOPBACK) else ours
            except OSError as refused:
                error = refused
        raise TargetError(f"no Spark master answers at {self.master}: {error}")

    def of_spark(self, token: str, secret: str) -> dict[str, str]:
        """Return the properties of Spark for the application.

        Args:
            token: of the Ray that it brings up.
            secret: of `spark.authenticate`; empty for none.

        Raises:
            TargetError: no master answers.
        """
        host, python = self.driver_address(), self.python or sys.executable
        ray = {k: v for k, v in quiet_environment().items() if k.startswith("RAY_")}
        ray |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token, "PATH": path_of(python)}
        conf = {
            "spark.app.name": "hypersweep",
            "spark.ui.enabled": "false",
            "spark.log.level": "WARN",
            "spark.executor.cores": str(self.cpus_per_node),
            "spark.task.cpus": "1",
            "spark.cores.max": str(self.max_nodes * self.cpus_per_node),
            "spark.driver.host": host,
            "spark.pyspark.python": python,
            "spark.pyspark.driver.python": sys.executable,
        }
        if self.master == "yarn":
            overhead = math.ceil(self.memory_per_node / MEBIBYTE) + RAY_MEBIBYTES
            conf["spark.executor.memoryOverhead"] = f"{overhead}m"
            conf["spark.executor.instances"] = str(self.max_nodes)
        if secret:
            conf["spark.authenticate.secret"] = secret
        closed = "false" if self.allow_unauthenticated and not secret else "true"
        return {
            **conf,
            **{k: str(v) for k, v in self.properties.items()},
            **{f"spark.executorEnv.{k}": v for k, v in ray.items()},
            "spark.master": self.master,
            "spark.submit.deployMode": "client",
            "spark.authenticate": closed,
            "spark.network.crypto.enabled": closed,  # the token must not be read on the way
        }


def _own_address() -> str:
    """Return the address that Ray gives this machine.

    Not that of the loopback interface: Ray's nodes would not find a head there.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unconnected:
        try:
            unconnected.connect(("8.8.8.8", 53))  # nothing is sent
        except OSError:
            return "127.0.0.1"
        return str(unconnected.getsockname()[0])


def path_of(python: str) -> str:
    """Return a PATH on which the commands beside an interpreter come first."""
    return f"{Path(python).parent}:{os.environ.get('PATH', os.defpath)}"
