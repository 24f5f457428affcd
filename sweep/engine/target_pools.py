"""Kinds of compute targets that are made: pools of nodes.

Each function takes a description in HyperDrive's words, checks it, and returns what the registry
keeps. A secret never comes in here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sweep.core.words import counted
from sweep.engine.target_checks import (
    fingerprint,
    login,
    number,
    private_file,
    requirements,
    whole,
    word,
)
from sweep.errors import ComputeTargetException

PRIORITIES = ("dedicated", "lowpriority")
PROVIDERS = ("local", "ssh", "slurm", "azure", "aws", "gcp")
CLOUDS = ("azure", "aws", "gcp")
OPTIONS = {
    **dict.fromkeys(("hosts", "host_keys", "username", "private_key_file"), ("ssh",)),
    **dict.fromkeys(("secret_file", "python", "packages", "head_address"), ("ssh",)),
    **dict.fromkeys(("partition", "time_limit_minutes"), ("slurm",)),
    "location": CLOUDS,
}
"""What only some providers understand."""
RENAMED = {"time_limit_minutes": "time_minutes", "head_address": "address"}
"""What providers call it, where that is another word."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a description comes to.

    Attributes:
        properties: what was said, checked, with defaults.
        cluster: for `cluster_of`, without the target's name; None where no run can execute.
        notes: what of it has no effect here, and other things that the user should know.
        trouble: why it cannot be provisioned here.
    """

    properties: dict[str, Any]
    cluster: dict[str, Any] | None
    notes: list[str] = field(default_factory=list)
    trouble: str = ""


def amlcompute(  # noqa: PLR0913 - a pool has many sides
    *,
    vm_size: str = "",
    vm_priority: str = "dedicated",
    min_nodes: int = 0,
    max_nodes: int | None = None,
    idle_seconds_before_scaledown: float = 1800,
    provider: str = "local",
    cpus_per_node: float = 1,
    gpus_per_node: float = 0,
    hosts: Sequence[str] = (),
    username: str = "",
    host_keys: Mapping[str, str] | None = None,
    private_key_file: str = "",
    secret_file: str = "",
    python: str = "",
    packages: Sequence[str] = (),
    head_address: str = "",
    partition: str = "",
    time_limit_minutes: int | None = None,
    location: str = "",
    options: Mapping[str, Any] | None = None,
) -> Made:
    """Return a pool of nodes that grows to what sweeps can use, and shrinks when it is idle.

    Raises:
        ComputeTargetException: something is missing, or has no meaning.
    """
    if max_nodes is None:
        raise ComputeTargetException("max_nodes is mandatory: how many nodes there may be at once")
    _check_bounds(min_nodes, max_nodes)
    number("idle_seconds_before_scaledown", idle_seconds_before_scaledown)
    number("cpus_per_node", cpus_per_node)
    number("gpus_per_node", gpus_per_node)
    word("vm_priority", vm_priority, PRIORITIES)
    word("provider", provider, PROVIDERS)
    if provider in CLOUDS and not vm_size:
        raise ComputeTargetException(
            f"vm_size: provider {provider} needs the size of its machines"
        )
    if (provider == "ssh") != bool(hosts):
        raise ComputeTargetException("hosts: provider ssh, and no other, needs a list of hosts")
    _check_hosts(hosts, host_keys or {}, max_nodes)
    if python and packages:
        raise ComputeTargetException(
            f"packages: {python} has what it has: leave python away, and an environment with them"
            " is made on each host"
        )
    properties = {
        "vm_size": vm_size,
        "vm_priority": vm_priority,
        "min_nodes": min_nodes,
        "max_nodes": max_nodes,
        "idle_seconds_before_scaledown": idle_seconds_before_scaledown,
        "provider": provider,
        "cpus_per_node": cpus_per_node,
        "gpus_per_node": gpus_per_node,
    }
    said = {
        "hosts": list(hosts),
        "host_keys": dict(host_keys or {}),
        "username": username,
        "private_key_file": private_key_file and private_file(private_key_file),
        "secret_file": secret_file and private_file(secret_file),
        "python": python,
        "packages": requirements("packages", packages),
        "head_address": head_address,
        "partition": partition,
        "time_limit_minutes": time_limit_minutes,
        "location": location,
    }
    said = {key: value for key, value in said.items() if value}
    if strange := [key for key in said if provider not in OPTIONS[key]]:
        raise ComputeTargetException(f"{strange[0]} has no meaning with provider {provider}")
    about = {**properties, **said, **({"options": dict(options)} if options else {})}
    inner = {RENAMED.get(key, key): value for key, value in said.items()} | dict(options or {})
    notes = _notes(provider, vm_size, vm_priority, cpus_per_node, gpus_per_node)
    if provider in CLOUDS:
        trouble = (
            f"machines of {provider} are brought up by Ray's cluster launcher: `sweep"
            " computetarget create amlcompute --dry-run` prints its configuration for `ray up`;"
            " then attach the Ray cluster that comes of it: `sweep computetarget attach existing`"
        )
        return Made(about, None, notes, trouble)
    return Made(about, {"kind": "pool", **properties, "options": inner}, notes)


def kubernetes(  # noqa: PLR0913 - a pool has many sides
    *,
    namespace: str = "default",
    image: str = "",
    min_nodes: int = 0,
    max_nodes: int = 4,
    idle_seconds_before_scaledown: float = 120,
    cpus_per_node: float = 1,
    gpus_per_node: float = 0,
) -> Made:
    """Return a pool on Kubernetes: manifests for KubeRay, which its user applies.

    Raises:
        ComputeTargetException: something has no meaning.
    """
    _check_bounds(min_nodes, max_nodes)
    number("idle_seconds_before_scaledown", idle_seconds_before_scaledown)
    number("cpus_per_node", cpus_per_node)
    number("gpus_per_node", gpus_per_node)
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", namespace):
        raise ComputeTargetException(f"namespace: no name of Kubernetes's: {namespace!r}")
    properties = {
        "namespace": namespace,
        "image": image,
        "min_nodes": min_nodes,
        "max_nodes": max_nodes,
        "idle_seconds_before_scaledown": idle_seconds_before_scaledown,
        "cpus_per_node": cpus_per_node,
        "gpus_per_node": gpus_per_node,
    }
    return Made(properties, None)


def _check_hosts(hosts: Sequence[str], keys: Mapping[str, str], most: int) -> None:
    """Refuse what names no hosts, fingerprints of others, and more nodes than there are hosts."""
    for place in hosts:
        login("hosts", place)
    for place, key in keys.items():
        word("host_keys", place, hosts)
        fingerprint("host_keys", key)
    if hosts and most > len({*hosts}):
        raise ComputeTargetException(
            f"max_nodes: expected at most the number of hosts ({len({*hosts})}), for each has one"
            f" node, got {most}"
        )


def _check_bounds(least: int, most: int) -> None:
    whole("max_nodes", most, 0)
    whole("min_nodes", least, 0)
    if least > most:
        raise ComputeTargetException(
            f"min_nodes: expected at most max_nodes ({most}), got {least}"
        )


def _notes(provider: str, vm_size: str, vm_priority: str, cpus: float, gpus: float) -> list[str]:
    """Return what has no effect with a provider."""
    notes = []
    if provider not in CLOUDS and vm_size:
        notes.append(
            f"vm_size {vm_size} is noted and has no effect: a node of provider {provider} has"
            f" {counted(cpus, 'CPU')} and {counted(gpus, 'GPU')} (cpus_per_node, gpus_per_node)"
        )
    if provider not in CLOUDS and vm_priority != "dedicated":
        notes.append(f"vm_priority {vm_priority} has no effect with provider {provider}")
    return notes
