"""Looks after the nodes of a pool, through the head's own account of them.

``python -m sweep.compute.node_watch HOST:PORT``: says about once a second, in one line, what
nodes there are: ``[{"name": n, "id": i, "status": s, "idle_for": seconds}, ...]``. Takes
``{"drain": id, "deadline": seconds}``: the node is to take nothing more and is given up then; with
a deadline of 0 only where nothing of it is in use, and answers ``{"drained": id, "accepted":
bool}``. The end of its input ends it.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from typing import Any

EVERY = 0.5
PATIENCE = 5
"""Seconds, of one question."""
NAME = "sweep.node"
"""The label that bears a node's name in its pool."""


def main() -> None:
    """Watch, until the input ends or the head does not answer."""
    import ray  # noqa: PLC0415 - a second of CPU time, and only when it is run
    from ray.core.generated import autoscaler_pb2 as messages  # noqa: PLC0415

    gcs = ray._raylet.GcsClient(sys.argv[1])  # noqa: SLF001 - what Ray's autoscaler uses
    out = os.dup(1)
    os.dup2(2, 1)
    ours: list[str] = []

    def say(thing: Any) -> None:
        os.write(out, json.dumps(thing).encode() + b"\n")

    def look() -> None:
        reply = messages.GetClusterResourceStateReply()
        reply.ParseFromString(gcs.get_cluster_resource_state(timeout_s=PATIENCE))
        nodes = reply.cluster_resource_state.node_states
        say(
            [
                {
                    "name": node.labels[NAME],
                    "id": node.node_id.hex(),
                    "status": messages.NodeStatus.Name(node.status).lower(),
                    "idle_for": node.idle_duration_ms / 1000,
                }
                for node in nodes
                if NAME in node.labels and node.status != messages.NodeStatus.DEAD
            ]
        )

    def drain(node: str, deadline: float) -> None:
        reason, until = messages.DRAIN_NODE_REASON_IDLE_TERMINATION, 0
        if deadline:
            reason = messages.DRAIN_NODE_REASON_PREEMPTION
            until = int((time.time() + deadline) * 1000)
        text = "preempted: its time is over" if deadline else "it has no work"
        accepted, _ = gcs.drain_node(node, reason, text, until)
        say({"drained": node, "accepted": bool(accepted)})

    while True:
        look()
        until = time.monotonic() + EVERY
        while (left := until - time.monotonic()) > 0:
            if not select.select([0], [], [], left)[0]:
                break
            data = os.read(0, 1 << 16)
            if not data:
                return
            *lines, rest = (b"".join(map(str.encode, ours)) + data).split(b"\n")
            ours[:] = [rest.decode()]
            for line in lines:
                order = json.loads(line)
                drain(order["drain"], order["deadline"])


if __name__ == "__main__":
    main()
