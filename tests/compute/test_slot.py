"""A slot with real processes, without the cluster around it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from sweep.api.tune import pickled
from sweep.compute import guard, hearing, run_log
from sweep.compute.processes import marked
from sweep.compute.slot import Slot
from tests.compute.guards import parent_of

SPEAK = """
    import json, os, socket, sys
    channel = socket.socket(socket.AF_UNIX)
    channel.connect(os.environ["SWEEP_CHANNEL"])
    def say(**message):
        channel.sendall(json.dumps(message).encode() + b"\\n")
"""
SOURCES = {name: Path(guard.__file__).with_name(name).read_text() for name in guard.FILES}
SLEEP = "import time; time.sleep(1000)"


class Bench:
    """A slot, and what it has said."""

    def __init__(self, folder: Path, slot: Slot) -> None:
        self.folder = folder
        self.slot = slot
        self.seen = 0
        self.heard: list[dict[str, Any]] = []

    async def hear(self, *kinds: str) -> dict[str, Any]:
        """Return the next message of one of these kinds."""
        while True:
            while self.heard:
                message = self.heard.pop(0)
                if message["k"] in kinds:
                    return message
            self.seen, lines = await self.slot.take(self.seen, 20)
            self.heard += map(json.loads, lines.splitlines())

    def order(self, code: str, *arguments: str, run: str = "0.1", **more: Any) -> dict[str, Any]:
        script = self.folder / f"{run}.py"
        script.write_text(textwrap.dedent(SPEAK) + textwrap.dedent(code))
        return {
            "run": run,
            "argv": [sys.executable, "-S", str(script), *arguments],
            "env": {"PATH": os.environ["PATH"], "SWEEP_RUN_ID": f"{self.folder}-{run}"},
            "folder": str(self.folder / "runs" / run),
            **more,
        }

    def output(self, run: str = "0.1") -> str:
        return (self.folder / "runs" / run / "user_logs" / "std_log.txt").read_text()


@asynccontextmanager
async def bench(folder: Path, function: bytes | None = None) -> AsyncIterator[Bench]:
    slot = Slot(0, str(folder / "s"), SOURCES)
    common = {
        "metric": "score",
        "cwd": str(folder),
        "env": {**os.environ, "SWEEP_RUN_ID": str(folder)},
    }
    facts = await slot.open(function and {**common, "pickled": function})
    assert facts["pid"] == os.getpid()
    here = Bench(folder, slot)
    try:
        yield here
    finally:
        if slot._run is not None:
            await slot.stop(slot._run.key, 0)
            await here.hear("ended")
        slot._listener.cancel()
        slot._link.close()
        writers = [slot._writer, getattr(slot._functions, "_writer", None)]
        for writer in filter(None, writers):
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        if output := getattr(slot._functions, "_output", None):
            while output._descriptor >= 0:  # noqa: ASYNC110 - until its process is gone
                await asyncio.sleep(0.005)


def in_slot(
    story: Callable[[Bench], Coroutine[Any, Any, None]],
    folder: Path,
    function: bytes | None = None,
) -> None:
    async def whole() -> None:
        async with bench(folder, function) as here:
            await asyncio.wait_for(story(here), 60)

    asyncio.run(whole())


class TestScripts:
    def test_story_of_a_run(self, short):
        async def story(here: Bench) -> None:
            await here.slot.start(here.order("say(k='s', n='m', v=1.5); print('hello')"))
            started = await here.hear("started")
            assert started["run"] == "0.1"
            assert started["pid"] > 0
            assert (await here.hear("said"))["m"] == {"k": "s", "n": "m", "v": 1.5}
            ended = await here.hear("ended")
            assert (ended["code"], ended["stopped"], ended["tail"]) == (0, False, "")
            assert here.output() == "hello\n"

        in_slot(story, short)
        names = {p.name for p in (short / "runs" / "0.1").iterdir()}
        assert names == {"outputs", "logs", "user_logs"}

    def test_a_run_gets_a_copy_of_the_snapshot(self, short):
        (short / "tree" / "data").mkdir(parents=True)
        (short / "tree" / "data" / "a.txt").write_text("original")

        async def story(here: Bench) -> None:
            code = "open('data/a.txt', 'w').write('changed')"
            await here.slot.start(here.order(code, tree=str(short / "tree")))
            assert (await here.hear("ended"))["code"] == 0

        in_slot(story, short)
        assert (short / "runs" / "0.1" / "data" / "a.txt").read_text() == "changed"
        assert (short / "tree" / "data" / "a.txt").read_text() == "original"

    def test_the_end_of_its_output_comes_with_a_failure(self, short):
        async def story(here: Bench) -> None:
            await here.slot.start(here.order("print('x' * 20_000); raise ValueError('bad lr')"))
            ended = await here.hear("ended")
            assert ended["code"] == 1
            assert ended["tail"].endswith("ValueError: bad lr\n")
            assert len(ended["tail"]) == run_log.TAIL

        in_slot(story, short)

    def test_last_words_before_an_abrupt_end_are_heard(self, short):
        """Also from a child that speaks, unheard so far, and dies at once."""

        async def story(here: Bench) -> None:
            for number in range(30):
                run = f"{number}.1"
                code = f"say(k='s', n='m', v={number}); os._exit(7)"
                await here.slot.start(here.order(code, run=run))
                assert (await here.hear("said", "ended"))["m"]["v"] == number
                assert (await here.hear("ended"))["code"] == 7

        in_slot(story, short)

    def test_what_is_no_message_is_dropped_and_counted(self, short):
        async def story(here: Bench) -> None:
            code = f"""
                channel.sendall(b"no json\\n[1, 2]\\n\\xff\\xfe\\n\\n")
                channel.sendall(b'{{"n": "' + b"x" * {hearing.LINE_LIMIT} + b'"}}\\n')
                say(k="s", n="m", v=1)
            """
            await here.slot.start(here.order(code))
            assert (await here.hear("said"))["m"]["v"] == 1
            assert (await here.hear("ended"))["dropped"] >= 4

        in_slot(story, short)

    def test_a_flood_is_heard_in_full_and_in_order(self, short):
        async def story(here: Bench) -> None:
            code = "channel.sendall(b''.join(b'{\"v\":%d}\\n' % i for i in range(50_000)))"
            await here.slot.start(here.order(code))
            values = [(await here.hear("said"))["m"]["v"] for _ in range(50_000)]
            assert values == list(range(50_000))
            assert (await here.hear("said", "ended"))["k"] == "ended"

        in_slot(story, short)

    def test_several_processes_of_a_run_may_speak(self, short):
        async def story(here: Bench) -> None:
            code = """
                import subprocess
                subprocess.run([sys.executable, "-S", "-c", '''
                import json, os, socket
                c = socket.socket(socket.AF_UNIX); c.connect(os.environ["SWEEP_CHANNEL"])
                c.sendall(b'{"v": 1}' + bytes([10]))
                '''.replace("                ", "")], check=True)
                say(v=2)
            """
            await here.slot.start(here.order(code))
            assert {(await here.hear("said"))["m"]["v"] for _ in range(2)} == {1, 2}
            assert (await here.hear("ended"))["code"] == 0

        in_slot(story, short)

    def test_what_an_earlier_attempt_has_left_is_ended_first(self, short):
        """Slot and guard may have been killed together, and then nobody has ended it."""

        async def story(here: Bench) -> None:
            order = here.order("say(v=1)", run="0.2")
            words = ["/bin/sleep", "1000"]
            left = await asyncio.create_subprocess_exec(*words, env=order["env"])
            try:
                await here.slot.start(order)
                assert (await here.hear("ended"))["code"] == 0
                assert await left.wait() == -signal.SIGKILL
            finally:
                with suppress(ProcessLookupError):
                    left.kill()

        in_slot(story, short)

    def test_a_stop_reaches_the_run_that_it_is_for(self, short):
        async def story(here: Bench) -> None:
            await here.slot.start(here.order("say(v=1); " + SLEEP))
            await here.hear("said")
            await here.slot.stop("another.1", 0)
            await here.slot.stop("0.1", 30)
            ended = await here.hear("ended")
            assert (ended["code"], ended["stopped"]) == (-signal.SIGTERM, True)
            assert ended["stop_seconds"] < 20
            await here.slot.stop("0.1", 30)  # it is over: nothing to do
            await here.slot.start(here.order("say(v=2)", run="1.1"))
            assert (await here.hear("said"))["run"] == "1.1"

        in_slot(story, short)

    def test_a_stop_may_come_before_the_run_has_started(self, short):
        async def story(here: Bench) -> None:
            starting = asyncio.create_task(here.slot.start(here.order("say(v=1); " + SLEEP)))
            await asyncio.sleep(0)  # it is making its folder now
            await here.slot.stop("0.1", 0)
            await starting
            assert (await here.hear("ended"))["stopped"]
            await here.slot.stop("1.1", 0)  # even before it is ordered
            await here.slot.start(here.order("say(v=1); " + SLEEP, run="1.1"))
            assert (await here.hear("ended"))["run"] == "1.1"

        in_slot(story, short)

    def test_what_cannot_start_is_refused_and_the_slot_is_free(self, short):
        async def story(here: Bench) -> None:
            order = here.order("")
            await here.slot.start({**order, "argv": ["/no/such/python"]})
            assert "No such file or directory" in (await here.hear("refused"))["error"]
            await here.slot.start({**order, "folder": "/proc/nowhere"})
            assert "/proc/nowhere" in (await here.hear("refused"))["error"]
            await here.slot.start(here.order("say(v=2)", run="1.1"))
            assert (await here.hear("said"))["run"] == "1.1"

        in_slot(story, short)

    def test_devices_of_the_slot_are_those_of_its_runs(self, short, monkeypatch):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")

        async def story(here: Bench) -> None:
            await here.slot.start(here.order("say(v=os.environ['CUDA_VISIBLE_DEVICES'])"))
            assert (await here.hear("said"))["m"]["v"] == "3"

        in_slot(story, short)


def test_a_slot_without_its_guard_ends_itself_and_its_run(short):
    """In a process of its own, since it will be killed."""
    script = short / "host.py"
    script.write_text(
        textwrap.dedent(f"""
            import asyncio, json, os, pathlib, signal, sys
            sys.path.insert(0, {str(Path.cwd())!r})
            from tests.compute.test_slot import bench
            from tests.compute.guards import parent_of
            async def main():
                async with bench(pathlib.Path({str(short)!r})) as here:
                    order = here.order("import subprocess; subprocess.Popen(['sleep', '1000'],"
                                       " start_new_session=True); say(v=1); import time;"
                                       " time.sleep(1000)")
                    await here.slot.start(order)
                    started = await here.hear("started")
                    await here.hear("said")
                    print(order["env"]["SWEEP_RUN_ID"], flush=True)
                    os.kill(parent_of(started["pid"]), signal.SIGKILL)
                    await asyncio.sleep(60)
            asyncio.run(main())
        """)
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert marked("SWEEP_RUN_ID", done.stdout.strip()) == []


def function_order(number: int, folder: Path, **configuration: Any) -> dict[str, Any]:
    return {
        "run": f"{number}.1",
        "id": f"run_{number}",
        "number": number,
        "attempt": 1,
        "configuration": configuration,
        "folder": str(folder / "runs" / str(number)),
    }


class TestFunctions:
    def play(self, train: Callable[..., Any], story: Any, folder: Path) -> None:
        in_slot(story, folder, pickled(train))

    def test_story_of_two_runs_in_one_process(self, short):
        def train(run, lr):
            print("lr is", lr)  # noqa: T201 - that it is kept is what is tested
            run.log("score", lr)
            return 99.0  # it has logged the metric itself

        async def story(here: Bench) -> None:
            pids = set()
            for number in range(2):
                await here.slot.start(function_order(number, short, lr=number / 2))
                pids.add((await here.hear("started"))["pid"])
                said = await here.hear("said")
                assert said["m"]["v"] == number / 2
                ended = await here.hear("said", "ended")
                assert (ended["k"], ended["code"], ended["stopped"]) == ("ended", 0, False)
            assert len(pids) == 1
            assert here.output("1") == "lr is 0.5\n"

        self.play(train, story, short)

    def test_a_returned_number_is_the_metric(self, short):
        async def story(here: Bench) -> None:
            await here.slot.start(function_order(0, short, x=3))
            said = await here.hear("said")
            assert (said["m"]["n"], said["m"]["v"]) == ("score", 9)

        self.play(lambda x: x * x, story, short)

    def test_threads_may_log_and_what_is_too_large_is_an_error(self, short):
        def train(run, x):
            threads = [
                threading.Thread(target=lambda: [run.log("other", n) for n in range(200)])
                for _ in range(4)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            run.log("score", "x" * 2_000_000)

        async def story(here: Bench) -> None:
            await here.slot.start(function_order(0, short, x=3))
            values = [(await here.hear("said"))["m"]["v"] for _ in range(800)]
            assert sorted(values) == sorted([*range(200)] * 4)
            ended = await here.hear("said", "ended")
            assert "'score' takes 2,000" in ended["error"]

        self.play(train, story, short)

    def test_an_exception_fails_the_run_and_not_the_process(self, short):
        def train(run, x):
            if x == 0:
                raise ValueError("zero")
            run.log("score", x)

        async def story(here: Bench) -> None:
            await here.slot.start(function_order(0, short, x=0))
            pid = (await here.hear("started"))["pid"]
            ended = await here.hear("ended")
            assert (ended["code"], ended["error"]) == (1, "ValueError: zero")
            assert "in train\nValueError: zero" in ended["tail"]
            assert "ValueError: zero" in here.output("0")
            await here.slot.start(function_order(1, short, x=1))
            assert (await here.hear("started"))["pid"] == pid

        self.play(train, story, short)

    def test_a_stop_is_raised_by_the_next_log(self, short):
        def train(run, x):
            try:
                while True:
                    run.log("score", x)
                    time.sleep(0.001)
            finally:
                Path(run.folder, "checkpoint").write_text("saved")

        async def story(here: Bench) -> None:
            await here.slot.start(function_order(0, short, x=1))
            pid = (await here.hear("started"))["pid"]
            await here.hear("said")
            stopping = asyncio.create_task(here.slot.stop("0.1", 30))
            ended = await here.hear("ended")
            assert (ended["stopped"], ended["code"]) == (True, None)
            assert (short / "runs" / "0" / "checkpoint").read_text() == "saved"
            stopping.cancel()
            await here.slot.start(function_order(1, short, x=1))
            assert (await here.hear("started"))["pid"] == pid, "the process lives on"

        self.play(train, story, short)

    def test_a_stop_may_come_before_the_run_has_started(self, short):
        async def story(here: Bench) -> None:
            starting = asyncio.create_task(here.slot.start(function_order(0, short, x=1)))
            await asyncio.sleep(0)  # its process is being started now
            await here.slot.stop("0.1", 0)
            await starting
            assert (await here.hear("started", "ended"))["stopped"]
            await here.slot.stop("1.1", 0)  # even before it is ordered
            await here.slot.start(function_order(1, short, x=1))
            ended = await here.hear("started", "ended")
            assert (ended["run"], ended["stopped"]) == ("1.1", True)

        self.play(lambda x: x, story, short)

    def test_who_does_not_hear_a_stop_is_ended_after_the_grace(self, short):
        def train(run, x):
            run.log("score", x)
            subprocess.Popen(["sleep", "1000"], start_new_session=True)
            run.tag("deaf from now on")
            while x == 0:
                time.sleep(1)

        async def story(here: Bench) -> None:
            await here.slot.start(function_order(0, short, x=0))
            pid = (await here.hear("started"))["pid"]
            for _ in ("score", "tag"):
                await here.hear("said")
            await here.slot.stop("0.1", 0.1)
            ended = await here.hear("ended")
            assert (ended["stopped"], ended["code"]) == (True, -signal.SIGKILL)
            await here.slot.start(function_order(1, short, x=1))
            assert (await here.hear("started"))["pid"] != pid, "a new process"
            assert (await here.hear("ended"))["code"] == 0

        self.play(train, story, short)

    def test_a_process_that_dies_fails_its_run(self, short):
        def train(run, x):
            os.write(2, b"about to crash\n")
            if x == 0:
                os.abort()

        async def story(here: Bench) -> None:
            await here.slot.start(function_order(0, short, x=0))
            ended = await here.hear("ended")
            assert (ended["code"], ended["stopped"]) == (-signal.SIGABRT, False)
            assert "about to crash" in ended["tail"]
            await here.slot.start(function_order(1, short, x=1))
            assert (await here.hear("ended"))["code"] == 0

        self.play(train, story, short)

    def test_runs_given_ahead_are_done_in_order_and_may_be_stopped_before(self, short):
        def train(run, x):
            return x

        async def story(here: Bench) -> None:
            for number in range(3):
                await here.slot.start(function_order(number, short, x=number))
            ends = [(await here.hear("ended"))["run"] for _ in range(3)]
            assert ends == ["0.1", "1.1", "2.1"]

        self.play(train, story, short)

    def test_a_function_that_cannot_be_loaded_says_why(self, short):
        async def story(here: Bench) -> None:
            order = function_order(0, short)
            await here.slot.start(order)
            ended = await here.hear("ended", "refused")
            assert "UnpicklingError" in ended.get("tail", "") + ended.get("error", "")

        in_slot(story, short, b"not a pickle")


def test_the_parent_of_a_process_is_found():
    assert parent_of(os.getpid()) == os.getppid()
