"""Configurations for Ray's own cluster launcher: a pool on Azure, AWS or Google Cloud.

They are generated here, and validated with the schema of the Ray that is installed; `ray up`
is the user's to run, with the cloud's own credentials: no cloud is spoken to.
https://docs.ray.io/en/latest/cluster/vms/references/ray-cluster-configuration.html
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from sweep.errors import ConfigError

PROVIDERS = ("azure", "aws", "gcp")
PRIORITIES = ("dedicated", "lowpriority")
NAME = re.compile(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?")
TOKEN_FILE = "~/.ray/auth_token"  # noqa: S105 - where Ray looks for it, on a machine of its own
HEAD, WORKER = "head", "worker"
AUTOSCALING = "--autoscaling-config=~/ray_bootstrap_config.yaml --dashboard-host=127.0.0.1"
SDK = {
    "azure": (
        "azure-identity azure-mgmt-compute azure-mgmt-network azure-mgmt-resource msrestazure"
    ),
    "aws": "boto3",
    "gcp": "google-api-python-client",
}
"""What Ray's autoscaler on the head needs to ask for machines."""
IMAGES: dict[str, dict[str, Any]] = {
    "azure": {
        "imagePublisher": "microsoft-dsvm",
        "imageOffer": "ubuntu-2204",
        "imageSku": "2204-gen2",
        "imageVersion": "latest",
    },
    "aws": {},  # Ray chooses the region's Deep Learning image
    "gcp": {
        "sourceImage": "projects/deeplearning-platform-release/global/images/family/common-cpu"
    },
}
"""The images of Ray's own defaults."""
OPTIONS = {"vm_size": "--vm-size", "region": "--location", "cpus": "--cpus-per-node"}
"""How a command line says a property; others by `--set`."""


@dataclass(frozen=True, slots=True)
class LauncherProperties:
    """A pool, in the words of an AmlCompute.

    Attributes:
        name: of the cluster.
        provider: `azure`, `aws` or `gcp`.
        vm_size: the cloud's name for a kind of machine.
        region: where; on Azure the location.
        token_file: a file here, mode 0600, with the cluster's Ray token; copied to the machines.
        min_nodes, max_nodes: machines that take runs; the head takes none.
        idle_seconds: after which a machine beyond `min_nodes` goes.
        vm_priority: `dedicated`, or `lowpriority`, which the cloud may take away at any time.
        cpus, gpus: of one machine; Azure and GCP need them, AWS finds out.
        head_vm_size: the same as `vm_size` where empty.
        resource_group, subscription: of Azure.
        project: of Google Cloud.
        zone: availability zone; empty: the cloud's choice, needed on GCP.
        image: the cloud's fields for an image; empty: that of Ray's defaults.
        user: of the machines.
        private_key_file: for SSH; empty: Ray makes a key.
        setup: commands that give a machine Python and what the runs import; empty: pip installs
            the Ray that is installed here.
    """

    name: str
    provider: str
    vm_size: str
    region: str
    token_file: str
    min_nodes: int = 0
    max_nodes: int = 1
    idle_seconds: float = 1800
    vm_priority: str = "dedicated"
    cpus: int | None = None
    gpus: int | None = None
    head_vm_size: str = ""
    resource_group: str = ""
    subscription: str = ""
    project: str = ""
    zone: str = ""
    image: Mapping[str, Any] = field(default_factory=dict)
    user: str = "ubuntu"
    private_key_file: str = ""
    setup: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what the launcher or the cloud would refuse.

        Raises:
            ConfigError: says what, and what was expected.
        """
        if self.provider not in PROVIDERS:
            raise ConfigError(f"provider: expected {', '.join(PROVIDERS)}, got {self.provider!r}")
        if self.vm_priority not in PRIORITIES:
            raise ConfigError(
                f"vm_priority: expected {' or '.join(PRIORITIES)}, got {self.vm_priority!r}"
            )
        if not NAME.fullmatch(self.name):
            raise ConfigError(f"name: expected at most 40 of a-z, 0-9 and '-', got {self.name!r}")
        if not 0 <= self.min_nodes <= self.max_nodes or self.max_nodes < 1:
            raise ConfigError(
                f"min_nodes, max_nodes: expected 0 <= min_nodes <= max_nodes and a max_nodes of 1"
                f" or more, got {self.min_nodes} and {self.max_nodes}"
            )
        needed = ["vm_size", "region", "token_file"]
        needed += {"azure": ["resource_group", "cpus"], "gcp": ["project", "zone", "cpus"]}.get(
            self.provider, []
        )
        if missing := [key for key in needed if not getattr(self, key)]:
            said = ", ".join(OPTIONS.get(key, f"--set {key}=…") for key in missing)
            raise ConfigError(f"{missing[0]}: is needed on {self.provider}: give {said}")


def configuration(asked: LauncherProperties) -> dict[str, Any]:
    """Return the launcher's configuration, validated.

    Raises:
        ConfigError: Ray's schema does not take it.
    """
    authentication = {"ssh_user": asked.user}
    if asked.private_key_file:
        authentication["ssh_private_key"] = asked.private_key_file
    ray = f"ray[default]=={version('ray')}"
    start = "ulimit -n 65536; RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0 ray start"
    made = {
        "cluster_name": asked.name,
        "max_workers": asked.max_nodes,
        "upscaling_speed": 1.0,
        "idle_timeout_minutes": asked.idle_seconds / 60,
        "provider": _provider(asked),
        "auth": authentication,
        "head_node_type": HEAD,
        "available_node_types": {
            HEAD: {
                "resources": {"CPU": 0},
                "max_workers": 0,
                "node_config": _machine(asked, asked.head_vm_size or asked.vm_size, spot=False),
            },
            WORKER: {
                "resources": _resources(asked),
                "min_workers": asked.min_nodes,
                "max_workers": asked.max_nodes,
                "node_config": _machine(
                    asked, asked.vm_size, spot=asked.vm_priority == "lowpriority"
                ),
            },
        },
        "file_mounts": {TOKEN_FILE: asked.token_file},
        "cluster_synced_files": [],
        "setup_commands": [*asked.setup] or [f"pip install -U '{ray}'"],
        "head_setup_commands": [f"pip install -U {SDK[asked.provider]}"],
        "worker_setup_commands": [],
        "head_start_ray_commands": [
            "ray stop",  # on a machine of the cluster's own
            f"{start} --head {AUTOSCALING} --port=6379 --object-manager-port=8076",
        ],
        "worker_start_ray_commands": [
            "ray stop",
            f"{start} --address=$RAY_HEAD_IP:6379 --object-manager-port=8076",
        ],
    }
    validate(made)
    return made


def as_yaml(asked: LauncherProperties) -> str:
    """Return the configuration as text for `ray up FILE`; there is no secret in it.

    Raises:
        ConfigError: Ray's schema does not take it.
    """
    return (
        "# Not tried on a cloud: validated with Ray's own schema only.\n"
        f"# The token is in {asked.token_file} and goes to each machine.\n"
    ) + yaml.safe_dump(configuration(asked), sort_keys=False)


def validate(made: Mapping[str, Any]) -> None:
    """See that Ray's own schema takes a configuration.

    Raises:
        ConfigError: it does not; says where and why.
    """
    import jsonschema  # noqa: PLC0415 - Ray brings it; only this needs it

    there = importlib.util.find_spec("ray")
    assert there is not None
    assert there.origin is not None
    schema = json.loads((Path(there.origin).parent / "autoscaler/ray-schema.json").read_text())
    try:
        jsonschema.validate(dict(made), schema)
    except jsonschema.ValidationError as error:
        where = ".".join(map(str, error.absolute_path))
        raise ConfigError(
            f"cluster launcher: {where or 'configuration'}: {error.message}"
        ) from None


def _provider(asked: LauncherProperties) -> dict[str, Any]:
    provider: dict[str, Any] = {"type": asked.provider}
    if asked.provider == "azure":
        provider |= {"location": asked.region, "resource_group": asked.resource_group}
        if asked.subscription:
            provider["subscription_id"] = asked.subscription
    else:
        provider["region"] = asked.region
    if asked.provider == "gcp":
        provider["project_id"] = asked.project
    if asked.provider == "aws":
        provider["cache_stopped_nodes"] = False  # what is stopped is still paid for
    if asked.zone:
        provider["availability_zone"] = asked.zone
    return provider


def _resources(asked: LauncherProperties) -> dict[str, int]:
    there = {"CPU": asked.cpus, "GPU": asked.gpus}
    return {name: count for name, count in there.items() if count}


def _machine(asked: LauncherProperties, size: str, *, spot: bool) -> dict[str, Any]:
    """Return the cloud's own words for one machine."""
    image = dict(asked.image) or IMAGES[asked.provider]
    if asked.provider == "azure":
        priority = {"priority": "Spot"} if spot else {}
        return {"azure_arm_parameters": {"vmSize": size, **image, **priority}}
    if asked.provider == "aws":
        market = {"InstanceMarketOptions": {"MarketType": "spot"}} if spot else {}
        return {"InstanceType": size, **image, **market}
    disk = {
        "boot": True,
        "autoDelete": True,
        "type": "PERSISTENT",
        "initializeParams": {"diskSizeGb": 50, **image},
    }
    preemptible = {"scheduling": [{"preemptible": True}]} if spot else {}
    return {"machineType": size, "disks": [disk], **preemptible}
