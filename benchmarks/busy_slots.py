"""How busy slots are kept by short runs: 400 runs of 50 ms each, two at a time."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, measure

RUNS, SECONDS, SLOTS = 400, 0.05, 2
FIGURES = [
    Figure("functions: ideal time ÷ time", "%", at_least=90),
    Figure("commands (/bin/sleep): ideal time ÷ time", "%"),
    Figure("functions: between two runs of a slot", "ms"),
    Figure("commands: between two runs of a slot", "ms"),
]


def once(scale: float) -> dict[str, Any]:
    """A sweep of functions, and one of commands."""
    from benchmarks import sweeps

    def train(run: Any, x: float) -> float:  # noqa: ARG001 - the space has it
        time.sleep(SECONDS)
        return x

    runs = max(20, int(RUNS * scale))
    ideal = runs * SECONDS / SLOTS
    defined = sweeps.definition(runs, SLOTS)
    shares = []
    for command in ((), ("/bin/sleep", str(SECONDS))):
        with tempfile.TemporaryDirectory(dir="/tmp") as name:
            if command:
                done = sweeps.work(sweeps.of_script(Path(name), "", defined, command))
            else:
                done = sweeps.work(sweeps.of_function(Path(name), "train", defined), train)
        shares.append(ideal / done.seconds)
    between = [1000 * SECONDS * (1 / share - 1) for share in shares]
    values = [100 * shares[0], 100 * shares[1], *between]
    return dict(zip((f.name for f in FIGURES), values, strict=True))


if __name__ == "__main__":
    measure(
        f"Slots kept busy: {RUNS} runs of {1000 * SECONDS:g} ms, {SLOTS} slots",
        "benchmarks.busy_slots",
        FIGURES,
        once,
    )
