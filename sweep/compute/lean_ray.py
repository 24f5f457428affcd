"""A Ray without the processes that no sweep has a use for: it starts in a third of the time.

These are Ray's own autoscaler, what copies logs to a driver, the dashboard, of which a part runs
also where it is not wanted, and on each node the dashboard's agent and the one that makes runtime
environments, for which a node waits. Ray has no public way to leave them out; should a version of
it call them otherwise, they are there again, and nothing else changes.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

PARTS = ("start_monitor", "start_log_monitor", "start_api_server")

AGENTS = {
    "--dashboard_agent_command": (
        "METRICS_AGENT_PORT_NAME",
        "METRICS_EXPORT_PORT_NAME",
        "DASHBOARD_AGENT_LISTEN_PORT_NAME",
    ),
    "--runtime_env_agent_command": ("RUNTIME_ENV_AGENT_PORT_NAME",),
}
"""The raylet's options that say how an agent is started, and the ports that this one tells of."""

STAND_IN = Path(__file__).with_name("no_agent.py")


def leave_out() -> None:
    """Have this process start no such part of a head or a node."""
    from ray._private import services  # noqa: PLC0415 - a second of CPU time
    from ray._private.node import Node  # noqa: PLC0415

    for part in PARTS:
        setattr(Node, part, _nothing)
    if hasattr(services, "start_ray_process"):
        services.start_ray_process = _without_agents(services.start_ray_process)


def _nothing(*_: object, **__: object) -> None:
    """Stand in for what starts a part."""


def _without_agents(start: Callable[..., Any]) -> Callable[..., Any]:
    """Return what starts a process of Ray; in a raylet's command the agents are replaced."""

    def started(command: list[str], *rest: Any, **named: Any) -> Any:
        return start(_agents_replaced(command), *rest, **named)

    return started


def _agents_replaced(command: list[str]) -> list[str]:
    """Return the command with stand-ins for the agents, where Ray learns ports from files."""
    from ray import _raylet  # noqa: PLC0415

    known: Any = _raylet  # of which types know little
    options = dict(part.split("=", 1) for part in command if part.startswith("--") and "=" in part)
    if not AGENTS.keys() <= options.keys():
        return command
    try:
        for option, ports in AGENTS.items():
            folder, node = Path(options["--session_dir"]), options["--node_id"]
            names = [known.get_port_filename(node, getattr(known, port)) for port in ports]
            words = [sys.executable, "-I", "-S", STAND_IN, *(folder / name for name in names)]
            options[option] = subprocess.list2cmdline(map(str, words))
    except (AttributeError, KeyError):  # another version, which calls them otherwise
        return command
    return [
        f"{name}={options[name]}" if (name := part.partition("=")[0]) in AGENTS else part
        for part in command
    ]
