"""Checking a file must not cost what running a sweep costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = ("numpy", "scipy", "pandas", "ray", "click", "skopt", "difflib", "shlex")


def test_reading_files_loads_nothing_heavy():
    modules = ["hdconfig", "runconfig", "lookup", "arguments"]
    lines = [f"import sweep.formats.{module}" for module in modules]
    lines += ["import sys", f"print([name for name in {HEAVY} if name in sys.modules])"]
    command = [sys.executable, "-c", "; ".join(lines)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
