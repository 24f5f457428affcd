"""What a command is likely to need, begun before anything else of it is loaded."""

from __future__ import annotations

from collections.abc import Sequence

from sweep.compute import standby

NOT_HERE = ("-h", "--help", "--async", "--target", "--ct", "--ray-address")
"""With these options this process starts no Ray on this machine."""


def begin(words: Sequence[str]) -> bool:
    """Start the host of `sweep start` or `sweep resume`, and tell whether it is.

    It may turn out not to be needed, where a file says that the sweep runs elsewhere; that costs
    half a second of processor time, and nothing else.
    """
    here = not any(word.startswith(NOT_HERE) for word in words)
    if here:
        standby.begin()
    return here
