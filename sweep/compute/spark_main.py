"""The Spark application that holds a Ray cluster on Spark's executors.

``python -m sweep.compute.spark_main JSON``, with Spark's own properties in the file that
`PYSPARK_SUBMIT_ARGS` names. The Ray head is beside this process; each Ray node is a task of
Spark. Says ``{"address": ...}`` once Ray is up, and ends, and with it all of Ray, when its input
ends or Spark takes the application away.
"""

from __future__ import annotations

import json
import os
import select
import sys
from typing import Any

from sweep.compute.ray_environment import OBJECT_STORE_BYTES

LOOK_SECONDS = 0.5
HEAD_MEMORY_BYTES = 500_000_000


def main() -> None:
    """Run the application until the input ends."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - seconds, and only when it is run

    asked = json.loads(sys.argv[1])
    out = os.dup(1)
    os.dup2(2, 1)  # what Spark and Ray print must not reach who waits for the address
    spark = SparkSession.builder.getOrCreate()
    facts = {"address": _ray_on_spark(asked), "app": spark.sparkContext.applicationId}
    os.write(out, json.dumps({**facts, "spark": spark.version}).encode() + b"\n")
    while not select.select([0], [], [], LOOK_SECONDS)[0]:
        if _is_gone(spark):
            print("Spark has ended the application", file=sys.stderr, flush=True)  # noqa: T201
            break
    _close(spark)


def _ray_on_spark(asked: dict[str, Any]) -> str:
    from ray.util.spark import setup_ray_cluster  # noqa: PLC0415

    options: dict[str, Any] = {"disable_usage_stats": None}
    address, _ = setup_ray_cluster(
        max_worker_nodes=asked["max_nodes"],
        min_worker_nodes=asked["min_nodes"],
        num_cpus_worker_node=asked["cpus"],
        num_gpus_worker_node=asked["gpus"],
        memory_worker_node=asked["memory"],
        object_store_memory_worker_node=OBJECT_STORE_BYTES,
        num_cpus_head_node=0,
        memory_head_node=HEAD_MEMORY_BYTES,
        object_store_memory_head_node=OBJECT_STORE_BYTES,
        ray_temp_root_dir=asked["temp"],
        autoscale_idle_timeout_minutes=asked["idle_seconds"] / 60,
        head_node_options={"include_dashboard": "false", **options},
        worker_node_options=options,
    )
    return str(address)


def _is_gone(spark: Any) -> bool:
    """Say whether Spark has stopped the application, or its Java process is gone."""
    try:
        return bool(spark.sparkContext._jsc.sc().isStopped())  # noqa: SLF001 - there is no other
    except Exception:  # noqa: BLE001 - whatever Py4J raises, Java does not answer
        return True


def _close(spark: Any) -> None:
    from ray.util.spark import shutdown_ray_cluster  # noqa: PLC0415

    shutdown_ray_cluster()
    if not _is_gone(spark):
        spark.stop()


if __name__ == "__main__":
    main()
