"""What runs and policy of a sweep have come to, in a few lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sweep.core.words import counted, duration, number, plain
from sweep.errors import SweepError
from sweep.storage.reader import RunRow, SweepReader

HARDLY = 0.005
"""A smaller share of the reports is no percentage."""


def ending(reader: SweepReader) -> Iterator[str]:
    """Yield the lines that end a sweep for who has waited for it in Python."""
    runs = reader.runs()
    yield f"{reader.get('status')[0]}: {counts(runs)}{time_of(runs)}"
    yield from policy_lines(reader, runs)


def counts(runs: list[RunRow]) -> str:
    """Return how many runs there are, and how they have ended."""
    by_status: dict[str, int] = {}
    for run in runs:
        word = run.status.lower()
        if run.status == "Canceled":
            word = "stopped early" if run.verdict else "canceled"
        elif run.status == "NotStarted":
            word = "waiting to run again"
        by_status[word] = by_status.get(word, 0) + 1
    words = ", ".join(f"{count} {word}" for word, count in by_status.items())
    return f"{counted(len(runs), 'run')}{': ' + words if words else ''}"


def time_of(runs: list[RunRow]) -> str:
    """Return how long all runs together have taken, as the end of a sentence."""
    starts = [r.launched_at for r in runs if r.launched_at is not None]
    ends = [r.ended_at for r in runs if r.ended_at is not None]
    return f", in {duration(max(ends) - min(starts))}" if starts and ends else ""


def policy_lines(
    reader: SweepReader, runs: list[RunRow], conspicuous: Callable[[str], str] = str
) -> Iterator[str]:
    """Yield how often the policy was asked, what it has stopped, and what that has saved.

    Args:
        reader: of the sweep.
        runs: all of its runs.
        conspicuous: makes a line stand out that tells of a policy without any effect.
    """
    policy = reader.get("definition")["policy_config"]["name"]
    evaluations = reader.get("evaluations", 0)
    if policy == "Default":
        return
    if not evaluations:
        never = f"{policy} never judged: no run made enough reports for it"
        yield conspicuous(never)
        return
    stopped = [r for r in runs if r.verdict]
    yield (
        f"{policy} judged {counted(evaluations, 'time')} and stopped"
        f" {counted(len(stopped), 'run')}{_saved(runs, stopped)}"
    )
    yield from _audit(reader)
    delays = sorted(s for r in runs if (s := r.facts.get("stop_latency")) is not None)
    if delays:
        yield (
            "  from the decision to the last process gone:"
            f" p50 {_quantile(delays, 0.5) * 1000:.1f} ms,"
            f" p99 {_quantile(delays, 0.99) * 1000:.1f} ms"
        )


def _audit(reader: SweepReader) -> Iterator[str]:
    """Say how often the policy was wrong, as far as runs show that it did not stop."""
    if not reader.get("definition")["policy_config"].get("properties", {}).get("audit_fraction"):
        return
    from sweep.view.audit import audit  # noqa: PLC0415 - the journal is played again

    try:
        found = audit(reader)
    except SweepError as error:
        yield f"  the audit cannot be told: {plain(str(error))}"
        return
    if not found.audited:
        yield "  audit: no run that was to be stopped has gone on to its end"
        return
    low, high = found.interval
    yield (
        f"  audit: {found.wrong} of {counted(found.audited, 'run')} that went on nevertheless came"
        f" among the best 5%: {low:.0%} to {high:.0%} of the stops are wrong (95% interval)"
    )
    regret = f"a value better by {number(found.gain)}" if found.gain else "nothing"
    yield f"    without them {regret} would be lost; they took {counted(found.reports, 'report')}"


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _saved(runs: list[RunRow], stopped: list[RunRow]) -> str:
    """Say what stopping has saved, measured by the runs that went to their end."""
    whole = [r.reports for r in runs if r.status == "Completed" and r.reports]
    if not stopped:
        return ", which saved nothing"
    if not whole:
        return "; what that saved is not known: no run went to its end"
    length = sum(whole) / len(whole)
    spent = sum(r.reports for r in runs)
    saved = sum(max(0.0, length - r.reports) for r in stopped)
    share = saved / (saved + spent)
    much = f"about {share:.0%}" if share >= HARDLY else "less than 1%"
    return f", which saved {much} of the reports" if saved else ", which saved nothing"
