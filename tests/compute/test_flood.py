"""Runs that print, write or log without end: bounded, counted, and nobody else's trouble."""

from __future__ import annotations

import json
import os
import resource
import time
from pathlib import Path

import pytest

from sweep.api.tune import pickled
from sweep.compute import hearing, outputs
from tests.compute.test_slot import Bench, function_order, in_slot

MEGA = 1 << 20


@pytest.fixture
def hasty(monkeypatch):
    """Look at folders all the time."""
    monkeypatch.setattr(outputs.until_above, "__defaults__", (0, 0.01))


def peak():
    """The most memory this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class TestScripts:
    def test_output_is_kept_within_its_quota(self, short):
        async def story(here: Bench) -> None:
            code = "[print('x' * 999) for _ in range(1000)]; print('the end')"
            await here.slot.start(here.order(code, log_bytes=100_000))
            ended = await here.hear("ended")
            assert ended["code"] == 0
            assert 900_000 < ended["output_dropped"] < 1_000_000

        in_slot(story, short)
        logs = short / "runs" / "0.1" / "user_logs"
        assert sum(p.stat().st_size for p in logs.iterdir()) <= 100_000
        assert (logs / "std_log.txt").read_text().endswith("the end\n")

    def test_a_log_that_cannot_be_written_costs_no_run(self, short):
        async def story(here: Bench) -> None:
            order = here.order("print('hello'); say(v=1)")
            logs = Path(order["folder"]) / "user_logs"
            logs.mkdir(parents=True)
            (logs / "std_log.txt").symlink_to("/dev/full")
            await here.slot.start(order)
            assert (await here.hear("said"))["m"] == {"v": 1}
            ended = await here.hear("ended")
            assert (ended["code"], ended["output_dropped"]) == (0, 6)
            await here.slot.start(here.order("say(v=2)", run="1.1"))
            assert (await here.hear("said"))["run"] == "1.1"

        in_slot(story, short)

    def test_who_writes_too_much_fails_with_the_reason(self, short, hasty):
        async def story(here: Bench) -> None:
            code = """
                import signal, time
                signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
                print("nothing to do with it", flush=True)
                open("outputs/model", "wb").write(b"x" * 300_000)
                time.sleep(1000)
            """
            await here.slot.start(here.order(code, outputs_bytes=200_000))
            ended = await here.hear("ended")
            assert ended["error"] == "outputs are above the quota of 200 kB"
            assert ended["kind"] == "quota"
            assert (ended["code"], ended["stopped"], ended["tail"]) == (None, False, "")

        in_slot(story, short)

    def test_who_writes_less_is_let_alone(self, short, hasty):
        (short / "tree").mkdir()
        (short / "tree" / "data").write_bytes(b"x" * 400_000)  # its source does not count

        async def story(here: Bench) -> None:
            code = "import time; open('outputs/m', 'wb').write(b'x' * 9_000); time.sleep(0.1)"
            order = here.order(code, tree=str(short / "tree"), outputs_bytes=200_000)
            await here.slot.start(order)
            ended = await here.hear("ended")
            assert (ended["code"], ended["stopped"]) == (0, False)

        in_slot(story, short)

    def test_messages_beyond_the_allowance_are_counted(self, short):
        async def story(here: Bench) -> None:
            code = "channel.sendall(b''.join(b'{\"v\":%d}\\n' % i for i in range(5_000)))"
            await here.slot.start(here.order(code, messages=1_000))
            values = [(await here.hear("said"))["m"]["v"] for _ in range(1_000)]
            assert values == list(range(1_000))
            notice = await here.hear("said", "notice")
            assert (notice["k"], notice["text"]) == ("notice", hearing.TOO_MANY)
            ended = await here.hear("said", "notice", "ended")
            assert (ended["k"], ended["dropped"]) == ("ended", 4_000)

        in_slot(story, short)

    def test_a_line_that_ends_where_it_is_given_up_is_counted(self, short):
        async def story(here: Bench) -> None:
            code = f'channel.sendall(b"x" * {hearing.LINE_LIMIT + 1})'
            await here.slot.start(here.order(code))
            assert (await here.hear("ended"))["dropped"] == 1

        in_slot(story, short)

    def test_a_line_of_a_hundred_megabytes_is_one_message_that_is_dropped(self, short):
        async def story(here: Bench) -> None:
            code = """
                say(v=1)
                channel.sendall(b'{"v":"')
                for _ in range(100):
                    channel.sendall(b"x" * 1_000_000)
                channel.sendall(b'"}\\n')
                say(v=2)
                channel.sendall(b'{"v":"' + b"x" * 3_000_000)
            """
            before = peak()
            await here.slot.start(here.order(code))
            assert [(await here.hear("said"))["m"]["v"] for _ in range(2)] == [1, 2]
            ended = await here.hear("ended")
            assert ended["dropped"] == 2
            assert peak() - before < 20 * MEGA

        in_slot(story, short)

    def test_connections_are_bounded(self, short, monkeypatch):
        monkeypatch.setattr(hearing, "MOST_SPEAKERS", 8)

        async def story(here: Bench) -> None:
            code = """
                more = []
                for _ in range(20):
                    more.append(socket.socket(socket.AF_UNIX))
                    more[-1].connect(os.environ["SWEEP_CHANNEL"])
                more[-1].recv(1)
                say(v=1)
            """
            await here.slot.start(here.order(code))
            assert (await here.hear("said"))["m"]["v"] == 1
            assert (await here.hear("ended"))["dropped"] == 13

        in_slot(story, short)

    def test_a_million_values_in_bounded_memory(self, short):
        async def story(here: Bench) -> None:
            code = """
                for part in range(100):
                    at = range(part * 10_000, part * 10_000 + 10_000)
                    channel.sendall(b"".join(b'{"k":"s","n":"m","v":%d}\\n' % i for i in at))
            """
            before, began = peak(), time.monotonic()
            await here.slot.start(here.order(code, messages=500_000))
            seen = count = 0
            while True:
                seen, lines = await here.slot.take(seen, 20)
                found = lines.splitlines()
                count += len(found)
                if found and b'"k": "ended"' in found[-1]:
                    break
            assert 500_000 <= count <= 500_003
            assert json.loads(found[-1])["dropped"] == 500_000
            assert peak() - before < 100 * MEGA
            assert time.monotonic() - began < 60

        in_slot(story, short)


class TestFunctions:
    def test_output_is_kept_within_its_quota(self, short):
        def train(run):
            for _ in range(1000):
                print("x" * 999)  # noqa: T201 - that it is bounded is what is tested

        async def story(here: Bench) -> None:
            await here.slot.start({**function_order(0, short), "log_bytes": 100_000})
            ended = await here.hear("ended")
            assert (ended["code"], ended["dropped"]) == (0, 0)
            assert ended["output_dropped"] > 900_000

        in_slot(story, short, pickled(train))
        logs = short / "runs" / "0" / "user_logs"
        assert sum(p.stat().st_size for p in logs.iterdir()) <= 100_000

    def test_who_writes_too_much_fails_with_the_reason(self, short, hasty):
        def train(run):
            Path(run.folder, "model").write_bytes(b"x" * 300_000)
            while True:
                run.log("score", 1.0)
                time.sleep(0.001)

        async def story(here: Bench) -> None:
            await here.slot.start({**function_order(0, short), "outputs_bytes": 200_000})
            ended = await here.hear("ended")
            assert ended["error"] == "outputs are above the quota of 200 kB"
            assert ended["kind"] == "quota"
            assert (ended["code"], ended["stopped"], ended["tail"]) == (None, False, "")

        in_slot(story, short, pickled(train))

    def test_messages_beyond_the_allowance_are_counted(self, short):
        def train(run):
            for number in range(500):
                run.log("score", number)

        async def story(here: Bench) -> None:
            await here.slot.start({**function_order(0, short), "messages": 100})
            heard = [await here.hear("said") for _ in range(100)]
            assert heard[-1]["m"]["v"] == 99
            assert (await here.hear("said", "notice"))["text"] == hearing.TOO_MANY
            ended = await here.hear("said", "notice", "ended")
            assert (ended["code"], ended["dropped"]) == (0, 400)

        in_slot(story, short, pickled(train))

    def test_what_its_children_print_is_bounded_too(self, short, monkeypatch):
        def train(run):
            for _ in range(300):
                os.write(1, b"x" * 99_999 + b"\n")

        async def story(here: Bench) -> None:
            await here.slot.start(function_order(0, short))
            assert (await here.hear("ended"))["code"] == 0
            logs = [*(short / "s").rglob("runner*.log")]  # they go with the slot
            assert 0 < sum(p.stat().st_size for p in logs) <= 10_000_000

        in_slot(story, short, pickled(train))
