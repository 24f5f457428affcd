"""`ComputeTarget`: a place where runs execute, under the service's names."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any, ClassVar

from sweep.api.warn import warn
from sweep.api.workspace import Workspace
from sweep.engine.provisioning import provision, register, remove
from sweep.engine.target_kinds import CREATED
from sweep.errors import ComputeTargetException
from sweep.storage.targets import TargetRegistry


@dataclass(frozen=True, slots=True)
class TargetConfiguration:
    """What a target is to be; made by `provisioning_configuration` and `attach_configuration`.

    Attributes:
        kind: HyperDrive's word.
        about: see the functions of `sweep.engine.target_kinds`.
        secret: password, passphrase or token; it is never kept.
        notes: what of it has no effect here.
    """

    kind: str
    about: Mapping[str, Any]
    secret: str = field(default="", repr=False)
    notes: tuple[str, ...] = ()


class ComputeTarget:
    """A compute target of a workspace; of the class that fits its kind.

    Args:
        workspace: where it is registered.
        name: of the target.

    Attributes:
        workspace: where it is registered.
        name: of the target.

    Raises:
        ComputeTargetException: there is none of that name, or it is of another kind.
    """

    kind: ClassVar[str] = ""
    type: ClassVar[str] = ""
    _classes: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        """Be the class for a kind."""
        ComputeTarget._classes[cls.kind] = cls

    def __new__(cls, workspace: Workspace, name: str) -> ComputeTarget:  # noqa: PYI034
        """Return an object of the class that fits the target's kind."""
        entry = TargetRegistry(workspace.folder).get(name)
        fitting = cls._classes.get(entry.kind, ComputeTarget)
        if not issubclass(fitting, cls):
            raise ComputeTargetException(
                f"{name} is a compute target of type {fitting.type}, not {cls.type}"
            )
        found: ComputeTarget = object.__new__(fitting)
        return found

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.workspace = workspace
        self.name = name
        self._entry = TargetRegistry(workspace.folder).get(name)

    # ---- making and finding them --------------------------------------------------------

    @classmethod
    def create(
        cls, workspace: Workspace, name: str, provisioning_configuration: TargetConfiguration
    ) -> ComputeTarget:
        """Make a target of a kind that is made; `wait_for_completion` says how that went.

        Raises:
            ComputeTargetException: the name is not allowed or taken, or it cannot be had.
        """
        return cls._add(workspace, name, provisioning_configuration, attached=False)

    @classmethod
    def attach(
        cls, workspace: Workspace, name: str, attach_configuration: TargetConfiguration
    ) -> ComputeTarget:
        """Register a target that is there already; `wait_for_completion` tries to reach it.

        A password, passphrase or token is not kept: this process and those that it starts know
        it, later ones take it from the variable ``SWEEP_SECRET_<NAME>``, or ask for it.

        Raises:
            ComputeTargetException: the name is not allowed or taken, or it cannot be had.
        """
        return cls._add(workspace, name, attach_configuration, attached=True)

    @classmethod
    def _add(
        cls, workspace: Workspace, name: str, configuration: Any, *, attached: bool
    ) -> ComputeTarget:
        verb, maker = ("attach", "attach_") if attached else ("create", "provisioning_")
        if not isinstance(configuration, TargetConfiguration):
            raise ComputeTargetException(
                f"{verb}: expected what {maker}configuration returns, got {configuration!r}"
            )
        kind = configuration.kind
        if attached == (kind in CREATED):
            other = "create" if attached else "attach"
            raise ComputeTargetException(f"ComputeTarget.{other} is for targets of kind {kind}")
        notes = register(workspace.folder, name, kind, configuration.about, configuration.secret)
        for note in (*configuration.notes, *notes):
            warn(note)
        return ComputeTarget(workspace, name)

    @staticmethod
    def list(workspace: Workspace) -> list[ComputeTarget]:
        """Return the targets of a workspace; `local` is the first."""
        entries = TargetRegistry(workspace.folder).entries()
        return [ComputeTarget(workspace, entry.name) for entry in entries]

    # ---- what it is ---------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The workspace and the name."""
        return f"{self.workspace.folder.path}/computetargets/{self.name}"

    @property
    def location(self) -> str:
        """Where it is: a cloud's region, an address, or here."""
        about = self._entry.properties
        return str(about.get("location") or about.get("address") or "local")

    @property
    def tags(self) -> Mapping[str, str]:
        """What its user has attached to it."""
        return dict(self._entry.properties.get("tags", {}))

    @property
    def description(self) -> str:
        """What its user says it is."""
        return str(self._entry.properties.get("description", ""))

    @property
    def provisioning_state(self) -> str:
        """Creating, Succeeded or Failed."""
        return self._entry.state

    @property
    def provisioning_errors(self) -> str | None:
        """Why it has failed."""
        return self._entry.error or None

    @property
    def cluster_resource_id(self) -> str:
        """What it is called where it comes from."""
        about = self._entry.properties
        return str(about.get("resource_id") or about.get("account_name") or self.location)

    @property
    def cluster_location(self) -> str:
        """The same as `location`."""
        return self.location

    @property
    def is_attached(self) -> bool:
        """Whether it was there before it was registered."""
        return self._entry.attached

    @property
    def created_on(self) -> datetime:
        """When it was registered."""
        return datetime.fromtimestamp(self._entry.created, timezone.utc)

    @property
    def modified_on(self) -> datetime:
        """When it was changed last."""
        return datetime.fromtimestamp(self._entry.modified, timezone.utc)

    def serialize(self) -> dict[str, Any]:
        """Return it as a JSON value, under the service's names; never a secret."""
        about = self._entry.properties
        return {
            "id": self.id,
            "name": self.name,
            "location": self.location,
            "tags": self.tags,
            "properties": {
                "computeType": self.type,
                "computeLocation": self.location,
                "description": self.description,
                "resourceId": self.cluster_resource_id,
                "isAttachedCompute": self.is_attached,
                "provisioningState": self.provisioning_state,
                "provisioningErrors": self.provisioning_errors,
                "createdOn": self.created_on.isoformat(),
                "modifiedOn": self.modified_on.isoformat(),
                "properties": self._described(about),
            },
        }

    def _described(self, about: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is particular to its kind; what was not said is left out."""
        hidden = ("tags", "description")
        return {k: v for k, v in about.items() if k not in hidden and v not in ("", [], None)}

    # ---- what can be done with it -------------------------------------------------------

    def wait_for_completion(
        self,
        show_output: bool = False,
        is_delete_operation: bool = False,
    ) -> None:
        """See that it can be used: reach it, and log in where that is needed.

        Args:
            show_output: print the state.
            is_delete_operation: it is to be gone, which it is once `delete` has returned.

        Raises:
            ComputeTargetException: it cannot be used; says why.
        """
        if is_delete_operation and self.provisioning_state == "Deleting":
            return
        if show_output:
            self._print(f"{self.provisioning_state}...")
        told = self._print if show_output else lambda _: None
        self._entry = provision(self.workspace.folder, self.name, told)
        if self.provisioning_state != "Succeeded":
            raise ComputeTargetException(f"{self.name}: {self.provisioning_errors}")
        if show_output:
            self._print(f"{self.provisioning_state}\n{self.type} is ready")

    def refresh_state(self) -> None:
        """Read again what is kept of it.

        Raises:
            ComputeTargetException: it is gone.
        """
        self._entry = TargetRegistry(self.workspace.folder).get(self.name)

    def get_status(self) -> Any:
        """Return how it stands: its provisioning state."""
        self.refresh_state()
        return self.provisioning_state

    def delete(self) -> None:
        """Remove what was created.

        Raises:
            ComputeTargetException: it was attached (`detach` it), or a sweep works on it.
        """
        remove(self.workspace.folder, self.name, attached=False)
        self._entry = replace(self._entry, state="Deleting")

    def detach(self) -> None:
        """Forget what was attached; it goes on by itself.

        Raises:
            ComputeTargetException: it was created (`delete` it), or a sweep works on it.
        """
        remove(self.workspace.folder, self.name, attached=True)
        self._entry = replace(self._entry, state="Deleting")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.workspace!r}, {self.name!r})"

    @staticmethod
    def _print(text: str) -> None:
        sys.stdout.write(f"{text}\n")


class LocalTarget(ComputeTarget):
    """This machine, which is always there."""

    kind = "local"
    type = "Local"
