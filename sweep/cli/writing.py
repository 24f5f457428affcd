"""Writing a file that was made from another, and saying what was lost on the way."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from sweep.cli.options import json_option, many, print_json, warn
from sweep.errors import UserError

output_options = many(
    click.option(
        *("--output", "-o", "output"),
        type=click.Path(dir_okay=False, path_type=Path),
        help="Default: print it.",
    ),
    click.option("--force", is_flag=True, help="Write over a file that is there."),
    json_option,
)


def deliver(
    kind: str,
    text: str,
    lost: Sequence[str],
    *,
    output: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Print a text, or write it into a file; then what could not be carried over.

    Args:
        kind: the text's format.
        text: what was made.
        lost: what could not be carried over, as sentences.
        output: the file; None: print it.
        force: whether to write over a file.
        as_json: print all of it as JSON instead.

    Raises:
        UserError: there is a file of that name, and `force` does not allow to write over it.
    """
    if as_json:
        print_json({"format": kind, "text": text, "lost": lost})
        return
    if output is None:
        click.echo(text, nl=False)
    else:
        flags = os.O_TRUNC if force else os.O_EXCL
        try:
            file = os.open(output, os.O_WRONLY | os.O_CREAT | flags, 0o666)
        except FileExistsError:
            raise UserError(f"{output} is there already: --force writes over it") from None
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            stream.write(text)
        click.echo(f"wrote {output}", err=True)
    for sentence in lost:
        warn(f"not carried over: {sentence}")
