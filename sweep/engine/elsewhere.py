"""Compute targets of the service that cannot be here: why, and what is nearest."""

from __future__ import annotations

_POOL = "`sweep computetarget create amlcompute`"
_EXISTING = "`sweep computetarget attach existing` with the address of a Ray cluster"
_SPARK = "`sweep computetarget attach hdinsight` with a Spark master"

ELSEWHERE = {
    "databricks": (
        "databricks: its clusters are started through an account of Databricks, and sweeps never"
        f" ran on them (only pipeline steps did). Nearest: {_SPARK}, or Ray on that cluster and"
        f" {_EXISTING}"
    ),
    **dict.fromkeys(
        ("datalakeanalytics", "adla"),
        "Data Lake Analytics runs U-SQL jobs and no Python scripts, and the service was retired"
        f" in February 2024. Nearest: {_SPARK}",
    ),
    "datafactory": (
        "datafactory moves data and runs no scripts. Nearest: copy the data to where the runs can"
        " read it, and pass its path"
    ),
    "computeinstance": (
        "computeinstance is a machine of the service's studio. Nearest: `local`, the machine that"
        " you are on, or `sweep computetarget attach remote`"
    ),
    **dict.fromkeys(
        ("synapsespark", "kusto"),
        "this kind exists in the service's studio only. Nearest: " + _SPARK,
    ),
    **dict.fromkeys(
        ("containerinstance", "aci"),
        "containerinstance runs one container, and no sweep ever ran there. Nearest: " + _POOL,
    ),
    "aks": (
        "aks is the service's managed Kubernetes, made in an Azure account. Nearest:"
        " `sweep computetarget create kubernetes --dry-run`, which prints manifests for any"
        f" Kubernetes with KubeRay, then {_EXISTING}"
    ),
    **dict.fromkeys(
        ("dsvm", "virtualmachine"),
        "a virtual machine is made in its cloud; when it is there:"
        " `sweep computetarget attach remote`",
    ),
}
"""Kind, in lower case: a message for somebody who asks for it."""
