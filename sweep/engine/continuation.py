"""Going on with a sweep otherwise than it began: further, again, with what has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from samplers import Space
from sweep.core.definition import SweepDefinition
from sweep.core.failure import AGAIN
from sweep.core.run import TERMINAL, RunRecord, RunState
from sweep.core.single import Single
from sweep.errors import ConfigError, UserError
from sweep.formats.definitions import read_definition
from sweep.storage import snapshot

Word = Literal["old", "new", ""]
GROUPS: dict[str, Callable[[RunRecord], bool]] = {
    "failed": lambda r: r.state is RunState.FAILED,
    "lost": lambda r: r.state is RunState.FAILED and r.kind in AGAIN,
    "canceled": lambda r: r.state is RunState.CANCELED and r.verdict is None,
    "stopped": lambda r: r.state is RunState.CANCELED and r.verdict is not None,
    "completed": lambda r: r.state is RunState.COMPLETED,
}
"""Words for runs that are over; "canceled" by somebody or by a timeout, "stopped" by a policy."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """How a sweep is to go on; what is not said stays as it is.

    Attributes:
        max_total_runs, max_concurrent_runs, max_duration_minutes: instead of the present bounds.
        rerun: which runs are to run again: words of `GROUPS` and numbers, separated by commas.
        changed: of what has changed since the sweep began (its script, its file), take the old
            or the new; empty: refuse if anything has.
    """

    max_total_runs: int | None = None
    max_concurrent_runs: int | None = None
    max_duration_minutes: float | None = None
    rerun: str = ""
    changed: Word = ""

    def definition(
        self, present: SweepDefinition, kept: Mapping[str, Any], count: int
    ) -> SweepDefinition:
        """Return what is swept from now on.

        Args:
            present: what was swept until now.
            kept: `hdconfig` as `remember` gave it.
            count: how many runs there are.

        Raises:
            UserError: the file has changed and nobody has said what of it; or a bound makes no
                sense.
        """
        new = self._of_file(present, kept)
        limits = new.limits
        if self.max_total_runs is not None:
            if self.max_total_runs < count:
                raise UserError(
                    f"--max-total-runs: expected {count} or more, as there are {count} runs"
                    f" already, got {self.max_total_runs}"
                )
            limits = replace(limits, runs=self.max_total_runs)
        if self.max_concurrent_runs is not None:
            limits = replace(limits, concurrent=self.max_concurrent_runs)
        if self.max_duration_minutes is not None:
            limits = replace(limits, duration_minutes=self.max_duration_minutes)
        limits = replace(limits, concurrent=min(limits.concurrent, limits.runs))
        return replace(new, limits=limits)

    def _of_file(self, present: SweepDefinition, kept: Mapping[str, Any]) -> SweepDefinition:
        if not kept or self.changed == "old" or not Path(kept["path"]).is_file():
            return present
        path = kept["path"]
        try:
            read = read_definition(path)
        except ConfigError as error:
            if self.changed == "new":
                raise
            raise _undecided(path, f"and is wrong now ({error.problems[0]})") from None
        differences = [*_differences(kept["definition"], read.to_wire())]
        if not differences:
            return present
        if not self.changed:
            raise _undecided(path, f"({'; '.join(differences[:3])})")
        seed = present.sampling.seed
        if read.sampling.seed is None and seed is not None:
            read = replace(read, sampling=read.sampling.seeded(seed))
        if (read.metric, read.goal) != (present.metric, present.goal):
            raise UserError(
                f"{path}: the primary metric was {present.metric!r} ({present.goal.value}) and"
                " cannot become another: the runs so far are ranked by it"
            )
        if read.limits.replicates != present.limits.replicates:
            raise UserError(
                f"{path}: replicates was {present.limits.replicates} and cannot become"
                f" {read.limits.replicates}: the configurations so far have so many runs"
            )
        # Bounds that the file has not changed may have been given on the command line.
        before = SweepDefinition.from_wire(kept["definition"]).limits
        same = {
            f.name: getattr(present.limits, f.name)
            for f in fields(before)
            if getattr(before, f.name) == getattr(read.limits, f.name)
        }
        return replace(read, limits=replace(read.limits, **same))

    def source(self, kept: Mapping[str, Any], store: Path, tree: Path) -> snapshot.Snapshot | None:
        """Return a new snapshot of the source directory, where that is wanted.

        Args:
            kept: `source`, `snapshot` and `strict_snapshot` as the sweep has them.
            store: where snapshots are kept.
            tree: the snapshot as it was.

        Raises:
            UserError: it has changed and nobody has said which to take.
        """
        source, old = Path(kept["source"]), kept["snapshot"]["id"]
        if not old or self.changed == "old" or not source.is_dir():
            return None
        shot = snapshot.take(source, store, strict=bool(kept.get("strict_snapshot")))
        if shot.id == old or not (changed := snapshot.differences(tree, shot.tree)):
            return None
        if not self.changed:
            raise _undecided(str(source), f"({', '.join(changed[:5])})")
        return shot

    def runs(self, records: Mapping[int, RunRecord]) -> list[int]:
        """Return the numbers of the runs that are to run again.

        Raises:
            UserError: there is no such run or word, or a run is not over.
        """
        chosen: set[int] = set()
        for word in filter(None, map(str.strip, self.rerun.split(","))):
            if word.isdecimal() and int(word) in records:
                if records[int(word)].state not in TERMINAL:
                    raise UserError(f"--rerun: run {word} is not over, it goes on by itself")
                chosen.add(int(word))
            elif word in GROUPS:
                chosen |= {n for n, record in records.items() if GROUPS[word](record)}
            else:
                raise UserError(
                    f"--rerun: expected numbers of runs, or {', '.join(GROUPS)}, got {word!r}"
                )
        return sorted(chosen)

    @property
    def asks(self) -> bool:
        """Whether anything but to go on is asked."""
        return self != Continuation(changed=self.changed)


def remember(path: str | Path, definition: SweepDefinition) -> dict[str, Any]:
    """Return what is kept of a sweep's file, to notice a change of it."""
    return {"path": str(Path(path).resolve()), "definition": definition.to_wire()}


def space_of(definition: SweepDefinition) -> Space | None:
    """Return the space of a definition; None for a lone run."""
    return None if isinstance(definition.sampling, Single) else definition.sampling.space


def _undecided(what: str, how: str) -> UserError:
    return UserError(
        f"{what} has changed since the sweep began {how}: --changed new goes on with what is"
        " there now, --changed old as it began"
    )


def _differences(old: Any, new: Any, path: str = "") -> list[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return [
            text
            for key in dict.fromkeys([*old, *new])
            for text in _differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
        ]
    return [] if old == new else [f"{path}: {_short(old)} is {_short(new)} now"]


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:59] + "…"
