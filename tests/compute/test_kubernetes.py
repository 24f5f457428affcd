"""Manifests for Kubernetes: validated against the schema that we wrote from the documentation.

No Kubernetes is reached.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
import yaml

from sweep.compute.kubernetes import KubernetesProperties, as_yaml, ray_cluster
from sweep.errors import ConfigError

SCHEMA = yaml.safe_load((Path(__file__).parent / "schemas/raycluster.yaml").read_text())
ASKED = KubernetesProperties("digits", "registry.example/train:1", "2.60.0")
WITH_ALL = KubernetesProperties(
    "digits",
    "registry.example/train:1",
    "2.60.0",
    namespace="research",
    min_nodes=1,
    max_nodes=8,
    idle_seconds=120,
    cpus="7500m",
    memory="30Gi",
    gpus=2,
    secret="digits-token",
    pull_secret="registry",
    service_account="trainer",
)


@pytest.mark.parametrize("asked", [ASKED, WITH_ALL], ids=["defaults", "everything"])
def test_what_is_written_is_a_ray_cluster(asked):
    jsonschema.validate(yaml.safe_load(as_yaml(asked)), SCHEMA)
    assert yaml.safe_load(as_yaml(asked)) == ray_cluster(asked)


def test_what_is_asked_for_is_in_it():
    spec = ray_cluster(WITH_ALL)["spec"]
    (workers,) = spec["workerGroupSpecs"]
    pod = workers["template"]["spec"]
    assert (workers["minReplicas"], workers["maxReplicas"]) == (1, 8)
    assert spec["autoscalerOptions"]["idleTimeoutSeconds"] == 120
    assert pod["containers"][0]["resources"]["limits"] == {
        "cpu": "7500m",
        "memory": "30Gi",
        "nvidia.com/gpu": "2",
    }
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    assert pod["serviceAccountName"] == "trainer"
    assert spec["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0", "the head takes no runs"


def test_nobody_gets_in_without_the_token_and_it_is_only_referred_to():
    assert ray_cluster(ASKED)["spec"]["authOptions"] == {"mode": "token"}
    named = ray_cluster(WITH_ALL)["spec"]["authOptions"]
    assert named == {"mode": "token", "secretName": "digits-token"}
    assert "get secret digits-token" in as_yaml(WITH_ALL)
    assert "get secret digits " in as_yaml(ASKED), "KubeRay makes one of the cluster's name"
    assert ray_cluster(ASKED)["spec"]["headGroupSpec"]["serviceType"] == "ClusterIP"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": "Digits"}, "name: expected"),
        ({"name": ""}, "name: expected"),
        ({"name": "x" * 49}, "name: expected"),
        ({"secret": "a: b"}, "secret: expected"),
        ({"image": "a b"}, "image: expected"),
        ({"cpus": "many"}, "cpus: expected a quantity"),
        ({"memory": "8GB"}, "memory: expected a quantity"),
        ({"max_nodes": 0}, "min_nodes, max_nodes"),
        ({"min_nodes": 9, "max_nodes": 8}, "min_nodes, max_nodes"),
        ({"gpus": -1}, "gpus and idle_seconds"),
    ],
)
def test_what_kubernetes_would_refuse_is_refused_here(wrong, message):
    with pytest.raises(ConfigError, match=message):
        replace(ASKED, **wrong)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["spec", "maxWorkers"], 3),
        (["spec", "authOptions", "mode"], "password"),
        (["spec", "workerGroupSpecs", 0, "minReplicas"], "1"),
        (["spec", "headGroupSpec", "rayStartParams", "num-cpus"], 0),
        (["spec", "autoscalerOptions", "idleTimeoutSeconds"], 1.5),
    ],
)
def test_the_schema_can_say_no(path, value):
    wrong = copy.deepcopy(ray_cluster(WITH_ALL))
    place = wrong
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)
