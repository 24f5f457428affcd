"""What a training script pays for `from sweep import Run`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {
    "__future__",
    "asyncio",
    "click",
    "dataclasses",
    "importlib",
    "importlib.metadata",
    "inspect",
    "json",
    "logging",
    "numpy",
    "pandas",
    "pathlib",
    "ray",
    "shutil",
    "socket",
    "sqlite3",
    "subprocess",
    "tempfile",
    "threading",
    "typing",
    "uuid",
    "yaml",
}


def loaded_by(statement):
    """The modules that a statement adds to those of a bare interpreter."""
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); before = set(sys.modules); {statement};"
        " added = sorted(set(sys.modules) - before); import json; print(json.dumps(added))"
    )
    words = [sys.executable, "-I", "-S", "-c", program]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_a_script_loads_little():
    loaded = loaded_by("from sweep import Run")
    assert "sweep.script.run" in loaded
    assert loaded & HEAVY == set()
    assert {m for m in loaded if m.startswith(("sweep", "samplers", "policies"))} == {
        "sweep",
        *(
            f"sweep.script{name}"
            for name in ("", ".channel", ".errors", ".log", ".run", ".values")
        ),
    }


@pytest.mark.parametrize(
    "statement", ["import sweep", "from sweep import RunLogError, RunStopped"]
)
def test_names_are_only_found_when_they_are_used(statement):
    ours = {m for m in loaded_by(statement) if m.startswith("sweep.")}
    assert ours <= {"sweep.script", "sweep.script.errors"}


def test_logging_loads_no_more_than_a_socket_needs():
    more = loaded_by("from sweep import Run; r = Run.get_context(); r.log('x', 1)")
    assert more & (HEAVY) == set()
