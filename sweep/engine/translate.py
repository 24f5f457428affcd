"""What a target says, as events of the core and rows of the store."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sweep.compute.target import (
    Message,
    NodeIs,
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
from sweep.core.failure import KINDS, Kind
from sweep.core.metric_watch import MetricWatch
from sweep.core.run import RunRecord, RunState
from sweep.engine.replicate import replicate_of
from sweep.storage.journal import Batch, Metric

METRIC_KINDS = {"s": "scalar", "l": "list", "r": "row", "t": "table", "i": "image", "j": "json"}
"""Kinds of metrics by the letter with which the script's side sends them."""
TRACEBACK = "Traceback (most recent call last):"
LONGEST_CAUSE = 500
OtherMessage = SlotsAre | NodeIs | Notice | RunStarted | RunEnded | RunLost


@dataclass(slots=True)
class Translator:
    """Turns messages into events; what is no event goes straight into the batch.

    Attributes:
        metric: name of the primary metric.
        runs: the runs of the scheduler.
        watch: notices when the primary metric does not come.
        facts: what is known of each run besides its state.
        stops: when each attempt that is to stop was decided to, by run and attempt.
        seed: of the sweep.
    """

    metric: str
    runs: dict[int, RunRecord]
    watch: MetricWatch
    facts: dict[int, dict[str, Any]] = field(default_factory=dict)
    stops: dict[tuple[int, int], float] = field(default_factory=dict)
    seed: int | None = None
    _warned: set[str] = field(default_factory=set)

    def events(self, message: Message, at: float, batch: Batch) -> Iterable[Event]:
        """Return the events of one message."""
        if isinstance(message, RunSaid):  # the most frequent by far
            record = self.runs[message.run]
            said = message.message
            if not record.live or record.attempt != message.attempt:
                return ()  # an earlier attempt's last words
            value = said.get("v")
            if (
                type(value) is float
                and said.get("k") == "s"
                and said.get("n") == self.metric
                and "s" not in said
                and record.state is not RunState.QUEUED
            ):
                self.watch.reported()
                return (Reported(at, message.run, value),)
            return self._said(message.run, message.attempt, said, at, batch)
        return self._others(message, at, batch)

    def _others(self, message: OtherMessage, at: float, batch: Batch) -> Iterator[Event]:
        match message:
            case SlotsAre(slots, nodes, ahead):
                yield SlotsChanged(at, slots, nodes, ahead)
            case NodeIs(name, facts):
                batch.sweep[f"node:{name}"] = dict(facts)
            case Notice(text):
                batch.notices.append((at, None, text))
            case _ if not self._current(message):
                pass  # an earlier attempt's last words
            case RunStarted(run, _, facts):
                self.facts[run] = batch.facts[run] = {**self._place(run), **facts}
                yield from self._started(at, run, str(facts.get("node", "")))
            case RunLost(run, _, reason, kind):
                yield Lost(at, run, reason, kind=_kind(kind, "lost"))
            case end:
                yield self._ended(end, at, batch)
                if not end.error and not end.stopped:
                    self._notice(at, end.run, self.watch.ended(end.run), batch)

    def time(self, at: float, batch: Batch) -> None:
        """Say what only the passing of time makes worth saying."""
        self._notice(at, None, self.watch.waited(at), batch)

    def launched(self, run: int, batch: Batch) -> None:
        """Note which replicate a run is, if it is one."""
        if place := self._place(run):
            self.facts[run] = batch.facts[run] = place

    def _place(self, run: int) -> dict[str, Any]:
        place = self.runs[run].place
        return {} if place is None else dict(replicate_of(place, self.seed))

    def _current(self, message: RunStarted | RunEnded | RunLost) -> bool:
        record = self.runs[message.run]
        return record.live and record.attempt == message.attempt

    def _started(self, at: float, run: int, node: str = "") -> Iterator[Event]:
        """Say that a run has started, once: it may speak before the word of its start is here."""
        if self.runs[run].state is not RunState.RUNNING:
            self.watch.started(at)
            yield Started(at, run, node)

    def _ended(self, end: RunEnded, at: float, batch: Batch) -> Event:
        facts = self.facts.setdefault(end.run, self._place(end.run))
        facts.update(end.facts)
        if end.code is not None:
            facts["exit_code"] = end.code
        if end.tail:
            facts["tail"] = end.tail
        if (asked := self.stops.pop((end.run, end.attempt), None)) is not None:
            facts["stop_latency"] = round(max(0.0, at - asked), 6)
        batch.facts[end.run] = facts
        if end.stopped:
            return Stopped(at, end.run)
        if end.error:
            return Failed(at, end.run, explain(end.error, end.tail), _kind(end.kind, "error"))
        return Completed(at, end.run)

    def _said(self, run: int, attempt: int, said: Any, at: float, batch: Batch) -> Iterator[Event]:
        if self.runs[run].state is RunState.QUEUED:
            yield from self._started(at, run)
        # A script can send anything, so nothing is taken for what it should be.
        kind, name, value = said.get("k"), said.get("n"), said.get("v")
        match kind, value:
            case (("s" | "l"), _) if name == self.metric:
                for item in value if isinstance(value, list) else [value]:
                    yield from self._reported(run, attempt, item, said, at, batch)
            case str(), _ if kind in METRIC_KINDS and isinstance(name, str):
                self.watch.logged(name)
                batch.metrics.append(_metric(run, attempt, said, at))
                if kind == "i" and isinstance(value, str):
                    batch.tags.append((run, "artifact", value, value))
            case (("tag" | "property"), dict()):
                batch.tags += [(run, kind, str(k), _text(v)) for k, v in value.items()]
            case "untag", list():
                batch.tags += [(run, "tag", str(k), None) for k in value]
            case "file", _ if isinstance(name, str):
                batch.tags.append((run, "artifact", name, _text(said.get("p"))))

    def _reported(
        self, run: int, attempt: int, value: Any, said: Any, at: float, batch: Batch
    ) -> Iterator[Event]:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self._notice(at, run, self._not_a_number(run, value), batch)
            batch.metrics.append(_metric(run, attempt, {**said, "k": "s", "v": value}, at))
            return
        self.watch.reported()
        step = said.get("s")
        yield Reported(at, run, _float(value), _float(step) if _is_number(step) else None)

    def _not_a_number(self, run: int, value: Any) -> str | None:
        if self.metric in self._warned:
            return None
        self._warned.add(self.metric)
        return (
            f"run {run} logged {value!r:.100} as {self.metric!r}, the primary metric: only"
            " numbers can be compared, so it is kept but not used"
        )

    def _notice(self, at: float, run: int | None, text: str | None, batch: Batch) -> None:
        if text is not None:
            batch.notices.append((at, run, text))


def _kind(word: str, default: Kind) -> Kind:
    return next((kind for kind in KINDS if kind == word), default)


def explain(error: str, tail: str) -> str:
    """Return an error with the exception that the output tells of, if it does."""
    cause = _exception(tail)[:LONGEST_CAUSE]
    return f"{error}: {cause}" if cause and cause not in error else error


def _exception(tail: str) -> str:
    """Return the line under the last traceback; or the last line, if it looks like such a one."""
    _, traceback, after = tail.rpartition(TRACEBACK)
    lines = [line for line in after.splitlines() if line.strip()]
    if traceback:
        return next((line.strip() for line in lines if not line[0].isspace()), "")
    last = lines[-1].strip() if lines else ""
    kind = last.split(":")[0]
    looks_like_one = kind.replace(".", "").replace("_", "").isalnum()
    return last if looks_like_one else ""


def _metric(run: int, attempt: int, said: Any, at: float) -> Metric:
    step, when = said.get("s"), said.get("t")
    return Metric(
        run=run,
        attempt=attempt,
        name=said["n"],
        kind=METRIC_KINDS[said["k"]],
        value=said.get("v"),
        step=_float(step) if _is_number(step) else None,
        at=_float(when) if _is_number(when) and math.isfinite(_float(when)) else at,
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond all floats
        return math.inf if value > 0 else -math.inf


def _text(value: Any) -> str:
    return "" if value is None else str(value)
