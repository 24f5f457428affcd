"""Compute targets that are made: `AmlCompute`, `KubernetesCompute`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from sweep.api.target import ComputeTarget, TargetConfiguration
from sweep.engine.provisioning import change, describe, status
from sweep.errors import ComputeTargetException


@dataclass(frozen=True, slots=True)
class AmlComputeStatus:
    """How a pool stands.

    Attributes:
        provisioning_state: Creating, Succeeded or Failed.
        allocation_state: steady, or resizing.
        current_node_count: nodes that are there.
        target_node_count: nodes that there are to be.
        node_state_counts: nodes by what they do.
        scale_settings: min_node_count, max_node_count, idle_seconds_before_scaledown.
        errors: why nodes do not start.
        vm_size, vm_priority: as it was made.
        nodes: one by one.
        sweeps: how many use it.
        creation_time, modified_time: ISO texts.
    """

    provisioning_state: str
    allocation_state: str = "steady"
    current_node_count: int = 0
    target_node_count: int = 0
    node_state_counts: Mapping[str, int] = field(default_factory=dict)
    scale_settings: Mapping[str, Any] = field(default_factory=dict)
    errors: Sequence[Any] = ()
    vm_size: str = ""
    vm_priority: str = ""
    nodes: Sequence[Mapping[str, Any]] = ()
    sweeps: int = 0
    creation_time: str = ""
    modified_time: str = ""

    def serialize(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return asdict(self)


class AmlCompute(ComputeTarget):
    """A pool of nodes that grows to what sweeps can use, and shrinks when it is idle."""

    kind = "amlcompute"
    type = "AmlCompute"

    @staticmethod
    def provisioning_configuration(  # noqa: PLR0913, PLR0917 - the service's signature
        vm_size: str = "",
        vm_priority: str = "dedicated",
        min_nodes: int = 0,
        max_nodes: int | None = None,
        idle_seconds_before_scaledown: float = 1800,
        admin_username: str | None = None,
        admin_user_password: str | None = None,
        admin_user_ssh_key: str | None = None,
        vnet_resourcegroup_name: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        description: str | None = None,
        remote_login_port_public_access: str = "NotSpecified",
        identity_type: str | None = None,
        identity_id: Sequence[str] | None = None,
        location: str | None = None,
        enable_node_public_ip: bool = True,
        **ours: Any,
    ) -> TargetConfiguration:
        """Describe a pool.

        Args:
            vm_size: size of the machines; for clouds.
            vm_priority: "dedicated" or "lowpriority"; for clouds.
            min_nodes: that are kept when nothing runs.
            max_nodes: that there are at most; needed.
            idle_seconds_before_scaledown: after which an idle node ends.
            admin_username: has no effect.
            admin_user_password: has no effect.
            admin_user_ssh_key: has no effect.
            vnet_resourcegroup_name: has no effect.
            vnet_name: has no effect.
            subnet_name: has no effect.
            tags: kept with it.
            description: kept with it.
            remote_login_port_public_access: has no effect.
            identity_type: has no effect.
            identity_id: has no effect.
            location: region; for clouds.
            enable_node_public_ip: has no effect.
            ours: beyond the service's: `provider` (local, ssh, slurm, azure, aws, gcp),
                `cpus_per_node`, `gpus_per_node`, and more, see `target_pools.amlcompute`.

        Raises:
            ComputeTargetException: something is missing, or has no meaning.
        """
        _check_admin(admin_username, admin_user_password, admin_user_ssh_key)
        network = (vnet_resourcegroup_name, vnet_name, subnet_name)
        if any(network) and not all(network):
            raise ComputeTargetException(
                "vnet_resourcegroup_name, vnet_name, subnet_name: all three, or none"
            )
        if identity_id and identity_type != "UserAssigned":
            raise ComputeTargetException("identity_id needs identity_type='UserAssigned'")
        idle = {
            "admin_username": admin_username,
            "vnet_name": vnet_name,
            "identity_type": identity_type,
            "remote_login_port_public_access": remote_login_port_public_access != "NotSpecified",
            "enable_node_public_ip": not enable_node_public_ip,
        }
        useless = ", ".join(name for name, given in idle.items() if given)
        about = {
            "vm_size": vm_size,
            "vm_priority": vm_priority,
            "min_nodes": min_nodes,
            "max_nodes": max_nodes,
            "idle_seconds_before_scaledown": idle_seconds_before_scaledown,
            "location": location or "",
            "tags": dict(tags or {}),
            "description": description or "",
            **ours,
        }
        notes = (f"{useless}: without effect here",) if useless else ()
        describe("amlcompute", about)  # what is wrong is said here, as at the service
        return TargetConfiguration("amlcompute", about, notes=notes)

    @property
    def scale_settings(self) -> dict[str, Any]:
        """The bounds between which it scales."""
        names = ("min_nodes", "max_nodes", "idle_seconds_before_scaledown")
        return {name: self._entry.properties[name] for name in names}

    def update(
        self,
        min_nodes: int | None = None,
        max_nodes: int | None = None,
        idle_seconds_before_scaledown: float | None = None,
    ) -> None:
        """Change the bounds; a pool that is up goes by them from now on.

        Raises:
            ComputeTargetException: they make no sense.
        """
        given = {
            "min_nodes": min_nodes,
            "max_nodes": max_nodes,
            "idle_seconds_before_scaledown": idle_seconds_before_scaledown,
        }
        new = {name: value for name, value in given.items() if value is not None}
        self._entry = change(self.workspace.folder, self.name, new)

    def get_status(self) -> AmlComputeStatus:
        """Return how it stands."""
        self.refresh_state()
        found = status(self._entry) or {}
        if self.provisioning_state != "Succeeded":
            found["provisioning_state"] = self.provisioning_state
        known = {f.name for f in fields(AmlComputeStatus)}
        return AmlComputeStatus(
            **{key: value for key, value in found.items() if key in known},
            creation_time=self.created_on.isoformat(),
            modified_time=self.modified_on.isoformat(),
        )

    def wait_for_completion(  # type: ignore[override]
        self,
        show_output: bool = False,
        min_node_count: int | None = None,  # noqa: ARG002 - nodes start when a sweep wants them
        timeout_in_minutes: float = 25,  # noqa: ARG002
        is_delete_operation: bool = False,
    ) -> None:
        """See that it can be used; its nodes start when a sweep wants them.

        Args:
            show_output: print the state.
            min_node_count: has no effect: nodes start when a sweep wants them.
            timeout_in_minutes: has no effect.
            is_delete_operation: it is to be gone, which it is once `delete` has returned.

        Raises:
            ComputeTargetException: it cannot be used; says why.
        """
        super().wait_for_completion(show_output, is_delete_operation)

    def _described(self, about: Mapping[str, Any]) -> dict[str, Any]:
        own = super()._described(about)
        least, most = own.pop("min_nodes"), own.pop("max_nodes")
        idle = own.pop("idle_seconds_before_scaledown")
        settings = {
            "minNodeCount": least,
            "maxNodeCount": most,
            "nodeIdleTimeBeforeScaleDown": f"PT{idle:g}S",
        }
        return {
            "vmSize": own.pop("vm_size", ""),
            "vmPriority": own.pop("vm_priority"),
            "scaleSettings": settings,
            **own,
        }


class KubernetesCompute(ComputeTarget):
    """A description of a pool on Kubernetes: manifests for KubeRay, which its user applies."""

    kind = "kubernetes"
    type = "Kubernetes"

    @staticmethod
    def provisioning_configuration(
        namespace: str = "default", max_nodes: int = 4, **about: Any
    ) -> TargetConfiguration:
        """Describe it; `about` see `sweep.engine.target_pools.kubernetes`."""
        given = {"namespace": namespace, "max_nodes": max_nodes, **about}
        describe("kubernetes", given)
        return TargetConfiguration("kubernetes", given)


def _check_admin(username: str | None, password: str | None, key: str | None) -> None:
    if bool(username) != bool(password or key):
        raise ComputeTargetException(
            "admin_username goes with admin_user_password or admin_user_ssh_key, and the reverse"
        )
    kinds = ("[a-z]", "[A-Z]", "[0-9]", "[^A-Za-z0-9]")
    if password and sum(bool(re.search(kind, password)) for kind in kinds) < 3:
        raise ComputeTargetException(
            "admin_user_password: expected three of lower case, upper case, digits and others"
        )
