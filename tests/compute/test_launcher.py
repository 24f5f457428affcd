"""Configurations for Ray's cluster launcher, validated with Ray's schema; no cloud is reached."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import yaml

from sweep.compute.launcher import LauncherProperties, as_yaml, configuration, validate
from sweep.errors import ConfigError

AZURE = LauncherProperties(
    "digits",
    "azure",
    "Standard_NC6",
    "westeurope",
    "/home/me/token",
    max_nodes=4,
    cpus=6,
    gpus=1,
    resource_group="research",
)
AWS = LauncherProperties("digits", "aws", "m5.large", "eu-west-1", "/home/me/token")
GCP = LauncherProperties(
    "digits",
    "gcp",
    "n1-standard-2",
    "europe-west4",
    "/home/me/token",
    cpus=2,
    project="research-1",
    zone="europe-west4-a",
)
ALL = [AZURE, AWS, GCP]


@pytest.mark.parametrize("asked", ALL, ids=lambda a: a.provider)
def test_ray_takes_what_is_written(asked):
    made = yaml.safe_load(as_yaml(asked))
    validate(made)
    assert made == configuration(asked)


@pytest.mark.parametrize("asked", ALL, ids=lambda a: a.provider)
def test_a_pool_is_as_large_and_as_patient_as_asked(asked):
    made = configuration(replace(asked, min_nodes=1, max_nodes=8, idle_seconds=120))
    worker = made["available_node_types"]["worker"]
    assert (worker["min_workers"], worker["max_workers"], made["max_workers"]) == (1, 8, 8)
    assert made["idle_timeout_minutes"] == 2
    assert made["available_node_types"]["head"]["resources"] == {"CPU": 0}, "it takes no runs"


@pytest.mark.parametrize("asked", ALL, ids=lambda a: a.provider)
def test_nobody_gets_in_without_the_token_and_it_is_only_referred_to(asked):
    made = configuration(asked)
    assert made["file_mounts"] == {"~/.ray/auth_token": "/home/me/token"}
    for command in (made["head_start_ray_commands"][1], made["worker_start_ray_commands"][1]):
        assert "RAY_AUTH_MODE=token" in command
    assert "--dashboard-host=127.0.0.1" in made["head_start_ray_commands"][1]


@pytest.mark.parametrize(
    ("asked", "where", "value"),
    [
        (AZURE, ("azure_arm_parameters", "priority"), "Spot"),
        (AWS, ("InstanceMarketOptions", "MarketType"), "spot"),
        (GCP, ("scheduling", 0, "preemptible"), True),
    ],
    ids=["azure", "aws", "gcp"],
)
def test_low_priority_is_said_in_the_clouds_own_words(asked, where, value):
    made = configuration(replace(asked, vm_priority="lowpriority"))
    found = made["available_node_types"]["worker"]["node_config"]
    for step in where:
        found = found[step]
    assert found == value
    head = made["available_node_types"]["head"]["node_config"]
    dedicated = configuration(asked)["available_node_types"]["worker"]["node_config"]
    assert head == dedicated, "a head that goes takes the pool with it"
    assert dedicated != made["available_node_types"]["worker"]["node_config"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"provider": "azur"}, "provider: expected azure, aws, gcp"),
        ({"vm_priority": "spot"}, "vm_priority: expected dedicated or lowpriority"),
        ({"name": "My pool"}, "name: expected"),
        ({"max_nodes": 0}, "min_nodes, max_nodes"),
        (
            {"resource_group": ""},
            "resource_group: is needed on azure: give --set resource_group=…",
        ),
        (
            {"vm_size": "", "token_file": ""},
            "vm_size: is needed on azure: give --vm-size, --set token_file=…",
        ),
        ({"cpus": None}, "cpus: is needed on azure"),
        ({"vm_size": ""}, "vm_size: is needed on azure"),
        ({"token_file": ""}, "token_file: is needed on azure"),
    ],
)
def test_what_the_cloud_would_refuse_is_refused_here(wrong, message):
    with pytest.raises(ConfigError, match=message):
        replace(AZURE, **wrong)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["max_workers"], -1, "max_workers: -1 is less than the minimum"),
        (["idle_minutes"], 5, "configuration: .*idle_minutes"),
        (["available_node_types", "worker", "resources", "CPU"], 1.5, "worker.resources.CPU"),
    ],
)
def test_rays_schema_can_say_no(path, value, message):
    wrong = copy.deepcopy(configuration(AZURE))
    place = wrong
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(ConfigError, match=message):
        validate(wrong)


@pytest.mark.parametrize("asked", ALL, ids=lambda a: a.provider)
def test_the_launcher_itself_takes_it_with_its_own_defaults(asked):
    util = pytest.importorskip("ray.autoscaler._private.util")
    whole = util.prepare_config(configuration(asked))
    util.validate_config(whole)
    assert whole["available_node_types"]["worker"]["max_workers"] == asked.max_nodes
    assert whole["available_node_types"]["head"]["max_workers"] == 0
    assert not whole["docker"], "nothing of the defaults that starts a container"
