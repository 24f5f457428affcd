"""Events and commands as plain JSON values, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from policies import Verdict
from sweep.core import events
from sweep.core.commands import Command, Finish, Launch, Quarantine, Release, Stop, SweepStatus
from sweep.core.events import Event
from sweep.core.failure import KINDS

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


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in kinds


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "bool": _is(bool),
    "int": _is(int),
    "int | None": _is(int, type(None)),
    "float": _is(float, int),
    "float | None": _is(float, int, type(None)),
    "str": _is(str),
    "Kind": lambda value: value in KINDS,
    "Mapping[str, Any]": _is(dict),
    "tuple[int, ...]": lambda value: type(value) is list and all(type(i) is int for i in value),
}
"""What a field of each type may be in JSON."""

_FIELDS: dict[type[Event], list[str]] = {
    kind: [f.name for f in fields(kind) if f.name not in {"at", "run"}] for kind in EVENTS
}
_TYPES: dict[type[Event], dict[str, Callable[[Any], bool]]] = {
    kind: {f.name: _CHECKS[str(f.type)] for f in fields(kind)} for kind in EVENTS
}


def pack_event(event: Event) -> tuple[int, float, int | None, list[Any]]:
    """Return kind, time, run and the other fields of an event."""
    kind = type(event)
    rest = [getattr(event, name) for name in _FIELDS[kind]]
    return KIND[kind], event.at, getattr(event, "run", None), rest


def unpack_event(kind: int, at: float, run: int | None, rest: list[Any]) -> Event:
    """Return the event that `pack_event` took apart.

    Raises:
        IndexError, TypeError: there is no such kind, or it has other fields.
    """
    cls: Any = EVENTS[kind]
    if len(rest) > len(_FIELDS[cls]):
        raise TypeError(f"{cls.__name__} has no such fields: {rest!r:.80}")
    given = {"at": at, **dict(zip(_FIELDS[cls], rest, strict=False))}
    if "run" in _TYPES[cls]:
        given["run"] = run
    for name, value in given.items():
        if not _TYPES[cls][name](value):
            raise TypeError(f"{cls.__name__}: {name} cannot be {value!r:.80}")
    if cls is events.Redefined:
        given["rerun"] = tuple(given.get("rerun", ()))
    event: Event = cls(**given)
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
        case ["launch", int(run), int(attempt), dict(configuration)]:
            return Launch(run, attempt, configuration)
        case ["stop", int(run), str(reason)]:
            return Stop(run, reason)
        case ["stop", int(run), str(reason), [policy, interval, value, cutoff, why]]:
            verdict = Verdict(policy, interval, value, cutoff, stop=True, reason=why)
            return Stop(run, reason, verdict)
        case ["finish", status, str(reason)]:
            return Finish(SweepStatus(status), reason)
        case ["quarantine", str(node), str(reason)]:
            return Quarantine(node, reason)
        case ["release", str(node)]:
            return Release(node)
    raise ValueError(f"no such command: {packed!r}")
