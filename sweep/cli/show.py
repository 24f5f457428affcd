"""One run, or one sweep, in full."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Iterator

import click

from sweep.cli.options import print_json
from sweep.cli.summary import best_lines, headline
from sweep.cli.tables import lasted, run_json
from sweep.cli.work import record
from sweep.core.words import counted, duration, number, plain, value_text, when
from sweep.engine.provenance import provenance
from sweep.errors import WorkspaceError
from sweep.storage.reader import MetricRow, RunRow, SweepReader
from sweep.storage.targets import target_of
from sweep.storage.workspace import SweepFolder
from sweep.view.standing import status_of

DROPPED = {"dropped": "messages", "output_dropped": "bytes", "undelivered": "bytes"}
"""Facts that tell what a run has said, printed and written beyond what is kept."""


def show_sweep(folder: SweepFolder, *, as_json: bool) -> None:
    """Print a sweep."""
    with SweepReader(folder.database) as reader:
        if as_json:
            print_json(record(reader, folder))
        else:
            _show_sweep(reader, folder)


def _show_sweep(reader: SweepReader, folder: SweepFolder) -> None:
    definition, limits = reader.get("definition"), reader.get("resources")
    metric = definition["primary_metric_config"]
    counts = ", ".join(f"{count} {status}" for status, count in sorted(reader.count().items()))
    each = [counted(limits[f"{kind.lower()}s_per_run"], kind) for kind in ("CPU", "GPU")]
    click.echo(click.style(folder.id, bold=True))
    for name, text in (
        ("status", headline(status_of(reader, folder), reader.get("status")[1])),
        ("experiment", plain(reader.get("experiment"))),
        ("made", when(reader.get("created"))),
        ("metric", f"{metric['goal']} {plain(metric['name'])}"),
        ("sampling", json.dumps(definition["generator_config"])),
        ("policy", json.dumps(definition["policy_config"])),
        ("runs", f"{counts or 'none yet'} of at most {definition['max_total_jobs']}"),
        ("each takes", ", ".join(each)),
        ("target", target_of(reader)),
        ("source", f"{reader.get('source')} (snapshot {reader.get('snapshot')['id'][:12]})"),
        ("folder", str(folder.path)),
    ):
        if name not in ("metric", "sampling", "policy") or not folder.is_lone_run:
            click.echo(f"  {name:<11}{text if name == 'status' else plain(text)}")
    for line in best_lines(reader, folder):
        click.echo(f"  {line}")


def run_row(reader: SweepReader, folder: SweepFolder, run: int) -> RunRow:
    """Return a run.

    Raises:
        WorkspaceError: there is none of that number.
    """
    row = reader.run(run)
    if row is None:
        there = sum(reader.count().values())
        raise WorkspaceError(f"{folder.id} has no run {run}: it has {counted(there, 'run')}")
    return row


def show_run(folder: SweepFolder, run: int, *, as_json: bool) -> None:
    """Print a run."""
    with SweepReader(folder.database) as reader:
        if folder.is_lone_run and not reader.count():  # it has not been launched yet
            show_sweep(folder, as_json=as_json)
            return
        row = run_row(reader, folder, run)
        metrics = reader.metrics(run, row.attempt)
        tags = reader.tags(run, "tag")
        node = reader.get(f"node:{row.facts.get('node')}", None) or {}
        metric = plain(reader.get("definition")["primary_metric_config"]["name"])
        origin = provenance(reader, folder, row)
    if as_json:
        about = {"metrics": dict(_by_name(metrics)), "tags": tags, "node_facts": node}
        about["provenance"] = origin
        print_json({**run_json(folder, row), **about})
        return
    click.echo(click.style(folder.run_id(run), bold=True))
    lines = [
        ("status", row.status + (f": {plain(row.reason)}" if row.reason else "")),
        ("attempt", str(row.attempt)),
        ("started", f"{when(row.started_at)}, lasted {duration(lasted(row))}"),
        (
            metric,
            f"best {number(row.best)}, last {number(row.last)}, {counted(row.reports, 'report')}",
        ),
        *((plain(k), value_text(v)) for k, v in row.configuration.items()),
        *((plain(k), _values(v)) for k, v in _by_name(metrics)),
        *((f"tag {plain(k)}", plain(v or "")) for k, v in tags.items()),
        *((plain(k), _fact(k, v)) for k, v in row.facts.items() if k != "tail"),
        *((f"node's {plain(k)}", _of_node(v)) for k, v in node.items() if v and k != "host"),
        ("command", plain(shlex.join(origin["argv"] or ()))),
        ("snapshot", plain(str(origin["snapshot"] or "")[:12])),
        ("folder", plain(str(folder.run_folder(run, row.attempt)))),
    ]
    lines = [(name, text) for name, text in lines if text]
    width = max(len(name) for name, _ in lines if name) + 2
    for name, text in lines:
        if name:
            click.echo(f"  {name:<{width}}{text}")


def _of_node(value: object) -> str:
    """Return a fact about a node: a text, GPUs by their names, or packages with their versions."""
    if isinstance(value, dict):
        value = [f"{name} {version}" for name, version in value.items()]
    return plain(", ".join(map(str, value)) if isinstance(value, list) else str(value))


def _fact(name: str, value: object) -> str:
    if isinstance(value, (int, float)) and name == "peak_memory":
        return f"{value / 2**20:.1f} MiB"
    if isinstance(value, int) and name in DROPPED:
        return f"{value:,} {DROPPED[name]}, not kept"
    if isinstance(value, (int, float)) and name.endswith("_seconds"):
        return f"{value:.3f} s"
    return value_text(value)


def _by_name(metrics: list[MetricRow]) -> Iterator[tuple[str, list[object]]]:
    names = dict.fromkeys(m.name for m in metrics)
    for name in names:
        yield name, [m.value for m in metrics if m.name == name]


def _values(values: list[object]) -> str:
    numbers = [v for v in values if isinstance(v, (int, float)) and math.isfinite(v)]
    if len(numbers) == len(values) > 1:
        return f"last {number(numbers[-1])} of {len(numbers)}"
    return value_text(values[-1])
