"""How long until the engine sees a report, and until a run that is to stop is gone.

Two scripts at a time, each reports the time, fifty times a second; the policy stops every run but
the first at its twentieth report. The scripts do nothing about TERM, so they obey it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, measure, percentile

SCRIPT = """
import time
from sweep import Run
run = Run.get_context()
for _ in range(60):
    run.log("score", time.time())
    time.sleep(0.02)
"""
RUNS = 100
FIGURES = [
    Figure("report seen by the engine, p50", "ms", at_most=2),
    Figure("report seen by the engine, p99", "ms", at_most=20),
    Figure("decided to stop, until its last process is gone, p50", "ms", at_most=10),
    Figure("decided to stop, until its last process is gone, p99", "ms", at_most=50),
    Figure("of which the slot's part, from the order to the end, p50", "ms"),
]


def once(scale: float) -> dict[str, Any]:
    """One sweep."""
    from benchmarks import sweeps
    from policies import BanditPolicy

    # The time grows, so whoever began first is best, and all others are outside of no slack.
    policy = BanditPolicy(slack_amount=0, delay_evaluation=20)
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        defined = sweeps.definition(max(5, int(RUNS * scale)), policy=policy, goal="minimize")
        done = sweeps.work(sweeps.of_script(Path(name), SCRIPT, defined))
    seen = [1000 * (at - value) for at, value in done.reports]
    gone = [1000 * r.facts["stop_latency"] for r in done.runs if "stop_latency" in r.facts]
    slot = [1000 * r.facts["stop_seconds"] for r in done.runs if "stop_seconds" in r.facts]
    assert len(gone) >= len(done.runs) - 2, "nearly all are stopped"
    values = [percentile(seen, 0.5), percentile(seen, 0.99)]
    values += [percentile(gone, 0.5), percentile(gone, 0.99), percentile(slot, 0.5)]
    return dict(zip((f.name for f in FIGURES), values, strict=True))


if __name__ == "__main__":
    measure(
        "Latencies: script runs on Ray, 2 slots, 50 reports/s each",
        "benchmarks.latencies",
        FIGURES,
        once,
    )
