"""The environment in which a Ray of ours runs."""

from __future__ import annotations

import os
import secrets

LOG_BYTES = 1_000_000
"""Of one of Ray's logs, before it is turned over; one older piece is kept."""

OBJECT_STORE_BYTES = 100_000_000
"""Ray's shared memory on a node; runs do not use it, and Ray would take 30 % of the machine."""
ON_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Undocumented on Linux, but it is what binds every port to 127.0.0.1."""


def host_environment() -> dict[str, str]:
    """Return the environment of a target host, and so of the Ray that it starts.

    Everything on the loopback interface, and a token of its own.
    """
    return {
        **quiet_environment(),
        **ON_LOOPBACK,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
    }


def quiet_environment() -> dict[str, str]:
    """Return our environment for a Ray without telemetry.

    Nothing in it is what the user's shell says about another Ray.
    """
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")}
    return {
        **inherited,
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        "RAY_DISABLE_DOCKER_CPU_WARNING": "1",
        "RAY_enable_metrics_collection": "0",
        # Statistics that nobody reads: a quarter of what a waiting slot costs.
        "RAY_task_events_report_interval_ms": "0",
        "RAY_event_stats": "0",
        "RAY_worker_niceness": "0",  # Ray's 15 would be the runs' too: behind all else that runs
        "RAY_ROTATION_MAX_BYTES": str(LOG_BYTES),
        "RAY_ROTATION_BACKUP_COUNT": "1",
    }
