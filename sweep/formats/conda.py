"""`CondaDependencies`: the packages of an environment, as a conda file has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

DEFAULT_CPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04"
"""What the service's snippets name; runs here are plain processes."""


class CondaDependencies(dict[str, Any]):
    """A conda file as a mapping: `name`, `dependencies`."""

    @classmethod
    def create(
        cls,
        pip_indexurl: str | None = None,  # noqa: ARG003 - the service's signature
        pip_packages: Sequence[str] | None = None,
        conda_packages: Sequence[str] | None = None,
        python_version: str | None = None,
        pin_sdk_version: bool = True,  # noqa: ARG003
    ) -> CondaDependencies:
        """Return the packages as a conda file has them.

        Args:
            pip_indexurl: has no effect.
            pip_packages: that pip installs.
            conda_packages: that conda installs.
            python_version: such as "3.11".
            pin_sdk_version: has no effect.
        """
        python = [f"python={python_version}"] if python_version else []
        pip = [{"pip": list(pip_packages)}] if pip_packages else []
        dependencies = [*python, *(conda_packages or ()), *pip]
        return cls(name="project_environment", dependencies=dependencies)

    def add_channel(self, channel: str) -> None:
        """Add a channel of conda's."""
        self["channels"] = [*self.get("channels", ()), channel]

    def set_python_version(self, version: str) -> None:
        """Say which Python it is to be, such as "3.11"."""
        kept = [
            word for word in self.get("dependencies", ()) if not str(word).startswith("python=")
        ]
        self["dependencies"] = [f"python={version}", *kept]

    def add_conda_package(self, conda_package: str) -> None:
        """Add a package of conda's."""
        self.setdefault("dependencies", []).insert(0, conda_package)

    def add_pip_package(self, pip_package: str) -> None:
        """Add a package of pip's."""
        for entry in self.setdefault("dependencies", []):
            if isinstance(entry, dict):
                entry["pip"].append(pip_package)
                return
        self["dependencies"].append({"pip": [pip_package]})
