"""All that a run depended on, so that it can be repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from samplers import Configuration, Space, SpaceError
from sweep.core.single import SINGLE
from sweep.engine.ancestors import spaces_of
from sweep.engine.template import ScriptTemplate
from sweep.errors import ConfigError
from sweep.storage.reader import RunRow, SweepReader
from sweep.storage.workspace import SweepFolder


def provenance(reader: SweepReader, folder: SweepFolder, row: RunRow) -> dict[str, Any]:
    """Return what a run depended on, a JSON value; secrets are left out as in all that is kept.

    Args:
        reader: of its sweep.
        folder: of its sweep.
        row: the run.
    """
    kept = kept_for(reader, row)
    template = kept["template"]
    return {
        "argv": argv_of(reader, folder, row, template),
        "seed": reader.get("definition")["generator_config"].get("properties", {}).get("seed"),
        "snapshot": (kept["snapshot"] or {}).get("id"),
        "source": reader.get("source", None),
        "git": reader.tags(-1, "property"),
        "environment": environment_of(reader, row),
        "environment_variables": template.get("environment_variables", {}),
        "node": row.facts.get("node"),
        "host": row.facts.get("host"),
        "versions": reader.get("versions", None),
    }


def kept_for(reader: SweepReader, row: RunRow) -> dict[str, Any]:
    """Return `template` and `snapshot` as they were when the run's present attempt began."""
    for until, template, snapshot in reader.get("former", None) or ():
        if row.launched_at is not None and row.launched_at < until:
            return {"template": template, "snapshot": snapshot}
    return {"template": reader.get("template"), "snapshot": reader.get("snapshot", None)}


def environment_of(reader: SweepReader, row: RunRow) -> Mapping[str, Any] | None:
    """Return what `surroundings` gave when the run's present attempt began; None if unknown."""
    found = None
    for since, environment in reader.get("environments", None) or ():
        if found is None or (row.launched_at is not None and since <= row.launched_at):
            found = environment
    return found


def argv_of(
    reader: SweepReader, folder: SweepFolder, row: RunRow, template: Mapping[str, Any]
) -> list[str] | None:
    """Return the words that a run was started with; None where it was a function."""
    if "command" not in template:
        return None
    spaces = spaces_in(reader)
    space = space_for(spaces, row.configuration)
    script = replace(ScriptTemplate.from_json(template), redacted=False)
    try:
        process = script.process(folder, row.number, row.attempt, row.configuration, space)
    except ConfigError:
        return None
    return list(process.argv)


def spaces_in(reader: SweepReader) -> list[Space]:
    """Return the spaces that configurations of a sweep may come from; none for a lone run."""
    return spaces_of({"spaces": [g for g in generators_in(reader) if g["name"] != SINGLE]})


def generators_in(reader: SweepReader) -> list[Mapping[str, Any]]:
    """Return the stored forms of the samplings that configurations of a sweep may come from."""
    kept = [reader.get("definition"), reader.get("first_definition", None)]
    own = [wire["generator_config"] for wire in kept if wire]
    return [*own, *(reader.get("prior", None) or {}).get("spaces", ())]


def space_for(spaces: Sequence[Space], configuration: Configuration) -> Space | None:
    """Return the first space that holds a configuration: a sweep may go on with another."""
    for space in spaces:
        try:
            space.encode(configuration)
        except SpaceError:
            continue
        return space
    return None


def trees_of(reader: SweepReader) -> list[Path]:
    """Return the snapshots that a sweep's runs have had, the present one first."""
    templates = [reader.get("template")]
    templates += [template for _, template, _ in reader.get("former", None) or ()]
    found = dict.fromkeys(str(t["tree"]) for t in templates if t.get("tree"))
    return [Path(tree) for tree in found]
