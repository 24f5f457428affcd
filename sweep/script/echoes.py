"""Values that reach a run in several ways: each is logged once.

A script that says `run.log` and `mlflow.log_metric` of the same value means one report; so does a
library whose callbacks for several services are all on, as Hugging Face's Trainer does by default.
What a script says by `Run.log` of ours is taken as it is.
"""

from __future__ import annotations

from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST = 1000
"""Of each metric so many of the latest values may still come in another way."""


class Echoes:
    """What has been said of late, and in which ways."""

    def __init__(self) -> None:
        self._ways: set[str] = set()
        self._said: dict[str, deque[tuple[str, set[str]]]] = {}

    def is_one(self, way: str, name: str, value: Any) -> bool:
        """Take note that a value was said in a way; tell whether it is known from another."""
        self._ways.add(way)
        key = repr(value)
        said = self._said.setdefault(name, deque(maxlen=MOST))
        if len(self._ways) > 1:
            for known, ways in said:
                if known == key and way not in ways:
                    ways.add(way)
                    return True
        said.append((key, {way}))
        return False


ECHOES = Echoes()
"""Of this process."""
