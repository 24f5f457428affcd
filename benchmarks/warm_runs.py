"""Script runs per second, started warm and cold: a script that imports scikit-learn and pandas."""

from __future__ import annotations

from benchmarks.contest import Contender, contest
from benchmarks.script_runs import LOGS, PRINTS, sweep_start, xargs

IMPORTS = "import pandas\nimport sklearn.linear_model\n"
MODULES = "pandas,sklearn.linear_model"
PACKAGES = ("hypersweep", "pandas", "scikit-learn")


def warm(count: int) -> float:
    """Each run a fork of a process that has imported these modules."""
    return sweep_start(count, IMPORTS + LOGS, "--warm-start", MODULES)


def cold(count: int) -> float:
    """Each run a Python of its own."""
    return sweep_start(count, IMPORTS + LOGS)


def cold_by_xargs(count: int) -> float:
    """The floor of a cold start."""
    return xargs(count, IMPORTS + PRINTS)


def _missing() -> str:
    from sweep.cli.start import start

    there = any("--warm-start" in parameter.opts for parameter in start.params)
    return "" if there else "sweep start --warm-start is not there"


CONTENDERS = [
    Contender("hypersweep, warm start", warm, 200, PACKAGES, missing=_missing),
    Contender("hypersweep, cold", cold, 20, PACKAGES, asked=5),
    Contender("xargs -P2, cold", cold_by_xargs, 20, PACKAGES),
]

if __name__ == "__main__":
    contest(
        "Script runs, scikit-learn and pandas imported, 2 slots, warm and cold",
        "benchmarks.warm_runs",
        CONTENDERS,
        "runs/s",
    )
