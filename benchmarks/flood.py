"""Reports per second, from two runs that log as fast as they can to the journal."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, measure, memory

REPORTS = 400_000
"""Of each run."""
SCRIPT = """
import sys
from sweep import Run
run = Run.get_context()
for n in range({reports}):
    run.log("score", float(n))
"""
FIGURES = [
    Figure("scripts", "reports/s", at_least=20_000),
    Figure("functions", "reports/s", at_least=20_000),
    Figure("engine's memory, at the end ÷ after a quarter of the reports", "times", at_most=1.1),
    Figure("engine's memory, growth per report", "bytes"),
    Figure("engine's memory, at the end", "MiB"),
]


def once(scale: float) -> dict[str, Any]:
    """A sweep of scripts and one of functions."""
    from benchmarks import sweeps
    from policies import BanditPolicy
    from sweep.storage.journal import Batch

    reports = int(REPORTS * scale)

    def train(run: Any, x: float) -> None:
        for n in range(reports):
            run.log("score", n + x)

    held: list[tuple[int, float]] = []
    count = 0

    def look(batch: Batch) -> None:
        nonlocal count
        count += len(batch.entries)
        if not held or count > held[-1][0] + reports / 50:
            held.append((count, memory()))

    defined = sweeps.definition(2, policy=BanditPolicy(slack_factor=9, delay_evaluation=5))
    rates = []
    for function in (None, train):
        with tempfile.TemporaryDirectory(dir="/tmp") as name:
            if function is None:
                folder = sweeps.of_script(Path(name), SCRIPT.format(reports=reports), defined)
                done = sweeps.work(folder, on_round=look)
                first, last = next(h for h in held if h[0] > reports / 2), held[-1]
            else:
                done = sweeps.work(sweeps.of_function(Path(name), "train", defined), function)
        times = [at for at, _ in done.reports]
        assert len(times) == 2 * reports
        rates.append(len(times) / (max(times) - min(times)))
    growth = (last[1] - first[1]) * (1 << 20) / (last[0] - first[0])
    values = [*rates, last[1] / first[1], growth, last[1]]
    return dict(zip((f.name for f in FIGURES), values, strict=True))


if __name__ == "__main__":
    measure(
        "Reports per second, 2 runs as fast as they can, every report judged and durable",
        "benchmarks.flood",
        FIGURES,
        once,
    )
