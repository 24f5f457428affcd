"""Compute targets that are there already: remote machines, Spark, batch systems, Ray clusters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sweep.api.target import ComputeTarget, TargetConfiguration
from sweep.engine.provisioning import describe
from sweep.errors import ComputeTargetException


class RemoteCompute(ComputeTarget):
    """A machine that is reached by SSH."""

    kind = "remote"
    type = "VirtualMachine"

    @staticmethod
    def attach_configuration(  # noqa: PLR0913, PLR0917 - the service's signature
        username: str,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        vm_name: str | None = None,
        resource_id: str | None = None,
        address: str | None = None,
        ssh_port: int | str = 22,
        password: str | None = "",
        private_key_file: str | None = "",
        private_key_passphrase: str | None = "",
        **ours: Any,
    ) -> TargetConfiguration:
        """Describe a machine.

        Args:
            username: of an account there.
            subscription_id: refused, as a name of Azure's.
            resource_group: likewise.
            vm_name: likewise.
            resource_id: likewise.
            address: its name or IP address.
            ssh_port: where its SSH server listens.
            password: of the account; not kept.
            private_key_file: a key that opens the account; only its path is kept.
            private_key_passphrase: of that file; not kept.
            ours: beyond the service's: `host_key` (a fingerprint), `jump_host`, `jump_host_key`,
                `secret_file`, `python`, `packages`.

        Raises:
            ComputeTargetException: something is missing, or has no meaning.
        """
        names = (subscription_id, resource_group, vm_name)
        about = {
            "username": username,
            "address": _one_of(address, resource_id, names),
            "resource_id": resource_id or (vm_name or ""),
            "ssh_port": ssh_port,
            "private_key_file": private_key_file or "",
            **ours,
        }
        return _attached(
            "remote", about, _secret(password, private_key_file, private_key_passphrase)
        )


class HDInsightCompute(ComputeTarget):
    """A Spark cluster."""

    kind = "hdinsight"
    type = "HDInsight"

    @staticmethod
    def attach_configuration(  # noqa: PLR0913, PLR0917 - the service's signature
        username: str = "",
        subscription_id: str | None = None,
        resource_group: str | None = None,
        cluster_name: str | None = None,
        resource_id: str | None = None,
        address: str | None = None,
        ssh_port: int | str = "22",
        password: str | None = "",
        private_key_file: str | None = "",
        private_key_passphrase: str | None = "",
        **ours: Any,
    ) -> TargetConfiguration:
        """Describe a Spark cluster.

        Args:
            username: of an account on its head.
            subscription_id: refused, as a name of Azure's.
            resource_group: likewise.
            cluster_name: likewise.
            resource_id: likewise.
            address: of its head.
            ssh_port: where the head's SSH server listens.
            password: of the account; not kept.
            private_key_file: a key that opens the account; only its path is kept.
            private_key_passphrase: of that file; not kept.
            ours: beyond the service's: `master` (spark://host:port, or yarn), seen from here where
                there is no address; `python`, an interpreter that head and workers have; and
                more, see `target_kinds.hdinsight`.

        Raises:
            ComputeTargetException: something is missing, or has no meaning.
        """
        secret = _secret(password, private_key_file, private_key_passphrase)
        if ours.get("master") and not address:
            return _attached("hdinsight", {"address": address or "", **ours}, secret)
        names = (subscription_id, resource_group, cluster_name)
        about = {
            "username": username,
            "address": _one_of(address, resource_id, names),
            "resource_id": resource_id or (cluster_name or ""),
            "ssh_port": ssh_port,
            "private_key_file": private_key_file or "",
            **ours,
        }
        return _attached("hdinsight", about, secret)


class BatchCompute(ComputeTarget):
    """A batch system: an account of Azure Batch, or Slurm."""

    kind = "batch"
    type = "Batch"

    @staticmethod
    def attach_configuration(
        resource_group: str | None = None,
        account_name: str | None = None,
        resource_id: str | None = None,
        **ours: Any,
    ) -> TargetConfiguration:
        """Describe a batch system.

        Args:
            resource_group: of an account of Azure Batch.
            account_name: likewise.
            resource_id: instead of these.
            ours: beyond the service's: `scheduler` (azure, slurm), `pool_name`, `partition`, and
                more, see `target_kinds.batch`.

        Raises:
            ComputeTargetException: something is missing, or has no meaning.
        """
        about = {
            "resource_group": resource_group or "",
            "account_name": account_name or "",
            "resource_id": resource_id or "",
            **ours,
        }
        return _attached("batch", about)


class RayCompute(ComputeTarget):
    """A Ray cluster that is there already."""

    kind = "existing"
    type = "Ray"

    @staticmethod
    def attach_configuration(
        address: str,
        token: str = "",
        secret_file: str = "",
        allow_unauthenticated: bool = False,
    ) -> TargetConfiguration:
        """Describe a Ray cluster.

        Args:
            address: ``host:port`` of its GCS.
            token: by which it lets us in; not kept.
            secret_file: a file with the token, which only its owner can read.
            allow_unauthenticated: accept a cluster that lets anybody in.

        Raises:
            ComputeTargetException: something is missing, or has no meaning.
        """
        about = {
            "address": address,
            "secret_file": secret_file,
            "allow_unauthenticated": allow_unauthenticated,
        }
        return _attached("existing", about, token)


class _Refused:
    """What is not to be had; says what is nearest."""

    kind: ClassVar[str]

    @classmethod
    def attach_configuration(cls, *_: Any, **__: Any) -> TargetConfiguration:
        """Refuse.

        Raises:
            ComputeTargetException: always.
        """
        return _attached(cls.kind, {})


class DatabricksCompute(_Refused, ComputeTarget):
    """Refused; says what is nearest."""

    kind = "databricks"
    type = "Databricks"


class AdlaCompute(_Refused, ComputeTarget):
    """Refused; says what is nearest."""

    kind = "datalakeanalytics"
    type = "DataLakeAnalytics"


def _attached(kind: str, about: Mapping[str, Any], secret: str = "") -> TargetConfiguration:
    """Return a description; what is wrong with it is said now."""
    describe(kind, about)
    return TargetConfiguration(kind, about, secret)


def _one_of(
    address: str | None, resource_id: str | None, names: tuple[str | None, str | None, str | None]
) -> str:
    """Return the address; exactly one of the three ways to name a machine is taken."""
    if sum(map(bool, (address, resource_id, any(names)))) != 1 or (any(names) and not all(names)):
        raise ComputeTargetException(
            "give exactly one of: address; resource_id; subscription_id, resource_group and name"
        )
    return address or ""


def _secret(password: str | None, key: str | None, passphrase: str | None) -> str:
    if password and key:
        raise ComputeTargetException("give either password or private_key_file, not both")
    if passphrase and not key:
        raise ComputeTargetException("private_key_passphrase goes with private_key_file")
    return password or passphrase or ""
