"""Folders on a remote machine: short, held, and cleared away after those who were killed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from sweep.compute.ray_folder import SOCKET_PATH_LIMIT
from sweep.compute.short_folder import PREFIX, YOUNG_SECONDS, short_folder


def test_what_the_dead_have_left_goes_and_what_the_living_hold_stays():
    held = short_folder()
    here = Path(tempfile.gettempdir())
    dead, young, link = (here / f"{PREFIX}-{name}" for name in ("dead", "young", "link"))
    others = here / "sweep-others"
    for folder in (dead, young, others):
        (folder / "session").mkdir(parents=True)
    link.symlink_to(others)
    for folder in (held, dead, others):
        os.utime(folder, (0, folder.stat().st_mtime - 2 * YOUNG_SECONDS))
    new = short_folder()
    assert not dead.exists()
    for folder in (held, young, others / "session", link, new):
        assert folder.exists()
    assert len(str(new)) <= SOCKET_PATH_LIMIT


def test_a_long_name_is_avoided(tmp_path, monkeypatch):
    long = tmp_path / ("x" * SOCKET_PATH_LIMIT)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    folder = short_folder()
    try:
        assert folder.parent == Path("/tmp")
        assert not [*long.iterdir()]
    finally:
        folder.rmdir()
