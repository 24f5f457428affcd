"""Scripts that import what is not ours, run as a slot would run them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from sweep.compute.compat import surroundings
from tests.script.slot import Slot


@pytest.fixture
def slot(tmp_path):
    slot = Slot(tmp_path / "slot")
    yield slot
    slot.close()


class Script:
    """A script in a folder of its own; `said` is what reached the slot."""

    def __init__(self, folder, slot):
        self.folder, self.slot = folder, slot
        self.error = ""

    def __call__(self, text, *arguments, python=sys.executable, offline=False, **variables):
        self.folder.mkdir(exist_ok=True)
        (self.folder / "train.py").write_text(textwrap.dedent(text))
        env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | variables
        env |= surroundings(env) | {"DO_NOT_TRACK": "true"}  # MLflow would tell its makers
        if not offline:
            env |= {
                "SWEEP_CHANNEL": self.slot.path,
                "SWEEP_ID": "HD_x",
                "SWEEP_RUN_ID": "HD_x_3",
                "SWEEP_RUN_NUMBER": "3",
                "SWEEP_RUN_ATTEMPT": "1",
                "SWEEP_RUN_FOLDER": str(self.folder),
            }
        done = subprocess.run(
            [python, "train.py", *map(str, arguments)],
            cwd=self.folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.error = done.stderr
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def said(self):
        """What reached the slot: (kind, name, value)."""
        return [(m["k"], m.get("n"), m.get("v")) for m in self.slot.said()]


@pytest.fixture
def script(tmp_path, slot):
    return Script(tmp_path / "run", slot)
