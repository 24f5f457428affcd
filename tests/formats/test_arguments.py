"""What a script gets for its parameters."""

from __future__ import annotations

import argparse
import math
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep.errors import ConfigError
from sweep.formats.arguments import environment, render, strip_fixed, text_of

STYLES = pytest.mark.parametrize("style", ["space", "equals"])
QUICK = settings(derandomize=True, database=None, max_examples=200, deadline=None)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (1.0, "1.0"),
        (1e-5, "1e-05"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e300, "1e+300"),
        (4, "4"),
        (-3, "-3"),
        (10**30, "1" + "0" * 30),
        (True, "True"),
        (False, "False"),
        (None, "None"),
        ("", ""),
        ("a b $HOME `x` \"y\" 'z' *", "a b $HOME `x` \"y\" 'z' *"),
        ("zwei\nZeilen", "zwei\nZeilen"),
        ([1, 2.5, "é", None, True], '[1,2.5,"é",null,true]'),
        ({"b": 1, "a": [{}]}, '{"b":1,"a":[{}]}'),
    ],
)
def test_texts(value, text):
    assert text_of(value) == text


def test_floats_of_numpy_are_numbers_too():
    numpy = pytest.importorskip("numpy")
    assert render("x", numpy.float64(0.5)) == ["--x", "0.5"]
    assert render("x", numpy.int64(-5)) == ["--x", "-5"]


@pytest.mark.parametrize(
    ("name", "value", "arguments"),
    [
        ("--penalty", 0.5, ["--penalty", "0.5"]),
        ("penalty", 0.5, ["--penalty", "0.5"]),
        ("-p", 1, ["-p", "1"]),
        ("learning_rate", 1e-3, ["--learning_rate", "0.001"]),
        ("--x", -0.5, ["--x", "-0.5"]),
        ("--x", -5, ["--x", "-5"]),
        ("--x", -1e-5, ["--x=-1e-05"]),
        ("--x", -math.inf, ["--x=-inf"]),
        ("--x", "-5", ["--x=-5"]),
        ("--x", "-v", ["--x=-v"]),
        ("--x", "--help", ["--x=--help"]),
        ("-x", "-v", ["-x=-v"]),
        ("--x", "", ["--x", ""]),
        ("--x", "a b", ["--x", "a b"]),
        ("--x", "a=b", ["--x", "a=b"]),
        ("--x", [1, 2], ["--x", "[1,2]"]),
        ("--x", None, ["--x", "None"]),
    ],
)
def test_arguments(name, value, arguments):
    assert render(name, value) == arguments


def test_arguments_with_equals():
    assert render("--x", 0.5, "equals") == ["--x=0.5"]
    assert render("x", "-v", "equals") == ["--x=-v"]


def parsed(arguments, kind):
    parser = argparse.ArgumentParser()
    parser.add_argument("--value", type=kind)
    parser.add_argument("-v", "--verbose", action="store_true")
    return parser.parse_args(arguments).value


# "--" alone is the one text that argparse drops, whatever is before it.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])).filter(
    lambda text: text != "--"
)
dashed = st.builds("-".__add__, texts).filter(lambda text: text != "--")


@STYLES
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (str, texts | dashed | st.sampled_from(["-1", "-1e-05", "-", "--x=1", "- a", "-v", "-h"])),
        (int, st.integers()),
        (float, st.floats(allow_nan=False) | st.floats(max_value=0, min_value=-1e-3)),
    ],
)
def test_argparse_gives_the_value_back(style, kind, values):
    @QUICK
    @given(values)
    def check(value):
        assert repr(parsed(render("value", value, style), kind)) == repr(value)

    check()


def test_a_real_process_gets_the_text():
    value = "a b\n'\"$HOME;*\\ é -"
    script = "import sys; sys.stdout.buffer.write(sys.argv[2].encode())"
    done = subprocess.run(
        [sys.executable, "-c", script, *render("x", value)], capture_output=True, check=True
    )
    assert done.stdout.decode() == value


@pytest.mark.parametrize("call", [render, lambda name, value: environment({name: value})])
def test_nul_is_refused_with_the_name(call):
    for name, value, key in [("--x", "a\0b", "'--x'"), ("x\0y", "a", r"'x\x00y'")]:
        with pytest.raises(ConfigError) as caught:
            call(name, value)
        assert str(caught.value) == f"{key}: a NUL character cannot be passed to a script"


@pytest.mark.parametrize(
    ("flat", "variables"),
    [
        ({}, {}),
        ({"--penalty": 0.5}, {"penalty": "0.5"}),
        ({"-p": None, "q": True}, {"p": "None", "q": "True"}),
        ({"--lr-max": 1}, {"lr-max": "1", "lr_max": "1"}),
        ({"a.b/c": 1}, {"a.b/c": "1", "a_b_c": "1"}),
        ({"größe": "x"}, {"größe": "x", "gr__e": "x"}),
        ({"a-b": 1, "a_b": 2}, {"a-b": "1", "a_b": "2"}),
        ({"a_b": 2, "a-b": 1}, {"a-b": "1", "a_b": "2"}),
        ({"x": {"k": [1]}}, {"x": '{"k":[1]}'}),
        ({"LD_PRELOAD": "x"}, {"LD_PRELOAD": "x"}),
    ],
)
def test_environment(flat, variables):
    assert environment(flat) == {f"AZUREML_SWEEP_{name}": text for name, text in variables.items()}


def test_a_variable_cannot_have_an_equals_sign():
    with pytest.raises(ConfigError, match=r"^a=b: a '=' cannot be in the name"):
        environment({"a=b": 1})


@pytest.mark.parametrize(
    ("fixed", "names", "kept", "removed"),
    [
        ("--a 1 --b 2", "a", "--b 2", "--a 1"),
        ("--a 1 --b 2", "--a", "--b 2", "--a 1"),
        ("--a 1 --b 2", "-a", "--b 2", "--a 1"),
        ("--a 1 --b 2", "c", "--a 1 --b 2", ""),
        ("--a 1 --b 2", "a b", "", "--a 1 --b 2"),
        ("", "a", "", ""),
        ("--a=1 --b=2", "a", "--b=2", "--a=1"),
        ("--a=1 x --b 2", "a", "x --b 2", "--a=1"),
        ("-a 1 --b 2", "--a", "--b 2", "-a 1"),
        ("--verbose --a 1", "a", "--verbose", "--a 1"),
        ("--a --b 2", "a", "--b 2", "--a"),
        ("--verbose --b 2 --a", "a", "--verbose --b 2", "--a"),
        ("--a -1 --b 2", "a", "--b 2", "--a -1"),
        ("--a -.5 --b 2", "a", "--b 2", "--a -.5"),
        ("--a -1e-5 --b 2", "a", "-1e-5 --b 2", "--a"),
        ("--a 1 --b 2 --a 3 --a=4", "a", "--b 2", "--a 1 --a 3 --a=4"),
        ("data.csv --a 1 more.csv", "a", "data.csv more.csv", "--a 1"),
        ("--b a --c 2", "a", "--b a --c 2", ""),
        ("--ab 1", "a", "--ab 1", ""),
        ("--a 1 -- --a 2", "a", "-- --a 2", "--a 1"),
        ("--a -- 2", "a", "-- 2", "--a"),
        ("- --a -", "a", "-", "--a -"),
        ("-1 --a 1", "1", "-1 --a 1", ""),
        ("--b=--a --a 1", "a", "--b=--a", "--a 1"),
    ],
)
def test_fixed_arguments_give_way(fixed, names, kept, removed):
    assert strip_fixed(fixed.split(), names.split()) == (kept.split(), removed.split())


def test_a_value_with_a_dash_and_a_space_is_a_value():
    assert strip_fixed(["--a", "-x y", "--b"], ["a"]) == (["--b"], ["--a", "-x y"])
    assert strip_fixed(["--b", "--a=x y"], ["a"]) == (["--b"], ["--a=x y"])


@QUICK
@given(st.lists(st.sampled_from(["--a", "-a", "--a=1", "--b", "-1", "x", "--", "-", ""])))
def test_nothing_is_lost_or_reordered(fixed):
    kept, removed = strip_fixed(fixed, ["a"])
    assert sorted(kept + removed) == sorted(fixed)
    rest = iter(fixed)
    assert all(argument in rest for argument in kept)
    assert strip_fixed(kept, ["a"])[1] == []
