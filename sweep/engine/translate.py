"""What a target says, as events of the core and rows of the store."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sweep.compute.target import (
    Message,
    Notice,
    RunEnded,
    RunLost,
    RunSaid,
    RunStarted,
    SlotsAre,
)
from sweep.core.events import (
    Completed,
    Event,
    Failed,
    Lost,
    Reported,
    SlotsChanged,
    Started,
    Stopped,
)
from sweep.core.metric_watch import MetricWatch
from sweep.core.run import RunRecord
from sweep.storage.journal import Batch, Metric

KINDS = {"s": "scalar", "l": "list", "r": "row", "t": "table", "i": "image", "j": "json"}
"""Kinds of metrics by the letter with which the script's side sends them."""


@dataclass(slots=True)
class Translator:
    """Turns messages into events; what is no event goes straight into the batch.

    Attributes:
        metric: name of the primary metric.
        runs: the runs of the scheduler.
        watch: notices when the primary metric does not come.
        facts: what is known of each run besides its state.
    """

    metric: str
    runs: dict[int, RunRecord]
    watch: MetricWatch
    facts: dict[int, dict[str, Any]] = field(default_factory=dict)
    _warned: set[str] = field(default_factory=set)

    def events(self, message: Message, at: float, batch: Batch) -> Iterator[Event]:
        """Yield the events of one message."""
        match message:
            case SlotsAre(slots):
                yield SlotsChanged(at, slots)
            case Notice(text):
                batch.notices.append((at, None, text))
            case _ if not self._current(message):
                pass  # an earlier attempt's last words
            case RunSaid(run, attempt, said):
                yield from self._said(run, attempt, said, at, batch)
            case RunStarted(run, _, facts):
                self.facts[run] = batch.facts[run] = dict(facts)
                self.watch.started(at)
                yield Started(at, run)
            case RunLost(run, _, reason):
                yield Lost(at, run, reason)
            case RunEnded(run):
                yield self._ended(message, at, batch)
                if not message.error and not message.stopped:
                    self._notice(at, run, self.watch.ended(run), batch)

    def time(self, at: float, batch: Batch) -> None:
        """Say what only the passing of time makes worth saying."""
        self._notice(at, None, self.watch.waited(at), batch)

    def _current(self, message: RunSaid | RunStarted | RunEnded | RunLost) -> bool:
        record = self.runs[message.run]
        return record.live and record.attempt == message.attempt

    def _ended(self, end: RunEnded, at: float, batch: Batch) -> Event:
        facts = self.facts.setdefault(end.run, {})
        facts.update(end.facts)
        if end.code is not None:
            facts["exit_code"] = end.code
        if end.tail:
            facts["tail"] = end.tail
        batch.facts[end.run] = facts
        if end.stopped:
            return Stopped(at, end.run)
        if end.error:
            return Failed(at, end.run, explain(end.error, end.tail))
        return Completed(at, end.run)

    def _said(self, run: int, attempt: int, said: Any, at: float, batch: Batch) -> Iterator[Event]:
        kind, name, value = said.get("k"), said.get("n"), said.get("v")
        if kind in KINDS and isinstance(name, str):
            if name == self.metric and kind in ("s", "l"):
                for item in value if isinstance(value, list) else [value]:
                    yield from self._reported(run, attempt, item, said, at, batch)
                return
            self.watch.logged(name)
            batch.metrics.append(_metric(run, attempt, said, at))
        elif kind in ("tag", "property") and isinstance(value, dict):
            batch.tags += [(run, kind, str(k), _text(v)) for k, v in value.items()]
        elif kind == "file" and isinstance(name, str):
            batch.tags.append((run, "artifact", name, _text(said.get("p"))))

    def _reported(
        self, run: int, attempt: int, value: Any, said: Any, at: float, batch: Batch
    ) -> Iterator[Event]:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self._notice(at, run, self._not_a_number(run, value), batch)
            batch.metrics.append(_metric(run, attempt, {**said, "v": value}, at))
            return
        self.watch.reported()
        step = said.get("s")
        yield Reported(at, run, _float(value), _float(step) if _is_number(step) else None)

    def _not_a_number(self, run: int, value: Any) -> str | None:
        if self.metric in self._warned:
            return None
        self._warned.add(self.metric)
        return (
            f"run {run} logged {value!r} as {self.metric!r}, the primary metric: only numbers can"
            " be compared, so it is kept but not used"
        )

    def _notice(self, at: float, run: int | None, text: str | None, batch: Batch) -> None:
        if text is not None:
            batch.notices.append((at, run, text))


def explain(error: str, tail: str) -> str:
    """Return an error with the exception that the output ends with, if it does."""
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    kind = last.split(":")[0]
    looks_like_one = kind.replace(".", "").replace("_", "").isalnum() and " " not in kind
    return f"{error}: {last[:500]}" if last and looks_like_one else error


def _metric(run: int, attempt: int, said: Any, at: float) -> Metric:
    step, when = said.get("s"), said.get("t")
    return Metric(
        run=run,
        attempt=attempt,
        name=said["n"],
        kind=KINDS[said["k"]],
        value=said.get("v"),
        step=_float(step) if _is_number(step) else None,
        at=when if _is_number(when) else at,
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond all floats
        return math.copysign(math.inf, value)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
