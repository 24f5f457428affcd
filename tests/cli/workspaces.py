"""Workspaces with sweeps in them: the real engine and journal, with played runs."""

from __future__ import annotations

import contextlib
import io
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from policies import BanditPolicy, Goal, NoTerminationPolicy
from samplers import GridParameterSampling, choice
from sweep.cli.main import main
from sweep.compute.simulated import Simulated
from sweep.compute.target import RunEnded, RunOrder, RunSaid, RunStarted
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.scheduler import Scheduler
from sweep.core.single import Single
from sweep.engine.engine import Engine
from sweep.engine.submit import Submission, create
from sweep.engine.wishes import FolderWishes, leave
from sweep.formats.runconfig import RunConfiguration
from sweep.storage.journal import SqliteJournal
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import SweepFolder, WorkspaceFolder
from sweep.view.evaluations import began

START = 1_700_000_000.0
PATIENCE = 60.0
"""Seconds that something which really runs may take."""
TRACEBACK = """\
Traceback (most recent call last):
  File "train.py", line 3, in <module>
    fit(x=\x1b[31m2\x1b[0m)
ValueError: x is too large
"""


@dataclass(frozen=True)
class Said:
    """What a command line has come to."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def sweep(*words: object) -> Said:
    """Run a command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(word) for word in words])
        except SystemExit as end:
            return Said(end.code, out.getvalue(), err.getvalue())
    raise AssertionError("main never returns")


@dataclass
class Extras:
    """What played runs do besides reporting the primary metric, by the run's number."""

    said: dict[int, list[dict]] = field(default_factory=dict)
    tails: dict[int, str] = field(default_factory=dict)
    facts: dict[int, dict] = field(default_factory=dict)


class Played(Simulated):
    """A simulated target whose runs also log other things, and fail with a traceback."""

    def __init__(self, curve, metric, slots, extras, **options):
        super().__init__(curve, metric, slots, **options)
        self._extras = extras

    def poll(self, timeout):
        return [more for message in super().poll(timeout) for more in self._enriched(message)]

    def _enriched(self, message):
        if isinstance(message, RunStarted):
            return [replace(message, facts={"pid": 4711, "host": "here"})]
        if not isinstance(message, RunEnded):
            return [message]
        run = message.run
        said = [RunSaid(run, message.attempt, m) for m in self._extras.said.get(run, ())]
        message = replace(message, facts=self._extras.facts.get(run, {}))
        if message.error and run in self._extras.tails:
            message = replace(message, error="exit code 1", tail=self._extras.tails[run])
        return [*said, message]


def kept(
    place: Path,
    *,
    points: int = 6,
    goal: str = "maximize",
    policy=None,
    metric: str = "accuracy",
    experiment: str = "demo",
    space=None,
    identity: str = "",
    script: str = "",
    cpus: float = 1,
    **limits,
) -> SweepFolder:
    """Keep a sweep over a grid in the workspace of a folder."""
    sampling = GridParameterSampling(space or {"--x": choice(*range(points))})
    definition = SweepDefinition(
        sampling,
        metric,
        Goal(goal),
        Limits(**{"runs": points, "concurrent": 1, **limits}),
        policy or NoTerminationPolicy(),
    )
    return _created(place, definition, experiment, identity, script, cpus)


def lone(place: Path, experiment: str = "demo") -> SweepFolder:
    """Keep a lone run."""
    definition = SweepDefinition(Single(), "", Goal.MAXIMIZE, Limits(1, 1))
    return _created(place, definition, experiment, "")


def _created(place, definition, experiment, identity, script="", cpus=1):
    source = place / "source"
    source.mkdir(exist_ok=True)
    (source / "train.py").write_text(script)
    configuration = RunConfiguration(script="train.py", arguments=() if script else ("--fixed", 1))
    submission = Submission(
        definition, configuration, source, experiment, sweep_id=identity, cpus_per_run=cpus
    )
    return create(WorkspaceFolder.make(place), submission, print)


def play(folder: SweepFolder, curve, extras: Extras | None = None, *, start_at=START) -> None:
    """Work on a sweep until it is over or paused."""
    with SweepReader(folder.database) as reader:
        definition = SweepDefinition.from_wire(reader.get("definition"))
        first = began(reader)
    journal = SqliteJournal(folder.database, definition.goal)
    target = Played(
        curve,
        definition.metric or "unused",
        definition.limits.concurrent,
        extras or Extras(),
        start_at=start_at,
    )
    try:
        Engine(
            Scheduler(first),
            target,
            journal,
            lambda launch: RunOrder(launch.run, launch.attempt, launch.configuration),
            wishes=FolderWishes(folder.requests),
        ).work()
    finally:
        journal.close()


def values(*numbers):
    """Return a curve that is the same for every configuration."""
    return lambda _: iter(numbers)


def abandoned(place):
    """Keep a sweep whose engine ended while a run was going on."""
    folder = kept(place, points=2)

    def killed(_):
        yield 0.5
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        play(folder, killed)
    return folder


def printed(folder: SweepFolder, run: int, text: str, attempt: int = 1) -> Path:
    """Put something into the log of a run."""
    log = folder.run_folder(run, attempt) / "user_logs" / "std_log.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(text.encode())
    return log


def story(place: Path, identity: str = "HD_story") -> SweepFolder:
    """Keep a sweep of six runs, one at a time, of which no two come to the same.

    0 completes, 1 is stopped by the policy, 2 fails, 3 is canceled by the user, 4 is the best,
    5 ends without a word.
    """
    folder = kept(place, policy=BanditPolicy(slack_factor=0.2), identity=identity)

    def curve(configuration):
        match configuration["--x"]:
            case 0:
                yield from (0.5, 0.7, 0.8)
            case 1:
                yield from (0.1, 0.2)
            case 2:
                yield 0.6
                raise ValueError("x is too large")
            case 3:
                yield 0.55
                leave(folder.requests, "cancel", 3, "canceled by the user")
                yield from (0.6, 0.7)
            case 4:
                yield from (0.6, 0.8, 0.95)

    extras = Extras(
        said={
            0: [
                {"k": "s", "n": "loss", "v": 2.5},
                {"k": "s", "n": "loss", "v": 0.25},
                {"k": "s", "n": "note", "v": "\x1b[1mfine\x1b[0m"},
                {"k": "s", "n": "ratio", "v": float("inf")},
                {"k": "tag", "v": {"stage": "final"}},
            ],
        },
        tails={2: TRACEBACK},
        facts={
            0: {"peak_memory": 3 << 20, "cpu_seconds": 1.5},
            1: {"stop_seconds": 0.0025},
        },
    )
    play(folder, curve, extras)
    printed(folder, 0, "\x1b[32mepoch 1\x1b[0m\r\nepoch 2\n")
    printed(folder, 2, TRACEBACK)
    return folder


def with_job(place: Path, job: str, train: str) -> Path:
    """Put the file of a sweep job into a folder, with its script and what that reads."""
    (place / "src").mkdir()
    (place / "src" / "train.py").write_text(train)
    (place / "data.csv").write_text("0.5")
    (place / "job.yml").write_text(job)
    return place


def until(condition) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it has not come"
        time.sleep(0.02)
