"""Feed the readers of files with what nobody should have written.

``python -m benchmarks.fuzz --minutes 10`` tampers with valid files and reads them, over and over.
A reader may return, or refuse with an error of ours; a traceback, a hang of `HANG` seconds or
more than `MEMORY` bytes is a bug. The command names each bug once, with an input that shows it,
and then ends with 1.
"""

from __future__ import annotations

import argparse
import faulthandler
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from benchmarks import mutate
from policies import BanditPolicy, Goal
from samplers import RandomParameterSampling, choice, uniform
from sweep.compute.simulated import Simulated
from sweep.compute.target import RunOrder
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.scheduler import Scheduler
from sweep.engine.engine import Engine
from sweep.errors import SweepError
from sweep.formats.hdconfig import read_hdconfig
from sweep.formats.runconfig import read_runconfig
from sweep.storage.journal import Batch, SqliteJournal
from sweep.storage.reader import SweepReader

ROOT = Path(__file__).parent.parent
HANG = 5
"""Seconds that one input may take."""
MEMORY = 200 << 20
"""Bytes that the process, Python and numpy with it, may have taken at its peak."""


class Hang(BaseException):
    """An input took too long; not an `Exception`, which a reader might catch."""


class Reader:
    """One kind of file: valid samples of it, how they are spoilt and how they are read."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.file = folder / name

    def spoil(self, rng: random.Random) -> None:
        """Write a spoilt file."""
        raise NotImplementedError

    def read(self) -> None:
        """Read it."""
        raise NotImplementedError


class TextReader(Reader):
    """A configuration."""

    def __init__(
        self, name: str, folder: Path, read: Callable[[Path], object], samples: list[Path]
    ) -> None:
        super().__init__(name, folder)
        self._read = read
        self._samples = [path.read_bytes() for path in samples]

    def spoil(self, rng: random.Random) -> None:
        """Write a spoilt file."""
        self.file.write_bytes(mutate.text(rng, rng.choice(self._samples)))

    def read(self) -> None:
        """Read it."""
        self._read(self.file)


class JournalReader(Reader):
    """A sweep's database: by those who look at it, and by the engine that goes on with it."""

    def __init__(self, folder: Path) -> None:
        super().__init__("sweep.db", folder)
        self._folder = folder
        self._sample = folder / "sample.db"
        make_sweep(self._sample)

    def spoil(self, rng: random.Random) -> None:
        """Write a spoilt database."""
        if self.file.parent != self._folder:
            shutil.rmtree(self.file.parent)
        # A folder of its own: what a reader has left open is not to be seen by the next.
        self.file = Path(tempfile.mkdtemp(dir=self._folder)) / self.name
        shutil.copyfile(self._sample, self.file)
        mutate.database(rng, self.file)

    def read(self) -> None:
        """Read it."""
        errors: list[SweepError] = []
        for way in (look_at, resume):
            try:
                way(self.file)
            except SweepError as error:  # noqa: PERF203 - each way is tried
                errors.append(error)
        if errors:
            raise errors[0]


def make_sweep(path: Path) -> None:
    """Play a sweep of eight runs, and leave it unfinished."""
    space = {"--x": uniform(0, 1), "--k": choice("a", "b")}
    definition = SweepDefinition(
        RandomParameterSampling(space, seed=1),
        "accuracy",
        Goal.MAXIMIZE,
        Limits(runs=8, concurrent=2),
        BanditPolicy(slack_factor=0.1, evaluation_interval=1),
    )
    journal = SqliteJournal(path, definition.goal)
    about = {"definition": definition.to_wire(), "status": ["Running", ""], "experiment": "e"}
    journal.write(Batch(sweep=about, tags=[(-1, "tag", "a", "b")], notices=[(0.0, None, "x")]))
    engine = engine_on(definition, journal)
    engine.begin()
    for _ in range(30):
        engine.round()
    journal.close()


def engine_on(definition: SweepDefinition, journal: SqliteJournal) -> Engine:
    """Return an engine that goes on where a journal ends."""

    def curve(configuration: dict[str, object]) -> list[float]:
        return [float(str(configuration["--x"])) * n for n in range(1, 5)]

    target = Simulated(curve, definition.metric, 2)  # type: ignore[arg-type]
    return Engine(
        Scheduler(definition),
        target,
        journal,
        lambda launch: RunOrder(launch.run, launch.attempt, launch.configuration),
    )


def resume(path: Path) -> None:
    """Read a database as the engine does."""
    with SweepReader(path) as reader:
        definition = SweepDefinition.from_wire(reader.get("definition"))
    journal = SqliteJournal(path, definition.goal)
    try:
        engine_on(definition, journal)
    finally:
        journal.close()


def look_at(path: Path) -> None:
    """Read a database as the commands do."""
    with SweepReader(path) as reader:
        reader.get("status")
        reader.ranked(1)
        reader.count()
        reader.mean_duration()
        reader.curves()
        reader.metric_names()
        reader.tags(-1, "tag")
        reader.notices()
        for row in reader.runs():
            reader.reports(row.number)
            reader.metrics(row.number, row.attempt)
            list(reader.story(row.number))
        list(reader.entries())


def readers(folder: Path) -> list[Reader]:
    """Return all kinds of files."""
    formats = ROOT / "tests" / "formats"
    sweeps = [ROOT / "examples" / name / "hdconfig.yml" for name in ("digits", "hyperdrive")]
    sweeps += [formats / "good.yml"]
    sweeps = sweeps * 20 + sorted((formats / "broken").glob("*.yml"))
    return [
        TextReader("hdconfig.yml", folder, read_hdconfig, sweeps),
        TextReader("run.runconfig", folder, read_runconfig, [formats / "full.runconfig"]),
        JournalReader(folder),
    ]


class Fuzzer:
    """Reads spoilt files and remembers what that led to.

    Attributes:
        counts: how often a reader returned, and how often it refused.
        bugs: what and where each bug is, and how to see it again.
    """

    def __init__(self, seed: int) -> None:
        self.counts: Counter[str] = Counter()
        self.bugs: dict[str, str] = {}
        self._seed = seed
        signal.signal(signal.SIGALRM, _hang)

    def one(self, reader: Reader) -> None:
        """Spoil a file and read it."""
        self._seed += 1
        reader.spoil(random.Random(self._seed))
        faulthandler.dump_traceback_later(4 * HANG, exit=True)  # where no signal gets through
        signal.setitimer(signal.ITIMER_REAL, HANG)
        try:
            reader.read()
            self.counts[f"{reader.name} read"] += 1
        except SweepError:
            self.counts[f"{reader.name} refused"] += 1
        except (Exception, Hang) as error:  # noqa: BLE001 - that is what is looked for
            self._bug(
                f"{reader.name}: {type(error).__name__} in {_where(error)}", f"{error!s:.100}"
            )
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            faulthandler.cancel_dump_traceback_later()
        if peak() > MEMORY and not any("MiB" in bug for bug in self.bugs):
            self._bug(f"{reader.name}: too many MiB")

    def _bug(self, what: str, details: str = "") -> None:
        self.bugs.setdefault(what, f"--seed {self._seed - 1} --inputs 1  {details!a}")


def peak() -> int:
    """Return the most memory that this program has taken, in bytes.

    What `getrusage` says has that of the process in it that started this one.
    """
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _hang(_number: int, _frame: FrameType | None) -> None:
    raise Hang(f"nothing for {HANG} seconds")


def _where(error: BaseException) -> str:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
    ours = [f for f in frames if Path(f.filename).is_relative_to(ROOT / "sweep")] or frames
    return f"{Path(ours[-1].filename).name}:{ours[-1].name}" if ours else "?"


def main() -> None:
    """Fuzz until the time is up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--inputs", type=int, help="this many for each reader, and no clock")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="readers whose name holds this")
    words = parser.parse_args()
    fuzzer, end = Fuzzer(words.seed), time.monotonic() + words.minutes * 60
    with tempfile.TemporaryDirectory() as folder:
        kinds = [r for r in readers(Path(folder)) if words.only in r.name]
        rounds = 0
        while rounds < words.inputs if words.inputs else time.monotonic() < end:
            rounds += 1
            for reader in kinds:
                fuzzer.one(reader)
    for what, count in sorted(fuzzer.counts.items()):
        print(f"{count:>9,}  {what}")
    print(f"{peak() / 2**20:>9.0f}  MiB at most")
    for bug, again in fuzzer.bugs.items():
        print(f"bug: {bug}: {again}")
    sys.exit(1 if fuzzer.bugs else 0)


if __name__ == "__main__":
    main()
