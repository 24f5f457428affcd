"""The past of a sweep, handled again: it has to lead to the same decisions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sweep.core.commands import Command
from sweep.core.events import Event, Report
from sweep.errors import Diverged, SweepError

if TYPE_CHECKING:
    from sweep.core.scheduler import Scheduler  # readers of a journal do without

Entry = tuple[Event, list[Command]]
Past = tuple[Sequence[Report], Entry | None]
"""Reports that led to nothing, and what came next."""


def replay(scheduler: Scheduler, past: Iterable[Past]) -> int:
    """Handle all that has happened; return how many events that were.

    Args:
        scheduler: has handled nothing yet.
        past: in the order in which it was handled.

    Raises:
        Diverged: it leads to other decisions than it did.
    """
    count = 0
    for reports, entry in past:
        left = iter(reports)
        try:
            left = iter(reports[scheduler.follow(reports) :])
            odd = scheduler.replay_reports(left)
        except SweepError as error:
            raise Diverged(f"{_place(count, reports, left)}: {error}") from None
        if odd is not None:
            raise _other(_place(count, reports, left), odd[0], [], odd[1])
        count += len(reports)
        if entry is None:
            continue
        count += 1
        event, recorded = entry
        try:
            decided = scheduler.replay(event, recorded)
        except SweepError as error:
            raise Diverged(f"entry {count} of the journal, {event}: {error}") from None
        if differ(decided, recorded):
            raise _other(f"entry {count} of the journal", event, recorded, decided)
    return count


def differ(decided: list[Command], recorded: list[Command]) -> bool:
    """Tell whether commands differ from those that are on record."""
    return decided != recorded and repr(decided) != repr(recorded)  # NaN is not NaN


def _place(before: int, reports: Sequence[Report], left: Iterable[Report]) -> str:
    return f"entry {before + len(reports) - len([*left])} of the journal"


def _other(place: str, event: Event, recorded: list[Command], decided: list[Command]) -> Diverged:
    return Diverged(
        f"{place}, {event}, led to {recorded} but leads to {decided} now: the sweep's definition"
        " or this program has changed"
    )
