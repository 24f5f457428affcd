"""Asks whether a cluster answers, in a process of its own: ``python -m sweep.compute.probe``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

PROBE_SECONDS = 5


def has_room(resources: Mapping[str, float]) -> bool:
    """Tell whether a node with these resources takes runs."""
    return bool(resources.get("CPU") or resources.get("GPU"))


def first_line(error: BaseException) -> str:
    """Return what an error says first; Ray's go on for a page."""
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0]


def probe(address: str) -> None:
    """Ask the cluster for its nodes and print the answer as JSON.

    A driver with the wrong token tries for half a minute and never says why; this does.
    """
    import ray  # noqa: PLC0415

    answer: dict[str, Any]
    try:
        client = ray._raylet.GcsClient(address)  # noqa: SLF001 - no public way says why
        nodes = client.get_all_node_info(timeout=PROBE_SECONDS)
        rooms = [n.resources_total for n in nodes.values() if not n.state]  # 0 is ALIVE
        usable = sum(map(has_room, rooms))
        answer = {"nodes": len(nodes), "usable": usable}
    except Exception as error:  # noqa: BLE001 - of Ray's own kinds, which differ by version
        answer = {"error": type(error).__name__, "text": first_line(error)}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    probe(sys.argv[1])
