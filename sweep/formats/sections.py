"""Sections of a run configuration by the names that Python code of the service has for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sweep.errors import ConfigError
from sweep.formats.record import Section
from sweep.formats.runconfig import RunConfiguration


class MpiConfiguration(Section):
    """The section `mpi`: processes on one or more nodes.

    Args:
        process_count_per_node: how many on each.
        node_count: nodes of one run.
    """

    def __init__(self, process_count_per_node: int = 1, node_count: int = 1) -> None:
        super().__init__(processCountPerNode=process_count_per_node, nodeCount=node_count)

    def in_use(self, configuration: RunConfiguration) -> RunConfiguration:
        """Return a run configuration with it."""
        return replace(configuration, mpi=self, communicator="OpenMpi")


class PyTorchConfiguration(Section):
    """The section `pytorch`: processes of torch.distributed.

    Args:
        communication_backend: Nccl or Gloo; has no effect: the script says it.
        process_count: in all; None for one on each node.
        node_count: nodes of one run.
    """

    def __init__(
        self,
        communication_backend: str = "Nccl",
        process_count: int | None = None,
        node_count: int = 1,
    ) -> None:
        super().__init__(
            communicationBackend=communication_backend,
            processCount=process_count,
            nodeCount=node_count,
        )

    def in_use(self, configuration: RunConfiguration) -> RunConfiguration:
        """Return a run configuration with it."""
        return replace(configuration, pytorch=self, framework="PyTorch")


class DockerConfiguration(Section):
    """The section `docker` of a run: whether it is in a container of its environment's image.

    Args:
        use_docker: whether it is.
        shared_volumes: has no effect.
        arguments: further ones for `docker run`.
        shm_size: of /dev/shm, such as "2g".
    """

    def __init__(
        self,
        use_docker: bool = False,
        shared_volumes: bool = True,
        arguments: Sequence[str] | None = None,
        shm_size: str | None = None,
    ) -> None:
        super().__init__(
            useDocker=use_docker,
            sharedVolumes=shared_volumes,
            arguments=[*(arguments or ())],
            shmSize=shm_size,
        )

    def in_use(self, configuration: RunConfiguration) -> RunConfiguration:
        """Return a run configuration with it."""
        return replace(configuration, docker=self)


_DISTRIBUTED = (MpiConfiguration, PyTorchConfiguration)


def with_sections(own: RunConfiguration, job: object, docker: object) -> RunConfiguration:
    """Return a run configuration with what is said of a distributed job and of Docker.

    Raises:
        ConfigError: it is something else.
    """
    for name, given, kinds in (
        ("distributed_job_config", job, _DISTRIBUTED),
        ("docker_runtime_config", docker, (DockerConfiguration,)),
    ):
        if given is not None and not isinstance(given, kinds):
            expected = " or ".join(kind.__name__ for kind in kinds)
            raise ConfigError(f"{name}: expected {expected}, got {given!r}")
        own = own if given is None else given.in_use(own)
    return own
