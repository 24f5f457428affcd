"""Whether a GPU has let go of what a run had on it.

The driver frees a process' memory when the process is gone, but not in the same moment; a run
that starts then finds less than there should be.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Collection

VISIBLE = "CUDA_VISIBLE_DEVICES"
PROGRAM = "nvidia-smi"
QUERY = ("--query-compute-apps=pid", "--format=csv,noheader")
PATIENCE = 5.0
"""Seconds that the driver is given."""
PAUSE = 0.05


def visible_devices() -> dict[str, str]:
    """Return the variable that names the devices which this slot holds, for what it starts."""
    visible = os.environ.get(VISIBLE)
    return {} if visible is None else {VISIBLE: visible}


async def until_free(devices: str, before: Collection[int]) -> list[int]:
    """Wait until no process holds memory of some GPUs but those that did before.

    Args:
        devices: as in CUDA_VISIBLE_DEVICES; empty for none.
        before: processes that are none of the run's.

    Returns:
        Processes that hold on to it still, as the driver says.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    while True:
        left = [pid for pid in await holders(devices) if pid not in before]
        if not left or loop.time() > until:
            return left
        await asyncio.sleep(PAUSE)


async def holders(devices: str) -> list[int]:
    """Return the processes that hold memory of some GPUs, as far as the driver tells."""
    if not devices or (program := shutil.which(PROGRAM)) is None:
        return []
    process = await asyncio.create_subprocess_exec(
        program,
        *QUERY,
        f"--id={devices}",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=os.environ,
    )
    said, _ = await process.communicate()
    return [int(word) for word in said.split() if word.isdigit()]
