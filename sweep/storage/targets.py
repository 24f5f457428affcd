"""The registry of a workspace: its compute targets by name, one JSON file each, no secrets."""

from __future__ import annotations

import difflib
import json
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from sweep.errors import ComputeTargetException
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import WorkspaceFolder, write

FOLDER = "computetargets"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,22}[A-Za-z0-9]")
RESERVED = ("amlcompute", "containerinstance", "local")
"""Words that mean something else where a target is named."""


@dataclass(frozen=True, slots=True)
class TargetEntry:
    """One compute target.

    Attributes:
        name: by which runs name it.
        kind: HyperDrive's word: amlcompute, remote, hdinsight, batch, kubernetes, existing.
        properties: as its user gave them; never a secret.
        cluster: what `sweep.compute.kinds.cluster_of` takes; None where no run can execute.
        attached: it was there before; it is detached, and not deleted.
        state: HyperDrive's provisioning state: Creating, Succeeded, Failed.
        error: why it has failed.
        created, modified: seconds since 1970.
    """

    name: str
    kind: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    cluster: Mapping[str, Any] | None = None
    attached: bool = False
    state: str = "Creating"
    error: str = ""
    created: float = 0
    modified: float = 0


LOCAL = TargetEntry("local", "local", {"description": "this machine"}, state="Succeeded")
_KEYS = {f.name for f in fields(TargetEntry)}
_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("name", "kind", "state", "error"), (str,)),
    "properties": (dict,),
    "cluster": (dict, type(None)),
    "attached": (bool,),
    **dict.fromkeys(("created", "modified"), (int, float)),
}


class TargetRegistry:
    """The compute targets of a workspace; `local` is always among them.

    Args:
        workspace: where they are kept.
    """

    def __init__(self, workspace: WorkspaceFolder) -> None:
        self._folder = workspace.path / FOLDER

    def add(self, entry: TargetEntry) -> TargetEntry:
        """Keep a new target; return it with its times.

        Raises:
            ComputeTargetException: its name is not allowed, or taken.
            WorkspaceError: it cannot be written.
        """
        check_name(entry.name)
        for other in self._names():
            if other.lower() == entry.name.lower():
                verb = "detach" if self._read(other).attached else "delete"
                raise ComputeTargetException(
                    f"there is a compute target {other!r} already: `sweep computetarget show -n"
                    f" {other}`; to replace it: `sweep computetarget {verb} -n {other}`"
                )
        now = time.time()
        return self._write(replace(entry, created=now, modified=now))

    def get(self, name: str) -> TargetEntry:
        """Return a target.

        Raises:
            ComputeTargetException: there is none of that name, or it cannot be read.
        """
        if name == LOCAL.name:
            return LOCAL
        names = self._names()
        if name not in names:
            near = difflib.get_close_matches(name.lower(), [LOCAL.name, *map(str.lower, names)], 1)
            spelled = {n.lower(): n for n in (LOCAL.name, *names)}
            hint = f"; did you mean {spelled[near[0]]!r}?" if near else ""
            raise ComputeTargetException(
                f"there is no such compute target{hint}; there is:"
                f" {', '.join([LOCAL.name, *names])}: `sweep computetarget list`"
            )
        return self._read(name)

    def update(self, entry: TargetEntry) -> TargetEntry:
        """Keep a target that has changed.

        Raises:
            ComputeTargetException: it is not there any more.
            WorkspaceError: it cannot be written.
        """
        self.get(entry.name)
        return self._write(replace(entry, modified=time.time()))

    def remove(self, name: str) -> None:
        """Forget a target.

        Raises:
            ComputeTargetException: there is none of that name, or it is `local`.
        """
        if name in RESERVED:
            raise ComputeTargetException(f"{name} is always there and cannot be removed")
        if name not in self._names():
            self.get(name)
        (self._folder / f"{name}.json").unlink(missing_ok=True)

    def entries(self) -> list[TargetEntry]:
        """Return the targets, `local` first; one that is damaged does not hide the others."""
        found = [LOCAL]
        for name in self._names():
            with suppress(ComputeTargetException):
                found.append(self._read(name))
        return found

    def _names(self) -> list[str]:
        there = (path.stem for path in self._folder.glob("*.json"))
        return sorted(name for name in there if NAME.fullmatch(name))

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _read(self, name: str) -> TargetEntry:
        path = self._path(name)
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            sound = all(isinstance(kept[key], types) for key, types in _TYPES.items())
            cluster = kept["cluster"]
            sound = sound and kept["name"] == name and (cluster is None or "kind" in cluster)
        except (OSError, ValueError, TypeError, LookupError, RecursionError):
            sound = False
        if not sound:
            raise ComputeTargetException(f"{path} is damaged: remove it and make the target anew")
        return TargetEntry(**{key: value for key, value in kept.items() if key in _KEYS})

    def _write(self, entry: TargetEntry) -> TargetEntry:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        write(self._path(entry.name), asdict(entry))
        return entry


def check_name(name: str) -> None:
    """Refuse what cannot name a compute target.

    Raises:
        ComputeTargetException: it is reserved, or has a form that the service refuses.
    """
    if name in RESERVED:
        raise ComputeTargetException(
            f"{name!r} cannot name a compute target of yours: it is reserved"
        )
    if not NAME.fullmatch(name):
        raise ComputeTargetException(
            f"{name!r} cannot name a compute target: it starts with a letter, goes on with"
            " letters, digits and -, ends with a letter or digit, and has 2 to 24 characters"
        )


def target_of(reader: SweepReader) -> str:
    """Return the name of the compute target on which runs execute."""
    cluster = reader.get("cluster", None) or {}
    return str(cluster.get("target") or cluster.get("address") or "local")
