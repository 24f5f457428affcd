"""Run all benchmarks, one after the other."""

import subprocess
import sys

for name in ("function_runs", "script_runs"):
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *sys.argv[1:]], check=True)
