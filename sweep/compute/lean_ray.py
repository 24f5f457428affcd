"""A Ray without the processes that no sweep has a use for: it starts in half the time.

These are Ray's own autoscaler, what copies logs to a driver, and the dashboard, of which a part
runs also where it is not wanted. Ray has no public way to leave them out; should a version of it
call them otherwise, they are there again, and nothing else changes.
"""

from __future__ import annotations

PARTS = ("start_monitor", "start_log_monitor", "start_api_server")


def leave_out() -> None:
    """Have this process start no such part of a head or a node."""
    from ray._private.node import Node  # noqa: PLC0415 - a second of CPU time

    for part in PARTS:
        setattr(Node, part, _nothing)


def _nothing(*_: object, **__: object) -> None:
    """Stand in for what starts a part."""
