"""KubeRay manifests: a Ray cluster on Kubernetes that grows and shrinks, as YAML to be applied.

They are generated here and applied by the user: no Kubernetes is spoken to. Fields are those of
`RayCluster` in `ray.io/v1` (https://docs.ray.io/en/master/cluster/kubernetes/references/api.html);
token authentication needs KubeRay 1.6 or newer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from sweep.errors import ConfigError

NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,46}[a-z0-9])?")
"""RFC 1123, and short enough for the names that KubeRay makes of it."""
QUANTITY = re.compile(r"\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
"""https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/"""
PORTS = {"gcs-server": 6379, "client": 10001, "dashboard": 8265}
TOKEN_KEY = "auth_token"  # noqa: S105 - the name of an entry of a Secret
SHARED_MEMORY = "/dev/shm"  # noqa: S108 - where Ray's object store is


@dataclass(frozen=True, slots=True)
class KubernetesProperties:
    """What a cluster is made of.

    Attributes:
        name: of the cluster, in its namespace.
        image: with the Ray and the Python of the engine, and what the runs import.
        ray_version: in that image.
        namespace: where it is.
        min_nodes, max_nodes: worker pods; the head takes no runs.
        idle_seconds: after which a worker pod beyond `min_nodes` goes; whole seconds.
        cpus, memory: of a worker pod, in Kubernetes' quantities, such as "4" and "8Gi".
        gpus: of a worker pod.
        gpu_resource: what a GPU is called there.
        head_cpus, head_memory: of the head pod.
        secret: a Secret with the entry `auth_token`; empty: KubeRay makes one of the cluster's
            name.
        pull_secret: a Secret to pull the image with; empty for none.
        service_account: of the pods; empty for the namespace's own.
    """

    name: str
    image: str
    ray_version: str
    namespace: str = "default"
    min_nodes: int = 0
    max_nodes: int = 1
    idle_seconds: int = 60
    cpus: str = "1"
    memory: str = "4Gi"
    gpus: int = 0
    gpu_resource: str = "nvidia.com/gpu"
    head_cpus: str = "2"
    head_memory: str = "4Gi"
    secret: str = ""
    pull_secret: str = ""
    service_account: str = ""

    def __post_init__(self) -> None:
        """Refuse what Kubernetes would refuse.

        Raises:
            ConfigError: says what, and what was expected.
        """
        for key in ("name", "namespace", "secret", "pull_secret", "service_account"):
            value = getattr(self, key)
            if not NAME.fullmatch(value) and (value or key in ("name", "namespace")):
                raise ConfigError(f"{key}: expected at most 48 of a-z, 0-9 and '-', got {value!r}")
        for key in ("cpus", "memory", "head_cpus", "head_memory"):
            value = str(getattr(self, key))
            if not QUANTITY.fullmatch(value):
                raise ConfigError(
                    f"{key}: expected a quantity such as 4, 500m or 8Gi, got {value!r}"
                )
        if not self.image or any(map(str.isspace, self.image)):
            raise ConfigError(f"image: expected the name of an image, got {self.image!r}")
        if not 0 <= self.min_nodes <= self.max_nodes or self.max_nodes < 1:
            raise ConfigError(
                f"min_nodes, max_nodes: expected 0 <= min_nodes <= max_nodes and a max_nodes of 1"
                f" or more, got {self.min_nodes} and {self.max_nodes}"
            )
        if self.gpus < 0 or self.idle_seconds < 0:
            raise ConfigError("gpus and idle_seconds must be 0 or more")


def ray_cluster(asked: KubernetesProperties) -> dict[str, Any]:
    """Return the `RayCluster` of what is asked for."""
    resources = {"cpu": str(asked.cpus), "memory": str(asked.memory)}
    if asked.gpus:
        resources[asked.gpu_resource] = str(asked.gpus)
    head = {"cpu": str(asked.head_cpus), "memory": str(asked.head_memory)}
    authentication: dict[str, Any] = {"mode": "token"}
    if asked.secret:
        authentication["secretName"] = asked.secret
    workers = {
        "groupName": "workers",
        "replicas": asked.min_nodes,
        "minReplicas": asked.min_nodes,
        "maxReplicas": asked.max_nodes,
        "rayStartParams": {},
        "template": _pod("ray-worker", asked, resources),
    }
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {
            "name": asked.name,
            "namespace": asked.namespace,
            "labels": {"app.kubernetes.io/managed-by": "hypersweep"},
        },
        "spec": {
            "rayVersion": asked.ray_version,
            "authOptions": authentication,
            "enableInTreeAutoscaling": True,
            "autoscalerOptions": {
                "version": "v2",
                "idleTimeoutSeconds": asked.idle_seconds,
                "upscalingMode": "Default",
            },
            "headGroupSpec": {
                "serviceType": "ClusterIP",  # not to be reached from outside
                "rayStartParams": {"num-cpus": "0"},
                "template": _pod("ray-head", asked, head, PORTS),
            },
            "workerGroupSpecs": [workers],
        },
    }


def as_yaml(asked: KubernetesProperties) -> str:
    """Return the manifest as text for `kubectl apply -f -`; there is no secret in it."""
    secret = asked.secret or asked.name
    return (
        "# Not tried on a Kubernetes: validated against the published schema only.\n"
        f"# The token: kubectl -n {asked.namespace} get secret {secret}"
        f" -o jsonpath='{{.data.{TOKEN_KEY}}}' | base64 -d\n"
    ) + yaml.safe_dump(ray_cluster(asked), sort_keys=False)


def _pod(
    name: str,
    asked: KubernetesProperties,
    resources: dict[str, str],
    ports: dict[str, int] | None = None,
) -> dict[str, Any]:
    """Return a pod's template; no pod is given rights that Ray does not need."""
    container: dict[str, Any] = {
        "name": name,
        "image": asked.image,
        "env": [
            {"name": "RAY_USAGE_STATS_ENABLED", "value": "0"},
            {"name": "RAY_enable_metrics_collection", "value": "0"},
        ],
        "resources": {"limits": resources, "requests": resources},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "shared-memory", "mountPath": SHARED_MEMORY}],
    }
    if ports:
        container["ports"] = [{"name": n, "containerPort": p} for n, p in ports.items()]
    spec: dict[str, Any] = {
        "containers": [container],
        "volumes": [{"name": "shared-memory", "emptyDir": {"medium": "Memory"}}],
    }
    if asked.pull_secret:
        spec["imagePullSecrets"] = [{"name": asked.pull_secret}]
    if asked.service_account:
        spec["serviceAccountName"] = asked.service_account
    return {"spec": spec}
