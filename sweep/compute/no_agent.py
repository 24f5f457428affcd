"""Stands in for an agent of a Ray node, of which no sweep has a use.

``python -I -S no_agent.py FILE...``: writes into each FILE that there is no port, for which Ray
waits before it starts a worker, and ends with the raylet, its parent. What begins with a hyphen,
which the raylet may add, is left out. Ray's own agents import for a second and hold 90 MB each.
"""

from __future__ import annotations

import os
import sys
import time

NO_PORT = "-1"
"""What Ray's agents write themselves for a service that they do not have."""
LOOK_SECONDS = 0.25


def main(files: list[str]) -> None:
    """Say that there are no ports, and wait for the parent's end."""
    parent = os.getppid()
    for path in files:
        with open(f"{path}.new", "w", encoding="ascii") as file:  # noqa: PTH123 - imports next to nothing
            file.write(NO_PORT)
        os.replace(f"{path}.new", path)  # noqa: PTH105
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main([word for word in sys.argv[1:] if not word.startswith("-")])
