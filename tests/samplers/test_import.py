"""What importing the package costs."""

import subprocess
import sys

HEAVY = {"numpy", "scipy", "sklearn", "skopt", "statistics", "random", "decimal", "difflib"}


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = "import sys, samplers; print(*{name.split('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(run.stdout.split())
