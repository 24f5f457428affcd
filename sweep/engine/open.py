"""Opening a sweep that is kept, to work on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sweep.compute.ray_target import RayTarget
from sweep.compute.resources import of_this_machine
from sweep.compute.target import RunOrder
from sweep.core.commands import Launch, SweepStatus
from sweep.core.definition import SweepDefinition
from sweep.core.scheduler import Scheduler
from sweep.core.single import Single
from sweep.engine.engine import Engine, Orders
from sweep.engine.template import FunctionTemplate, ScriptTemplate
from sweep.engine.wishes import FolderWishes, Interrupts
from sweep.errors import UserError
from sweep.storage.closing import Closing
from sweep.storage.journal import SqliteJournal
from sweep.storage.lock import Lock
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import SweepFolder


class OpenSweep(Closing):
    """A sweep that this process alone works on, from construction to `close`.

    Args:
        folder: where it is kept.
        function: pickled, where it tunes a function: that is not kept.

    Attributes:
        engine: ready to `work`.
        interrupts: lets a signal handler pause it.

    Raises:
        WorkspaceError: somebody else works on it, or it cannot be read.
        UserError: it tunes a function, and that is not given.
        Diverged: its journal does not fit its definition.
    """

    def __init__(self, folder: SweepFolder, function: bytes | None = None) -> None:
        self.folder = folder
        self._lock = Lock(folder.lock)
        try:
            self._load(function)
        except BaseException:
            self._lock.close()
            raise

    def _load(self, function: bytes | None) -> None:
        folder = self.folder
        reader = SweepReader(folder.database)
        definition = SweepDefinition.from_wire(reader.get("definition"))
        template = reader.get("template")
        stored = reader.get("resources")
        resources = of_this_machine(stored["cpus_per_run"], stored["gpus_per_run"])
        grace = reader.get("grace")
        reader.close()
        resources.check()
        if function is not None and "function" not in template:
            raise UserError(f"{folder.id} runs a script and no function: sweep resume {folder.id}")
        self.slots = min(resources.slots, definition.limits.concurrent)
        self.interrupts = Interrupts(FolderWishes(folder.requests))
        self._journal = SqliteJournal(folder.database, definition.goal)
        called = None if function is None else (function, definition.metric)
        try:
            self.engine = Engine(
                Scheduler(definition),
                RayTarget(resources, folder.path / "ray", called),
                self._journal,
                _orders(folder, definition, template, function),
                wishes=self.interrupts,
                grace=grace,
            )
        except BaseException:
            self._journal.close()
            raise

    @property
    def over(self) -> bool:
        """Whether it has ended for good, so that there is nothing to work on."""
        scheduler = self.engine.scheduler
        return scheduler.done and scheduler.status is not SweepStatus.PAUSED

    def close(self) -> None:
        """Let others work on it."""
        self._journal.close()
        self._lock.close()


def _orders(
    folder: SweepFolder,
    definition: SweepDefinition,
    stored: Mapping[str, Any],
    function: bytes | None,
) -> Orders:
    """Return what makes launches of this sweep into orders."""
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
            call(folder, launch.run, launch.attempt),
        )
    template = ScriptTemplate.from_json(stored)
    space = None if isinstance(definition.sampling, Single) else definition.sampling.space

    def order(launch: Launch) -> RunOrder:
        configuration = launch.configuration
        process = template.process(folder, launch.run, launch.attempt, configuration, space)
        return RunOrder(launch.run, launch.attempt, configuration, process)

    return order
