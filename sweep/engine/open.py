"""Opening a sweep that is kept, to work on it."""

from __future__ import annotations

from types import TracebackType

from sweep.compute.ray_target import RayTarget
from sweep.compute.target import RunOrder, Target
from sweep.core.commands import Launch, SweepStatus
from sweep.core.definition import SweepDefinition
from sweep.core.scheduler import Scheduler
from sweep.core.single import Single
from sweep.engine.engine import Engine
from sweep.engine.submit import stored_resources
from sweep.engine.template import ScriptTemplate
from sweep.engine.wishes import FolderWishes, Interrupts
from sweep.storage.journal import SqliteJournal
from sweep.storage.lock import Lock
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import SweepFolder


class OpenSweep:
    """A sweep that this process alone works on, from construction to `close`.

    Args:
        folder: where it is kept.
        target: where it runs; this machine when None.

    Attributes:
        engine: ready to `work`.
        interrupts: lets a signal handler pause it.

    Raises:
        WorkspaceError: somebody else works on it, or it cannot be read.
        Diverged: its journal does not fit its definition.
    """

    def __init__(self, folder: SweepFolder, target: Target | None = None) -> None:
        self.folder = folder
        self._lock = Lock(folder.lock)
        reader = SweepReader(folder.database)
        definition = SweepDefinition.from_wire(reader.get("definition"))
        template = ScriptTemplate.from_json(reader.get("template"))
        resources = stored_resources(reader.get("resources"))
        grace = reader.get("grace")
        reader.close()
        resources.check()
        self.slots = min(resources.slots, definition.limits.concurrent)
        self.interrupts = Interrupts(FolderWishes(folder.requests))
        self._journal = SqliteJournal(folder.database, definition.goal)
        space = None if isinstance(definition.sampling, Single) else definition.sampling.space

        def order(launch: Launch) -> RunOrder:
            process = template.process(
                folder, launch.run, launch.attempt, launch.configuration, space
            )
            return RunOrder(launch.run, launch.attempt, launch.configuration, process)

        self.engine = Engine(
            Scheduler(definition),
            target or RayTarget(resources, folder.path / "ray"),
            self._journal,
            order,
            wishes=self.interrupts,
            grace=grace,
        )

    @property
    def over(self) -> bool:
        """Whether it has ended for good, so that there is nothing to work on."""
        scheduler = self.engine.scheduler
        return scheduler.done and scheduler.status is not SweepStatus.PAUSED

    def close(self) -> None:
        """Let others work on it."""
        self._journal.close()
        self._lock.release()

    def __enter__(self) -> OpenSweep:  # noqa: PYI034 - Self is not in Python 3.10
        """Hold it for a block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let others work on it."""
        self.close()
