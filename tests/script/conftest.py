from __future__ import annotations

import pytest

from sweep.script.channel import SocketChannel
from sweep.script.run import Run
from tests.script.slot import Slot


@pytest.fixture
def slot(tmp_path):
    slot = Slot(tmp_path / "slot")
    yield slot
    slot.close()


@pytest.fixture
def run(slot, tmp_path):
    """A run as its script sees it, with a folder of its own."""
    folder = tmp_path / "run"
    folder.mkdir()
    return Run(SocketChannel(slot.path), "HD_x_3", 3, 2, str(folder))


@pytest.fixture
def nobody():
    """No run is known in this process, before and after."""
    Run.set_context(None)
    yield
    Run.set_context(None)
