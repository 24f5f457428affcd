"""The workspace: the folder in which everything about sweeps is kept."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweep.errors import WorkspaceError
from sweep.lease import holder
from sweep.storage.trouble import explain_os

NAME = ".sweep"
SCHEMA = 1
EXPERIMENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")
SWEEP_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")
LONE_RUN_ID = re.compile(r"(?!HD_).+_[0-9]+_[0-9a-f]{8}")
LONGEST_FILE_NAME = 200
LAST = ("", "last", "latest")
"""Words for the sweep that was made last."""


@dataclass(frozen=True, slots=True)
class SweepFolder:
    """Where one sweep is kept.

    Attributes:
        id: ``HD_<uuid>``, or as its user wants; ``<experiment>_<time>_<hash>`` for a lone run.
        path: its folder.
    """

    id: str
    path: Path

    @property
    def database(self) -> Path:
        """The journal and the tables that readers look at."""
        return self.path / "sweep.db"

    @property
    def lock(self) -> Path:
        """Held by the process that works on the sweep."""
        return self.path / "lock"

    @property
    def requests(self) -> Path:
        """Where other processes leave what they want of the engine."""
        return self.path / "requests"

    @property
    def engine(self) -> int | None:
        """The process that works on the sweep now."""
        return holder(self.lock)

    @property
    def is_lone_run(self) -> bool:
        """Whether it is one run without a space."""
        return LONE_RUN_ID.fullmatch(self.id) is not None

    def run_id(self, number: int) -> str:
        """Return the id of a run."""
        return self.id if self.is_lone_run else f"{self.id}_{number}"

    def run_folder(self, number: int, attempt: int = 1) -> Path:
        """Return the folder of a run: its working directory, outputs and logs."""
        name = str(number) if attempt == 1 else f"{number}.{attempt}"
        return self.path / "runs" / name


class WorkspaceFolder:
    """A workspace on disk.

    Args:
        path: the folder itself, named ``.sweep`` by default.

    Raises:
        WorkspaceError: it is not a workspace, is somebody else's, or is newer than this program.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            owner = path.stat().st_uid
            about = json.loads((path / "workspace.json").read_text())
            newer = about.get("schema", 0) > SCHEMA
        except (OSError, ValueError, TypeError, AttributeError):
            raise WorkspaceError(
                f"{path} is not a workspace: `sweep folder attach` makes one"
            ) from None
        if owner != os.geteuid():
            raise WorkspaceError(f"{path} belongs to user {owner}, not to you ({os.geteuid()})")
        if newer:
            raise WorkspaceError(f"{path} was made by a newer version: upgrade hypersweep")
        self.about: dict[str, Any] = about

    @classmethod
    def near(cls, start: Path) -> WorkspaceFolder | None:
        """Return the workspace of a directory or of the nearest one above it."""
        start = start.resolve()
        for folder in (start, *start.parents):
            # Not Path.is_file: what is above may be another's, and closed to us.
            if os.path.isfile(folder / NAME / "workspace.json"):  # noqa: PTH113
                return cls(folder / NAME)
        return None

    @classmethod
    def make(cls, parent: Path) -> WorkspaceFolder:
        """Return the workspace in `parent`, made if need be; only its owner can look inside.

        Raises:
            WorkspaceError: it cannot be made there.
        """
        path = parent.resolve() / NAME
        try:
            path.mkdir(mode=0o700, exist_ok=True)
            if not (path / "workspace.json").exists():
                write(path / "workspace.json", {"schema": SCHEMA, "created": time.time()})
                (path / ".gitignore").write_text("*\n")
        except OSError as error:
            raise WorkspaceError(f"{path}: {error.strerror}") from None
        return cls(path)

    # ---- experiments ------------------------------------------------------------------

    def add_experiment(self, name: str) -> bool:
        """Make an experiment; tell whether it is new.

        Raises:
            WorkspaceError: the name is not allowed.
        """
        if not EXPERIMENT_NAME.fullmatch(name):
            raise WorkspaceError(
                f"{name!r} cannot name an experiment: it starts with a letter or digit, goes on"
                " with letters, digits, _ and -, and has at most 255 characters"
            )
        short = name
        if len(name) > LONGEST_FILE_NAME:
            short = f"{name[:100]}.{hashlib.sha256(name.encode()).hexdigest()[:32]}"
        place = self.path / "experiments" / f"{short}.json"
        if place.exists():
            return False
        place.parent.mkdir(exist_ok=True)
        write(place, {"name": name, "created": time.time()})
        return True

    def experiments(self) -> list[dict[str, Any]]:
        """Return the experiments, the oldest first."""
        found = _readable((self.path / "experiments").glob("*.json"), "name", "created")
        return sorted(found, key=lambda e: (e["created"], e["name"]))

    # ---- sweeps -----------------------------------------------------------------------

    @property
    def snapshots(self) -> Path:
        """Where snapshots of source directories are kept."""
        return self.path / "snapshots"

    def add_sweep(self, identity: str, experiment: str) -> SweepFolder:
        """Make the folder of a new sweep, which is the last one from now on.

        Raises:
            WorkspaceError: there is one with that id, or it is no id.
        """
        if not SWEEP_ID.fullmatch(identity) or identity in LAST:
            raise WorkspaceError(
                f"{identity!r} cannot be the id of a sweep: it starts with a letter or digit, goes"
                " on with letters, digits, _, . and -, and has at most 255 characters"
            )
        folder = SweepFolder(identity, self.path / "sweeps" / identity)
        try:
            folder.path.mkdir(parents=True)
        except FileExistsError:
            raise WorkspaceError(f"there is a sweep {identity} in {self.path}") from None
        about = {"id": identity, "experiment": experiment, "created": time.time()}
        try:
            write(folder.path / "sweep.json", about)
            write(self.path / "last.json", identity)
        except BaseException:
            shutil.rmtree(folder.path, ignore_errors=True)
            raise
        return folder

    def sweeps(self, experiment: str = "") -> list[SweepFolder]:
        """Return the sweeps, of one experiment or of all, the newest first."""
        places = (self.path / "sweeps").glob("*/sweep.json")
        found = _readable(places, "id", "experiment", "created")
        found.sort(key=lambda about: (about["created"], about["id"]), reverse=True)
        return [
            SweepFolder(about["id"], self.path / "sweeps" / about["id"])
            for about in found
            if experiment in ("", about["experiment"])
        ]

    def sweep(self, reference: str = "") -> SweepFolder:
        """Return a sweep by its id, the beginning of its id, or nothing for the last one.

        Raises:
            WorkspaceError: there is none, or more than one.
        """
        if reference in LAST:
            return self._last()
        found = [s for s in self.sweeps() if s.id.startswith((reference, f"HD_{reference}"))]
        exact = [s for s in found if s.id == reference]
        if len(exact or found) == 1:
            return (exact or found)[0]
        if found:
            names = ", ".join(s.id for s in found[:5])
            raise WorkspaceError(f"{reference!r} is the beginning of several sweeps: {names}")
        raise WorkspaceError(f"there is no sweep {reference!r} in {self.path}: `sweep run list`")

    def find(self, reference: str = "") -> tuple[SweepFolder, int | None]:
        """Return a sweep, or a sweep and the number of one of its runs.

        `reference` is a sweep as for `sweep`; or a run: a number (of the last sweep), or a sweep,
        an underscore and a number.

        Raises:
            WorkspaceError: there is no such sweep, or more than one.
        """
        if reference.isdecimal() and len(reference) < 8:
            return self.sweep(), int(reference)
        name, _, number = reference.rpartition("_")
        if name and number.isdecimal() and not self._is_sweep(reference, name):
            return self.sweep(name), int(number)
        folder = self.sweep(reference)
        return folder, 0 if folder.is_lone_run else None

    def run(self, reference: str) -> tuple[SweepFolder, int]:
        """Return the sweep and the number of a run.

        Raises:
            WorkspaceError: there is no such run, or the reference is a sweep's.
        """
        folder, number = self.find(reference)
        if number is None:
            raise WorkspaceError(
                f"{reference or folder.id} is a sweep: name one of its runs, such as 0, or"
                f" {folder.run_id(0)}"
            )
        return folder, number

    def _is_sweep(self, reference: str, name: str) -> bool:
        """Tell a sweep, whose id may have a number after an underscore, from a run of `name`."""
        ids = [s.id for s in self.sweeps()]
        if reference in ids or name in ids:
            return reference in ids
        return any(identity.startswith(reference) for identity in ids)

    def _last(self) -> SweepFolder:
        try:
            identity = json.loads((self.path / "last.json").read_text())
        except (OSError, ValueError):
            raise WorkspaceError(f"there is no sweep in {self.path} yet: `sweep start`") from None
        folder = SweepFolder(identity, self.path / "sweeps" / identity)
        if not folder.path.is_dir():
            raise WorkspaceError(f"the last sweep, {identity}, is gone: `sweep run list`")
        return folder


def _readable(places: Iterable[Path], *keys: str) -> list[dict[str, Any]]:
    """Return what JSON files say; one that is damaged does not hide the others."""
    found = []
    for place in places:
        with suppress(OSError, ValueError):
            about = json.loads(place.read_text())
            if isinstance(about, dict) and about.keys() >= {*keys}:
                found.append(about)
    return found


def write(path: Path, content: Any) -> None:
    """Write a JSON file, all or nothing.

    Raises:
        DiskFull, OSError: it cannot be written; what was there is still there.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with part.open("w") as file:
            file.write(json.dumps(content, indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise explain_os(path, error) from None
        raise
