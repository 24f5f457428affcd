"""What becomes of the parts of a run, one on each of its nodes; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]


@dataclass(slots=True)
class Parts:
    """What has become of the parts of one run.

    Attributes:
        order: as the engine gave it.
        port: at which its processes meet.
        begun: how many have been started.
        stopping: whether it is to end.
        ends: the last word of each.
        failed: the first that failed by itself.
    """

    order: Message
    port: int
    begun: int = 1
    stopping: bool = False
    ends: dict[int, Message] = field(default_factory=dict)
    failed: int | None = None

    def end(self, part: int, message: Message) -> bool:
        """Take note of an end; tell whether it is the first failure."""
        self.ends[part] = message
        bad = not message["stopped"] and (message["code"] != 0 or bool(message.get("error")))
        first = bad and self.failed is None and not self.stopping
        if first:
            self.failed = part
        return first

    @property
    def over(self) -> bool:
        """Whether nothing of it is left."""
        return len(self.ends) == self.begun

    def whole(self, hosts: Sequence[str]) -> Message:
        """Return the end of the run: the first one's, or what has failed."""
        found = dict(self.ends[0])
        for name, together in (("cpu_seconds", sum), ("peak_memory", max)):
            found[name] = together(end.get(name) or 0 for end in self.ends.values())
        if self.failed:  # and it is not the first: that speaks for itself
            end = self.ends[self.failed]
            why = end.get("error") or f"it ended with {_words(end['code'])}"
            error = f"on node {self.failed} of {len(hosts)} ({hosts[self.failed]}): {why}"
            found |= {"stopped": False, "code": end["code"], "tail": end.get("tail", "")}
            found |= {"error": error, "kind": end.get("kind", "error")}
        elif self.failed == 0:
            found["stopped"] = False
        return found


def _words(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"
