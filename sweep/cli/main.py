"""The command `sweep`: a table of commands, each loaded only when it is used."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import StringIO
from typing import NoReturn

import click

from sweep import __version__
from sweep.errors import SweepError

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

COMMANDS = {
    "start": ("sweep.cli.start", "Run a sweep: an hdconfig.yml and a training script."),
    "resume": ("sweep.cli.start", "Go on with a sweep that was paused or killed."),
    "rerun": ("sweep.cli.rerun", "Repeat a run exactly."),
    "bundle": ("sweep.cli.bundle", "Write a sweep into one file."),
    "unbundle": ("sweep.cli.bundle", "Open such a file here."),
    "pause": ("sweep.cli.change", "Let a sweep cease for now."),
    "cancel": ("sweep.cli.change", "Cancel a run, or a sweep with all its runs."),
    "set": ("sweep.cli.change", "Change how many runs of a sweep may live at one time."),
    "invalidate": ("sweep.cli.change", "Let a run whose result is wrong count for nothing."),
    "check": ("sweep.cli.check", "Check a sweep and its script; try one run of it."),
    "validate": ("sweep.cli.validate", "Check an hdconfig.yml; run nothing."),
    "best": ("sweep.cli.read", "Show the best run and its hyperparameters."),
    "why": ("sweep.cli.why", "Explain why a run was stopped, failed, or went on."),
    "replay": ("sweep.cli.replay", "What other policies would have done on a sweep."),
    "compare": ("sweep.cli.compare", "Runs side by side: what differs, and how they went."),
    "curves": ("sweep.cli.plot", "Draw the learning curves of a sweep, here or into a file."),
    "plot": ("sweep.cli.plot", "Draw a sweep: history, importance, parallel coordinates…"),
    "top": ("sweep.cli.top", "Watch one sweep, or all of the workspace, from any terminal."),
    "logs": ("sweep.cli.logs", "Print what a run has printed."),
    "export": ("sweep.cli.export", "Runs as CSV, JSON or Parquet, or into MLflow or TensorBoard."),
    "python": ("sweep.cli.python", "Run a Python script that imports azureml: sweeps run here."),
    "run": ("sweep.cli.runs", "Submit, list, show and cancel runs and sweeps."),
    "job": ("sweep.cli.job", "Sweep jobs of version 2: the YAML with `type: sweep`."),
    "import": ("sweep.cli.import_", "Make a sweep job of a sweep of W&B or Katib."),
    "convert": ("sweep.cli.convert", "Write a sweep in another format."),
    "experiment": ("sweep.cli.folder", "Create and list experiments."),
    "folder": ("sweep.cli.folder", "Attach a folder: make it a workspace."),
    "computetarget": ("sweep.cli.computetarget", "Create, attach, list, remove compute targets."),
    "node": ("sweep.cli.node", "Use a machine again on which runs failed."),
    "gc": ("sweep.cli.gc", "Free disk space: what nobody needs of sweeps that are over."),
    "doctor": ("sweep.cli.doctor", "Check a workspace: what is damaged, what was left behind."),
}
"""Name: the module that defines the command, and its line in the help."""


class LazyGroup(click.Group):
    """A group that knows its commands' names and lines without loading them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load a command."""
        if cmd_name not in COMMANDS:
            return None
        name = "import_" if cmd_name == "import" else cmd_name  # which is a word of Python's
        command: click.Command = getattr(import_module(COMMANDS[cmd_name][0]), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the lines of the commands from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; for a misspelt one, suggest the nearest."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches  # noqa: PLC0415 - only when it is needed

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"there is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings=CONTEXT)
@click.version_option(__version__, "-V", "--version", message="hypersweep %(version)s")
def cli() -> None:
    """Hyperparameter sweeps with early termination.

    \b
    sweep start hdconfig.yml train.py      run a sweep here
    sweep best                             the best run of the last sweep
    sweep why 17                           why run 17 was stopped
    """  # noqa: D301 - click wants the character itself


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line: a mistake of the user's is a message, never a traceback.

    Exit codes: 0, all is well, and a sweep that was worked on has completed; 1, it has not, or
    the machine did not do its part; 2, a mistake of the user's; 130, Ctrl-C.
    """
    try:
        words = None if arguments is None else list(arguments)
        if words is None and sys.argv[1:2] in (["start"], ["resume"]):
            from sweep.engine import ahead  # noqa: PLC0415 - few commands need it

            ahead.begin(sys.argv[2:])
        cli.main(args=words, prog_name="sweep", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        from sweep.core.words import plain  # noqa: PLC0415 - only when it is needed

        text = StringIO()
        error.show(text)
        click.echo(plain(text.getvalue()), err=True, nl=False)  # it repeats the user's words
        sys.exit(2)
    except SweepError as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(130)
    except BrokenPipeError:  # the reader has had enough, and nobody needs to hear of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _say(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        sys.exit(1)
    sys.exit(0)


def _say(message: str) -> None:
    from sweep.core.words import plain  # noqa: PLC0415 - only when it is needed

    for line in plain(message).splitlines():  # it repeats texts of files and of scripts
        click.echo(f"{click.style('error:', fg='red', bold=True)} {line}", err=True)


if __name__ == "__main__":
    main()
