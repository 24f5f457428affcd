"""Help, versions, and words that are nearly commands."""

from __future__ import annotations

import os
import subprocess
import sys

import click
import pytest

import sweep as package
from sweep.cli.main import COMMANDS, cli
from tests.cli.workspaces import sweep


def every_command(command, path=()):
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from every_command(command.get_command(context, name), (*path, name))


EVERY = dict(every_command(cli))


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_every_command_has_help_that_names_its_options(path, flag):
    said = sweep(*path, flag)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"Usage: {' '.join(('sweep', *path))} ")
    assert max(map(len, said.lines)) <= 100
    assert "\\" not in said.out, (
        "lines that stand as they are have their mark, and it is not shown"
    )
    for parameter in EVERY[path].params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert all(name in said.out for name in parameter.opts), parameter
    for service in ("--subscription-id", "--resource-group", "--verbose"):
        assert service not in said.out


def test_every_command_is_in_the_help_with_a_line():
    said = sweep("--help")
    for name, (_, line) in COMMANDS.items():
        assert f"  {name:<14} {line}" in said.out


def test_without_words_there_is_help():
    said = sweep()
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("Usage: sweep [OPTIONS] COMMAND [ARGS]...")


@pytest.mark.parametrize("flag", ["-V", "--version"])
def test_the_version(flag):
    said = sweep(flag)
    assert (said.code, said.out) == (0, f"hypersweep {package.__version__}\n")


@pytest.mark.parametrize(
    ("words", "fragment"),
    [
        (["ruun"], "there is no command 'ruun'. Did you mean 'run'?"),
        (["strat"], "Did you mean 'start'?"),
        (["xyzzy"], "there is no command 'xyzzy'."),
        (["run", "submit-hyperdriv"], "No such command 'submit-hyperdriv'"),
        (["run", "submit-hyperdriv"], "'submit-hyperdrive'"),
        (["folder", "atach"], "Did you mean 'attach'?"),
        (["experiment", "lst"], "Did you mean 'list'?"),
        (["best", "--tpo", "3"], "Did you mean"),
        (["start", "--sed", "3", "hd.yml", "train.py"], "Did you mean"),
        (["--nonsense"], "No such option '--nonsense'"),
        (["--", "-x"], "No such option '-x'"),
    ],
)
def test_nearly_a_command(words, fragment):
    said = sweep(*words)
    assert (said.code, said.out) == (2, "")
    assert fragment in said.err


def test_help_is_quick_for_it_loads_next_to_nothing():
    code = (
        "import sys; before = {*sys.modules}; from sweep.cli.main import main\n"
        "try: main(['--help'])\n"
        "finally: print(*{*sys.modules} - before, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    heavy = {"numpy", "pandas", "ray", "rich", "scipy", "sqlite3", "sweep.core", "yaml"}
    assert not heavy & set(done.stderr.split())
    assert "Usage: sweep" in done.stdout


def test_a_reader_who_has_had_enough(told):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "sweep.cli.main", "export"],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")
