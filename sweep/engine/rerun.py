"""A run once more, exactly: a new sweep of one run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sweep.core.definition import SweepDefinition
from sweep.core.prior import Prior
from sweep.core.single import Single
from sweep.engine.provenance import environment_of, generators_in, kept_for
from sweep.engine.replicate import replicate_of, variables
from sweep.engine.submit import keep
from sweep.engine.surroundings import changes, surroundings
from sweep.engine.targets import workspace_of
from sweep.errors import UserError, WorkspaceError
from sweep.storage.private import secrets_of
from sweep.storage.reader import RunRow, SweepReader
from sweep.storage.replicates import place_of
from sweep.storage.workspace import SweepFolder

TAG = "rerun_of"
"""The tag of such a sweep; it names the run."""
KEPT = (
    "resources",
    "grace",
    "hdconfig",
    "job",
    "cluster",
    "strict_snapshot",
    "source",
    "refusing",
)
SHOWN = 8


def rerun(
    folder: SweepFolder, number: int, *, strict: bool, warn: Callable[[str], None]
) -> SweepFolder:
    """Keep a sweep of one run: the same words, configuration, snapshot and variables.

    Args:
        folder: the sweep of the run.
        number: of the run.
        strict: refuse where Python or packages are others than they were; else that is told.
        warn: told of it.

    Returns:
        The new sweep, ready to be worked on; its run has the number 0.

    Raises:
        UserError: it was a function, its snapshot is gone, or its environment is another.
        WorkspaceError: there is no such run.
    """
    workspace = workspace_of(folder)
    with SweepReader(folder.database) as reader:
        row = reader.run(number)
        if row is None:
            raise WorkspaceError(f"there is no run {folder.run_id(number)}")
        kept = kept_for(reader, row)
        about = {name: reader.get(name, None) for name in KEPT}
        definition = SweepDefinition.from_wire(reader.get("definition"))
        generators = generators_in(reader)
        experiment, known = reader.get("experiment"), environment_of(reader, row)
    template = dict(kept["template"])
    if "command" not in template:
        raise UserError(f"{folder.run_id(number)} was a Python function, which is not kept")
    if template.get("tree") and not Path(template["tree"]).is_dir():
        raise UserError(f"the snapshot of {folder.run_id(number)} is gone: {template['tree']}")
    if known is not None:
        _compare(
            folder.run_id(number),
            changes(known, surroundings(template, about["cluster"])),
            strict=strict,
            warn=warn,
        )
    if row.attempt > 1:
        warn(f"attempt {row.attempt} may have gone on from what others left; this one begins anew")
    template["earlier"] = _earlier(template, row)
    prior = None
    if not isinstance(definition.sampling, Single):
        prior = {**Prior(given=(row.configuration,)).to_wire(), "spaces": generators}
    limits = replace(
        definition.limits, runs=1, concurrent=1, consecutive_failures=None, replicates=1
    )
    if (place := place_of(row)) is not None:
        told = variables(replicate_of(place, definition.sampling.seed))
        template["environment_variables"] = {**template["environment_variables"], **told}
    return keep(
        workspace,
        SweepDefinition(definition.sampling, definition.metric, definition.goal, limits),
        experiment,
        {**about, "template": template, "snapshot": kept["snapshot"], "prior": prior},
        tags=[(TAG, folder.run_id(number))],
        secrets=secrets_of(folder) if template.get("redacted") else None,
    )


def _earlier(template: dict[str, object], row: RunRow) -> list[str]:
    """Return the outputs of another run that this one went on from, for run 0."""
    earlier = template.get("earlier") or []
    assert isinstance(earlier, list)
    return [str(earlier[row.number])] if row.number < len(earlier) else []


def _compare(
    run: str, differences: list[str], *, strict: bool, warn: Callable[[str], None]
) -> None:
    if not differences:
        return
    shown = ", ".join(differences[:SHOWN])
    more = f" and {len(differences) - SHOWN} more" if len(differences) > SHOWN else ""
    text = f"not all is as it was when {run} began: {shown}{more}"
    if strict:
        raise UserError(text)
    warn(text)


def compared(before: SweepFolder, number: int, after: SweepFolder) -> str:
    """Say whether run 0 of a sweep has reported the same as another run has."""
    with SweepReader(before.database) as reader:
        old = [value for _, value in reader.reports(number)]
    with SweepReader(after.database) as reader:
        new = [value for _, value in reader.reports(0)]
    if repr(old) == repr(new):
        return f"it reported the same as {before.run_id(number)}, {len(new)} times"
    place = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), None)
    if place is None:
        return f"it made {len(new)} reports, and {before.run_id(number)} made {len(old)}"
    return (
        f"its report {place + 1} is {new[place]!r}, and that of {before.run_id(number)} was"
        f" {old[place]!r}"
    )
