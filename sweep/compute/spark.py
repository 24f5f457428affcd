"""A Spark cluster: one long-lived application brings up Ray on its executors.

The application's process, and the Ray head, are on this machine, so the executors must be able to
connect to it. What is secret travels in a file that only its owner can read, and from there on
Spark's authenticated and encrypted connections: never on a command line. Ray's own connections
ask for its token and are not encrypted, and its head listens on all interfaces: the network must
be trusted.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import re
import secrets
import select
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from sweep.compute.cluster import Opened
from sweep.compute.existing import ExistingCluster
from sweep.compute.guarded import Guarded
from sweep.compute.resources import Resources
from sweep.compute.spark_properties import SparkProperties, path_of
from sweep.compute.ssh_secrets import secret_of
from sweep.errors import TargetError, UserError

STARTING = 300.0
"""Seconds in which the application must be up; a busy Spark makes it wait for executors."""
EVERYWHERE = "/tmp"  # noqa: S108 - `mkdtemp` makes a folder of our own in it
"""There on every node, and short: the names of Ray's sockets are below it."""
ENDING = 30.0
"""Seconds in which it must have ended by itself."""

EXPLAINED = (
    (
        "All masters are unresponsive",
        "its master does not take the application: is the secret right, and the version of Spark?",
    ),
    (
        "has not accepted any resources",
        "no worker of it has the cores and the memory for one node: ask for less, or wait",
    ),
    (
        "No module named 'ray'",
        "the Python of its executors has no Ray: name one that has the Ray of here: python",
    ),
    (
        "Cannot run program",
        "its executors do not have the interpreter of here: name one that they have: python",
    ),
)
"""What is said in the log, and what it means."""
CAUSE = re.compile(r"^(?:[\w.]+(?:Error|Exception): |.* ERROR \w+: ).*", re.MULTILINE)


def explanation(log: str) -> str:
    """Return why an application has not come up, from its log."""
    for said, meant in EXPLAINED:
        if said in log:
            return meant
    causes = CAUSE.findall(log)
    lines = log.strip().splitlines()
    return causes[-1] if causes else lines[-1].strip() if lines else "it said nothing"


class SparkCluster:
    """Ray on the executors of a Spark cluster, from `open` to `close`.

    Args:
        properties: what is kept of it.
        environment: where the secret and Spark's own settings are looked for.

    Raises:
        UserError: the secret is not there, or others may read it.
    """

    patience = 300.0

    def __init__(
        self, properties: SparkProperties, environment: Mapping[str, str] = os.environ
    ) -> None:
        self.properties = properties
        self._secret = _secret(properties.secret, environment)
        if properties.is_closed and not self._secret:
            raise UserError(
                f"the Spark at {properties.master} would let anybody in: start it with"
                f" spark.authenticate and {_advice(properties.secret)}, or set"
                " allow_unauthenticated"
            )
        self._token = secrets.token_hex(32)
        self._application: Guarded | None = None
        self._folder = self._temp = Path()
        self.facts: dict[str, Any] = {}

    @classmethod
    def from_kept(cls, kept: Mapping[str, Any]) -> SparkCluster:
        """Return the cluster of what was kept: the fields of `SparkProperties`."""
        return cls(SparkProperties(**{k: v for k, v in kept.items() if k != "kind"}))

    def to_keep(self) -> dict[str, Any]:
        """Return what `from_kept` takes."""
        return {"kind": "spark", **asdict(self.properties)}

    def check(self) -> None:
        """See that Spark can be started here, and that its master is there.

        Raises:
            UserError: PySpark or Java is missing.
            TargetError: no master answers.
        """
        asked = self.properties
        if not asked.spark_home and importlib.util.find_spec("pyspark") is None:
            raise UserError("a Spark target needs PySpark: pip install 'hypersweep[spark]'")
        if not os.environ.get("JAVA_HOME") and shutil.which("java") is None:
            raise UserError("a Spark target needs Java 17 or newer on PATH, or JAVA_HOME")
        asked.driver_address()

    def open(self, wanted: int, resources: Resources, folder: Path) -> Opened:
        """Submit the application, wait for its Ray, and start a host that joins it.

        Raises:
            TargetError: it does not come up; says why, and where its log is.
        """
        nodes = _nodes(wanted, resources, self.properties)
        conf = self.properties.of_spark(self._token, self._secret)
        self._folder, self._temp = folder, Path(tempfile.mkdtemp(prefix="sweep-", dir=EVERYWHERE))
        try:
            self._submit(nodes, conf)
            self.facts = self._hear()
            there = ExistingCluster(self.facts["address"], self._token)
            opened = there.open(wanted, resources, folder)
        except BaseException:
            self.close()
            raise
        return replace(opened, sockets=str(self._temp / "s"))

    def look(self) -> Sequence[str]:
        """See that the application is still there.

        Raises:
            TargetError: Spark has ended it.
        """
        if self._application and select.select([self._application.out], [], [], 0)[0]:
            raise TargetError(f"the Spark application is gone{self._application.last_words()}")
        return ()

    def processes(self) -> list[int]:
        """Return the processes of the application on this machine."""
        return self._application.members() if self._application else []

    def close(self) -> None:
        """End the application; return when nothing of it is left on this machine."""
        if self._application is not None:
            os.close(self._application.into)
            self._application.into = -1
            while select.select([self._application.out], [], [], ENDING)[0]:
                if not os.read(self._application.out, 1 << 12):
                    break
            self._application.close(grace=ENDING / 3)
            self._application = None
        if self._temp.name:
            (self._folder / "spark.conf").unlink(missing_ok=True)
            shutil.rmtree(self._temp, ignore_errors=True)

    def _submit(self, nodes: int, conf: Mapping[str, str]) -> None:
        """Start the application."""
        asked, folder = self.properties, self._folder
        file = folder / "spark.conf"
        file.touch(mode=0o600)
        file.write_text("".join(f"{k}={_escaped(v)}\n" for k, v in conf.items()))
        order = {
            "max_nodes": nodes,
            "min_nodes": min(asked.min_nodes, nodes),
            "cpus": asked.cpus_per_node,
            "gpus": asked.gpus_per_node,
            "memory": asked.memory_per_node,
            "idle_seconds": asked.idle_seconds,
            "temp": str(self._temp),
        }
        command = [sys.executable, "-m", "sweep.compute.spark_main", json.dumps(order)]
        log = folder / "spark.log"
        self._application = Guarded(command, self._environment(file), folder, log, pipes=True)

    def _hear(self) -> dict[str, Any]:
        assert self._application is not None
        ready, _, _ = select.select([self._application.out], [], [], STARTING)
        said = os.read(self._application.out, 1 << 12) if ready else b""
        if not said:
            where = f"Ray on Spark does not come up at {self.properties.master}"
            why = explanation(self._application.log.read_text(errors="replace"))
            late = "" if ready else f" within {STARTING:g} s"
            raise TargetError(f"{where}{late}: {why} (its log: {self._application.log})")
        facts: dict[str, Any] = json.loads(said)
        return facts

    def _environment(self, file: Path) -> dict[str, str]:
        asked = self.properties
        environment = {
            **ExistingCluster(asked.driver_address() + ":", self._token).environment(),
            "PATH": path_of(sys.executable),
            "PYSPARK_SUBMIT_ARGS": f"--properties-file {shlex.quote(str(file))} pyspark-shell",
        }
        if asked.spark_home:
            python = Path(asked.spark_home) / "python"
            extra = [str(python), *map(str, sorted(python.glob("lib/py4j-*-src.zip")))]
            old = environment.get("PYTHONPATH")
            environment["PYTHONPATH"] = os.pathsep.join(extra + ([old] if old else []))
            environment["SPARK_HOME"] = asked.spark_home
        return environment


def _nodes(wanted: int, resources: Resources, asked: SparkProperties) -> int:
    """Return how many nodes a sweep can use."""
    cpus, gpus = resources.cpus_per_run, resources.gpus_per_run
    each = [int(asked.cpus_per_node / cpus)] if cpus else []
    each += [int(asked.gpus_per_node / gpus)] if gpus else []
    if not each or min(each) < 1:
        raise TargetError(
            f"a run takes {cpus:g} CPUs and {gpus:g} GPUs, and a node of this Spark offers"
            f" {asked.cpus_per_node} and {asked.gpus_per_node}"
        )
    return min(asked.max_nodes, math.ceil(wanted / min(each)))


def _secret(where: str, environment: Mapping[str, str]) -> str:
    """Return what is in a variable or a file; empty where the variable is not set.

    Raises:
        UserError: the file cannot be read.
    """
    if "/" not in where:
        return environment.get(where, "")
    return secret_of("", where, {})


def _advice(where: str) -> str:
    return f"set the variable {where} to its secret" if where else "say where its secret is"


def _escaped(value: str) -> str:
    """Return a value as a Java properties file has it."""
    return value.replace("\\", "\\\\")
