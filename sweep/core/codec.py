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
    events.Invalidated,
    events.ConcurrencySet,
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
_SHAPES: dict[int, tuple[type[Event], bool, list[tuple[str, Callable[[Any], bool]]]]] = {
    KIND[kind]: (
        kind,
        any(f.name == "run" for f in fields(kind)),
        [(f.name, _CHECKS[str(f.type)]) for f in fields(kind)],
    )
    for kind in EVENTS
}
"""Of every kind: whether it has a run, which is its second field then, and checks by field."""
_BY_TYPE = {
    KIND[kind]
    for kind in EVENTS
    if all(str(f.type).split(" ")[0] in {"bool", "int", "float", "str"} for f in fields(kind))
}
"""Kinds of which types alone tell whether they are sound."""
_SOUND: set[tuple[Any, ...]] = set()
"""Such kinds with the types of fields that they have had and may have."""


def pack_event(event: Event) -> tuple[int, float, int | None, list[Any]]:
    """Return kind, time, run and the other fields of an event."""
    kind = type(event)
    rest = [getattr(event, name) for name in _FIELDS[kind]]
    return KIND[kind], event.at, getattr(event, "run", None), rest


def unpack_event(kind: int, at: float, run: int | None, rest: list[Any]) -> Event:
    """Return the event that `pack_event` took apart.

    Raises:
        LookupError, TypeError: there is no such kind, or it has other fields.
    """
    cls: Any
    cls, has_run, checks = _SHAPES[kind]
    values = (at, run, *rest) if has_run else (at, *rest)
    types = (kind, *map(type, values))
    if types not in _SOUND:  # checked once, and not for every event of millions
        if len(values) > len(checks):
            raise TypeError(f"{cls.__name__} has no such fields: {rest!r:.80}")
        for value, (name, fits) in zip(values, checks, strict=False):
            if not fits(value):
                raise TypeError(f"{cls.__name__}: {name} cannot be {value!r:.80}")
        if kind in _BY_TYPE:
            _SOUND.add(types)
    if cls is events.Redefined:
        values = (*values[:2], *map(tuple, values[2:]))
    event: Event = cls(*values)
    return event


def pack_command(command: Command) -> list[Any]:
    """Return a command as a JSON value."""
    if isinstance(command, Launch):
        place = [] if command.place is None else [[*command.place]]
        return ["launch", command.run, command.attempt, command.configuration, *place]
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
        case ["launch", int(run), int(attempt), dict(configuration), *rest]:
            return Launch(run, attempt, configuration, _place(rest))
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


def _place(rest: list[Any]) -> tuple[int, int] | None:
    """Return the place of a launch, which only replicates have."""
    match rest:
        case []:
            return None
        case [[int(configuration), int(which)]]:
            return configuration, which
    raise ValueError(f"no such place: {rest!r}")
