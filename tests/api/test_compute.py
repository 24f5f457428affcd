"""Compute targets in Python: the service's own snippets, with another import line."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path

import pytest

from sweep import (
    DEFAULT_CPU_IMAGE,
    AdlaCompute,
    AmlCompute,
    BatchCompute,
    ComputeTarget,
    ComputeTargetException,
    CondaDependencies,
    ConfigError,
    DatabricksCompute,
    Experiment,
    HDInsightCompute,
    RayCompute,
    RemoteCompute,
    RunConfiguration,
    ScriptRunConfig,
    UserError,
    Workspace,
    choice,
    tune,
)
from sweep.compute.azure_batch_provider import AzureBatchProvider
from sweep.compute.pool import Pool
from sweep.compute.providers import provider_class
from sweep.compute.ray_node import RayNode, cluster_environment
from sweep.compute.spark import SparkCluster
from sweep.engine.provisioning import register
from sweep.engine.targets import cluster_in
from sweep.formats.runconfig import read_runconfig, write_runconfig
from sweep.storage.reader import SweepReader
from sweep.storage.targets import TargetRegistry


@pytest.fixture
def ws(place):
    """A workspace in an empty folder."""
    return Workspace()


@pytest.fixture
def no_secrets(monkeypatch):
    """Let what a test says of secrets end with it."""
    for name in ("ATTACH_DSVM", "MYHDI", "OURS"):
        monkeypatch.setenv(f"SWEEP_SECRET_{name}", "")


class TestSnippets:
    def test_a_pool_is_found_or_made(self, ws, capsys):
        cpu_cluster_name = "cpucluster"
        for _ in range(2):
            try:
                cpu_cluster = ComputeTarget(workspace=ws, name=cpu_cluster_name)
                print("Found existing cluster, use it.")  # noqa: T201 - it is theirs
            except ComputeTargetException:
                compute_config = AmlCompute.provisioning_configuration(
                    vm_size="STANDARD_D2_V2", max_nodes=4
                )
                with pytest.warns(UserWarning, match="STANDARD_D2_V2 is noted and has no effect"):
                    cpu_cluster = ComputeTarget.create(ws, cpu_cluster_name, compute_config)
            cpu_cluster.wait_for_completion(show_output=True)
        said = capsys.readouterr().out
        assert said.count("Found existing cluster, use it.") == 1
        assert "Creating...\nSucceeded\nAmlCompute is ready\n" in said
        assert isinstance(cpu_cluster, AmlCompute)
        assert list(ws.compute_targets) == ["local", "cpucluster"]
        status = cpu_cluster.get_status()
        assert (status.current_node_count, status.allocation_state) == (0, "steady")
        assert (status.vm_size, status.vm_priority) == ("STANDARD_D2_V2", "dedicated")
        assert status.scale_settings["max_node_count"] == 4
        assert status.serialize()["provisioning_state"] == "Succeeded"
        scale = cpu_cluster.serialize()["properties"]["properties"]["scaleSettings"]
        assert scale["nodeIdleTimeBeforeScaleDown"] == "PT1800S"

    def test_a_remote_machine(self, ws, no_secrets, capsys):
        compute_target_name = "attach-dsvm"
        attach_config = RemoteCompute.attach_configuration(
            address="127.0.0.1", ssh_port=1, username="me", password="pa55-word"
        )
        compute = ComputeTarget.attach(ws, compute_target_name, attach_config)
        assert (compute.provisioning_state, compute.provisioning_errors) == ("Creating", None)
        assert os.environ["SWEEP_SECRET_ATTACH_DSVM"] == "pa55-word"
        with pytest.raises(ComputeTargetException) as caught:
            compute.wait_for_completion(show_output=True)
        assert caught.value.message.startswith("attach-dsvm: ")
        assert compute.provisioning_state == "Failed"
        assert compute.provisioning_errors in caught.value.message
        everything = "".join(p.read_text() for p in Path(".sweep").rglob("*.json"))
        for text in (everything, repr(attach_config), str(compute.serialize()), repr(compute)):
            assert "pa55-word" not in text
        compute.detach()
        assert list(ws.compute_targets) == ["local"]

    def test_hdinsight_by_ssh(self, ws, no_secrets):
        try:
            attach_config = HDInsightCompute.attach_configuration(
                address="mine-ssh.example", ssh_port=22, username="me", password="x"
            )
            hdi_compute = ComputeTarget.attach(
                workspace=ws, name="myhdi", attach_configuration=attach_config
            )
        except ComputeTargetException as e:
            pytest.fail(f"Caught = {e.message}")
        with pytest.raises(ComputeTargetException, match="attach it by its master"):
            hdi_compute.wait_for_completion(show_output=True)

    def test_hdinsight_by_ssh_with_an_interpreter_there(self, ws):
        login = {"address": "mine-ssh.example", "username": "me", "python": "/opt/sweep/python"}
        attach_config = HDInsightCompute.attach_configuration(**login, max_nodes=4)
        ComputeTarget.attach(ws, "myhdi", attach_config)
        (kept,) = (json.loads(p.read_text()) for p in Path(".sweep").rglob("myhdi.json"))
        cluster = kept["cluster"]
        assert (cluster["kind"], cluster["username"]) == ("remote", "me")
        assert (cluster["cluster"]["kind"], cluster["cluster"]["master"]) == ("spark", "yarn")
        assert cluster["python"] == cluster["cluster"]["python"] == "/opt/sweep/python"
        SparkCluster.from_kept(cluster["cluster"])

    def test_batch(self, ws):
        batch_compute_name = "mybatchcompute"
        with pytest.raises(ComputeTargetException, match="there is no such compute target"):
            BatchCompute(ws, batch_compute_name)
        provisioning_config = BatchCompute.attach_configuration(
            resource_group="theirs", account_name="account"
        )
        batch_compute = ComputeTarget.attach(ws, batch_compute_name, provisioning_config)
        assert isinstance(BatchCompute(ws, batch_compute_name), BatchCompute)
        assert batch_compute.cluster_resource_id == "account"
        assert batch_compute.provisioning_errors is None

    def test_batch_has_its_nodes_from_a_pool_of_azure(self, ws):
        about = {"resource_group": "theirs", "account_name": "account", "pool_name": "gpus"}
        more = {"location": "westeurope", "python": "/opt/python", "head_address": "10.0.0.4"}
        described = BatchCompute.attach_configuration(**about, **more)
        ComputeTarget.attach(ws, "mine", described)
        (kept,) = (json.loads(p.read_text()) for p in Path(".sweep").rglob("mine.json"))
        assert (kept["cluster"]["kind"], kept["cluster"]["provider"]) == ("pool", "azure-batch")
        options = kept["cluster"]["options"]
        assert (options["pool"], options["python"]) == ("gpus", "/opt/python")
        with pytest.raises(UserError, match="set the variable SWEEP_SECRET_MINE"):
            AzureBatchProvider.check(options)

    def test_a_run_on_a_target(self, ws, no_secrets):
        ComputeTarget.attach(ws, "ours", RayCompute.attach_configuration("127.0.0.1:1"))
        target = ws.compute_targets["ours"]
        assert ScriptRunConfig(".", "x.py", compute_target=target).run_config.target == "ours"
        by_configuration = ScriptRunConfig(".", run_config=RunConfiguration(target=target))
        assert by_configuration.run_config.target == "ours"
        with pytest.raises(ConfigError, match="compute_target: expected a target or its name"):
            ScriptRunConfig(".", "x.py", compute_target=3)

    def test_run_configurations_are_filled_in(self, ws, place):
        run_local = RunConfiguration()
        run_local.environment.python.user_managed_dependencies = True
        assert ScriptRunConfig(".", "x.py", run_config=run_local).run_config.target == "local"

        run_temp_compute = RunConfiguration()
        run_temp_compute.target = "amlcompute"
        run_temp_compute.amlcompute.vm_size = "STANDARD_D2_V2"
        run_temp_compute.environment.docker.enabled = True
        run_temp_compute.environment.docker.base_image = DEFAULT_CPU_IMAGE
        run_temp_compute.environment.python.conda_dependencies = CondaDependencies.create(
            conda_packages=["scikit-learn"], pip_packages=["joblib"]
        )
        assert run_temp_compute.amlcompute.vm_size == "STANDARD_D2_V2"
        assert run_temp_compute.amlcompute.vm_priority is None
        write_runconfig(run_temp_compute, "temp")
        assert read_runconfig("temp") == run_temp_compute
        assert RunConfiguration().amlcompute == {}, "each has its own sections"


KEPT = {
    "pool": ("amlcompute", {"max_nodes": 2, "gpus_per_node": 0.5}),
    "slurm": (
        "amlcompute",
        {
            "max_nodes": 2,
            "provider": "slurm",
            "partition": "cpu",
            "time_limit_minutes": 60,
            "options": {"qos": "low"},
        },
    ),
    "ssh": ("amlcompute", {"max_nodes": 2, "provider": "ssh", "hosts": ["me@a", "b:2222"]}),
    "machine": ("remote", {"address": "host", "username": "me", "ssh_port": "2222"}),
    "spark": ("hdinsight", {"master": "spark://host:7077", "properties": {"spark.a": "b"}}),
    "batch": (
        "batch",
        {"resource_group": "g", "account_name": "account", "location": "west", "pool_name": "p"},
    ),
    "jobs": ("batch", {"scheduler": "slurm", "partition": "cpu"}),
    "ray": ("existing", {"address": "host:6379"}),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_is_what_clusters_take(ws, name, monkeypatch):
    """Nothing is reached: a cluster of each kind is made of what the registry has kept."""
    monkeypatch.setenv(f"SWEEP_SECRET_{name.upper()}", "a secret")
    kind, about = KEPT[name]
    register(ws.folder, name, kind, about)
    cluster = cluster_in(TargetRegistry(ws.folder).get(name))
    if isinstance(cluster, Pool):
        provider_class(cluster.config["provider"])
        assert cluster.files.path == ws.folder.path / "computetargets" / name
        assert cluster.config["options"].get("time_minutes", 60) == 60
    with_secret = {"machine", "spark", "ray"}
    for attribute in ("_machine", "token", "_secret"):
        with_secret -= {name} if "a secret" in repr_all(cluster, attribute) else set()
    assert name not in with_secret


def repr_all(cluster, attribute):
    """Return an attribute with all that its own `repr` hides."""
    found = getattr(cluster, attribute, "")
    return str(getattr(found, "password", found))


class TestMistakes:
    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"vm_size": "X"}, "max_nodes is mandatory"),
            ({"max_nodes": -1}, "max_nodes: expected a whole number >= 0, got -1"),
            ({"max_nodes": 1.5}, "max_nodes: expected a whole number >= 0, got 1.5"),
            ({"max_nodes": 1, "min_nodes": 2}, "min_nodes: expected at most max_nodes (1)"),
            ({"max_nodes": 1, "admin_username": "me"}, "admin_username goes with"),
            ({"max_nodes": 1, "admin_user_ssh_key": "x"}, "admin_username goes with"),
            (
                {"max_nodes": 1, "admin_username": "me", "admin_user_password": "simple"},
                "expected three of lower case",
            ),
            ({"max_nodes": 1, "vnet_name": "x"}, "all three, or none"),
            ({"max_nodes": 1, "identity_id": ["x"]}, "identity_type='UserAssigned'"),
        ],
    )
    def test_pools(self, given, message):
        with pytest.raises(ComputeTargetException) as caught:
            AmlCompute.provisioning_configuration(**given)
        assert message in caught.value.message

    def test_no_node_at_all_is_accepted(self, ws):
        ComputeTarget.create(ws, "none", AmlCompute.provisioning_configuration(max_nodes=0))

    @pytest.mark.parametrize("kind", [RemoteCompute, HDInsightCompute])
    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({}, "give exactly one of: address; resource_id"),
            ({"address": "h", "resource_id": "/x"}, "give exactly one of"),
            ({"subscription_id": "s", "resource_group": "g"}, "give exactly one of"),
            ({"resource_id": "/subscriptions/x"}, "names of Azure's"),
            ({"address": "h", "ssh_port": "x"}, "ssh_port: expected a port"),
            ({"address": "h", "password": "x", "private_key_file": "y"}, "not both"),
            ({"address": "h", "private_key_passphrase": "x"}, "goes with private_key_file"),
            ({"address": "h; rm -rf"}, "address: expected the name"),
        ],
    )
    def test_machines(self, kind, given, message):
        with pytest.raises(ComputeTargetException) as caught:
            kind.attach_configuration(username="me", **given)
        assert message in caught.value.message

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"host_key": "abc"}, "host_key: expected a fingerprint as `ssh-keygen -lf` shows it"),
            ({"jump_host": "a b"}, "jump_host: expected user@host:port, got 'a b'"),
            ({"jump_host": "me@a:0"}, "jump_host: expected a port, 1 to 65535, got '0'"),
            ({"packages": ["--index-url=x"]}, "packages: expected requirements such as"),
            ({"packages": 3}, "packages: expected a list of requirements, got 3"),
            ({"packages": ["x"], "python": "/p"}, "packages: /p has what it has"),
        ],
    )
    def test_what_only_machines_have(self, given, message):
        with pytest.raises(ComputeTargetException) as caught:
            RemoteCompute.attach_configuration(username="me", address="h", **given)
        assert message in caught.value.message

    @pytest.mark.parametrize(
        "given",
        [
            {},
            {"resource_group": "g"},
            {"account_name": "a"},
            {"resource_group": "g", "account_name": "a", "resource_id": "/x"},
        ],
    )
    def test_batch(self, given):
        with pytest.raises(ComputeTargetException, match="resource_id"):
            BatchCompute.attach_configuration(**given)

    @pytest.mark.parametrize("kind", [DatabricksCompute, AdlaCompute])
    def test_kinds_of_elsewhere(self, kind):
        with pytest.raises(ComputeTargetException, match="Nearest: "):
            kind.attach_configuration(resource_group="g")

    @pytest.mark.parametrize("name", ["local", "amlcompute", "containerinstance", "x", "1a", "a-"])
    def test_names(self, ws, name):
        with pytest.raises(ComputeTargetException, match="cannot name a compute target"):
            ComputeTarget.create(ws, name, AmlCompute.provisioning_configuration(max_nodes=1))

    def test_what_is_created_is_deleted_and_what_is_attached_is_detached(self, ws, no_secrets):
        pool = AmlCompute.provisioning_configuration(max_nodes=1)
        cluster = RayCompute.attach_configuration("h:1")
        with pytest.raises(ComputeTargetException, match=r"ComputeTarget\.create is for"):
            ComputeTarget.attach(ws, "pool", pool)
        with pytest.raises(ComputeTargetException, match=r"ComputeTarget\.attach is for"):
            ComputeTarget.create(ws, "ours", cluster)
        made, attached = (
            ComputeTarget.create(ws, "pool", pool),
            ComputeTarget.attach(ws, "ours", cluster),
        )
        with pytest.raises(ComputeTargetException, match="was created"):
            made.detach()
        with pytest.raises(ComputeTargetException, match="was attached"):
            attached.delete()
        with pytest.raises(ComputeTargetException, match="of type AmlCompute, not Ray"):
            RayCompute(ws, "pool")
        with pytest.raises(ComputeTargetException, match="already"):
            ComputeTarget.create(ws, "ours", pool)
        made.delete()
        attached.detach()
        with pytest.raises(ComputeTargetException):
            made.refresh_state()
        with pytest.raises(ComputeTargetException, match="local is always there"):
            ComputeTarget(ws, "local").delete()

    def test_what_has_no_effect_is_said_once(self, ws):
        about = AmlCompute.provisioning_configuration(
            max_nodes=1, admin_username="me", admin_user_password="Pa55word", tags={"a": "b"}
        )
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            target = ComputeTarget.create(ws, "pool", about)
        assert [str(w.message) for w in caught] == ["admin_username: without effect here"]
        assert target.tags == {"a": "b"}
        assert "Pa55word" not in Path(".sweep/computetargets/pool.json").read_text()


def nodes_of(ws: Workspace, sweep: str) -> set[str]:
    with SweepReader(ws.folder.sweep(sweep).database) as reader:
        return {row.facts["node"] for row in reader.runs()}


@pytest.mark.ray
def test_a_script_and_a_function_run_on_a_cluster_that_is_attached(ws, monkeypatch):
    environment = cluster_environment()
    head = RayNode(Path("head").resolve(), environment, cpus=1)
    try:
        monkeypatch.setenv("SWEEP_SECRET_OURS", "")
        about = RayCompute.attach_configuration(head.address, environment["RAY_AUTH_TOKEN"])
        target = ComputeTarget.attach(ws, "ours", about)
        target.wait_for_completion()
        source = Path("source")
        source.mkdir()
        (source / "train.py").write_text("print('here')\n")
        script = ScriptRunConfig(source, "train.py", compute_target=target)
        run = Experiment(ws, "demo").submit(script, grace=0)
        run.wait_for_completion()
        assert run.get_status() == "Completed"
        assert run.engine.wait(30) == 0
        (log,) = Path(".sweep/sweeps").rglob("runs/0/user_logs/std_log.txt")
        assert log.read_text() == "here\n"
        swept = tune(
            lambda x: x,
            space={"x": choice(1, 2)},
            sampling="grid",
            metric="m",
            max_total_runs=2,
            compute_target=target,
            workspace=ws,
            show_output=False,
        )
        assert swept.get_status() == "Completed"
        assert nodes_of(ws, swept.id) == nodes_of(ws, run.id) != set()
        target.detach()
    finally:
        head.close()
