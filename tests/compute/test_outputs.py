"""How much a run has written."""

from __future__ import annotations

import asyncio
import os

import pytest

from sweep.compute import outputs
from sweep.compute.outputs import size_of, too_much, until_above

BLOCK = 1 << 16


def write(path, size=BLOCK):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(size))


def test_the_size_of_a_folder(tmp_path):
    write(tmp_path / "outputs" / "model")
    write(tmp_path / "deep" / "er" / "model")
    write(tmp_path / "user_logs" / "std_log.txt")  # this has a quota of its own
    write(tmp_path / "user_logs" / "std_log.1.txt")
    (tmp_path / "link").symlink_to("/usr")
    (tmp_path / "dangling").symlink_to("nowhere")
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 30)  # takes no room
    assert 2 * BLOCK <= size_of(tmp_path) < 2 * BLOCK + 20_000
    assert 4 * BLOCK <= size_of(tmp_path, whole=True) < 4 * BLOCK + 20_000
    assert size_of(tmp_path / "missing") == 0


def test_counting_ends_when_it_is_enough(tmp_path, monkeypatch):
    for number in range(10):
        write(tmp_path / str(number))
    assert BLOCK < size_of(tmp_path, BLOCK) < 4 * BLOCK
    monkeypatch.setattr(outputs, "MOST_ENTRIES", 4)
    assert size_of(tmp_path) < 6 * BLOCK
    assert size_of(tmp_path, whole=True) >= 10 * BLOCK


def test_it_is_waited_until_there_is_too_much(tmp_path):
    write(tmp_path / "source")

    async def story():
        waiting = asyncio.create_task(until_above(tmp_path, 2 * BLOCK, size_of(tmp_path), 0.01))
        write(tmp_path / "outputs" / "a")
        done, _ = await asyncio.wait([waiting], timeout=0.2)
        assert not done
        write(tmp_path / "outputs" / "b", 2 * BLOCK)
        await asyncio.wait_for(waiting, 20)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("quota", "words"), [(10**10, "10 GB"), (1_500_000, "1.5 MB"), (12, "12 bytes")]
)
def test_the_reason_names_the_quota(quota, words):
    assert too_much(quota) == f"outputs are above the quota of {words}"
