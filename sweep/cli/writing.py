"""Writing a file that was made from another, and saying what was lost on the way."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from sweep.cli.options import warn
from sweep.errors import UserError


def deliver(text: str, output: Path | None, lost: Sequence[str], *, force: bool) -> None:
    """Print a text, or write it into a file; then what could not be carried over.

    Raises:
        UserError: there is a file of that name, and `force` does not allow to write over it.
    """
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
