"""A real Spark on this machine: a standalone master and worker, with authentication."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sweep.compute.guarded import Guarded
from sweep.compute.ray_environment import quiet_environment
from sweep.compute.spark import SparkCluster
from sweep.compute.spark_properties import SparkProperties

SECRET = "SPARK_SECRET_OF_THE_TESTS"
MASTER_UP = re.compile(r"Starting Spark master at (spark://[\d.]+:\d+)")
needs_spark = pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None or shutil.which("java") is None,
    reason="needs PySpark (the extra 'spark') and Java",
)


@dataclass
class Spark:
    """A standalone master, and a worker with two cores."""

    master: str
    env: dict[str, str]
    worker: Guarded

    def cluster(self, **more: object) -> SparkCluster:
        asked = SparkProperties(self.master, secret=SECRET, idle_seconds=20)
        return SparkCluster(replace(asked, **more), self.env)


def until(said: Callable[[], object], seconds: float = 120) -> object:
    """Wait for something; return it."""
    deadline = time.monotonic() + seconds
    while not (found := said()):
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.05)
    return found


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Spark]:
    """A master and a worker that are gone in the end."""
    there = importlib.util.find_spec("pyspark")
    assert there is not None
    home = Path(there.origin or "").parent
    env = {
        **quiet_environment(),
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(folder / "work"),
        "SPARK_DAEMON_MEMORY": "256m",
        SECRET: secrets.token_hex(16),
    }
    conf = folder / "daemons.conf"
    conf.write_text(
        f"spark.authenticate=true\nspark.authenticate.secret={env[SECRET]}\n"
        "spark.network.crypto.enabled=true\n"
    )
    started = []

    def start(name: str, *words: str) -> Guarded:
        command = [str(home / "bin/spark-class"), f"org.apache.spark.deploy.{name.lower()}.{name}"]
        command += ["--host", "127.0.0.1", "--webui-port", "0", "--properties-file", str(conf)]
        started.append(Guarded([*command, *words], env, folder, folder / f"{name}.log"))
        return started[-1]

    try:
        master = start("Master", "--port", "0")
        found = until(lambda: MASTER_UP.search(master.log.read_text()))
        address = found[1]
        worker = start("Worker", "--cores", "2", "--memory", "3g", address)
        until(lambda: "Successfully registered with master" in worker.log.read_text())
        yield Spark(address, env, worker)
    finally:
        for daemon in reversed(started):
            daemon.close()
