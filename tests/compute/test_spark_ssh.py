"""A Spark cluster that is only reached through SSH to its head."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("asyncssh", reason="needs the extra 'ssh'")

from sweep.compute.kinds import cluster_of
from sweep.compute.ray_target import RayTarget
from sweep.compute.target import RunLost, RunStarted
from sweep.errors import TargetError
from tests.compute import sparks, sshd
from tests.compute.orders import EACH, order, wait
from tests.compute.sparks import SECRET, Spark, needs_spark, until
from tests.compute.sshd import Server

pytestmark = [needs_spark, pytest.mark.ray, pytest.mark.spark, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def spark(tmp_path_factory) -> Iterator[Spark]:
    with sparks.running(tmp_path_factory.mktemp("s")) as made:
        yield made


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with sshd.running() as made:
        yield made


def kept(server: Server, spark: Spark, secret: Path):
    secret.touch(0o600)
    secret.write_text(spark.env[SECRET])
    there = {"kind": "spark", "master": spark.master, "secret": str(secret), "idle_seconds": 20}
    about = server.about()
    return {"kind": "remote", "name": "head", **about, "python": sys.executable, "cluster": there}


def test_a_cut_connection_takes_the_application_with_it(server, spark, tmp_path):
    cluster = cluster_of(kept(server, spark, tmp_path / "secret"))
    target, heard = RayTarget(EACH, tmp_path / "ray", cluster=cluster), []
    target.open(1)
    try:
        target.launch(order(tmp_path, 0, "import time; time.sleep(1000)"))
        wait(target, heard, RunStarted, seconds=200)
        (began,) = (m for m in heard if isinstance(m, RunStarted))
        assert began.facts["pid"] in spark.worker.members(), "in an executor"
        assert target.processes() == [], "nothing of it is on this side"
        server.cut()
        with pytest.raises(TargetError, match="connection"):
            wait(target, heard, RunLost, seconds=200)
    finally:
        target.close()
    until(lambda: not server.living())
    until(lambda: spark.worker.members() == [spark.worker.pid])


def test_what_is_wrong_over_there_is_told_here(server, spark, tmp_path):
    wrong = kept(server, spark, tmp_path / "secret")
    wrong["cluster"]["master"] = "spark://127.0.0.1:1"
    target = RayTarget(EACH, tmp_path / "ray", cluster=cluster_of(wrong))
    with pytest.raises(TargetError, match="no Spark master answers at spark:"):
        target.open(1)
    target.close()
