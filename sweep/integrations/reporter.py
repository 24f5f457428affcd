"""What all callbacks do: log numbers, and notice that the run is to stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sweep.script.echoes import ECHOES
from sweep.script.errors import RunStopped
from sweep.script.run import Run


class Reporter:
    """Logs what a training loop measures.

    Args:
        run: the run; by default the one that this process is.
        metrics: which of the library's metrics are logged, and under which name; None: all, under
            their own.

    Attributes:
        stopped: whether the run was told to stop. The loop is to end then as it does for an early
            stop; the next `Run.log` raises `RunStopped`. (A script is told by a signal instead.)
    """

    def __init__(self, run: Run | None = None, metrics: Mapping[str, str] | None = None) -> None:
        self._run = run
        self._metrics = metrics
        self.stopped = False

    @property
    def run(self) -> Run:
        """The run that is logged to."""
        self._run = self._run or Run.get_context()
        return self._run

    def report(self, values: Mapping[str, Any], step: float | None = None) -> bool:
        """Log numbers; what is none, such as a text, is left out.

        Args:
            values: the metrics by the library's names.
            step: an epoch or iteration.

        Returns:
            Whether the run is to stop.
        """
        try:
            for name, value in values.items():
                ours = name if self._metrics is None else self._metrics.get(name)
                number = as_number(value)
                if ours is None or number is None:
                    continue
                if not ECHOES.is_one("callback", f"{self.run.id}/{ours}", float(number)):
                    self.run.log(ours, number, step=step)
        except RunStopped:
            self.stopped = True
        return self.stopped


def as_number(value: Any) -> float | int | None:
    """Return a number, or an array or tensor of one number, as a plain one; None for others."""
    if isinstance(value, (bool, str, bytes)) or value is None:
        return None
    if isinstance(value, (int, float)):
        return value
    if hasattr(value, "item"):
        try:
            value = value.item()
        except (ValueError, RuntimeError, TypeError):  # it has several
            return None
        return value if isinstance(value, (int, float)) else None
    return None
