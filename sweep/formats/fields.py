"""The entries of one mapping of a file, each asked for by its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from sweep.formats.checks import Check, Unfit, listed
from sweep.formats.findings import Findings, did_you_mean
from sweep.formats.located import Node, inside

T = TypeVar("T")


class Fields:
    """A mapping, read key by key; what does not fit goes to the findings.

    Attributes:
        node: the mapping.
        path: the dotted path that leads to it.
    """

    __slots__ = ("_entries", "_findings", "node", "path")

    def __init__(self, node: Node, path: str, findings: Findings) -> None:
        self.node = node
        self.path = path
        self._entries = node.value if isinstance(node.value, dict) else {}
        self._findings = findings

    def __contains__(self, name: str) -> bool:
        """Tell whether there is a value for `name`; null is none."""
        node = self._entries.get(name)
        return node is not None and node.value is not None

    def at(self, name: str) -> Node:
        """Return the value of `name`, or the mapping where it is missing: the place to blame."""
        return self._entries.get(name, self.node)

    def besides(self, names: Iterable[str]) -> dict[str, Any]:
        """Return all other entries as they are."""
        known = set(names)
        return {key: node.plain() for key, node in self._entries.items() if key not in known}

    def only(self, known: Iterable[str], instead: Mapping[str, str] | None = None) -> None:
        """Report every other key: by what is said of it in `instead`, or as misspelt."""
        names, instead = list(known), instead or {}
        for key in self._entries:
            if key in names:
                continue
            near = did_you_mean(key, names) or f"; the keys here are {', '.join(names)}"
            message = instead.get(key, f"unknown key{near}")
            self._findings.problem(message, inside(self.path, key), self.node.keys[key])

    def need(self, name: str, check: Check[T], stand_in: T) -> T:
        """Return what has to be there.

        `stand_in` lets the reading go on after a problem; the file is refused in the end.
        """
        if name in self._entries:
            return self._fitting(name, check, stand_in)
        self._findings.problem("is required", inside(self.path, name), self.node)
        return stand_in

    def take(self, name: str, check: Check[T], default: T) -> T:
        """Return what may be there; null is as good as absent."""
        return self._fitting(name, check, default) if name in self else default

    def arguments(
        self, kinds: Mapping[str, Mapping[str, Check[Any]]], kind: str, besides: Iterable[str]
    ) -> dict[str, Any]:
        """Return the values of those keys that this `kind` of section may have.

        `kinds` has the keys of every kind, and all sections have the keys `besides`. A value for
        a key of another kind is reported. Of a kind that is not among the `kinds`, the section
        may have any key.
        """
        every = {key: check for checks in kinds.values() for key, check in checks.items()}
        checks = kinds.get(kind, every)
        others = {
            key: f"belongs to {listed(k for k, own in kinds.items() if key in own)}, not to {kind}"
            for key in every
            if key not in checks
        }
        nulls = [key for key in others if key in self._entries and key not in self]
        self.only([*besides, *checks, *nulls], others)
        values = {key: self.take(key, check, None) for key, check in checks.items()}
        return {key: value for key, value in values.items() if value is not None}

    def _fitting(self, name: str, check: Check[T], stand_in: T) -> T:
        path = inside(self.path, name)
        return fitting(self._entries[name], path, check, stand_in, self._findings)


def fitting(node: Node, path: str, check: Check[T], stand_in: T, findings: Findings) -> T:
    """Return what `check` makes of `node`; `stand_in` after a problem."""
    try:
        return check(node)
    except Unfit as error:
        findings.problem(str(error), path, error.node)
        return stand_in
