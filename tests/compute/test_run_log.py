"""What a run prints is kept within bounds, and costs no run its life."""

from __future__ import annotations

import os

import pytest

from sweep.compute.run_log import LEAST, TAIL, RunLog, older_piece


@pytest.fixture
def path(tmp_path):
    return tmp_path / "user_logs" / "std_log.txt"


def total(path):
    return sum(p.stat().st_size for p in path.parent.iterdir())


def test_output_is_kept_as_it_is(path):
    log = RunLog(path)
    log.write(b"a\n")
    log.write(b"b")
    log.close()
    log.write(b"c\n")
    log.close()
    assert path.read_bytes() == b"a\nbc\n"
    assert not older_piece(path).exists()
    assert (log.dropped, log.error, log.tail) == (0, "", b"a\nbc\n")


def test_nothing_is_made_before_the_first_word(path):
    RunLog(path).close()
    assert not path.parent.exists()


def test_half_of_the_quota_is_turned_over(path):
    log = RunLog(path, 10_000)
    lines = [b"%099d\n" % i for i in range(1000)]
    for line in lines:
        log.write(line)
        assert total(path) <= 10_000
    log.close()
    head, *late = path.read_bytes().splitlines(keepends=True)
    assert head.startswith(b"[sweep: what was printed before is in std_log.1.txt; ")
    _, *early = older_piece(path).read_bytes().splitlines(keepends=True)
    kept = early + late
    assert kept == lines[-len(kept) :], "whole lines, the last of all"
    assert total(path) > 5_000
    assert log.dropped >= 100 * (1000 - len(kept))  # and the lines that said so
    assert log.tail == b"".join(lines)[-TAIL:]


def test_one_huge_piece_of_output(path):
    log = RunLog(path, 10_000)
    log.write(b"x" * 1_000_000)
    log.write(b"the end\n")
    log.close()
    assert total(path) <= 10_000
    assert path.read_bytes().endswith(b"the end\n")
    assert log.dropped > 980_000


def test_a_file_that_is_there_is_continued(path):
    for text in (b"one\n", b"two\n"):
        log = RunLog(path, LEAST)
        log.write(text)
        log.close()
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_forked_child_and_its_parent_share_the_quota(path):
    log = RunLog(path, 10_000)
    log.write(b"parent\n")
    child = os.fork()
    if child == 0:
        for _ in range(1000):
            log.write(b"child %d\n" % os.getpid())
        os._exit(0)
    for _ in range(1000):
        log.write(b"parent\n")
    os.waitpid(child, 0)
    log.write(b"the end\n")
    log.close()
    assert total(path) <= 10_000 + 200  # a line of each may come when the other has just turned
    assert any(p.read_bytes().endswith(b"the end\n") for p in (path, older_piece(path)))


def test_a_line_does_not_go_to_a_piece_that_others_have_done_away_with(path):
    log, other = (RunLog(path, 10_000) for _ in range(2))
    log.write(b"ours\n")
    for _ in range(1000):
        other.write(b"longer lines, which leave room for short ones\n")
    log.write(b"the end\n")
    log.close()
    other.close()
    assert path.read_bytes().endswith(b"the end\n")


def test_a_log_that_cannot_be_written_is_dropped_and_counted(path, tmp_path):
    path.parent.symlink_to(tmp_path / "not there yet")
    log = RunLog(path)
    log.write(b"lost\n")
    log.write(b"lost too\n")
    assert log.dropped == 14
    assert log.error
    assert log.tail == b"lost\nlost too\n"
    (tmp_path / "not there yet").mkdir()
    log.write(b"kept\n")
    log.close()
    first, second = path.read_text().splitlines()
    assert first.startswith("[sweep: 14 bytes of output could not be written: ")
    assert second == "kept"


def test_a_full_device(tmp_path):
    (tmp_path / "full").symlink_to("/dev/full")
    log = RunLog(tmp_path / "full")
    log.write(b"x" * 100)
    log.close()
    assert (log.dropped, log.error) == (100, "No space left on device")
