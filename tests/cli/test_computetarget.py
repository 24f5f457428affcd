"""Compute targets on the command line: made, attached, listed, changed, removed, and used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policies import Goal
from sweep.compute.ssh_cluster import RemoteCluster
from sweep.compute.ssh_provider import machines_of
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.single import Single
from sweep.engine.submit import keep
from sweep.storage.lock import Lock
from sweep.storage.workspace import WorkspaceFolder
from tests.cli.test_submission import HYPERDRIVE, runconfig
from tests.cli.workspaces import sweep

CREATE = ["computetarget", "create", "amlcompute", "-n", "cpucluster", "--max-nodes", 4]
ATTACH = ["computetarget", "attach"]
LOCAL = {
    "name": "local",
    "computeType": "local",
    "location": "local",
    "provisioningState": "Succeeded",
    "provisioningErrors": None,
}


def told(*words):
    """Run a command that must do, and return its JSON."""
    said = sweep(*words)
    assert said.code == 0, said.err
    return json.loads(said.out)


def refused(*words):
    """Run a command that must not, and return its message."""
    said = sweep(*words)
    assert said.code == 2, said.out + said.err
    assert said.out == ""
    assert "Traceback" not in said.err
    return said.err


def kept() -> str:
    return "".join(p.read_text() for p in Path().rglob(".sweep/computetargets/**/*.json"))


class TestPools:
    def test_what_only_the_service_has_is_said_once(self, place):
        words = [
            "--vnet-name",
            "v",
            "--admin-username",
            "joe",
            "--admin-user-password",
            "Secret7!",
        ]
        said = sweep(*CREATE, *words)
        assert said.code == 0
        assert said.err.splitlines() == [
            f"warning: {name}: without effect here" for name in words[::2]
        ]
        assert "Secret7!" not in said.err + kept()

    def test_the_specifications_command(self, place):
        words = ["-s", "STANDARD_D2_V2", "--idle-seconds-before-scaledown", 60, "--min-nodes", 0]
        words += ["-p", "lowpriority", "--tag", "team=blue", "--description", "ours"]
        said = sweep(*CREATE, *words, "-g", "group", "-w", "theirs", "-t", "out.json")
        assert said.code == 0
        assert json.loads(said.out) == json.loads(Path("out.json").read_text())
        assert json.loads(said.out) == {
            "location": "local",
            "name": "cpucluster",
            "provisioningErrors": None,
            "provisioningState": "Succeeded",
        }
        assert "vm_size STANDARD_D2_V2 is noted and has no effect" in said.err
        assert "vm_priority lowpriority has no effect" in said.err
        shown = told("computetarget", "show", "-n", "cpucluster")
        assert (shown["name"], shown["tags"]) == ("cpucluster", {"team": "blue"})
        assert shown["properties"]["computeType"] == "AmlCompute"
        assert shown["properties"]["description"] == "ours"
        about = shown["properties"]["properties"]
        assert (about["vmSize"], about["vmPriority"]) == ("STANDARD_D2_V2", "lowpriority")
        assert about["scaleSettings"] == {
            "minNodeCount": 0,
            "maxNodeCount": 4,
            "nodeIdleTimeBeforeScaleDown": "PT60S",
        }

    def test_idle_time_is_two_minutes_unless_said_otherwise(self, place):
        told(*CREATE)
        shown = told("computetarget", "show", "-n", "cpucluster")
        settings = shown["properties"]["properties"]["scaleSettings"]
        assert settings["nodeIdleTimeBeforeScaleDown"] == "PT120S"

    def test_listed_updated_deleted(self, place):
        told(*CREATE)
        rows = told("computetarget", "list", "--json")
        assert [row["name"] for row in rows] == ["local", "cpucluster"]
        assert rows[0] == LOCAL
        header, local, pool = sweep("computetarget", "list").lines
        assert header.split() == ["name", "type", "state", "about"]
        assert local.split()[:3] == ["local", "local", "Succeeded"]
        assert pool.split() == (
            ["cpucluster", "amlcompute", "Succeeded", "local,", "0", "to", "4", "nodes"]
        )
        assert header.index("state") == pool.index("Succeeded")
        update = ["computetarget", "update", "amlcompute", "-n", "cpucluster"]
        shown = told(*update, "--max-nodes", 2)
        assert shown["properties"]["properties"]["scaleSettings"]["maxNodeCount"] == 2
        assert "expected at most max_nodes (2), got 3" in refused(*update, "--min-nodes", 3)
        assert "--min-nodes, --max-nodes or" in refused(*update)
        assert "detach" not in refused("computetarget", "delete", "-n", "local")
        assert "`sweep computetarget delete -n cpucluster` lets go" in refused(
            "computetarget", "detach", "-n", "cpucluster"
        )
        assert sweep("computetarget", "delete", "-n", "cpucluster").code == 0
        assert told("computetarget", "list", "--json") == [LOCAL]

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["--max-nodes", -1], "max_nodes: expected a whole number >= 0, got -1"),
            (["--min-nodes", 5], "min_nodes: expected at most max_nodes (4), got 5"),
            (["--idle-seconds-before-scaledown", -1], "idle_seconds_before_scaledown: expected"),
            (["--vm-priority", "low"], "got 'low'; did you mean 'lowpriority'?"),
            (["--provider", "slrum"], "got 'slrum'; did you mean 'slurm'?"),
            (["--provider", "ssh"], "hosts: provider ssh, and no other, needs a list of hosts"),
            (["--host", "a"], "hosts: provider ssh, and no other, needs a list of hosts"),
            (["--provider", "ssh", "--host", "a b"], "hosts: expected user@host:port, got 'a b'"),
            (
                ["--provider", "ssh", "--host", "a", "--host", "me@b"],
                "max_nodes: expected at most the number of hosts (2), for each has one node",
            ),
            (["--python", "/usr/bin/python3"], "python has no meaning with provider local"),
            (["--host-key", "a"], "--host-key: expected KEY=VALUE, got 'a'"),
            (["--provider", "azure"], "vm_size: provider azure needs the size"),
            (["--tag", "team"], "--tag: expected KEY=VALUE, got 'team'"),
            (["-n", "2nd"], "'2nd' cannot name a compute target: it starts with a letter"),
            (["-n", "a" * 25], "2 to 24 characters"),
            (["-n", "a_b"], "'a_b' cannot name a compute target"),
            (["-n", "../x"], "'../x' cannot name a compute target"),
            (["-n", "amlcompute"], "'amlcompute' cannot name a compute target of yours"),
        ],
    )
    def test_what_can_be_no_pool(self, place, words, message):
        assert message in refused(*CREATE, *words)
        assert kept() == ""

    def test_all_that_a_pool_of_hosts_can_be_told_is_kept(self, place):
        key = "SHA256:" + "A" * 43
        hosts = ["--provider", "ssh", "--host", "a", "--host", "me@b:2222", "--username", "you"]
        more = ["--host-key", f"me@b:2222={key}", "--head-address", "192.0.2.1"]
        more += ["--package", "scikit-learn==1.5.0", "--package", "x>=1", "--no-wait"]
        told(*CREATE, "--max-nodes", 2, *hosts, *more)
        options = json.loads(kept())["cluster"]["options"]
        assert [str(machine) for machine in machines_of(options)] == ["you@a", "me@b:2222"]
        assert [machine.host_key for machine in machines_of(options)] == ["", key]
        assert options["packages"] == ["scikit-learn==1.5.0", "x>=1"]
        assert options["address"] == "192.0.2.1"
        message = refused(*CREATE, "-n", "x2", "--max-nodes", 1, *hosts, "--host-key", f"c={key}")
        assert "host_keys: expected one of a, me@b:2222, got 'c'" in message
        update = ["computetarget", "update", "amlcompute", "-n", "cpucluster", "--max-nodes"]
        assert "at most the number of hosts (2)" in refused(*update, 3)

    def test_a_name_is_taken_whatever_its_case(self, place):
        told(*CREATE)
        message = refused(*CREATE, "-n", "CPUcluster")
        assert "there is a compute target 'cpucluster' already" in message

    def test_a_cloud_is_brought_up_by_its_user(self, place):
        azure = [*CREATE, "--provider", "azure", "-s", "Standard_D2_v3"]
        assert "prints its configuration for `ray up`" in refused(*azure)
        Path("token").touch(mode=0o600)
        more = ["--location", "westus2", "--set", "token_file=token", "--set", "resource_group=rg"]
        more += ["--vm-priority", "lowpriority"]
        said = sweep(*azure, "--dry-run", *more, "--set", "subscription=s")
        assert (said.code, said.err) == (0, "")
        assert "Standard_D2_v3" in said.out
        assert "priority: Spot" in said.out
        assert "did you mean 'region'?" in refused(*azure, "--dry-run", "--set", "regoin=x")
        assert kept() == ""

    def test_kubernetes_is_printed(self, place):
        create = ["computetarget", "create", "kubernetes", "-n", "k8s", "--max-nodes", 3]
        assert "--dry-run prints them" in refused(*create)
        said = sweep(*create, "--dry-run", "--namespace", "ml")
        assert said.code == 0, said.err
        assert "kind: RayCluster" in said.out
        assert "maxReplicas: 3" in said.out
        assert "namespace: ml" in said.out


class TestAttached:
    REMOTE = (*ATTACH, "remote", "-n", "attach-dsvm", "-a", "127.0.0.1", "-u", "me")

    def test_no_secret_is_kept(self, place, monkeypatch):
        monkeypatch.delenv("SWEEP_SECRET_ATTACH_DSVM", raising=False)
        said = sweep(*self.REMOTE, "--ssh-port", 2222, "-p", "pa55-word", "--no-wait")
        assert json.loads(said.out)["provisioningState"] == "Creating"
        assert "set SWEEP_SECRET_ATTACH_DSVM where sweeps use attach-dsvm" in said.err
        assert '"ssh_port": 2222' in kept()
        assert "pa55-word" not in kept() + said.out + said.err
        shown = sweep("computetarget", "show", "-n", "attach-dsvm").out
        assert "VirtualMachine" in shown
        assert "pa55-word" not in shown
        assert "delete" not in sweep("computetarget", "detach", "-n", "attach-dsvm").err
        assert kept() == ""

    def test_all_that_a_machine_can_be_told_is_kept(self, place):
        key = "SHA256:" + "A" * 43
        jump = ["--jump-host", "me@door,[::1]:2200", "--jump-host-key", key]
        told(*self.REMOTE, *jump, "--package", "torch", "--no-wait")
        about = json.loads(kept())["cluster"]
        assert about["packages"] == ["torch"]
        assert (about["jump_host"], about["jump_host_key"]) == ("me@door,[::1]:2200", key)
        assert RemoteCluster.from_kept(about)._machine.jump_host == "me@door,[::1]:2200"

    def test_what_cannot_be_reached_is_not_kept(self, place):
        said = sweep(*self.REMOTE, "--ssh-port", 1)
        assert said.code == 2
        assert said.err.startswith("error: attach-dsvm: ")
        assert kept() == ""

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["remote", "-u", "me"], "address: which machine?"),
            (["remote", "-a", "-x", "-u", "me"], "address: expected the name or the IP address"),
            (["remote", "-a", "host"], "username: expected the name of a user, got ''"),
            (["remote", "-a", "h", "-u", "me", "--ssh-port", 0], "ssh_port: expected a port"),
            (["remote", "-a", "h", "-u", "m", "--private-key-file", "no"], "no such file"),
            (["remote", "-a", "h", "-u", "m", "--private-key-file", "open"], "chmod 600"),
            (
                ["remote", "-a", "h", "-u", "m", "-p", "x", "--private-key-file", "open"],
                "give either --password, or --private-key-file",
            ),
            (["hdinsight", "-a", "h-ssh.example", "-u", "m"], "attach it by its master"),
            (["batch"], "named by resource_group and account_name, or by resource_id"),
            (["batch", "--account-name", "a"], "named by resource_group and account_name"),
            (["batch", "--scheduler", "pbs"], "expected one of azure, slurm, got 'pbs'"),
            (["existing"], "address: expected HOST:PORT, got ''"),
            (["existing", "-a", "ray://h:10001"], "give the address of the cluster's GCS"),
            (["existing", "-a", "h:port"], "address: expected a port, 1 to 65535, got 'port'"),
        ],
    )
    def test_what_can_be_no_target(self, place, words, message):
        Path("open").touch(mode=0o644)
        assert message in refused(*ATTACH, *words, "-n", "mine")
        assert kept() == ""

    @pytest.mark.parametrize(
        ("kind", "nearest"),
        [
            ("databricks", "attach hdinsight"),
            ("adla", "attach hdinsight"),
            ("datafactory", "copy the data"),
            ("computeinstance", "`local`"),
            ("aks", "create kubernetes --dry-run"),
        ],
    )
    @pytest.mark.parametrize("verb", ["create", "attach"])
    def test_a_kind_of_elsewhere_is_named_with_the_nearest_of_ours(
        self, place, verb, kind, nearest
    ):
        message = refused("computetarget", verb, kind, "-n", "mine")
        assert "Nearest:" in message
        assert nearest in message

    def test_the_other_verb(self, place):
        assert "sweep computetarget create amlcompute" in refused(*ATTACH, "amlcompute")
        assert "sweep computetarget attach remote" in refused("computetarget", "create", "remote")


@pytest.mark.usefixtures("no_ray")
class TestUse:
    """Ray is broken on the machine of these tests, so every sweep ends with exit code 1."""

    EXISTING = (*ATTACH, "existing", "-n", "ours", "-a", "127.0.0.1:6399", "--no-wait")

    @pytest.mark.parametrize(
        "words",
        [
            ["start", "--target", "cpuclster", "hdconfig.yml", "train.py"],
            [*HYPERDRIVE, "-e", "x", "-c", "local", "--target", "cpuclster", "train.py"],
            ["run", "submit-script", "-e", "x", "--ct", "cpuclster", "train.py"],
            [*HYPERDRIVE, "-e", "x", "-c", "theirs", "train.py"],
        ],
    )
    def test_a_name_that_is_none(self, project, words):
        told(*CREATE)
        runconfig(project, "theirs", script="train.py", target="cpuclster")
        message = refused(*words)
        assert "target 'cpuclster': there is no such compute target" in message
        assert "did you mean 'cpucluster'?; there is: local, cpucluster" in message
        assert "`sweep computetarget list`" in message

    def test_a_run_based_pool_is_not_for_sweeps(self, project):
        runconfig(project, "own", script="train.py", target="amlcompute")
        message = refused(*HYPERDRIVE, "-e", "x", "-c", "own", "train.py")
        assert "makes a pool for one run and removes it after it" in message
        assert "sweep computetarget create amlcompute" in message

    def test_either_a_target_or_an_address(self, project):
        words = ["--target", "local", "--ray-address", "h:1", "hdconfig.yml", "train.py"]
        assert "not both" in refused("start", *words)

    def test_a_target_that_does_not_answer(self, project, monkeypatch):
        monkeypatch.setenv("SWEEP_SECRET_OURS", "0" * 64)
        sweep(*self.EXISTING)
        said = sweep("start", "--target", "ours", "hdconfig.yml", "train.py")
        assert said.code == 1
        assert "no Ray cluster answers at 127.0.0.1:6399" in said.err
        assert not list(project.glob(".sweep/sweeps/*"))

    def test_a_run_that_is_too_large_for_a_node(self, project):
        told(*CREATE)
        words = ["--target", "cpucluster", "--cpus-per-run", 2, "hdconfig.yml", "train.py"]
        assert "one run asks for 2 CPUs and a node of cpucluster has 1" in refused("start", *words)

    def test_a_target_in_use_stays(self, project):
        told(*CREATE)
        about = {"source": str(project), "cluster": {"kind": "pool", "target": "cpucluster"}}
        workspace = WorkspaceFolder(Path(".sweep").resolve())
        definition = SweepDefinition(Single(), "", Goal.MAXIMIZE, Limits(runs=1, concurrent=1))
        folder = keep(workspace, definition, "x", about)
        lock = Lock(folder.lock)
        message = refused("computetarget", "delete", "-n", "cpucluster")
        assert f"cpucluster is in use by {folder.id}" in message
        lock.close()
        assert sweep("computetarget", "delete", "-n", "cpucluster").code == 0


class TestDamage:
    @pytest.mark.parametrize(
        "text",
        ["", "{", "[]", '{"name": "cpucluster"}', '{"name": "x", "kind": 3}', "null", "[" * 9999],
    )
    def test_one_that_is_damaged_hides_no_other(self, place, text):
        told(*CREATE)
        told(*CREATE, "-n", "other")
        Path(".sweep/computetargets/cpucluster.json").write_text(text)
        assert "cpucluster.json is damaged" in refused("computetarget", "show", "-n", "cpucluster")
        rows = told("computetarget", "list", "--json")
        assert [row["name"] for row in rows] == ["local", "other"]

    @pytest.mark.parametrize(
        "cluster", [{"kind": "existing"}, {"kind": "pool", "name": 3}, {"kind": "remote"}]
    )
    def test_a_cluster_that_is_none(self, project, cluster):
        told(*CREATE)
        path = Path(".sweep/computetargets/cpucluster.json")
        path.write_text(json.dumps({**json.loads(path.read_text()), "cluster": cluster}))
        message = refused("start", "--target", "cpucluster", "hdconfig.yml", "train.py")
        assert "cpucluster is kept wrongly" in message
        update = ["computetarget", "update", "amlcompute", "-n", "cpucluster", "--max-nodes", 3]
        told(*update)
        assert "is kept wrongly" not in sweep("computetarget", "show", "-n", "cpucluster").err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("attach kubernetes", "kubernetes is created, not attached: sweep computetarget create k"),
        ("create remote", "remote is attached, not created: sweep computetarget attach remote"),
    ],
)
def test_what_is_asked_for_in_the_other_way(place, words, said):
    assert said in refused("computetarget", *words.split(), "-n", "mine")
