"""What a run says, and what it has said."""

import time

from sweep.script.errors import RunLogError, RunStopped
from sweep.script.values import KINDS, Logged, document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from sweep.script.channel import Channel


class Log:
    """The way to the channel for a run, or for a named part of it.

    Args:
        channel: where messages go.
        prefix: what the names of a part of a run begin with, so that all are kept with the run.

    Attributes:
        logged: the metrics that went this way.
    """

    def __init__(self, channel: "Channel", prefix: str = "") -> None:
        self._channel = channel
        self._prefix = prefix
        self._parts: dict[str, Log] = {}
        self.logged = Logged()

    def part(self, name: str) -> "Log":
        """Return the way for a part."""
        return self._parts.setdefault(name, Log(self._channel, f"{self._prefix}{name}/"))

    def read(self, name: "str | None", *, recursive: bool) -> "dict[str, Any]":
        """Return the metrics that went this way; with `recursive`, those of parts as well."""
        metrics = self.logged.read(name)
        for part, log in self._parts.items() if recursive else ():
            found = log.read(name, recursive=True)
            metrics.update({f"{part}/{key}": value for key, value in found.items()})
        return metrics

    def metric(
        self, kind: str, name: str, value: "Any", *, step: "Any" = None, what: str = ""
    ) -> None:
        """Log one thing; `what` says what a JSON document shows.

        Raises:
            RunLogError: it cannot be kept.
            RunStopped: this is a function run, and it was told to stop.
        """
        if not isinstance(name, str) or not name:
            raise RunLogError(f"a metric is named by a text, got {name!r}")
        message = {"k": kind, "n": self._prefix + name, "v": value, "t": time.time()}
        if step is not None:
            message["s"] = step
        if what:
            message["d"] = what
        self._send(message)
        self.logged.add(name, KINDS[kind], value)
        if self._channel.stopped():
            raise RunStopped

    def document(self, what: str, name: str, value: "Any") -> None:
        """Log a JSON document, or that in the file of this path."""
        if isinstance(value, str):
            import json  # noqa: PLC0415 - already there in a run; not in an offline one

            with open(value, encoding="utf-8") as file:
                value = json.load(file)
        self.metric("j", name, document(name, value), what=what)

    def attach(self, kind: str, labels: "Mapping[str, str | None]") -> None:
        """Attach tags or properties."""
        self._send({"k": kind, "v": {f"{self._prefix}{k}": v for k, v in labels.items()}})

    def detach(self, names: "Iterable[str]") -> None:
        """Take tags away."""
        self._send({"k": "untag", "v": [f"{self._prefix}{name}" for name in names]})

    def file(self, name: str, place: str) -> None:
        """Say that a file is kept; `place` is where in the run's folder it is."""
        self._send({"k": "file", "n": self._prefix + name, "p": place})

    def _send(self, message: "dict[str, Any]") -> None:
        try:
            self._channel.send(message)
        except RunLogError:
            raise
        except (TypeError, ValueError, RecursionError) as error:
            raise RunLogError(f"{message.get('n', 'this')!r} cannot be kept: {error}") from None
