"""When a run has had its time."""

from __future__ import annotations

import math

from sweep.core.definition import Limits
from sweep.core.failure import Kind
from sweep.core.run import RunRecord


def overdue(record: RunRecord, limits: Limits) -> tuple[float, Kind | None, str]:
    """Return when a running run's time is over, the way in which it has failed then, and why.

    The time is infinite where nothing bounds it. The kind is None for the run's whole time:
    that is no failure, and the run counts as canceled.
    """
    began = record.started_at
    assert began is not None, "it runs"
    ends: list[tuple[float, Kind | None, str]] = []
    if (most := limits.run_seconds) is not None:
        ends.append(
            (began + most, None, f"timeout: it ran for {most:g} s, the most a run may take")
        )
    first, idle = limits.first_report_seconds, limits.idle_seconds
    if record.reported_at is None:
        if (most := idle if first is None else first) is not None:
            text = f"timeout: it reported nothing within {most:g} s of its start"
            ends.append((began + most, "hang", text))
    elif idle is not None:
        text = f"timeout: it has reported nothing for {idle:g} s"
        ends.append((record.reported_at + idle, "hang", text))
    return min(ends, key=lambda end: end[0], default=(math.inf, None, ""))
