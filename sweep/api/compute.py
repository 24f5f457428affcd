"""The classes of compute targets, all of which `ComputeTarget` must know."""

from sweep.api.attached import (
    AdlaCompute,
    BatchCompute,
    DatabricksCompute,
    HDInsightCompute,
    RayCompute,
    RemoteCompute,
)
from sweep.api.managed import AmlCompute, KubernetesCompute
from sweep.api.target import ComputeTarget

__all__ = [
    "AdlaCompute",
    "AmlCompute",
    "BatchCompute",
    "ComputeTarget",
    "DatabricksCompute",
    "HDInsightCompute",
    "KubernetesCompute",
    "RayCompute",
    "RemoteCompute",
]
