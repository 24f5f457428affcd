"""What somebody changes in a sweep, whether it is worked on or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from sweep.core.book import Book
from sweep.core.commands import Command
from sweep.core.events import ConcurrencySet, Invalidated
from sweep.core.run import INVALID, RunRecord, RunState


def amend(
    book: Book, event: Invalidated | ConcurrencySet, stop: Callable[[RunRecord, str], Command]
) -> Iterator[Command]:
    """Account for an amendment.

    Args:
        book: of the sweep.
        event: what is changed.
        stop: makes the order to stop a run.

    Yields:
        What to do about it.

    Raises:
        IllegalEvent: there is no such run.
    """
    if isinstance(event, ConcurrencySet):
        limits = replace(book.definition.limits, concurrent=event.concurrent)
        book.definition = replace(book.definition, limits=limits)
    else:
        yield from _invalidate(book, event, stop)


def _invalidate(
    book: Book, event: Invalidated, stop: Callable[[RunRecord, str], Command]
) -> Iterator[Command]:
    """Let a run that is over, or that will be, count for nothing."""
    record = book.record(event.run, event)
    record.invalid, reason = True, INVALID + event.reason
    if record.live:  # what it says until it is gone is forgotten then
        book.board.forget(event.run)
    if record.state is RunState.WAITING:
        book.cancel_waiting(record, event.at, reason)
    elif record.state is RunState.STOPPING:
        record.reason, record.again = reason, False
    elif record.live:
        yield stop(record, reason)
    else:
        record.reason = reason if not record.reason else f"{reason}; before: {record.reason}"
        book.forget(record)
