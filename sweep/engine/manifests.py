"""What is generated for others to bring up: KubeRay manifests, Ray cluster launcher files."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import fields
from importlib.metadata import version
from typing import Any

from sweep.compute import kubernetes, launcher
from sweep.engine.target_pools import CLOUDS
from sweep.errors import ComputeTargetException

_OURS = {"idle_seconds_before_scaledown": "idle_seconds", "location": "region"}
"""Words of a pool's, and what the generators call them."""


def manifests(kind: str, name: str, about: Mapping[str, Any], more: Mapping[str, Any]) -> str:
    """Return a document that brings up a Ray cluster, once it is applied.

    Args:
        kind: kubernetes, or amlcompute with a provider that is a cloud.
        name: of the cluster.
        about: what a pool is described by.
        more: properties of the generator's own, by name.

    Raises:
        ConfigError: something is missing, or has no meaning.
    """
    said = {_OURS.get(key, key): value for key, value in about.items() if value}
    if kind == "kubernetes":
        asked: dict[str, Any] = {
            "image": f"rayproject/ray:{version('ray')}",
            "ray_version": version("ray"),
            **said,
        }
        asked["cpus"] = f"{asked.pop('cpus_per_node', 1):g}"
        generator: Any = kubernetes
        properties: Any = kubernetes.KubernetesProperties
    elif (provider := about.get("provider")) in CLOUDS:
        asked = {"provider": provider, "region": "", "token_file": "", **said}
        asked["cpus"] = int(asked.pop("cpus_per_node", 1))
        generator, properties = launcher, launcher.LauncherProperties
    else:
        raise ComputeTargetException("--dry-run is for kubernetes, and for azure, aws and gcp")
    asked["gpus"] = int(asked.pop("gpus_per_node", 0))
    asked["idle_seconds"] = int(asked.get("idle_seconds", 60))
    known = {f.name for f in fields(properties)}
    for key, value in more.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ComputeTargetException(f"--set {key}: there is no such property{hint}")
        asked[key] = value
    made = properties(name=name, **{key: asked[key] for key in asked if key in known})
    document: str = generator.as_yaml(made)
    return document
