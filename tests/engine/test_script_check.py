"""What is said of a script that is only read is what it says itself when it is executed."""

from __future__ import annotations

import ast
import contextlib
import io
import runpy
import sys

import pytest

from samplers import Space, choice, quniform, randint, uniform
from sweep.engine.script_check import (
    check_arguments,
    check_files,
    check_imports,
    check_options,
    look_at,
    values_of,
)
from sweep.formats.arguments import flag_of, render
from sweep.formats.script_options import read_options

ARGPARSE = """\
import argparse

def main(argv=None):
    parser = argparse.ArgumentParser()
    group = parser.add_argument_group("of the model")
    parser.add_argument("--lr", "--learning-rate", type=float, default=0.1)
    parser.add_argument("--layers", type=int)
    group.add_argument("--kind", choices=["small", "large"])
    group.add_argument("--size", type=int, choices=range(1, 4))
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--pair", nargs=2)
    parser.add_argument("--many", nargs="+", type=float)
    parser.add_argument("--flag", action=argparse.BooleanOptionalAction)
    parser.add_argument("-x", type=float)
    parser.add_argument("--odd", type=lambda text: int(text, 16))
    EXTRA
    args = parser.PARSE(argv)

if __name__ == "__main__":
    main()
"""
CLICK = """\
import click

@click.command()
@click.option("--lr", "--learning-rate", type=float, default=0.1)
@click.option("--layers", default=3)
@click.option("--kind", type=click.Choice(["small", "large"]))
@click.option("--size", type=click.IntRange(1, 3))
@click.option("--fast", is_flag=True)
@click.option("--shout/--no-shout")
@click.option("--pair", nargs=2)
EXTRA
def main(**options):
    pass

if __name__ == "__main__":
    main()
"""
SPACES = {
    "lr": uniform(0, 1),
    "learning-rate": uniform(0, 1),
    "learning": uniform(0, 1),
    "learning_rate": uniform(0, 1),
    "layers": choice(1, 2.5),
    "lay": randint(9),
    "l": randint(9),
    "kind": choice("small", "medium"),
    "size": randint(5),
    "fast": choice(True, False),
    "no-shout": choice(1),
    "pair": choice(1, 2),
    "many": uniform(0, 1),
    "flag": choice(True),
    "-x": uniform(0, 1),
    "-xy": uniform(0, 1),
    "odd": choice("ff", "gg"),
    "unknown": choice(1),
}
SPACES_TWO = {"layers": quniform(1, 9, 1), "size": choice(1, 2), "kind": choice("large")}


def said_of(text, space, fixed=()):
    """Return what is said of a script without executing it."""
    takes = read_options(ast.parse(text))
    swept = {flag_of(name): values for name, values in values_of(space).items()}
    return [remark.text for remark in check_options(takes, "train.py", swept, fixed)]


def refuses(text, place, argv):
    """Execute a script; tell whether it refuses its arguments."""
    (place / "train.py").write_text(text)
    before, sys.argv = sys.argv, ["train.py", *argv]
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            runpy.run_path(str(place / "train.py"), run_name="__main__")
    except SystemExit as end:
        return end.code == 2
    finally:
        sys.argv = before
    return False


def scripts():
    required = 'parser.add_argument("--data", required=True)'
    for parse in ("parse_args", "parse_known_args"):
        for extra in ("", required, 'parser.add_argument("file")'):
            yield ARGPARSE.replace("PARSE", parse).replace("EXTRA", extra)
    yield (
        ARGPARSE.replace("ArgumentParser()", "ArgumentParser(allow_abbrev=False)")
        .replace("PARSE", "parse_args")
        .replace("EXTRA", "")
    )
    for extra in ("", '@click.option("--data", required=True)', '@click.argument("file")'):
        yield CLICK.replace("EXTRA\n", f"{extra}\n" if extra else "")


@pytest.mark.parametrize("text", [*scripts()], ids=range(10))
def test_it_is_right_about_every_option(text, tmp_path):
    checks = 0
    for name, expression in (*SPACES.items(), *SPACES_TWO.items()):
        space = Space({name: expression})
        pairs: list[tuple[str, object]] = []
        space.heaviest(lambda *pair, pairs=pairs: pairs.append(pair) or 0)
        refused = [refuses(text, tmp_path, render(*pair)) for pair in pairs]
        said = said_of(text, space)
        if name not in ("odd", "size", "-xy"):  # of these not all can be known
            assert bool(said) == any(refused), (name, said)
        assert not said or any(refused), (name, said)
        checks += 1
    assert checks == len(SPACES) + len(SPACES_TWO)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (
            {"learning_rat": uniform(0, 1)},
            "train.py: there is no option '--learning_rat', which is swept; did you mean '--learning-rate'?",  # noqa: E501
        ),
        (
            {"layers": uniform(1, 3)},
            "train.py:7: --layers, which is swept, is read as int, which '1.0' is not",
        ),
        (
            {"kind": choice("small", "huge")},
            "train.py:8: --kind, which is swept, may be small, large, and is given 'huge'",
        ),
        (
            {"fast": choice(1)},
            "train.py:10: --fast, which is swept, takes no value, and is given '1'",
        ),
        (
            {"pair": choice(1)},
            "train.py:11: --pair, which is swept, takes 2 values, and is given one, '1'",
        ),
    ],
)
def test_what_is_said(space, message):
    text = ARGPARSE.replace("PARSE", "parse_args").replace("EXTRA", "")
    assert said_of(text, Space(space)) == [message]


def test_fixed_arguments_are_looked_at_too():
    text = ARGPARSE.replace("PARSE", "parse_args").replace(
        "EXTRA", 'parser.add_argument("--data", required=True)'
    )
    space = Space({"lr": uniform(0, 1)})
    assert said_of(text, space, ["--data", "x", "--layers=3"]) == []
    assert said_of(text, space, ["--dat", "x"]) == []
    assert said_of(text, space, ["--layrs", "3"]) == [
        "train.py: there is no option '--layrs'; did you mean '--layers'?",
        "train.py:16: --data is required, and neither swept nor given",
    ]


@pytest.mark.parametrize(
    "change",
    [
        ("parser.PARSE(argv)", "parser.parse_args(read_file())"),
        ("parser.PARSE(argv)", "parser.parse_args(['--lr', '1'])"),
        ("EXTRA", "add_more(parser)"),
        ("EXTRA", "add_more(to=group)"),
        ("EXTRA", "sys.argv.remove('x')"),
        ("EXTRA", "sys.argv = sys.argv[2:]"),
        ("EXTRA", "for n in NAMES: parser.add_argument(n)"),
        ("EXTRA", "parser.add_argument('--more', **ABOUT)"),
        ("EXTRA", "parser.add_subparsers()"),
        ("EXTRA", "parsers = [parser]"),
        ("ArgumentParser()", "ArgumentParser(parents=[other])"),
        ("ArgumentParser()", "ArgumentParser(prefix_chars='+')"),
        ("import argparse", "import configargparse as argparse\nArgumentParser = argparse.X"),
    ],
    ids=lambda change: change[1],
)
def test_nothing_is_said_where_it_cannot_be_known(change):
    text = ARGPARSE.replace(*change).replace("PARSE", "parse_args").replace("EXTRA", "")
    takes = read_options(ast.parse(text))
    if change[0] != "import argparse":
        assert takes.doubt
    assert [r.level for r in check_options(takes, "t.py", {"--no": [1]}, ())] in (
        ["fine"],
        ["error"] if change[0] == "import argparse" else ["fine"],
    )


def read(place, **files):
    for name, text in files.items():
        path = place / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return look_at(place, "train.py")


IMPORTS = """\
import os, no_such_module
import mine
from package.inner import thing
try:
    import no_such_extra
except ImportError:
    pass
def later():
    import no_such_thing_either
"""


def test_imports_are_followed_through_what_is_beside_the_script(tmp_path):
    text = read(
        tmp_path,
        train=IMPORTS,
        mine="import no_such_in_mine\nimport train",
        **{"package/inner": "from no_such_inner.x import y"},
    )
    found = {r.text.split("'")[1]: r for r in check_imports(text, sys.executable, tmp_path)}
    assert {name: remark.level for name, remark in found.items()} == {
        "no_such_module": "error",
        "no_such_in_mine": "error",
        "no_such_inner": "error",
        "no_such_extra": "warning",
        "no_such_thing_either": "warning",
    }
    assert found["no_such_in_mine"].text.startswith("mine.py:1: there is no module")


def test_a_script_that_finds_its_modules_itself_is_believed(tmp_path):
    text = read(tmp_path, train="import sys\nsys.path.append('/x')\nimport no_such_module\n")
    assert [r.level for r in check_imports(text, sys.executable, tmp_path)] == ["warning"]


def test_another_interpreter_is_asked(tmp_path):
    other = tmp_path / "python"
    other.symlink_to(sys.executable)
    text = read(tmp_path, train="import no_such_module, json, azureml.core\n")
    assert [r.text for r in check_imports(text, str(other), tmp_path)] == [
        f"train.py:1: there is no module 'no_such_module' for {other}"
    ]
    assert check_imports(text, str(other), tmp_path, ask=False) == []


def test_what_is_no_python(tmp_path):
    found = read(tmp_path, train="import os\nprint 'old'\n")
    assert (found.level, found.text[:13]) == ("error", "train.py:2:1:")


def test_a_script_that_is_no_utf_8_says_so_itself(tmp_path):
    (tmp_path / "train.py").write_bytes(b"# coding: latin-1\nimport no_such_module  # \xe4\n")
    text = look_at(tmp_path, "train.py")
    assert [r.level for r in check_imports(text, sys.executable, tmp_path)] == ["error"]


def test_files_that_no_run_would_find(tmp_path):
    (tmp_path / "there.csv").touch()
    text = read(
        tmp_path,
        train="open('there.csv')\nopen('gone.csv')\nopen('new.txt', 'w')\npd.read_csv('x/y.csv')"
        "\nopen(name)\nopen('/etc/x')\npd.read_csv('https://x.org/y')\nzip.open('inside')\n",
    )
    said = [remark.text for remark in check_files(text, "train.py", tmp_path)]
    assert [s.partition(": ")[0] for s in said] == ["train.py:2", "train.py:4"]
    assert "'gone.csv'" in said[0]


def test_arguments_that_name_files_from_here(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (tmp_path / "data.csv").touch()
    (source / "more.csv").touch()
    (tmp_path / "more.csv").touch()
    [found] = check_arguments(
        ["--data", "data.csv", "more.csv", "none.csv", "/tmp", "0.5"], source, tmp_path
    )
    assert str(tmp_path / "data.csv") in found.text
