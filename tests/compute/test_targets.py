"""What every target promises, and what the one on Ray promises besides."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sweep.compute.ray_target import RayTarget
from sweep.compute.resources import Resources
from sweep.compute.simulated import Simulated
from sweep.compute.target import (
    Message,
    Notice,
    Process,
    RunEnded,
    RunLost,
    RunOrder,
    RunSaid,
    RunStarted,
    SlotsAre,
    Target,
)
from sweep.errors import TargetError
from tests.compute.traces import alive

CLIENT = """
    import json, os, socket, sys, time
    channel = socket.socket(socket.AF_UNIX)
    channel.connect(os.environ["SWEEP_CHANNEL"])
    def log(value, name="m"):
        message = {"k": "s", "n": name, "v": value, "t": time.time()}
        channel.sendall(json.dumps(message).encode() + b"\\n")
"""
FOREVER = "time.sleep(1000)"


class Bench:
    """A target, and what it has said and is not yet asked for."""

    def __init__(self, target: Target, order: Callable[..., RunOrder]) -> None:
        self.target = target
        self.order = order
        self.heard: list[Message] = []
        self.slots = 0
        self.number = 0

    def wait(self, *kinds: type[Message]) -> Any:
        """Return the next message of one of these kinds; others are forgotten."""
        for _ in range(10_000):
            while self.heard:
                message = self.heard.pop(0)
                if isinstance(message, SlotsAre):
                    self.slots = message.slots
                if isinstance(message, kinds):
                    return message
            self.heard += self.target.poll(1.0)
        raise AssertionError(f"nothing of {kinds} has come")

    def launch(self, values: list[float], *, end: bool = True, **more: Any) -> RunOrder:
        """Launch a run that logs some values, and then ends or goes on for ever."""
        self.number += 1
        order = self.order(self.number, values, end=end, **more)
        self.target.launch(order)
        return order


def simulated() -> tuple[Target, Callable[..., RunOrder]]:
    def curve(configuration: Any) -> Iterator[float]:
        yield from configuration["values"]
        while not configuration["end"]:
            yield 0.0

    def order(number: int, values: list[float], *, end: bool) -> RunOrder:
        return RunOrder(number, 1, {"values": values, "end": end})

    return Simulated(curve, "m", 2), order


def on_ray(folder: Path) -> tuple[Target, Callable[..., RunOrder]]:
    def order(
        number: int, values: list[float], *, end: bool, code: str = "", attempt: int = 1
    ) -> RunOrder:
        script = folder / f"{number}.py"
        body = f"for value in {values!r}: log(value)\n{'' if end else FOREVER}"
        script.write_text(textwrap.dedent(CLIENT) + textwrap.dedent(code) + "\n" + body)
        process = Process(
            argv=[sys.executable, "-S", str(script)],
            env={"PATH": os.environ["PATH"], "SWEEP_RUN_ID": f"{folder}_{number}"},
            folder=str(folder / "runs" / str(number)),
        )
        return RunOrder(number, attempt, {}, process)

    return RayTarget(Resources(2, 0, 1, 0), folder / "ray"), order


@pytest.fixture(scope="module", params=["simulated", pytest.param("ray", marks=pytest.mark.ray)])
def bench(request, tmp_path_factory) -> Iterator[Bench]:
    """One target for all tests: bringing Ray up takes seconds."""
    folder = tmp_path_factory.mktemp("t")
    target, order = simulated() if request.param == "simulated" else on_ray(folder)
    bench = Bench(target, order)
    target.open(2)
    while bench.slots < 2:
        bench.wait(SlotsAre)
    yield bench
    before = target.processes() if isinstance(target, RayTarget) else []
    target.close()
    if isinstance(target, RayTarget):
        assert [pid for pid in before if alive(pid)] == [], "nothing of Ray is left"
        names = {p.name for p in (folder / "ray").iterdir()}
        assert names <= {"host.log"}, "its files are gone, all but the log"


class TestEveryTarget:
    def test_a_run_starts_speaks_and_ends(self, bench):
        run = bench.launch([0.5, 0.25]).run
        started = bench.wait(RunStarted)
        assert (started.run, started.attempt) == (run, 1)
        assert [bench.wait(RunSaid).message["v"] for _ in range(2)] == [0.5, 0.25]
        ended = bench.wait(RunEnded)
        assert (ended.run, ended.attempt, ended.code) == (run, 1, 0)
        assert not ended.stopped
        assert not ended.error

    def test_two_run_at_one_time(self, bench):
        first = bench.launch([], end=False)
        assert bench.wait(RunStarted).run == first.run  # slots are not heard in turn
        second = bench.launch([1.0])
        assert bench.wait(RunStarted).run == second.run
        assert bench.wait(RunEnded).run == second.run
        bench.target.stop(first.run, 1, grace=5)
        assert bench.wait(RunEnded).run == first.run

    def test_a_stopped_run_ends_and_the_slot_takes_another(self, bench):
        run = bench.launch([1.0], end=False).run
        bench.wait(RunSaid)
        bench.target.stop(run, 1, grace=5)
        ended = bench.wait(RunEnded)
        assert (ended.run, ended.stopped, ended.error) == (run, True, "")
        again = bench.launch([2.0])
        assert bench.wait(RunSaid).run == again.run
        bench.wait(RunEnded)

    def test_stopping_what_is_over_or_another_attempt_does_nothing(self, bench):
        run = bench.launch([1.0]).run
        bench.wait(RunEnded)
        bench.target.stop(run, 1, grace=0)
        other = bench.launch([1.0], end=False).run
        bench.target.stop(other, 7, grace=0)
        assert bench.wait(RunSaid, RunEnded).message["v"] == 1.0
        bench.target.stop(other, 1, grace=0)
        assert bench.wait(RunEnded).stopped

    def test_time_does_not_run_backwards(self, bench):
        before = bench.target.now()
        bench.launch([1.0])
        bench.wait(RunEnded)
        assert bench.target.now() >= before


class TestSimulated:
    """Time jumps, and functions may fail."""

    def play(self, curve: Callable[[Any], Any], **more: Any) -> list[tuple[float, Message]]:
        target = Simulated(curve, "m", 1, **more)
        target.launch(RunOrder(0, 1, {}))
        story: list[tuple[float, Message]] = []
        while not any(isinstance(m, RunEnded) for _, m in story):
            story += [(target.now(), m) for m in target.poll(1e9)]
        return story

    def test_reports_come_at_their_times(self):
        story = self.play(lambda _: [1.0, (0.5, 2.0)], seconds=3.0, start_at=100.0)
        assert [at for at, _ in story] == [100.0, 103.0, 103.5, 103.5]

    @pytest.mark.parametrize("late", [False, True])
    def test_a_function_that_raises_fails_its_run(self, late):
        def curve(_: Any) -> Any:
            if not late:
                raise ValueError("bad")
            yield 1.0
            raise ValueError("bad")

        def eager(_: Any) -> Any:
            raise ValueError("bad")

        story = self.play(curve if late else eager)
        assert story[-1][1] == RunEnded(0, 1, 1, error="ValueError: bad")

    def test_a_poll_waits_no_longer_than_asked(self):
        target = Simulated(lambda _: [1.0], "m", 1)
        target.launch(RunOrder(0, 1, {}))
        target.poll(0)
        assert target.poll(0.25) == []
        assert target.now() == 0.25
        target.close()
        assert target.poll(1) == []


@pytest.fixture
def ray(bench) -> Bench:
    return bench


@pytest.mark.ray
@pytest.mark.parametrize("bench", ["ray"], indirect=True)
class TestOnRay:
    def test_a_failure_comes_with_the_end_of_the_output(self, ray):
        ray.launch([], code="print('about to fail'); raise ValueError('bad')")
        ended = ray.wait(RunEnded)
        assert (ended.code, ended.error) == (1, "exit code 1")
        assert ended.tail.startswith("about to fail\nTraceback")
        assert ended.tail.endswith("ValueError: bad\n")

    def test_a_signal_is_named(self, ray):
        ray.launch([], code="os.kill(os.getpid(), 9)")
        assert ray.wait(RunEnded).error == "killed by SIGKILL"

    def test_what_cannot_start_is_said(self, ray):
        order = ray.launch([])
        ray.wait(RunEnded)
        process = Process(["/no/such/program"], {"SWEEP_RUN_ID": "x"}, order.work.folder)
        ray.target.launch(RunOrder(order.run, 2, {}, process))
        ended = ray.wait(RunEnded)
        assert (ended.attempt, ended.code) == (2, None)
        assert "cannot start: /no/such/program" in ended.error

    def test_runs_given_to_busy_slots_wait_and_can_be_taken_back(self, ray):
        busy = [ray.launch([], end=False) for _ in range(2)]
        waiting, taken_back = ray.launch([4.0]), ray.launch([5.0])
        ray.target.stop(taken_back.run, 1, grace=0)
        ended = ray.wait(RunEnded)
        assert (ended.run, ended.stopped) == (taken_back.run, True)
        ray.target.stop(busy[0].run, 1, grace=0)
        assert ray.wait(RunEnded).run == busy[0].run
        assert ray.wait(RunSaid).run == waiting.run
        ray.target.stop(busy[1].run, 1, grace=0)
        for _ in range(2):
            ray.wait(RunEnded)

    def test_a_flood_arrives_in_full_and_in_order(self, ray):
        ray.launch([float(n) for n in range(30_000)])
        values = [ray.wait(RunSaid).message["v"] for _ in range(30_000)]
        assert values == [float(n) for n in range(30_000)]
        ray.wait(RunEnded)

    def test_a_run_knows_nothing_of_the_cluster(self, ray):
        code = "print([k for k in os.environ if 'RAY' in k or 'TARGET' in k])"
        folder = Path(ray.launch([], code=code).work.folder)
        ray.wait(RunEnded)
        assert (folder / "user_logs" / "std_log.txt").read_text() == "[]\n"

    def test_no_signal_is_blocked_in_a_run(self, ray):
        """Ray blocks some in its workers."""
        code = "import signal; log(len(signal.pthread_sigmask(signal.SIG_BLOCK, [])))"
        ray.launch([], code=code)
        assert ray.wait(RunSaid).message["v"] == 0
        ray.wait(RunEnded)

    def test_a_run_has_the_priority_of_who_started_it(self, ray):
        ray.launch([], code="log(os.getpriority(os.PRIO_PROCESS, 0))")
        assert ray.wait(RunSaid).message["v"] == os.getpriority(os.PRIO_PROCESS, 0)
        ray.wait(RunEnded)

    def test_a_lost_slot_loses_its_run_and_comes_back(self, ray):
        run = ray.launch([1.0], end=False).run
        pid = ray.wait(RunStarted).facts["pid"]
        slots = [p for p in ray.target.processes() if _is_slot(p)]
        guard = int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
        assert guard not in slots
        for slot in slots:
            os.kill(slot, signal.SIGKILL)
        lost = ray.wait(RunLost)
        assert (lost.run, lost.attempt) == (run, 1)
        assert "slot" in lost.reason
        assert "a new one is started" in ray.wait(Notice).text
        while ray.slots < 2:
            ray.wait(SlotsAre)
        assert not Path(f"/proc/{pid}").exists(), "the run has gone with its slot"
        again = ray.launch([2.0])
        assert ray.wait(RunSaid).run == again.run
        ray.wait(RunEnded)


def command_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _is_slot(pid: int) -> bool:
    return command_of(pid).startswith((b"ray::Slot", b"ray::NearSlot"))


@pytest.mark.ray
def test_when_the_engine_is_killed_nothing_is_left(tmp_path):
    """In a process of its own, which is killed as soon as a run goes on."""
    script = tmp_path / "engine.py"
    script.write_text(
        textwrap.dedent(f"""
            import os, pathlib, signal, sys
            sys.path.insert(0, {str(Path.cwd())!r})
            from tests.compute.test_targets import Bench, RunStarted, SlotsAre, on_ray
            target, order = on_ray(pathlib.Path({str(tmp_path)!r}))
            bench = Bench(target, order)
            target.open(1)
            bench.wait(SlotsAre)
            bench.launch([1.0], end=False, code="import subprocess;"
                         " subprocess.Popen(['sleep', '1000'], start_new_session=True)")
            bench.wait(RunStarted)
            print(*target.processes(), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        """)
    )
    # Whoever lives holds the pipe, so its end is the end of all of them.
    done = subprocess.run(
        [sys.executable, str(script)], stdout=subprocess.PIPE, timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL
    before = [int(pid) for pid in done.stdout.split()]
    assert len(before) > 8
    for pid in before:
        while alive(pid):
            os.sched_yield()


@pytest.mark.ray
def test_a_target_whose_host_is_killed_says_so_and_leaves_nothing(tmp_path):
    target, order = on_ray(tmp_path)
    bench = Bench(target, order)
    target.open(1)
    bench.wait(SlotsAre)
    bench.launch([1.0], end=False)
    pid = bench.wait(RunStarted).facts["pid"]
    before = target.processes()
    [host] = [p for p in before if b"sweep.compute.host" in command_of(p)]
    os.kill(host, signal.SIGKILL)
    with pytest.raises(TargetError, match="the target host is gone"):
        bench.wait(RunEnded)
    target.close()
    assert pid in before
    assert [p for p in before if alive(p)] == []


def test_closing_what_was_never_opened_does_nothing(tmp_path):
    RayTarget(Resources(1, 0, 1, 0), tmp_path).close()
