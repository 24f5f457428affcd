"""When there is too little disk for another run, and when for the sweep."""

from __future__ import annotations

import pytest

from sweep.engine.disk import Ballast, DiskWatch, Level, default_low, in_words

OK, LOW, CRITICAL = Level.OK, Level.LOW, Level.CRITICAL


class Disk:
    """A file system whose free bytes the test says."""

    def __init__(self, free):
        self.free, self.asked = free, 0

    def __call__(self, folder):
        self.asked += 1
        if self.free is None:
            raise OSError("stale file handle")
        return self.free


@pytest.mark.parametrize(
    ("story", "levels"),
    [
        ([200, 101, 100, 99], [OK, OK, OK, LOW]),
        ([99, 100, 149, 150, 100], [LOW, LOW, LOW, OK, OK]),  # it goes on with some room to spare
        ([99, 25, 24, 25, 149, 150], [LOW, LOW, CRITICAL, LOW, LOW, OK]),
        ([0], [CRITICAL]),
    ],
)
def test_levels(tmp_path, story, levels):
    disk = Disk(0)
    watch = DiskWatch(tmp_path, low=100, free=disk)
    found = []
    for second, free in enumerate(story):
        disk.free = free
        found.append(watch.look(float(second)).level)
    assert found == levels


def test_the_disk_is_looked_at_once_a_second(tmp_path):
    disk = Disk(10)
    watch = DiskWatch(tmp_path, low=100, critical=1, free=disk)
    assert [watch.look(at).level for at in (5.0, 5.5, 5.9)] == [LOW] * 3
    assert disk.asked == 1
    disk.free = 1000
    assert watch.look(6.0).level is OK
    assert watch.look(2.0).level is OK  # a clock that was set back does not blind us
    assert disk.asked == 3


def test_a_disk_that_does_not_answer_changes_nothing(tmp_path):
    disk = Disk(10)
    watch = DiskWatch(tmp_path, low=100, critical=1, free=disk)
    assert watch.look(0.0).level is LOW
    disk.free = None
    assert watch.look(2.0).level is LOW


def test_the_words_name_the_figures(tmp_path):
    mega = 1 << 20
    watch = DiskWatch(tmp_path, low=1 << 30, critical=100 * mega, free=Disk(312 * mega))
    assert watch.look(0.0).text == (
        f"no new runs: 312 MB free in {tmp_path}, below the low-water mark of 1 GB;"
        " they go on at 1.5 GB"
    )
    assert "12 MB free" in watch.judge(12 * mega).text
    assert watch.judge(2 << 30).text == ""


def test_no_mark_holds_nothing_up(tmp_path):
    assert DiskWatch(tmp_path, low=0, free=Disk(0)).look(0.0).level is OK


def test_the_real_disk_is_asked(tmp_path):
    watch = DiskWatch(tmp_path, low=1, critical=0)
    assert watch.look(0.0).level is OK
    assert 0 < default_low(tmp_path) <= 1 << 30
    assert DiskWatch(tmp_path, low=1 << 62, critical=0).look(0.0).level is LOW


def test_ballast(tmp_path):
    file = tmp_path / "ballast"
    ballast = Ballast(file, size=1 << 16)
    assert ballast.hold()
    assert ballast.hold()  # of an earlier process, say
    assert file.stat().st_blocks * 512 >= 1 << 16
    assert ballast.free()
    assert not file.exists()
    assert not ballast.free()


def test_ballast_that_does_not_fit_takes_nothing(tmp_path):
    ballast = Ballast(tmp_path / "ballast", size=1 << 60)
    assert not ballast.hold()
    assert not (tmp_path / "ballast").exists()
    assert not Ballast(tmp_path / "missing" / "ballast").hold()


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (999.9 * 2**20, "0.976 GB"),
        (312 << 20, "312 MB"),
        (1.5 * 2**30, "1.5 GB"),
    ],
)
def test_sizes_in_words(size, words):
    assert in_words(size) == words
