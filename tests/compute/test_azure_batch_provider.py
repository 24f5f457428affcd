"""A pool's nodes as tasks of Azure Batch, against recorded answers of the protocol."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("azure.batch", reason="needs the extra 'azure-batch'")

from sweep.compute.azure_batch_provider import AzureBatchProvider
from sweep.compute.node_watch import NAME
from sweep.compute.providers import Site, provider_class
from sweep.errors import ConfigError, UserError
from tests.compute.batch_service import ENVIRONMENT, KEY, POOL, Service, answering, error, task

JOB = "sweep-abc"
GONE = (404, error("JobNotFound", "The specified job does not exist."))


@pytest.fixture
def service(monkeypatch) -> Iterator[Service]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with answering() as made:
        made.will(f"DELETE /jobs/{JOB}", *GONE)
        made.will("GET /pools/gpus", 200, POOL)
        made.will("POST /jobs", 201)
        made.will(f"POST /jobs/{JOB}/tasks", 201)
        yield made


def options(service: Service) -> dict[str, str]:
    endpoint = f"http://127.0.0.1:{service.port}"
    about = {"account": "sweeps", "resource_group": "research", "pool": "gpus"}
    return {**about, "endpoint": endpoint, "python": "/opt/sweep/bin/python"}


def provider(service: Service, folder: Path) -> AzureBatchProvider:
    environment = {"RAY_AUTH_TOKEN": "t", "RAY_AUTH_MODE": "token", "AWS_KEY": "of the user's"}
    made = provider_class("azure-batch")
    return made(Site(folder, "abc", "10.0.0.4:6379", environment, folder, 4, 1, options(service)))


def test_a_pool_is_a_job_and_a_node_a_task_that_joins_the_head(service, tmp_path):
    batch = provider(service, tmp_path)
    assert [request for request, _ in service.asked] == [f"DELETE /jobs/{JOB}", "POST /jobs"]
    batch.launch("n1")
    (_, sent) = service.asked[-1]
    python, *module, arguments = shlex.split(sent["commandLine"])
    assert (python, module) == ("/opt/sweep/bin/python", ["-m", "sweep.compute.node_main"])
    asked = json.loads(arguments)
    assert asked["gcs_address"] == "10.0.0.4:6379"
    assert asked["node_ip_address"] is None, "the machine finds out its own"
    assert (asked["num_cpus"], asked["num_gpus"]) == (4, 1)
    assert asked["labels"] == {NAME: "n1"}
    given = {e["name"]: e["value"] for e in sent["environmentSettings"]}
    assert given["RAY_AUTH_TOKEN"] == "t"
    assert "RAY_AUTH_TOKEN" not in sent["commandLine"]
    assert "AWS_KEY" not in given, "only what is Ray's travels"


def test_a_node_that_has_ended_is_told_once_and_why(service, tmp_path):
    batch = provider(service, tmp_path)
    for name in ("n1", "n2", "n3"):
        batch.launch(name)
    there = {"nodeId": "tvm-1"}
    ended = {"exitCode": 1, "retryCount": 0, "requeueCount": 0}
    tasks = [task("n1", "running", nodeInfo=there), task("n2", "completed", executionInfo=ended)]
    service.will(f"GET /jobs/{JOB}/tasks", 200, {"value": tasks})
    assert batch.ended() == {
        "n2": "Azure Batch's task n2 has ended: exit 1",
        "n3": "Azure Batch's task n3 has ended: it is not there",
    }
    assert batch.ended() == {}
    assert batch.describe("n1") == {"job": JOB, "machine": "tvm-1"}
    assert batch.describe("n2") == {}


def test_a_service_that_is_down_for_a_while_takes_no_node_away(service, tmp_path):
    batch = provider(service, tmp_path)
    batch.launch("n1")
    service.will(f"GET /jobs/{JOB}/tasks", 503, error("ServerBusy", "Later."))
    assert batch.ended() == {}
    assert batch.describe("n1") == {"job": JOB}


def test_what_is_told_to_end_is_told_to_batch(service, tmp_path):
    batch = provider(service, tmp_path)
    batch.launch("n1")
    service.will(f"POST /jobs/{JOB}/tasks/n1/terminate", 204)
    batch.terminate("n1")
    batch.terminate("n2")
    batch.close()
    last = [request for request, _ in service.asked][-2:]
    assert last == [f"POST /jobs/{JOB}/tasks/n1/terminate", f"DELETE /jobs/{JOB}"]


def test_a_pool_is_looked_at_before_anything_is_started(service):
    AzureBatchProvider.check({**options(service), "location": "westeurope"} | {"address": "x"})
    with pytest.raises(ConfigError, match="'acount': there is no such option; did you mean"):
        AzureBatchProvider.check({**options(service), "acount": "x"})
    with pytest.raises(ConfigError, match="account: expected"):
        AzureBatchProvider.check({"pool": "gpus"})
    service.answers["GET /pools/gpus"] = [(404, error("PoolNotFound", "There is none."))]
    with pytest.raises(UserError, match="PoolNotFound") as refused:
        AzureBatchProvider.check(options(service))
    assert KEY not in str(refused.value)


def test_the_head_listens_where_the_machines_can_reach_it():
    assert AzureBatchProvider.address({"address": "10.0.0.4"}) == "10.0.0.4"
