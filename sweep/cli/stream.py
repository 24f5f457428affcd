"""Showing what happens in a sweep that another process works on."""

from __future__ import annotations

import time

import click

from sweep.cli.logs import POLL, is_worked_on
from sweep.cli.summary import summary
from sweep.core.run import OVER
from sweep.storage.feed import Feed
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import SweepFolder


def stream_sweep(folder: SweepFolder) -> int:
    """Print what happens until the sweep's end; return the exit code."""
    with SweepReader(folder.database) as reader:
        feed = Feed(reader)
        while True:
            worked_on = is_worked_on(reader, folder)
            for line in feed.lines():
                click.echo(line)
            status = reader.get("status")[0]
            if status in OVER or not worked_on:
                break
            time.sleep(POLL)
        if status in OVER:
            for line in summary(reader, folder):
                click.echo(line)
        else:
            click.echo(f"{folder.id} is {status}, and nobody works on it: sweep resume", err=True)
    return 0 if status == "Completed" else 1
