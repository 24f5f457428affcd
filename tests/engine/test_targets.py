"""Which cluster a sweep has: as its target was when it began, and as it is when it goes on."""

from __future__ import annotations

import pytest

from sweep.engine.provisioning import change, register, remove
from sweep.engine.targets import cluster_for, present_cluster
from sweep.errors import ComputeTargetException, ResourceError
from sweep.formats.runconfig import RunConfiguration
from sweep.storage.targets import TargetRegistry
from sweep.storage.workspace import SweepFolder, WorkspaceFolder


@pytest.fixture
def workspace(tmp_path):
    return WorkspaceFolder.make(tmp_path)


def found(workspace, target, *, lone=False, cpus=1.0, **entries):
    configuration = RunConfiguration(target=target, **entries)
    return cluster_for(workspace, configuration, lone=lone, cpus=cpus)


@pytest.mark.parametrize("word", ["local", "localhost", ""])
def test_this_machine_has_no_cluster(workspace, word):
    assert found(workspace, word) is None


def test_a_sweep_goes_on_where_its_target_is_now(workspace):
    register(workspace, "pool", "amlcompute", {"max_nodes": 2})
    began = found(workspace, "pool")
    assert (began["target"], began["kind"], began["max_nodes"]) == ("pool", "pool", 2)
    sweep = SweepFolder("HD_x", workspace.path / "sweeps" / "HD_x")
    assert present_cluster(sweep, began) == began
    change(workspace, "pool", {"max_nodes": 5})
    assert present_cluster(sweep, began) == {**began, "max_nodes": 5}
    remove(workspace, "pool", attached=False)
    assert present_cluster(sweep, began) == began


def test_what_has_no_name_goes_on_as_it_was(workspace):
    sweep = SweepFolder("HD_x", workspace.path / "sweeps" / "HD_x")
    by_address = {"kind": "existing", "address": "h:1", "allow_unauthenticated": False}
    assert present_cluster(sweep, by_address) == by_address
    assert present_cluster(sweep, None) is None


def test_a_pool_for_one_run_is_in_its_folder(workspace):
    sizes = {"vmSize": "STANDARD_D2", "clusterMaxNodeCount": 3}
    kept = found(workspace, "amlcompute", lone=True, amlcompute=sizes)
    assert (kept["max_nodes"], kept["idle_seconds_before_scaledown"]) == (3, 0)
    sweep = SweepFolder("x_1_a", workspace.path / "sweeps" / "x_1_a")
    assert present_cluster(sweep, kept)["folder"] == str(sweep.path / "pool")
    assert found(workspace, "amlcompute", lone=True)["max_nodes"] == 1
    with pytest.raises(ComputeTargetException, match="makes a pool for one run"):
        found(workspace, "amlcompute")


def test_what_a_node_cannot_hold(workspace):
    register(workspace, "pool", "amlcompute", {"max_nodes": 2, "cpus_per_node": 2})
    assert found(workspace, "pool", cpus=2)
    with pytest.raises(ResourceError, match="one run asks for 3 CPUs and a node of pool has 2"):
        found(workspace, "pool", cpus=3)


def test_a_description_is_no_place_to_run(workspace):
    register(workspace, "k8s", "kubernetes", {})
    with pytest.raises(ComputeTargetException, match="attach the Ray cluster that comes of it"):
        found(workspace, "k8s")


def test_names_that_a_file_has_are_not_believed(workspace):
    register(workspace, "pool", "amlcompute", {"max_nodes": 2})
    folder = workspace.path / "computetargets"
    (folder / "pool.json").rename(folder / "other.json")
    with pytest.raises(ComputeTargetException, match=r"other\.json is damaged"):
        TargetRegistry(workspace).get("other")
