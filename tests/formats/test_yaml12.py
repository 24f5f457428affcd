from __future__ import annotations

import math

import pytest

from sweep.errors import ConfigError
from sweep.formats import yaml12
from sweep.formats.findings import Findings
from sweep.formats.located import inside
from sweep.formats.yaml12 import PARSER, PurePython, parse
from tests.formats.trees import tree

PARSERS = pytest.mark.parametrize("parser", [PARSER, PurePython])

SCALARS = {
    "1": 1,
    "-1": -1,
    "+12": 12,
    "010": 10,
    "0o17": 15,
    "0x1F": 31,
    "0xff": 255,
    "-0x1F": "-0x1F",
    "0o8": "0o8",
    "0b1": "0b1",
    "1_000": "1_000",
    "1,000": "1,000",
    "1e-4": 1e-4,
    "1E5": 1e5,
    "1e3": 1000.0,
    "+1.5": 1.5,
    "-1.5e+3": -1500.0,
    ".5": 0.5,
    "-.5": -0.5,
    "5.": 5.0,
    "5.e2": 500.0,
    "0.0": 0.0,
    "1e999": math.inf,
    ".inf": math.inf,
    "-.Inf": -math.inf,
    "+.INF": math.inf,
    ".nan": math.nan,
    ".NaN": math.nan,
    "inf": "inf",
    "nan": "nan",
    "infinity": "infinity",
    ".": ".",
    "+": "+",
    "\n -": [None],
    "1e": "1e",
    "e5": "e5",
    ".e5": ".e5",
    "1.2.3": "1.2.3",
    "1:30": "1:30",
    "12:30:45": "12:30:45",
    "2024-01-01": "2024-01-01",
    "2024-01-01T00:00:00Z": "2024-01-01T00:00:00Z",
    "\u0661": "\u0661",  # a digit, though none of YAML's
    "true": True,
    "True": True,
    "TRUE": True,
    "tRUE": "tRUE",
    "false": False,
    "yes": "yes",
    "No": "No",
    "on": "on",
    "off": "off",
    "y": "y",
    "null": None,
    "Null": None,
    "NULL": None,
    "~": None,
    "nil": "nil",
    "None": "None",
    "=": "=",
    "<<": "<<",
    "'1'": "1",
    '"true"': "true",
    "''": "",
    "'~'": "~",
    '"a\\tb"': "a\tb",
    "a b  c": "a b  c",
    "\n a: # comment": {"a": None},
    "|\n  1": "1",
    "!!str 1": "1",
    "!!str": "",
    "!!int '1'": 1,
    "!!float 1": 1.0,
    "!!float 1e3": 1000.0,
    "!!bool 'true'": True,
    "!!null ''": None,
    "! 1": 1,
    "!!seq [1]": [1],
    "!!map {a: 1}": {"a": 1},
}


def read(text, parser=PARSER):
    findings = Findings("f")
    node = parse(text, findings, parser)
    findings.check()
    return node


def refusal(text, parser=PARSER):
    with pytest.raises(ConfigError) as caught:
        read(text, parser)
    return str(caught.value)


@PARSERS
@pytest.mark.parametrize(("text", "value"), SCALARS.items())
def test_scalars(text, value, parser):
    assert repr(read(f"k: {text}", parser).plain()["k"]) == repr(value)


TREES = [
    "a: 1",
    "a:\n  b:\n    - x\n    - {y: 'z', w: [1, [2, []]]}\n  c:\nd: {}\n",
    "- \n- a\n-\n  - b\n- ~\n",
    "a: &x [1, 2]\nb: *x\nc: {d: *x}\n",
    "? a\n: 1\n? b\n",
    "é: 'ü'  # ö\nlast: \t'tab'\t# tab\n",
    'text: "two\n  lines"\nblock: |\n  1\n\n  2\nfolded: >-\n  a\n  b\n',
    "[a, b: c, {d}, 'e': f]",
    "{a: 1,\n b: 2,\n}",
    "a: b\n   c\n",
    "a: http://x:80/y?z#w\n",
    '{"json": [true, null, -1.5e3, "\\u00e9"]}',
]


@pytest.mark.parametrize("text", TREES)
def test_both_parsers_build_the_same_tree(text):
    assert tree(read(text, PARSER)) == tree(read(text, PurePython))


def test_nodes_know_their_place():
    root = read("a:\n  - b: 1\n    'c':   x\n  -   # nothing\nd:\n")
    entry = root.value["a"].value[0]
    assert (root.line, root.column) == (1, 1)
    assert (entry.line, entry.column) == (2, 5)
    assert (entry.keys["c"].line, entry.keys["c"].column) == (3, 5)
    assert (entry.value["c"].line, entry.value["c"].column) == (3, 12)
    assert entry.value["c"].kind == "text"
    # What is not there is where it is missed.
    assert (root.value["d"].line, root.value["d"].column) == (5, 1)
    assert (root.value["a"].value[1].line, root.value["a"].value[1].column) == (2, 3)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("~: 1", None),
        ("k: ~", "null"),
        ("k: true", "true"),
        ("k: 1.50", "1.5"),
        ("k: a", "'a'"),
        ("k: []", "an empty list"),
        ("k: [1]", "a list"),
        ("k: {}", "an empty mapping"),
        ("k: " + "x" * 100, f"'{'x' * 60}…'"),
    ],
)
def test_how_a_message_shows_a_value(text, shown):
    if shown is not None:
        assert str(read(text).value["k"]) == shown


def test_paths():
    assert inside("", "a") == "a"
    assert inside(inside("a", 3), "--b") == "a[3].--b"
    assert inside("a", "b c") == "a.'b c'"
    assert inside("a", "\n") == r"a.'\n'"
    assert len(inside("", "x" * 1000)) < 100


@PARSERS
@pytest.mark.parametrize("text", ["a: 0x" + "f" * 99, "a: " + "1" * 101, "a: 1." + "0" * 99])
def test_numbers_have_an_end(text, parser):
    assert "a: a number of 101 characters; at most 100 are read" in refusal(text, parser)


def test_even_the_largest_number_is_in_the_range_of_a_float():
    assert float(read("a: 0x" + "f" * 98).plain()["a"]) < math.inf


@PARSERS
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: !!python/name:os.system", "'!!python/name:os.system' is not allowed"),
        ("a: !!python/object/apply:os.system [id]", "'!!python/object/apply:os.system' is not"),
        ("!!python/tuple [1]", "'!!python/tuple' is not allowed"),
        ("!!set {a}", "'!!set' is not allowed"),
        ("a: !!timestamp 2024-01-01", "'!!timestamp' is not allowed"),
        ("a: !env HOME", "'!env' is not allowed"),
        ("a: !<tag:x,2024:y> 1", "'tag:x,2024:y' is not allowed"),
        ("%TAG ! tag:yaml.org,2002:python/\n---\n!name:os.system ''", "!!python/name:os.system"),
        ("a: !!seq {}", "'!!seq' is not allowed"),
        ("a: !!int []", "'!!int' is not allowed"),
        ("a: !!int x", "'x' is not of the type !!int"),
        ("a: !!int 1.5", "'1.5' is not of the type !!int"),
        ("a: !!bool 1", "'1' is not of the type !!bool"),
        ("a: !!float true", "'true' is not of the type !!float"),
        ("a: !!null x", "'x' is not of the type !!null"),
    ],
)
def test_tags(text, says, parser):
    assert says in refusal(text, parser)


def test_a_tag_never_makes_an_object(tmp_path):
    mark = tmp_path / "mark"
    with pytest.raises(ConfigError):
        read(f"a: !!python/object/apply:pathlib.Path.touch ['{mark}']")
    assert not mark.exists()


@PARSERS
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\nb: 2\na: 3\n", "f:3:1: a: stands here a second time; the first is on line 1"),
        ("a: 1\n'a': 3\n", "f:2:1: a: stands here a second time"),
        ("x: {a: 1, a: 2}", "f:1:11: x.a: stands here a second time"),
        ("1: a", "f:1:1: 1: a key must be text, got 1; put it in quotes"),
        ("true: a", "f:1:1: true: a key must be text, got true; put it in quotes"),
        ("? [a]\n: b", "a key must be text, got a list"),
        ("? {a: b}\n: b", "a key must be text, got a mapping"),
        ("a: {<<: {b: 1}}", "f:1:5: a.'<<': merge keys are not part of YAML 1.2"),
        ("a: 1\n---\nb: 1", "f:2:1: another document begins here; a file holds one"),
        ("a: *b", "f:1:4: a: the alias *b names nothing above it"),
        ("a: &b {c: *b}", "f:1:11: a.c: the alias *b stands within what it names"),
        ("&a [&b [*a, *b]]", "the alias *a stands within what it names"),
        ('a: "\\ud83d"', "a '\\' escape that names no character"),
        ('a: !!str "\\ud83d"', "a '\\' escape that names no character"),
        ('a: "\\U00110000"', "a '\\' escape that names no character"),
        ('a: "\\UFFFFFFFF"', "a '\\' escape that names no character"),
        ("", "f: is empty"),
        ("---\n...\n", "f: is empty"),
        ("a: |x\n y", "f:1:5: is not YAML: "),
    ],
)
def test_refusals(text, says, parser):
    assert says in refusal(text, parser)


def test_quoted_and_aliased_keys_are_keys():
    assert read("'<<': 1\n'1': 2\n'': 3\nx: &k y\n*k : 4").plain() == {
        "<<": 1,
        "1": 2,
        "": 3,
        "x": "y",
        "y": 4,
    }


def test_all_problems_of_a_tree_are_gathered():
    lines = refusal("a: !x 1\n2: b\na: 1\n<<: {}\n").splitlines()
    assert [line.split(":")[1] for line in lines] == ["1", "2", "3", "4"]


def test_a_problem_before_a_syntax_error_is_told_too():
    assert refusal("a: 1\na: 2\nb: [\n").splitlines()[0].startswith("f:2:1: a: stands here")


@PARSERS
def test_nesting_ends_at_32_levels(parser):
    assert read("[" * 32 + "]" * 32, parser).depth == 32
    assert "f:1:33: " in refusal("[" * 33 + "]" * 33, parser)


@PARSERS
def test_aliases_do_not_nest_deeper(parser):
    chain = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 40))
    assert "more than 32 lists and mappings within each other" in refusal(chain, parser)


@PARSERS
def test_aliases_count_as_what_they_repeat(parser):
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30)
    )
    assert "more than 100,000 values, counting what aliases repeat" in refusal(bomb, parser)


def test_the_limit_of_values_is_exact():
    most = yaml12.MOST_NODES - 1
    assert len(read(f"[{'x,' * most}]").value) == most
    assert "more than 100,000 values" in refusal(f"[{'x,' * (most + 1)}]")
