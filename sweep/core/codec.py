"""Events and commands as plain JSON values, and back."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from policies import Verdict
from sweep.core import events
from sweep.core.commands import Command, Finish, Launch, Quarantine, Release, Stop, SweepStatus
from sweep.core.events import Event

EVENTS: tuple[type[Event], ...] = (
    events.Opened,
    events.SlotsChanged,
    events.Started,
    events.Reported,
    events.Completed,
    events.Failed,
    events.Stopped,
    events.Lost,
    events.CancelAsked,
    events.PauseAsked,
    events.TimePassed,
    events.LaunchesHeld,
    events.LaunchesReleased,
    events.NodeReleased,
    events.Redefined,
)
"""The kinds of events; a kind's place in this list is its number in a journal: only append."""

KIND = {kind: number for number, kind in enumerate(EVENTS)}


def pack_event(event: Event) -> tuple[int, float, int | None, list[Any]]:
    """Return kind, time, run and the other fields of an event."""
    names = [f.name for f in fields(event) if f.name not in {"at", "run"}]
    rest = [getattr(event, name) for name in names]
    return KIND[type(event)], event.at, getattr(event, "run", None), rest


def unpack_event(kind: int, at: float, run: int | None, rest: list[Any]) -> Event:
    """Return the event that `pack_event` took apart.

    Raises:
        IndexError, TypeError: there is no such kind, or it has other fields.
    """
    cls: Any = EVENTS[kind]
    has_run = any(f.name == "run" for f in fields(cls))
    if cls is events.Redefined:
        rest[1] = tuple(rest[1])
    event: Event = cls(at, run, *rest) if has_run else cls(at, *rest)
    return event


def pack_command(command: Command) -> list[Any]:
    """Return a command as a JSON value."""
    if isinstance(command, Launch):
        return ["launch", command.run, command.attempt, command.configuration]
    if isinstance(command, Finish):
        return ["finish", command.status.value, command.reason]
    if isinstance(command, Quarantine):
        return ["quarantine", command.node, command.reason]
    if isinstance(command, Release):
        return ["release", command.node]
    packed: list[Any] = ["stop", command.run, command.reason]
    if (v := command.verdict) is not None:
        packed.append([v.policy, v.interval, v.value, v.cutoff, v.reason])
    return packed


def unpack_command(packed: list[Any]) -> Command:
    """Return the command that `pack_command` packed.

    Raises:
        ValueError: there is no such command.
    """
    match packed:
        case ["launch", run, attempt, configuration]:
            return Launch(run, attempt, configuration)
        case ["stop", run, reason]:
            return Stop(run, reason)
        case ["stop", run, reason, [policy, interval, value, cutoff, why]]:
            verdict = Verdict(policy, interval, value, cutoff, stop=True, reason=why)
            return Stop(run, reason, verdict)
        case ["finish", status, reason]:
            return Finish(SweepStatus(status), reason)
        case ["quarantine", node, reason]:
            return Quarantine(node, reason)
        case ["release", node]:
            return Release(node)
    raise ValueError(f"no such command: {packed!r}")
