"""Opening a sweep that is kept, to work on it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from samplers import Space
from sweep.compute.processes import end_marked
from sweep.compute.ray_target import RayTarget
from sweep.compute.renewal import target_on
from sweep.compute.target import RunOrder, Target
from sweep.core.commands import Launch
from sweep.core.definition import BEGINNING, SweepDefinition, begun_with
from sweep.core.run import OVER
from sweep.core.scheduler import Scheduler
from sweep.engine.ancestors import spaces_of
from sweep.engine.continuation import Continuation, remember, space_of
from sweep.engine.disk import Ballast, DiskWatch
from sweep.engine.engine import Engine, Orders
from sweep.engine.place import Place
from sweep.engine.provenance import space_for
from sweep.engine.refusing import Functions, imported, supplied
from sweep.engine.replicate import replicates
from sweep.engine.surroundings import surroundings
from sweep.engine.targets import present_cluster, workspace_of
from sweep.engine.template import FunctionTemplate, ScriptTemplate
from sweep.engine.wishes import FolderWishes, Interrupts
from sweep.errors import UserError
from sweep.formats.definitions import read_definition
from sweep.storage.closing import Closing
from sweep.storage.journal import Batch, SqliteJournal
from sweep.storage.lock import Lock
from sweep.storage.reader import SweepReader
from sweep.storage.trouble import Explained
from sweep.storage.workspace import SweepFolder

JUST_ON = Continuation(changed="old")
"""As it began, whatever has changed since."""
ABOUT = (
    "source",
    "snapshot",
    "strict_snapshot",
    "hdconfig",
    "former",
    "environments",
    "cluster",
    "refusing",
)
"""What is kept of a sweep beside; most of it may be otherwise when it goes on."""


class OpenSweep(Closing):
    """A sweep that this process alone works on, from construction to `close`.

    Args:
        folder: where it is kept.
        function: pickled, where it tunes a function: that is not kept.
        refusing: functions that refuse configurations: they are not kept either.
        continuation: how it is to go on.
        start: whether the target may start while the past is replayed; False to see only whether
            it can go on so.

    Attributes:
        engine: ready to `work`.
        interrupts: lets a signal handler pause it.

    Raises:
        WorkspaceError: somebody else works on it, or it cannot be read.
        UserError: it tunes a function, and that is not given; or it has changed since it began.
        Diverged: its journal does not fit its definition.
    """

    def __init__(
        self,
        folder: SweepFolder,
        function: bytes | None = None,
        continuation: Continuation = JUST_ON,
        *,
        refusing: Functions = (),
        start: bool = True,
    ) -> None:
        self.folder = folder
        self._refusing = refusing
        self._lock = Lock(folder.lock)
        try:
            self._load(function, continuation, start=start)
        except BaseException:
            self._lock.close()
            raise

    def _load(self, function: bytes | None, continuation: Continuation, *, start: bool) -> None:
        folder, kept = self.folder, _read(self.folder)
        kept.place.resources.check()
        if kept.place.cluster is not None and not start:  # else it is checked when it is opened
            kept.place.cluster.check()
        if function is not None and "function" not in kept.template:
            raise UserError(f"{folder.id} runs a script and no function: sweep resume {folder.id}")
        definition = continuation.definition(kept.present, kept.about["hdconfig"] or {}, kept.runs)
        changes = _changes(folder, continuation, kept.about, kept.template)
        kept = replace(
            kept,
            template=changes.get("template", kept.template),
            began=supplied(kept.began, self._refusing or _functions(kept), folder.id),
        )
        self.slots = min(kept.place.resources.slots, definition.limits.concurrent)
        self.interrupts = Interrupts(FolderWishes(folder.requests))
        self._journal = SqliteJournal(folder.database, definition.goal)
        end_marked("SWEEP_ID", folder.id)  # what an engine that was killed may have left
        self._target = target = _target(folder, kept, function, definition)
        try:
            if start and kept.runs and (continuation.asks or kept.status not in OVER):
                target.open(definition.limits.concurrent)  # Ray starts while the past is replayed
            self.engine = Engine(
                Scheduler(kept.began),
                target,
                self._journal,
                _orders(folder, kept, function, definition),
                wishes=self.interrupts,
                grace=kept.grace,
            )
            again = continuation.runs(self.engine.scheduler.runs)
            if again or definition.to_wire() != kept.present.to_wire():
                self.engine.redefine(definition.to_wire(), again)
            if changes:
                self._journal.write(Batch(sweep=changes))
        except BaseException:
            target.close()
            self._journal.close()
            raise
        self._mind_disk()

    def _mind_disk(self) -> None:
        self.engine.disk = DiskWatch(self.folder.path)
        self.engine.ballast = Ballast(self.folder.path / "ballast")
        self.engine.ballast.hold()

    def close(self) -> None:
        """Let others work on it."""
        if self.engine.ballast is not None:
            self.engine.ballast.free()
        self._target.close()
        self._journal.close()
        self._lock.close()


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of a sweep.

    Attributes:
        present, began: its definition, and that with which it began.
        earlier: the spaces of sweeps that it learns from.
        template: of what each run executes.
        place: where.
        grace: seconds.
        about: what else may have changed since, by name; None for what is not kept.
        runs: how many there are.
        status: in a word.
    """

    present: SweepDefinition
    began: SweepDefinition
    earlier: Sequence[Space]
    template: Mapping[str, Any]
    place: Place
    grace: float
    about: Mapping[str, Any]
    runs: int
    status: str


def _read(folder: SweepFolder) -> _Kept:
    with SweepReader(folder.database) as reader:
        present = SweepDefinition.from_wire(reader.get("definition"))
        began_with = {name: reader.get(name, None) for name in BEGINNING}
        template = reader.get("template")
        with Explained(folder.database, values=True):
            cluster = present_cluster(folder, reader.get("cluster", None))
            place = Place.kept(reader.get("resources"), cluster)
            if "command" in template:
                ScriptTemplate.from_json(template)
            began, earlier = begun_with(began_with), spaces_of(began_with["prior"])
        return _Kept(
            present,
            began,
            earlier,
            template,
            place,
            grace=reader.get("grace"),
            about={name: reader.get(name, None) for name in ABOUT},
            runs=sum(reader.count().values()),
            status=reader.get("status")[0],
        )


def _functions(kept: _Kept) -> Functions:
    """Return the functions that refuse configurations, as they were when the sweep began."""
    former = kept.about["former"]
    template = former[0][1] if former else kept.template
    return imported(kept.about["refusing"] or (), Path(str(template.get("tree"))))


def _target(
    folder: SweepFolder, kept: _Kept, function: bytes | None, definition: SweepDefinition
) -> Target:
    place, called = kept.place, None
    if function is not None:
        template = FunctionTemplate(**kept.template)
        called = template.common(folder, function, definition.metric)
    make = partial(RayTarget, place.resources, folder.path / "ray", called, place.cluster)
    return target_on(place.cluster, make)


def _changes(
    folder: SweepFolder,
    continuation: Continuation,
    kept: Mapping[str, Any],
    template: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what is kept of a sweep otherwise from now on."""
    changes: dict[str, Any] = {}
    if "command" in template:
        store = workspace_of(folder).snapshots
        shot = continuation.source(kept, store, Path(template["tree"]))
        if shot is not None:
            changes["template"] = {**template, "tree": str(shot.tree)}
            changes["snapshot"] = {"id": shot.id, "files": shot.files, "size": shot.size}
            before = [time.time(), template, kept["snapshot"]]
            changes["former"] = [*(kept["former"] or ()), before]
        changes |= _surroundings(kept, template)
    file = kept["hdconfig"]
    if continuation.changed == "new" and file and Path(file["path"]).is_file():
        changes["hdconfig"] = remember(file["path"], read_definition(file["path"]))
    return changes


def _surroundings(kept: Mapping[str, Any], template: Mapping[str, Any]) -> dict[str, Any]:
    """Return what has changed around the runs since it was looked at last."""
    known = kept["environments"]
    if not known:
        return {}
    now = surroundings(template, kept["cluster"])
    return {"environments": [*known, [time.time(), now]]} if now != known[-1][1] else {}


def _orders(
    folder: SweepFolder, kept: _Kept, function: bytes | None, definition: SweepDefinition
) -> Orders:
    """Return what makes launches of this sweep into orders."""
    stored, replicate = kept.template, replicates(kept.began.sampling.seed)
    if "interactive" in stored:
        raise UserError(f"{folder.id} was logged from Python as it went: it cannot be resumed")
    if "function" in stored:
        if function is None:
            raise UserError(
                f"{folder.id} tunes the Python function {stored['function']}, which is not kept:"
                f" resume it in Python: sweep.tune({stored['function']}, resume={folder.id!r})"
            )
        call = FunctionTemplate(**stored).call
        return lambda launch: RunOrder(
            launch.run,
            launch.attempt,
            launch.configuration,
            call(folder, launch.run, launch.attempt, replicate(launch)),
        )
    template = ScriptTemplate.from_json(stored)
    own = (space_of(definition), space_of(kept.began))
    spaces = [*(space for space in own if space is not None), *kept.earlier]

    def order(launch: Launch) -> RunOrder:
        configuration = launch.configuration
        space = space_for(spaces, configuration)
        which = replicate(launch)
        process = template.process(folder, launch.run, launch.attempt, configuration, space, which)
        return RunOrder(launch.run, launch.attempt, configuration, process)

    return order
