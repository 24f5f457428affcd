"""What the engine knows of the outside: a few methods, and the facts they bring.

A target keeps no history and takes no decisions. What it says of a run carries the run's
attempt, so that words of an earlier attempt are never taken for the present one's.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Protocol

from samplers import Configuration


@dataclass(frozen=True, slots=True)
class Process:
    """A script run as the operating system will see it.

    Attributes:
        argv: program and arguments; never seen by a shell.
        env: the whole environment.
        folder: the run's own folder, made if need be; outputs, logs and user_logs are in it.
        tree: the snapshot that is copied into the folder first; empty for none.
        cwd: the working directory; empty for the folder.
        outputs_bytes: what it may write into its folder; None for no bound.
        warm: modules; the run, a Python script, is a fork of a process that has imported them.
            None for an ordinary start.
        needs: what it needs of its node, see `sweep.compute.needs`; None for nothing.
        metrics: what of its metrics is found in its output and in a file, see
            `sweep.compute.overheard`; None: only what it logs.
        folders: in its own, made before it starts, beside those that every run has.
    """

    argv: Sequence[str]
    env: Mapping[str, str]
    folder: str
    tree: str = ""
    cwd: str = ""
    outputs_bytes: int | None = None
    warm: Sequence[str] | None = None
    needs: Mapping[str, Any] | None = None
    folders: Sequence[str] = ()
    metrics: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A function run: a call in a process that has loaded the function.

    Attributes:
        id: the run's id.
        folder: the run's own folder, made when it is first used.
        replicate: variables that say which it is of its configuration, and its seed.
    """

    id: str
    folder: str
    replicate: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """What all calls of a sweep have in common.

    Attributes:
        pickled: the function; crosses our own pipes and is not kept.
        metric: name of the primary metric.
        env: the environment of the process that loads it.
        cwd: its working directory.
    """

    pickled: bytes
    metric: str
    env: Mapping[str, str]
    cwd: str

    def plain(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return {**asdict(self), "pickled": b64encode(self.pickled).decode()}


@dataclass(frozen=True, slots=True)
class RunOrder:
    """One attempt of one run, ready to be started; `work` is None where it is only played."""

    run: int
    attempt: int
    configuration: Configuration
    work: Process | Call | None = None

    def plain(self) -> dict[str, Any]:
        """Return the work as a JSON value; a call with all that it needs to know."""
        work = self.work
        assert work is not None, "a run on a cluster needs a process or a call"
        if isinstance(work, Process):
            return {f.name: getattr(work, f.name) for f in fields(work)}  # nothing is copied
        return {
            "id": work.id,
            "folder": work.folder,
            "number": self.run,
            "attempt": self.attempt,
            "configuration": self.configuration,
            **({"replicate": work.replicate} if work.replicate else {}),
        }


@dataclass(frozen=True, slots=True)
class SlotsAre:
    """This many runs can execute at one time from now on, on so many nodes.

    `ahead` more may be launched: they are so short that slots would else wait for the next one.
    """

    slots: int
    nodes: int = 1
    ahead: int = 0


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The attempt's process is alive; `facts` are node, host, pid and the like."""

    run: int
    attempt: int
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunSaid:
    """The attempt has logged something: a JSON object of the script's side."""

    run: int
    attempt: int
    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunEnded:
    """Nothing of the attempt is left.

    Attributes:
        code: exit code; negative for a signal; None when there was no process.
        stopped: whether it ended because it was told to.
        error: what went wrong; empty after a success or a stop.
        kind: in which way, in the words of `sweep.core.failure`.
        tail: the last of its output, when it failed.
        facts: stop_seconds, cpu_seconds, peak_memory and the like.
    """

    run: int
    attempt: int
    code: int | None
    stopped: bool = False
    error: str = ""
    kind: str = "error"
    tail: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunLost:
    """The attempt's slot has vanished, and the attempt with it."""

    run: int
    attempt: int
    reason: str
    kind: str = "lost"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know."""

    text: str


@dataclass(frozen=True, slots=True)
class NodeIs:
    """A node on which runs can be; `facts` are host, ip, cpus, gpus, python, packages."""

    name: str
    facts: Mapping[str, Any]


Message = SlotsAre | NodeIs | RunStarted | RunSaid | RunEnded | RunLost | Notice


class Target(Protocol):
    """A place that can execute runs."""

    def now(self) -> float:
        """Return the time, in seconds since the epoch, that events here are stamped with."""
        ...

    def open(self, slots: int) -> None:
        """Begin to bring up at most `slots` slots; return at once."""
        ...

    def launch(self, order: RunOrder) -> None:
        """Begin a run; return at once. There is a free slot whenever this is called."""
        ...

    def stop(self, run: int, attempt: int, grace: float) -> None:
        """Ask a run to end, and make it after `grace` seconds; its end is told by `poll`."""
        ...

    def quarantine(self, node: str) -> None:
        """Use a node no longer; what runs there goes on."""
        ...

    def release(self, node: str) -> None:
        """Use a node again."""
        ...

    def poll(self, timeout: float) -> Sequence[Message]:
        """Return what has happened; wait up to `timeout` seconds for anything to happen.

        Raises:
            TargetError: the target is gone and will not come back.
        """
        ...

    def close(self) -> None:
        """End whatever runs, at once, and free what is held."""
        ...
