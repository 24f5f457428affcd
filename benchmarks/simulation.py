"""A simulated sweep: the whole engine but Ray and the disk, in virtual time."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

from benchmarks.figures import SERIES, Figure, measure, of_a_process, peak_memory

REPORTS, SLOTS = 50, 10_000
SIZES = (1_000, 10_000, 100_000)
FIGURES = [
    Figure("100,000 runs", "s", at_most=120),
    Figure("100,000 runs, peak memory", "MiB", at_most=1024),
    *(Figure(f"{size:,} runs, per event", "µs") for size in SIZES),
    Figure("time per event, 100,000 runs ÷ 1,000 runs", "times", at_most=1.5),
]


def once(scale: float) -> dict[str, Any]:
    """Every size, each in a process of its own; a small scale leaves the largest out."""
    sizes = [size for size in SIZES if size <= SIZES[-1] * scale]
    found = {size: of_a_process("benchmarks.simulation", "--size", str(size)) for size in sizes}
    values: dict[str, Any] = {
        f"{size:,} runs, per event": 1e6 * f["seconds"] / f["events"] for size, f in found.items()
    }
    if (last := found.get(SIZES[-1])) is not None:
        values["100,000 runs"] = last["seconds"]
        values["100,000 runs, peak memory"] = last["memory"]
        values["time per event, 100,000 runs ÷ 1,000 runs"] = (
            values["100,000 runs, per event"] / values["1,000 runs, per event"]
        )
    series = {"whole engine": [[size, values[f"{size:,} runs, per event"]] for size in sizes]}
    return {**values, SERIES: series}


def simulated(runs: int) -> dict[str, float]:
    """Return seconds, events, and the most memory held, in MiB."""
    from policies import BanditPolicy
    from samplers import uniform
    from sweep import simulate

    def curve(configuration: Mapping[str, Any]) -> Any:
        x = configuration["x"]
        return (x + n for n in range(1, REPORTS + 1))

    begun = time.perf_counter()
    done = simulate(
        curve,
        space={"x": uniform(0.5, 1)},
        max_total_runs=runs,
        policy=BanditPolicy(slack_factor=1, delay_evaluation=5),  # judges all, stops few
        slots=SLOTS,
    )
    seconds = time.perf_counter() - begun
    assert len(done.runs) == runs
    assert done.reports > 0.95 * runs * REPORTS
    return {"seconds": seconds, "events": done.reports + 2.0 * runs, "memory": peak_memory()}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--size"]:
        import json

        print(json.dumps(simulated(int(sys.argv[2]))))
    else:
        measure(
            f"Simulated sweep: {REPORTS} reports a run, {SLOTS:,} slots, Bandit",
            "benchmarks.simulation",
            FIGURES,
            once,
        )
