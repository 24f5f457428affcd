"""Azure Batch through its SDK: recorded answers of the protocol, not the service itself."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

pytest.importorskip("azure.batch", reason="needs the extra 'azure-batch'")

from sweep.compute.azure_batch import AzureBatch, AzureBatchProperties, BatchNode
from sweep.errors import ConfigError, TargetError, UserError
from tests.compute.batch_service import ENVIRONMENT, KEY, POOL, Service, answering, error, task


@pytest.fixture
def service() -> Iterator[Service]:
    with answering() as made:
        yield made


def test_a_pool_is_looked_at(service):
    service.will("GET /pools/gpus", 200, POOL)
    assert service.batch().check() == {
        "vm_size": "standard_nc6",
        "nodes": [1, 0],
        "target": [4, 0],
        "allocation": "resizing",
        "errors": ["AccountCoreQuotaReached: The quota is used up."],
    }


def test_a_pool_that_is_not_there_or_goes_is_refused(service):
    service.will("GET /pools/gpus", 404, error("PoolNotFound", "The specified pool is not there."))
    service.will("GET /pools/gpus", 200, {**POOL, "state": "deleting"})
    with pytest.raises(UserError, match=r"PoolNotFound: The specified pool is not there\.$"):
        service.batch().check()
    with pytest.raises(UserError, match="the pool gpus is deleting"):
        service.batch().check()


def test_a_wrong_key_is_refused_and_not_shown(service):
    service.will("GET /pools/gpus", 200, POOL)
    other = base64.b64encode(b"another key").decode()
    with pytest.raises(UserError, match="is the key in AZURE_BATCH_KEY this") as refused:
        service.batch(environment={"AZURE_BATCH_KEY": other}).check()
    assert "AuthenticationFailed" in str(refused.value)
    assert other not in str(refused.value)
    with pytest.raises(UserError, match="set the variable AZURE_BATCH_KEY"):
        service.batch(environment={})


def test_a_service_that_does_not_answer_is_no_mistake_of_the_user(service):
    batch = service.batch()
    service.will("GET /pools/gpus", 503, error("ServerBusy", "Come back later."))
    with pytest.raises(TargetError, match="ServerBusy: Come back later"):
        batch.check()
    nobody = replace(batch.properties, endpoint="http://127.0.0.1:1")
    with pytest.raises(TargetError, match="does not answer at"):
        AzureBatch(nobody, "HD_1", ENVIRONMENT, retries=0).check()


def test_a_sweep_is_a_job_and_a_node_is_a_task(service):
    service.will("POST /jobs", 201)
    service.will("POST /jobs/HD_1/tasks", 201)
    batch = service.batch()
    batch.open()
    batch.start("node-1", ["python3", "-m", "node", "a b"], {"RAY_AUTH_TOKEN": "secret"})
    (_, job), (_, node) = service.asked
    assert job == {
        "id": "HD_1",
        "poolInfo": {"poolId": "gpus"},
        "constraints": {"maxWallClockTime": "P7D", "maxTaskRetryCount": 0},
    }
    assert node == {
        "id": "node-1",
        "commandLine": "python3 -m node 'a b'",
        "environmentSettings": [{"name": "RAY_AUTH_TOKEN", "value": "secret"}],
        "constraints": {"maxTaskRetryCount": 0},
    }


def test_a_job_that_is_there_already_is_refused(service):
    service.will("POST /jobs", 409, error("JobExists", "The specified job already exists."))
    with pytest.raises(UserError, match="cannot create the job: JobExists"):
        service.batch().open()


def test_nodes_are_told_page_by_page(service):
    failed = {
        "exitCode": 1,
        "retryCount": 0,
        "requeueCount": 0,
        "failureInfo": {"category": "userError", "code": "FailureExitCode", "message": "It died."},
    }
    where = {"nodeId": "tvm-1", "poolId": "gpus"}
    following = f"http://127.0.0.1:{service.port}/next/HD_1/tasks?api-version=2025-06-01&$skip=1"
    first = {"value": [task("n1", "running", nodeInfo=where)], "odata.nextLink": following}
    service.will("GET /jobs/HD_1/tasks", 200, first)
    ended = task("n3", "completed", nodeInfo=where, executionInfo=failed)
    service.will("GET /next/HD_1/tasks", 200, {"value": [task("n2", "active"), ended]})
    assert service.batch().nodes() == [
        BatchNode("n1", "running", "tvm-1"),
        BatchNode("n2", "active"),
        BatchNode("n3", "completed", "tvm-1", 1, "FailureExitCode: It died."),
    ]


def test_a_node_is_stopped_once_and_what_has_ended_is_left_alone(service):
    request = "POST /jobs/HD_1/tasks/n1/terminate"
    service.will(request, 204)
    service.will(request, 409, error("TaskCompleted", "It is completed."))
    service.will(request, 404, error("TaskNotFound", "There is none."))
    service.will(request, 409, error("JobDisabled", "Not now."))
    batch = service.batch()
    for _ in range(3):
        batch.stop("n1")
    with pytest.raises(UserError, match="cannot stop a node: JobDisabled"):
        batch.stop("n1")
    assert len(service.asked) == 4


def test_close_waits_until_the_job_is_gone(service):
    gone = (404, error("JobNotFound", "The specified job does not exist."))
    service.will("DELETE /jobs/HD_1", 202)
    service.will("GET /jobs/HD_1", *gone)
    batch = service.batch()
    batch.close()
    assert [request for request, _ in service.asked] == ["DELETE /jobs/HD_1", "GET /jobs/HD_1"]
    service.answers["DELETE /jobs/HD_1"] = [gone]
    batch.close()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"account": "My_Account"}, "account: expected"),
        ({"pool": "a/b"}, "pool: expected"),
        ({"location": ""}, "location: expected"),
        ({"endpoint": "http://example.com"}, "endpoint: expected https"),
    ],
)
def test_names_that_the_service_would_refuse_are_refused_here(wrong, message):
    asked = AzureBatchProperties("sweeps", "research", "westeurope", "gpus")
    assert asked.url == "https://sweeps.westeurope.batch.azure.com"
    with pytest.raises(ConfigError, match=message):
        replace(asked, **wrong)


def test_no_secret_is_kept(service):
    kept = service.batch().to_keep()
    assert kept["key"] == "AZURE_BATCH_KEY"
    assert KEY not in json.dumps(kept)
