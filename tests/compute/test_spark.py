"""Ray on Spark: what is refused, what is kept, and what a log says; see also the contract."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from sweep.compute import kinds
from sweep.compute.resources import Resources
from sweep.compute.spark import SparkCluster, explanation
from sweep.compute.spark_properties import SparkProperties
from sweep.errors import ConfigError, TargetError, UserError
from tests.compute.sparks import (
    needs_spark,
)

# ---- what is refused ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"master": "http://head:7077"}, "expected spark://host:port or yarn"),
        ({"master": "local[2]"}, "expected spark://host:port or yarn"),
        ({"max_nodes": 0}, "expected 0 <= min_nodes <= max_nodes"),
        ({"min_nodes": 3, "max_nodes": 2}, "expected 0 <= min_nodes <= max_nodes"),
        ({"cpus_per_node": 0}, "cpus_per_node must be 1 or more"),
        ({"properties": {"spark.authenticate": "false"}}, "is set by the target itself"),
        ({"properties": {"spark.executorEnv.RAY_AUTH_MODE": "x"}}, "is set by the target itself"),
        ({"properties": {"spark.ssl.keyPassword": "x"}}, "secrets are not kept"),
        ({"properties": {"spark.a": "1\nspark.authenticate false"}}, "one line of text"),
        ({"properties": {"spark.a b": "1"}}, "one line of text"),
    ],
)
def test_what_cannot_work_is_refused(wrong, message):
    with pytest.raises(ConfigError, match=message):
        SparkProperties(**{"master": "spark://head:7077", **wrong})


def test_a_secret_is_taken_from_where_it_was_said_to_be(tmp_path):
    asked = SparkProperties("spark://127.0.0.1:1", secret="THERE", driver_host="here")
    with pytest.raises(UserError, match="set the variable THERE to its secret"):
        SparkCluster(asked, {})
    file = tmp_path / "secret"
    with pytest.raises(UserError, match="No such file"):
        SparkCluster(replace(asked, secret=str(file)))
    file.write_text("of the file\n")
    with pytest.raises(UserError, match="others may read"):
        SparkCluster(replace(asked, secret=str(file)))
    file.chmod(0o600)
    for where, env in ((str(file), {}), ("THERE", {"THERE": "of the file"})):
        cluster = SparkCluster(replace(asked, secret=where), env)
        assert cluster.properties.of_spark("t", cluster._secret)["spark.authenticate"] == "true"
        assert cluster._secret == "of the file"
        assert "of the file" not in repr(cluster.to_keep())


def test_what_is_kept_makes_the_same_cluster_again():
    asked = SparkProperties("yarn", max_nodes=4, properties={"spark.yarn.queue": "research"})
    kept = SparkCluster(asked).to_keep()
    again = kinds.cluster_of(kept)
    assert isinstance(again, SparkCluster)
    assert again.properties == asked


def test_on_yarn_a_container_is_given_room_for_ray():
    conf = SparkProperties("yarn", max_nodes=3, memory_per_node=2 << 30).of_spark("t", "")
    assert conf["spark.executor.memoryOverhead"] == "2560m"
    assert conf["spark.executor.instances"] == "3"
    assert conf["spark.authenticate"] == "true", "YARN makes the secret"
    SparkCluster(SparkProperties("yarn", secret="NOT_THERE"), {})


@needs_spark
def test_a_spark_that_lets_anybody_in_or_is_not_there_is_refused():
    asked = SparkProperties("spark://127.0.0.1:1")
    with pytest.raises(UserError, match=r"anybody in: .* say where its secret is"):
        SparkCluster(asked)
    with pytest.raises(TargetError, match="no Spark master answers at spark:"):
        SparkCluster(replace(asked, allow_unauthenticated=True)).check()


def test_a_run_that_no_node_can_hold_is_refused(tmp_path):
    cluster = SparkCluster(SparkProperties("yarn", cpus_per_node=2))
    with pytest.raises(TargetError, match="takes 4 CPUs and 0 GPUs"):
        cluster.open(1, Resources(math.inf, math.inf, 4, 0), tmp_path)
    assert cluster._temp == Path(), "nothing has been made"


@pytest.mark.parametrize(
    ("log", "why"),
    [
        (
            "ERROR X: Reason: All masters are unresponsive! Giving up.\n\tat Thread.java:840\n",
            "is the secret right",
        ),
        (
            "26/01/01 WARN TaskSchedulerImpl: Initial job has not accepted any resources; check\n",
            "no worker of it has the cores",
        ),
        ("ModuleNotFoundError: No module named 'ray'\n", "has no Ray"),
        (
            "Traceback:\nRuntimeError: Start Ray head node failed!\n  File x\n",
            "^RuntimeError: Start Ray head node failed!$",
        ),
        ("one\n\tlast\n", "^last$"),
        ("", "it said nothing"),
    ],
)
def test_a_log_is_explained(log, why):
    assert re.search(why, explanation(log))
