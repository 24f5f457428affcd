from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from sweep.storage.reader import SweepReader
from tests.storage.stories import Story

NOBODY = 65534


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sweep.db"


@pytest.fixture
def story(path):
    story = Story(path)
    yield story
    story.close()


@pytest.fixture
def reader(story):
    with SweepReader(story.path) as reader:
        yield reader


@pytest.fixture
def powerless():
    """A folder and a user who may not do everything, as root may."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    me = os.geteuid()

    def become_powerless() -> Path:
        if me == 0:
            os.seteuid(NOBODY)
        return folder

    become_powerless.folder = folder
    yield become_powerless
    os.seteuid(me)
    for place, folders, _ in os.walk(folder):
        for name in folders:
            Path(place, name).chmod(0o700)
    shutil.rmtree(folder)
