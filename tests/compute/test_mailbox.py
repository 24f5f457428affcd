from __future__ import annotations

import asyncio

from sweep.compute.mailbox import (
    BACKLOG_BYTES,
    BACKLOG_MESSAGES,
    BATCH_BYTES,
    BATCH_MESSAGES,
    Mailbox,
)


def lines(answer: tuple[int, bytes]) -> list[bytes]:
    return answer[1].splitlines()


def test_what_is_not_acknowledged_is_given_again():
    async def story():
        box = Mailbox()
        for message in (b"a", b"b"):
            box.put(message)
        first = await box.take(0, 9)
        assert first == (2, b"a\nb\n")
        box.put(b"c")
        assert await box.take(1, 9) == (3, b"b\nc\n")
        assert await box.take(3, 0) == (3, b"")

    asyncio.run(story())


def test_a_poll_waits_for_news():
    async def story():
        box = Mailbox()
        waiting = asyncio.create_task(box.take(0, 30))
        await asyncio.sleep(0)
        box.put(b"news")
        assert await waiting == (1, b"news\n")

    asyncio.run(story())


def test_what_is_not_urgent_goes_with_the_next_or_after_a_moment():
    async def story():
        box = Mailbox()
        waiting = asyncio.create_task(box.take(0, 30))
        await asyncio.sleep(0)
        box.put(b"later", urgent=False)
        await asyncio.sleep(0)
        assert not waiting.done()
        box.put(b"now")
        assert await waiting == (2, b"later\nnow\n")
        box.put(b"alone", urgent=False)
        assert await box.take(2, 30) == (3, b"alone\n"), "not after thirty seconds"

    asyncio.run(story())


def test_what_is_urgent_does_not_wait_for_what_has_come_after_it():
    async def story():
        box = Mailbox()
        box.put(b"now")
        box.put(b"later", urgent=False)
        waiting = asyncio.create_task(box.take(0, 30))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert waiting.done()
        assert await waiting == (2, b"now\nlater\n")

    asyncio.run(story())


def test_an_answer_is_bounded_in_number_and_size():
    async def story():
        box = Mailbox()
        for _ in range(BATCH_MESSAGES + 1):
            box.put(b"x")
        last, _ = answer = await box.take(0, 9)
        assert len(lines(answer)) == BATCH_MESSAGES
        assert len(lines(await box.take(last, 9))) == 1
        big = Mailbox()
        for _ in range(3):
            big.put(b"y" * (BATCH_BYTES // 2))
        assert len(lines(await big.take(0, 9))) == 2

    asyncio.run(story())


def test_who_says_too_much_has_to_wait_for_the_engine():
    async def story(count: int, message: bytes):
        box = Mailbox()
        await box.room()
        for _ in range(count):
            box.put(message)
        waiting = asyncio.create_task(box.room())
        await asyncio.sleep(0)
        assert not waiting.done()
        last = 0
        while not waiting.done():
            last, _ = await box.take(last, 0)
            await asyncio.sleep(0)

    asyncio.run(story(BACKLOG_MESSAGES, b"x"))
    asyncio.run(story(2, b"y" * (BACKLOG_BYTES // 2)))
