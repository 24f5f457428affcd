"""Ray's own files are bounded, and what is in use is left alone."""

from __future__ import annotations

import pytest

from sweep.compute.ray_files import LOOK_SECONDS, RayFiles

SIZE = 100_000


@pytest.fixture
def folder(tmp_path):
    logs = tmp_path / "session_2026-01-01" / "logs"
    (logs / "old").mkdir(parents=True)
    (tmp_path / "session_latest").symlink_to("session_2026-01-01")
    for name in ("raylet.out", "raylet.out.1", "monitor.log.1", "old/worker.err.2", "metrics.1.x"):
        (logs / name).write_bytes(b"x" * SIZE)
    (tmp_path / "host.log").write_text("started\n")
    return tmp_path


def names(folder):
    return sorted(p.name for p in folder.rglob("*") if p.is_file())


def test_below_the_quota_nothing_is_done(folder):
    before = names(folder)
    assert RayFiles(folder, 10 * SIZE).look(0.0) == ""
    assert names(folder) == before


def test_above_it_old_logs_go_and_that_is_said(folder):
    files = RayFiles(folder, 3 * SIZE)
    text = files.look(0.0)
    assert text.startswith("Ray's own files took 5")
    assert f"kB in {folder}, above the quota of 300 kB: old logs were removed, 2" in text
    assert names(folder) == ["host.log", "metrics.1.x", "raylet.out"]
    assert files.look(LOOK_SECONDS) == ""


def test_what_cannot_be_helped_is_said_once(folder):
    files = RayFiles(folder, SIZE)
    assert files.look(0.0)
    assert [files.look(n * LOOK_SECONDS) for n in (1, 2, 3)] == [""] * 3
    (folder / "session_2026-01-01" / "logs" / "metrics.1.x").unlink()
    (folder / "session_2026-01-01" / "logs" / "raylet.out").unlink()
    assert files.look(4 * LOOK_SECONDS) == ""
    (folder / "host.log").write_bytes(b"x" * 2 * SIZE)
    assert files.look(5 * LOOK_SECONDS), "anew"


def test_it_looks_now_and_then(folder):
    files = RayFiles(folder, 10 * SIZE)
    assert files.look(0.0) == ""
    (folder / "more").write_bytes(b"x" * 20 * SIZE)
    assert files.look(LOOK_SECONDS - 1) == ""
    assert files.look(LOOK_SECONDS)
