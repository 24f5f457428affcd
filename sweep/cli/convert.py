"""`sweep convert`: the same sweep in another format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sweep.cli.options import SCRIPT_AND_ARGUMENTS
from sweep.cli.writing import deliver, output_options
from sweep.errors import UserError

if TYPE_CHECKING:
    from sweep.formats.portable import Portable

FORMATS = ("hdconfig", "v2", "python")


@click.command(context_settings=SCRIPT_AND_ARGUMENTS)
@click.option("--to", "wanted", type=click.Choice(FORMATS), help="Default: by the output's name.")
@output_options
@click.argument("file")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[SCRIPT [ARGUMENTS]...]")
def convert(
    file: str,
    words: tuple[str, ...],
    wanted: str | None,
    output: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write a sweep in another format; say what that cannot carry.

    FILE is an hdconfig.yml, a sweep job of version 2, or Python source, which is read and not
    run. An hdconfig does not say what is run: SCRIPT and its ARGUMENTS do.

    \b
    sweep convert --to v2 -o job.yml hdconfig.yml train.py --epochs 20
    sweep convert -o hdconfig.yml job.yml
    """  # noqa: D301 - click wants the character itself
    from sweep.formats.conversion import as_job  # noqa: PLC0415 - not needed for --help
    from sweep.formats.hdconfig_writer import hdconfig_of  # noqa: PLC0415
    from sweep.formats.python_writer import lost_in_python, python_of  # noqa: PLC0415
    from sweep.formats.v2_writer import job_of  # noqa: PLC0415

    if words and words[0].startswith("-"):
        raise UserError(f"{words[0]}: the command's own options stand before FILE")
    kind, sweep = _read(file, words)
    wanted = wanted or _wanted(output, kind)
    lost = [*sweep.lost]
    if wanted == "hdconfig":
        text = hdconfig_of(sweep)
    elif wanted == "v2":
        text = job_of(as_job(sweep))
    else:
        text = python_of(sweep)
        lost += lost_in_python(sweep)
    deliver(wanted, text, lost, output=output, force=force, as_json=as_json)


def _read(file: str, words: tuple[str, ...]) -> tuple[str, Portable]:
    """Return the kind of a file and its sweep.

    Raises:
        UserError: it has no sweep, or a script is named for one that has its own.
    """
    from sweep.cli.options import warn  # noqa: PLC0415 - not needed for --help
    from sweep.formats.conversion import from_hdconfig, from_job  # noqa: PLC0415
    from sweep.formats.definitions import read_sweep_file  # noqa: PLC0415
    from sweep.formats.hdconfig import HdConfig  # noqa: PLC0415
    from sweep.formats.python_source import read_python  # noqa: PLC0415

    kind = "python"
    if file.endswith(".py"):
        sweep = read_python(file)
    else:
        read = read_sweep_file(file)
        for problem in read.warnings:
            warn(str(problem))
        if isinstance(read, HdConfig):
            script = Path(words[0]) if words else Path()
            code = script.parent.as_posix()
            return "hdconfig", from_hdconfig(read, script.name, words[1:], code)
        kind, sweep = "v2", from_job(read)
    if words:
        raise UserError(f"{file} says itself what is run: leave out {words[0]!r}")
    return kind, sweep


def _wanted(output: Path | None, kind: str) -> str:
    if output is not None and output.suffix == ".py":
        return "python"
    return "hdconfig" if kind != "hdconfig" else "v2"
