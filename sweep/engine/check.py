"""Can a sweep work? All that can be known in seconds, before it begins."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from sweep.core.prospects import FAR, first_judged
from sweep.core.words import counted, duration, number
from sweep.engine.check_script import at_once, check_script
from sweep.engine.disk import free_bytes, in_words
from sweep.engine.script_check import Remark
from sweep.engine.smoke import Smoke, smoke
from sweep.engine.submit import Submission, create, placed
from sweep.errors import ResourceError, SweepError
from sweep.formats.findings import did_you_mean
from sweep.storage.workspace import WorkspaceFolder

NO_POLICY = "Default"
"""The name of the policy that stops nothing."""
LINES = 8
"""Of what a run that has failed has printed last."""


@dataclass(slots=True)
class Checked:
    """What was found.

    Attributes:
        remarks: in the order in which they were looked for.
        smoke: what has come of the smoke run; None for none.
        run_seconds, sweep_seconds: what a run, and all of them, may take; None if not known.
        run_bytes, sweep_bytes: what they may take on the disk.
        reports: how often a run may report the primary metric; None if not known.
    """

    remarks: list[Remark] = field(default_factory=list)
    smoke: Smoke | None = None
    run_seconds: float | None = None
    sweep_seconds: float | None = None
    run_bytes: int = 0
    sweep_bytes: int = 0
    reports: int | None = None

    @property
    def works(self) -> bool:
        """Whether nothing was found that keeps the sweep from working."""
        return all(remark.level != "error" for remark in self.remarks)


def check(
    workspace: WorkspaceFolder | None,
    submission: Submission,
    *,
    seconds: float | None,
    tell: Callable[[str], None],
) -> Checked:
    """Check a sweep.

    Args:
        workspace: in which compute targets are registered, if there is one; nothing is put
            into it.
        submission: the sweep.
        seconds: longest time for a smoke run; None for none.
        tell: told what is being waited for.
    """
    found = Checked()
    with tempfile.TemporaryDirectory(prefix="sweep-check-") as place:
        own = WorkspaceFolder.make(Path(place))
        try:
            submission = placed(workspace or own, submission)
        except SweepError as error:
            found.remarks.append(Remark("resources", "error", str(error)))
        script = check_script(submission)
        found.remarks += script.remarks
        words, found.reports = script.reports or ("", None)
        if found.works and _is_kept(own, submission, found):
            found.remarks.append(_resources(submission))
            if seconds is not None:
                tell("one smoke run, to its first reports …")
                _smoke(found, own, submission, seconds)
        found.remarks += [*_policy(found, submission, words)]
        if found.works:
            found.remarks += [*_estimate(found, submission, workspace)]
    return found


def _is_kept(own: WorkspaceFolder, submission: Submission, found: Checked) -> bool:
    """Let everything be checked that is checked when a sweep is kept."""

    def warn(text: str) -> None:
        found.remarks.append(Remark("configuration", "warning", text))

    try:
        create(own, replace(submission, sweep_id=""), warn)
    except SweepError as error:
        part = "resources" if isinstance(error, ResourceError) else "configuration"
        found.remarks.append(Remark(part, "error", str(error)))
        return False
    return True


def _resources(submission: Submission) -> Remark:
    each = f"each run takes {submission.cpus_per_run:g} of the CPUs"
    if submission.gpus_per_run:
        each += f" and {submission.gpus_per_run:g} of the GPUs"
    asked, room = submission.definition.limits.concurrent, at_once(submission)
    if submission.cluster is not None:
        where = submission.cluster.get("target") or submission.cluster.get("address")
        return Remark("resources", "fine", f"{each}, on {where}")
    if room < asked:
        return Remark("resources", "fine", f"{each}: {room} at a time here, not {asked}")
    return Remark("resources", "fine", f"{each}, {asked} at a time")


# ---- the smoke run --------------------------------------------------------------------


def _smoke(found: Checked, own: WorkspaceFolder, submission: Submission, seconds: float) -> None:
    try:
        found.smoke = went = smoke(own, submission, seconds)
    except SweepError as error:
        found.remarks.append(Remark("smoke run", "error", str(error)))
        return
    if went.ended == "Completed":
        found.reports = len(went.values)
    found.remarks.append(remark_of(went, submission.definition.metric, seconds))


def remark_of(went: Smoke, metric: str, seconds: float) -> Remark:
    """Return what a smoke run says of a sweep.

    Args:
        went: what has come of it.
        metric: the primary one.
        seconds: that it was given.
    """
    if not went.configuration:
        said = "it did not begin: nothing was free for it, or it could not be started"
        return Remark("smoke run", "warning", said)
    others = ", ".join(map(repr, went.logged))
    if went.ended == "Failed":
        tail = "".join(f"\n  | {line}" for line in went.tail.rstrip().splitlines()[-LINES:])
        return Remark("smoke run", "error", f"it failed: {went.reason}{tail}")
    if went.first is None:
        near = did_you_mean(metric, went.logged)
        logged = f"; it logged {others}{near}" if others else ""
        if went.ended:
            text = f"it completed and never logged {metric!r}, the primary metric{logged}"
            return Remark("smoke run", "error", text)
        text = f"it has not logged {metric!r} in {seconds:g} s (--smoke-seconds){logged}"
        return Remark("smoke run", "warning", text)
    value = went.values[0]
    text = f"{metric} = {number(value)} after {duration(went.first)}"
    if not math.isfinite(value):
        return Remark("smoke run", "warning", f"{text}: that is no finite number")
    if went.interval is not None:
        text += f", again after {duration(went.interval)}"
    elif went.ended:
        text += ", once in the whole run"
    return Remark("smoke run", "fine", text)


# ---- what is to be expected -----------------------------------------------------------


def _policy(found: Checked, submission: Submission, words: str) -> Iterator[Remark]:
    """Yield whether the policy can ever act."""
    policy, runs = submission.definition.policy, submission.definition.limits.runs
    if policy.wire_name == NO_POLICY:
        yield Remark("policy", "fine", "none: each run goes to its end")
        return
    name, first = type(policy).__name__, first_judged(policy) or FAR
    after = f"{name} judges a run first after {counted(first, 'report')}"
    if runs < 2:
        yield Remark("policy", "warning", f"{name} never acts: a run alone is never stopped")
    elif found.reports is not None and found.reports < first:
        made = counted(found.reports, "report")
        by = f"the smoke run made {made}"
        if not (found.smoke and found.smoke.ended):
            by = f"{words} may mean {made}"
        yield Remark("policy", "warning", f"{after}, and {by}: it may never act")
    elif found.smoke is not None and found.smoke.ended and found.reports == first:
        yield Remark("policy", "warning", f"{after}, which is its last: a stop then saves nothing")
    elif found.smoke is not None and (seconds := _seconds(found.smoke, first)) is not None:
        yield Remark("policy", "fine", f"{after}, about {duration(seconds)} after its start")
    else:
        yield Remark("policy", "fine", after)


def _seconds(went: Smoke, reports: int) -> float | None:
    """Return how long a run may take to its report of that number."""
    if went.first is None or not reports:
        return None
    if reports == 1:
        return went.first
    return None if went.interval is None else went.first + (reports - 1) * went.interval


def _estimate(
    found: Checked, submission: Submission, workspace: WorkspaceFolder | None
) -> Iterator[Remark]:
    """Yield what the sweep may come to."""
    limits, runs = submission.definition.limits, submission.definition.most_runs
    text = f"up to {counted(runs, 'run')}"
    if found.smoke is not None and found.reports:
        found.run_seconds = _seconds(found.smoke, found.reports)
    if found.run_seconds is not None:
        each = found.run_seconds
        found.sweep_seconds = total = each * math.ceil(runs / max(1, at_once(submission)))
        text += f" of {counted(found.reports or 0, 'report')} each: {duration(each)} a run,"
        text += f" {duration(total)} in all if none is stopped"
        if total > limits.duration_minutes * 60:
            said = f"max_duration_minutes {limits.duration_minutes:g} ends it before its last run"
            yield Remark("estimate", "warning", said)
        if limits.run_seconds is not None and each > limits.run_seconds:
            said = f"max_run_duration_seconds {limits.run_seconds:g} ends each run before its end"
            yield Remark("estimate", "warning", said)
    if found.smoke is not None:
        found.run_bytes = found.smoke.size
        found.sweep_bytes = found.run_bytes * runs
        text += f"; {in_words(found.sweep_bytes)} of disk, as far as the smoke run shows"
        place = Path.cwd() if workspace is None else workspace.path
        if (free := free_bytes(place)) < found.sweep_bytes:
            said = f"it may take {in_words(found.sweep_bytes)}, and {in_words(free)} are free"
            yield Remark("estimate", "warning", said)
    yield Remark("estimate", "fine", text)
