"""The socket between a host and a slot on one machine."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sweep.compute.link import HostEnd, SlotEnd
from sweep.compute.mailbox import Mailbox


@asynccontextmanager
async def linked(path: Path, heartbeat: float = 20.0, **orders):
    mailbox = Mailbox()
    slot = SlotEnd(path, mailbox, orders, heartbeat)
    await slot.listen()
    host = await HostEnd.to(str(path))
    assert host is not None
    mailbox.put(b"first")
    assert await host._reader.readline() == b"first\n"
    try:
        yield mailbox, host
    finally:
        host.close()
        await slot.ended.wait()
        await asyncio.sleep(0)


def test_messages_come_in_order_and_in_whole_lines(tmp_path):
    async def story():
        async with linked(tmp_path / "l") as (mailbox, host):
            heard: asyncio.Queue[bytes] = asyncio.Queue()
            hearing = asyncio.create_task(host.hear(heard.put_nowait, 20))
            sent = [b'{"n":%d,"pad":"%s"}' % (n, b"x" * n) for n in range(3000)]
            for message in sent:
                mailbox.put(message)
            lines: list[bytes] = []
            while len(lines) < len(sent):
                chunk = await asyncio.wait_for(heard.get(), 20)
                assert chunk.endswith(b"\n")
                lines += chunk.splitlines()
            assert lines == sent
            hearing.cancel()

    asyncio.run(story())


def test_orders_reach_the_slot_and_one_that_takes_long_holds_none_up(tmp_path):
    async def story():
        obeyed, waits, done = [], asyncio.Event(), asyncio.Event()

        async def start(*runs):
            obeyed.append(("start", *runs))
            await waits.wait()

        async def stop(run, grace):
            obeyed.append(("stop", run, grace))
            done.set()

        async with linked(tmp_path / "l", start=start, stop=stop) as (_, host):
            host.tell("start", {"run": "1.1"})
            host.tell("stop", "1.1", 2.5)
            await asyncio.wait_for(done.wait(), 20)
            assert obeyed == [("start", {"run": "1.1"}), ("stop", "1.1", 2.5)]
            waits.set()

    asyncio.run(story())


def test_heartbeats_are_for_the_host_alone(tmp_path):
    async def story():
        async with linked(tmp_path / "l", heartbeat=0.01) as (mailbox, host):
            heard: asyncio.Queue[bytes] = asyncio.Queue()
            hearing = asyncio.create_task(host.hear(heard.put_nowait, 20))
            await asyncio.sleep(0.05)
            mailbox.put(b"{}")
            assert await asyncio.wait_for(heard.get(), 20) == b"{}\n"
            hearing.cancel()

    asyncio.run(story())


def test_a_slot_that_says_nothing_is_late(tmp_path):
    async def story():
        async with linked(tmp_path / "l", heartbeat=1000) as (_, host):
            with pytest.raises(asyncio.TimeoutError):
                await host.hear(lambda _: None, 0.01)

    asyncio.run(story())


def test_only_one_may_call(tmp_path):
    async def story():
        path = tmp_path / "l"
        async with linked(path):
            assert await HostEnd.to(str(path)) is None

    asyncio.run(story())


def test_a_slot_on_another_machine_is_not_called(tmp_path):
    assert asyncio.run(HostEnd.to(str(tmp_path / "elsewhere"))) is None
