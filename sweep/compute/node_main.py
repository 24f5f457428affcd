"""The first process of a Ray node on this machine: starts it, and ends when it ends.

``python -m sweep.compute.node_main JSON``: the arguments of Ray's `RayParams`; with a
`gcs_address` it joins that cluster, without one it is a head. Says ``{"address": ...}`` once it
is up. Not `ray start`: that does not let a node on the loopback interface join.
"""

from __future__ import annotations

import json
import os
import sys
import time

from sweep.compute.lean_ray import leave_out

LOOK_SECONDS = 0.2


def main() -> None:
    """Run the node until one of its processes is gone, or the input ends."""
    import ray  # noqa: PLC0415 - a second of CPU time, and only when it is run
    from ray._private.node import Node  # noqa: PLC0415
    from ray._private.parameter import RayParams  # noqa: PLC0415

    arguments = json.loads(sys.argv[1])
    out = os.dup(1)
    os.dup2(2, 1)  # what Ray prints must not reach who waits for the address
    params = RayParams(**arguments)
    params.update_if_absent(min_worker_port=0, max_worker_port=0)
    leave_out()
    node = Node(
        params, head="gcs_address" not in arguments, shutdown_at_exit=False, spawn_reaper=False
    )
    address = {"address": node.gcs_address, "ray": ray.__version__}
    os.write(out, json.dumps(address).encode() + b"\n")
    while not node.dead_processes():
        time.sleep(LOOK_SECONDS)
    os._exit(1)  # the guard ends what is left


if __name__ == "__main__":
    main()
