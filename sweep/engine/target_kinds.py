"""Kinds of compute targets: what each is described by, and the cluster that comes of it.

Each function takes a description in HyperDrive's words, checks it, and returns what the registry
keeps. A secret never comes in here.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sweep.engine.elsewhere import ELSEWHERE
from sweep.engine.target_checks import (
    fingerprint,
    host,
    login,
    number,
    port,
    private_file,
    requirements,
    user,
    whole,
    word,
)
from sweep.engine.target_pools import Made, amlcompute, kubernetes
from sweep.errors import ComputeTargetException

SCHEDULERS = ("azure", "slurm")


def remote(  # noqa: PLR0913 - a machine has many sides
    *,
    address: str = "",
    username: str = "",
    ssh_port: int | str = 22,
    private_key_file: str = "",
    secret_file: str = "",
    host_key: str = "",
    jump_host: str = "",
    jump_host_key: str = "",
    python: str = "",
    packages: Sequence[str] = (),
    resource_id: str = "",
) -> Made:
    """Return a machine that is reached by SSH.

    Raises:
        ComputeTargetException: something is missing, or has no meaning.
    """
    if resource_id:
        raise ComputeTargetException(
            "resource_id and vm_name are names of Azure's, of which nothing is known here: give"
            " the machine's address"
        )
    if not address:
        raise ComputeTargetException("address: which machine? Give its name or IP address")
    host("address", address)
    user("username", username)
    for jump in jump_host.split(",") if jump_host else ():
        login("jump_host", jump.strip())
    properties = {
        "address": address,
        "ssh_port": port("ssh_port", ssh_port),
        "username": username,
        "private_key_file": private_file(private_key_file) if private_key_file else "",
        "secret_file": private_file(secret_file) if secret_file else "",
        "host_key": fingerprint("host_key", host_key),
        "jump_host": jump_host,
        "jump_host_key": fingerprint("jump_host_key", jump_host_key),
        "python": python,
        "packages": requirements("packages", packages),
    }
    if python and packages:
        raise ComputeTargetException(
            f"packages: {python} has what it has: leave python away, and an environment with them"
            " is made there"
        )
    return Made(properties, {"kind": "remote", **properties})


def hdinsight(  # noqa: PLR0913 - a Spark cluster has many sides
    *,
    master: str = "",
    address: str = "",
    min_nodes: int = 0,
    max_nodes: int = 1,
    idle_seconds_before_scaledown: float = 60,
    cpus_per_node: int = 1,
    gpus_per_node: int = 0,
    driver_host: str = "",
    python: str = "",
    spark_home: str = "",
    allow_unauthenticated: bool = False,
    properties: Mapping[str, str] | None = None,
    secret_file: str = "",
    **about: Any,
) -> Made:
    """Return a Spark cluster: by its master, or by its head, which is reached by SSH.

    Raises:
        ComputeTargetException: something is missing, or has no meaning.
    """
    kept: dict[str, Any] = {
        "master": master or ("yarn" if address else ""),
        "min_nodes": min_nodes,
        "max_nodes": max_nodes,
        "cpus_per_node": cpus_per_node,
        "gpus_per_node": gpus_per_node,
        "driver_host": driver_host,
        "python": python,
        "spark_home": spark_home,
        "allow_unauthenticated": allow_unauthenticated,
        "properties": dict(properties or {}),
    }
    idle = idle_seconds_before_scaledown
    spark = {"kind": "spark", **kept, "idle_seconds": idle}
    kept["idle_seconds_before_scaledown"] = idle
    if master and not address:
        secret = private_file(secret_file) if secret_file else ""
        return Made({**kept, "secret_file": secret}, {**spark, "secret": secret})
    head = remote(address=address, python=python, secret_file=secret_file, **about)
    kept = {**head.properties, **kept}
    if not python:
        return Made(
            kept,
            None,
            trouble="python: name an interpreter that its head and its workers all have, with"
            " hypersweep and what its extra `spark` needs; or, where its Spark can be reached from"
            " here, attach it by its master: yarn, or spark://host:7077",
        )
    return Made(kept, {**(head.cluster or {}), "cluster": spark})


def batch(  # noqa: PLR0913 - two systems in one word
    *,
    resource_group: str = "",
    account_name: str = "",
    resource_id: str = "",
    scheduler: str = "azure",
    pool_name: str = "",
    account_url: str = "",
    location: str = "",
    partition: str = "",
    max_nodes: int = 4,
    cpus_per_node: float = 1,
    time_limit_minutes: int | None = None,
    idle_seconds_before_scaledown: float = 120,
    python: str = "",
    head_address: str = "",
) -> Made:
    """Return a batch system: Slurm, or an account of Azure Batch.

    Raises:
        ComputeTargetException: something is missing, or has no meaning.
    """
    word("scheduler", scheduler, SCHEDULERS)
    if scheduler == "slurm":
        made = amlcompute(
            provider="slurm",
            max_nodes=max_nodes,
            cpus_per_node=cpus_per_node,
            partition=partition,
            time_limit_minutes=time_limit_minutes,
            idle_seconds_before_scaledown=idle_seconds_before_scaledown,
        )
        return Made({"scheduler": scheduler, **made.properties}, made.cluster, made.notes)
    pair = bool(resource_group), bool(account_name)
    if resource_id and any(pair):
        raise ComputeTargetException("give either resource_id, or resource_group and account_name")
    if not resource_id and not all(pair):
        raise ComputeTargetException(
            "an Azure Batch account is named by resource_group and account_name, or by resource_id"
        )
    account = account_name or resource_id.rpartition("/")[2]
    whole("max_nodes", max_nodes, 1)
    number("cpus_per_node", cpus_per_node)
    pool = {
        "min_nodes": 0,
        "max_nodes": max_nodes,
        "idle_seconds_before_scaledown": idle_seconds_before_scaledown,
        "cpus_per_node": cpus_per_node,
    }
    properties = {
        "scheduler": scheduler,
        "resource_group": resource_group,
        "account_name": account,
        "resource_id": resource_id,
        "pool_name": pool_name,
        "account_url": account_url,
        "location": location,
        "python": python,
        "head_address": head_address,
        **pool,
    }
    options = {
        "account": account,
        "resource_group": resource_group,
        "location": location,
        "pool": pool_name,
        "endpoint": account_url,
        "python": python,
        "address": head_address,
    }
    options = {key: value for key, value in options.items() if value}
    cluster = {"kind": "pool", **pool, "provider": "azure-batch", "options": options}
    return Made(properties, cluster)


def existing(
    *, address: str = "", secret_file: str = "", allow_unauthenticated: bool = False
) -> Made:
    """Return a Ray cluster that is there already.

    Raises:
        ComputeTargetException: something is missing, or has no meaning.
    """
    if address.startswith("ray://"):
        raise ComputeTargetException(
            f"address: {address} is for Ray's client, which loses runs with its connection; give"
            " the address of the cluster's GCS, such as host:6379, from one of its nodes"
        )
    name, _, number_of_port = address.rpartition(":")
    if not name:
        raise ComputeTargetException(f"address: expected HOST:PORT, got {address!r}")
    host("address", name)
    port("address", number_of_port)
    properties = {
        "address": address,
        "secret_file": private_file(secret_file) if secret_file else "",
        "allow_unauthenticated": allow_unauthenticated,
    }
    return Made(properties, {"kind": "existing", **properties})


KINDS: dict[str, Callable[..., Made]] = {
    "amlcompute": amlcompute,
    "remote": remote,
    "hdinsight": hdinsight,
    "batch": batch,
    "kubernetes": kubernetes,
    "existing": existing,
}
CREATED = ("amlcompute", "kubernetes")
"""Kinds that are made and deleted; the others are attached and detached."""


def made(kind: str, about: Mapping[str, Any]) -> Made:
    """Return what a description of a target of a kind comes to.

    Raises:
        ComputeTargetException: there is no such kind, or the description is wrong.
    """
    if kind.lower() in ELSEWHERE:
        raise ComputeTargetException(ELSEWHERE[kind.lower()])
    if kind not in KINDS:
        near = difflib.get_close_matches(kind, KINDS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ComputeTargetException(
            f"there are no compute targets of kind {kind!r}{hint}; there are: {', '.join(KINDS)}"
        )
    return KINDS[kind](**about)
