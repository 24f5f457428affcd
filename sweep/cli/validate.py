"""`sweep validate`: is a sweep file right?"""

from __future__ import annotations

import click

from sweep.cli.options import json_option, print_json, warn


@click.command()
@click.argument("hdconfig")
@click.option("--path", default=".", show_default=True, help="Where to look for the file.")
@json_option
def validate(hdconfig: str, path: str, as_json: bool) -> None:
    """Check an hdconfig.yml or a sweep job: every problem on a line of its own, with its place."""
    from samplers import configurations  # noqa: PLC0415
    from samplers.guide import guide_of  # noqa: PLC0415
    from sweep.core.words import counted, plain  # noqa: PLC0415 - not needed for --help
    from sweep.formats.definitions import read_sweep_file  # noqa: PLC0415
    from sweep.formats.lookup import find_hdconfig  # noqa: PLC0415

    place = find_hdconfig(hdconfig, path)
    read = read_sweep_file(place)
    for problem in read.warnings:
        warn(str(problem))
    definition = read.definition
    if as_json:
        print_json(definition.to_wire())
        return
    limits, size = definition.limits, configurations(definition.sampling)
    points = "infinitely many configurations" if size is None else counted(size, "configuration")
    click.echo(f"{plain(str(place))}: {click.style('fine', fg='green')}")
    names = plain(", ".join(definition.sampling.space.names))
    click.echo(f"  {definition.sampling.name.lower()} over {names} ({points})")
    guide = guide_of(definition.sampling)
    if guide is not None and guide.points:
        click.echo(f"  {counted(len(guide.points), 'point')} to evaluate first")
    if guide is not None and guide.refusals:
        click.echo(f"  {counted(len(guide.refusals.said), 'condition')} refuse configurations")
    each = f", {limits.replicates} of each configuration" if limits.replicates > 1 else ""
    click.echo(f"  {definition.goal.value} {plain(definition.metric)}; {definition.policy!r}")
    click.echo(
        f"  up to {counted(limits.runs, 'run')}{each}, {limits.concurrent} at a time,"
        f" for at most {limits.duration_minutes:g} minutes"
    )
