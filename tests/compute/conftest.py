"""What tests of slots share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def short(tmp_path_factory) -> Path:
    """A folder with a path that is short enough for sockets below it."""
    return tmp_path_factory.mktemp("s")
