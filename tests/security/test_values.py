"""Whatever is in a hyperparameter: a script gets it byte for byte, or it is refused by name."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samplers import Space, SpaceError, choice
from sweep.core.definition import SweepDefinition
from sweep.engine.program import script_of
from sweep.engine.template import ScriptTemplate, inherited, interpreter_argv
from sweep.errors import ConfigError
from sweep.formats import passing
from sweep.formats.arguments import Style, flag_of, text_of
from sweep.formats.runconfig import RunConfiguration
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import SweepFolder, WorkspaceFolder
from tests.cli.conftest import HDCONFIG
from tests.cli.workspaces import kept, sweep
from tests.compute.guards import Watched

TELL = """\
import json, os, sys
told = {"argv": [os.fsencode(word).hex() for word in sys.argv[1:]],
        "env": {name.hex(): text.hex() for name, text in os.environb.items()}}
sys.stdout.write(json.dumps(told))
"""
HALF = "\ud800"
SWEEP = SweepFolder("HD_x", Path("/ws/sweeps/HD_x"))
QUICK = settings(derandomize=True, database=None, max_examples=100, deadline=None)
STYLES = st.sampled_from(["space", "equals"])

HOSTILE = [
    "",
    " ",
    "a b",
    "'",
    '"',
    "\\",
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned #",
    "| touch pwned",
    "&& touch pwned",
    "$HOME ${HOME} %PATH% ~ *",
    "two\nlines\r\n",
    "-",
    "--",
    "-1e-05",
    "-c",
    "--help",
    "--learning-rate=0.5",
    "a=b",
    "../../../etc/passwd",
    "/etc/passwd",
    "x" * 10_000,
    "🦀🇪🇺👩‍👩‍👧",
    "é\u0301\u202e\ufeff",
    "\x1b]0;title\x07\x1b[2J\x9b31m",
    "\x01\x7f\x85\u2028",
    '{"a": 1}',
    "[red]bold[/red]",
    "%s %n {0} {}",
    "../..\\..",
    "LD_PRELOAD=/tmp/x.so",
]


def ascii_short(value) -> str:
    return ascii(value)[:20]


class Witness:
    """A script under a guard that tells what it was given."""

    def __init__(self, folder: Path) -> None:
        self._script = folder / "tell.py"
        self._script.write_text(TELL)
        self.watched = Watched()

    def told(self, argv: list[str], env: dict[str, str]) -> dict:
        """Start it as a run is started; return its arguments and its environment."""
        answer = self.watched.start(argv, **env)
        assert answer["event"] == "started", answer
        with os.fdopen(self.watched.output, "rb") as output:
            told = json.loads(output.read())
        assert self.watched.hear()["code"] == 0
        return {
            "argv": [bytes.fromhex(word) for word in told["argv"]],
            "env": {bytes.fromhex(n): bytes.fromhex(t) for n, t in told["env"].items()},
        }

    def template(self, style: Style = "space", **more) -> ScriptTemplate:
        return ScriptTemplate(
            [sys.executable, "-S", str(self._script)], argument_style=style, **more
        )


@pytest.fixture(scope="module")
def witness(tmp_path_factory):
    witness = Witness(tmp_path_factory.mktemp("witness"))
    yield witness
    witness.watched.close()


def arrives(witness, name, value, style) -> None:
    """Pass one value all the way, and compare what comes out at the end."""
    space = Space({name: choice([value])})
    template = witness.template(style)
    template.check(space)
    process = template.process(SWEEP, 0, 1, {name: value}, space)
    told = witness.told(list(process.argv), dict(process.env))
    flag, text = flag_of(name).encode(), text_of(value).encode()
    assert told["argv"] in ([flag, text], [flag + b"=" + text])
    added = {n for n in told["env"] if n.startswith(b"AZUREML_SWEEP_")}
    assert told["env"][b"AZUREML_SWEEP_" + name.lstrip("-").encode()] == text
    assert {told["env"][n] for n in added} == {text}
    before = {os.fsencode(n) for n in (*os.environ, *template.environment_variables)}
    ours = {n for n in told["env"] if n.startswith((b"SWEEP_", b"OMP_", b"PYTHONUNBUFFERED"))}
    assert told["env"].keys() - added - ours <= before, "and nothing else is in its environment"


def refused(name, value) -> Exception | None:
    """Return how one value of one parameter is refused, if it is."""
    try:
        passing.space_bytes(Space({name: ["choice", [[value]]]}))
    except (SpaceError, ConfigError) as error:
        return error
    return None


class TestOneValue:
    @pytest.mark.parametrize("style", ["space", "equals"])
    @pytest.mark.parametrize("value", HOSTILE, ids=ascii_short)
    def test_a_hostile_text_arrives(self, witness, value, style, place):
        arrives(witness, "--x", value, style)
        assert list(place.iterdir()) == [], "and nobody has taken it for a command"

    @QUICK
    @given(value=st.text(max_size=60), style=STYLES)
    def test_any_text_arrives_or_is_refused(self, witness, value, style):
        if "\0" in value:
            with pytest.raises(ConfigError, match="'--x': a NUL character"):
                passing.space_bytes(Space({"--x": choice(value)}), style)
        else:
            arrives(witness, "--x", value, style)

    @QUICK
    @given(
        value=st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
            max_leaves=5,
        ),
        style=STYLES,
    )
    def test_any_option_arrives_or_is_refused(self, witness, value, style):
        refusal = refused("--x", value)
        if refusal is None:
            arrives(witness, "--x", value, style)
        assert refusal is None or "--x" in str(refusal)

    @pytest.mark.parametrize("half", [HALF, "a\udcffb", [HALF], {"a": HALF}, {HALF: 1}])
    def test_half_of_a_surrogate_pair_is_refused(self, half):
        with pytest.raises(ConfigError, match=r"--x'?: half of a surrogate pair is no text"):
            passing.space_bytes(Space({"--x": choice(half)}))


class TestNames:
    @QUICK
    @given(
        name=st.text(min_size=1, max_size=20) | st.sampled_from([*HOSTILE, "--", "=", "a=b"]),
        style=STYLES,
    )
    def test_any_name_arrives_or_is_refused(self, witness, name, style):
        refusal = refused(name, 1)
        if refusal is None:
            arrives(witness, name, "value", style)
        elif isinstance(refusal, SpaceError):
            assert not name.isprintable() or not name.strip()
            assert repr(name) in str(refusal)
        else:
            assert "=" in name or name == "--"
            assert name in str(refusal)

    @pytest.mark.parametrize(
        "name", ["LD_PRELOAD", "PATH", "PYTHONPATH", "PYTHONSTARTUP", "IFS", "SWEEP_CHANNEL", "--"]
    )
    def test_a_name_is_never_a_variable_of_the_system(self, witness, name):
        if name == "--":
            with pytest.raises(ConfigError, match="cannot be called '--'"):
                passing.space_bytes(Space({name: choice(1)}))
            return
        space = Space({name: choice("/pwned")})
        process = witness.template().process(SWEEP, 0, 1, {name: "/pwned"}, space)
        assert process.env.get(name) == os.environ.get(name)
        assert process.env[f"AZUREML_SWEEP_{name}"] == "/pwned"
        told = witness.told(list(process.argv), dict(process.env))
        changed = {n for n, text in told["env"].items() if text == b"/pwned"}
        assert changed == {f"AZUREML_SWEEP_{name}".encode()}

    def test_names_in_a_branch_are_names_too(self):
        space = Space({"m": choice({"kind": "a", "a=b": choice(1)}, {"kind": "b"})})
        with pytest.raises(ConfigError, match="a=b: a '=' cannot be in the name"):
            passing.space_bytes(space)


class TestSizes:
    def test_the_longest_argument_arrives_and_one_byte_more_is_refused(self, witness):
        prefix = len("AZUREML_SWEEP_x=")
        arrives(witness, "--x", "x" * (passing.LONGEST - prefix), "space")
        with pytest.raises(ConfigError, match=r"--x: 131,072 bytes in one argument.*131,071"):
            passing.space_bytes(Space({"--x": choice("x" * (passing.LONGEST - prefix + 1))}))

    def test_bytes_count_and_not_characters(self):
        with pytest.raises(ConfigError, match="--x: 200,000 bytes"):
            passing.space_bytes(Space({"--x": choice("é" * 100_000)}))

    def test_what_is_just_small_enough_in_all_arrives(self, witness):
        template = witness.template()
        spare = passing.room() - self.taken(template)
        fill = self.filling(spare)
        full = witness.template(arguments=fill)
        full.check(None)
        process = full.process(SWEEP, 0, 1, {}, None)
        told = witness.told(list(process.argv), dict(process.env))
        assert told["argv"] == [word.encode() for word in fill]

    def test_what_is_too_large_in_all_is_refused(self, witness):
        template = witness.template()
        spare = passing.room() - self.taken(template)
        with pytest.raises(ConfigError, match=r"take up to [\d,]+ bytes, and this system passes"):
            witness.template(arguments=self.filling(spare + 1)).check(None)

    def test_only_one_branch_is_taken(self):
        large = "x" * 100_000
        one = {"kind": "a", "a": choice(large), "b": choice(large)}
        other = {"kind": "b", "c": choice(large)}
        alone = passing.space_bytes(Space({"m": choice(one, {"kind": "b"})}))
        assert passing.space_bytes(Space({"m": choice(one, other)})) == alone
        assert 400_000 < alone < 401_000  # two values, each as an argument and as a variable

    def taken(self, template):
        variables = passing.variables_bytes(inherited(1))
        return passing.words_bytes(template.command, "command") + variables

    def filling(self, spare):
        words = []
        while spare > 0:
            size = min(spare, 100_000 + passing.EACH)
            words.append("x" * (size - passing.EACH))
            spare -= size
        return words


class TestFixedWords:
    """Of arguments and variables in a configuration, which may hold what is no UTF-8."""

    def test_bytes_of_the_command_line_arrive_as_they_are(self, witness):
        raw = os.fsdecode(b"\xff\xfe\x80")
        template = witness.template(arguments=[raw], environment_variables={"RAW": raw})
        template.check(None)
        process = template.process(SWEEP, 0, 1, {}, None)
        told = witness.told(list(process.argv), dict(process.env))
        assert told["argv"] == [b"\xff\xfe\x80"]
        assert told["env"][b"RAW"] == b"\xff\xfe\x80"

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"arguments": ["a\0b"]}, "arguments: a NUL character"),
            ({"arguments": ["\ud800"]}, "arguments: half of a surrogate pair"),
            ({"arguments": ["x" * 131_072]}, "arguments: 131,072 bytes"),
            ({"environment_variables": {"A": "\0"}}, "variable A: a NUL character"),
            ({"environment_variables": {"A": "\ud800"}}, "variable A: half of a surrogate"),
            ({"environment_variables": {"A\0": "x"}}, r"variable A\\x00': a NUL"),
            ({"environment_variables": {"A=B": "x"}}, "no environment variable can be called"),
            ({"environment_variables": {"": "x"}}, "no environment variable can be called ''"),
        ],
    )
    def test_what_cannot_be_passed_is_refused(self, witness, more, words):
        with pytest.raises(ConfigError, match=words):
            witness.template(**more).check(None)

    def test_no_variable_of_a_configuration_stands_in_for_ours(self, witness):
        theirs = {"SWEEP_RUN_ID": "of another", "AZUREML_SWEEP_x": "2"}
        template = witness.template(environment_variables=theirs)
        space = Space({"x": choice(1)})
        env = template.process(SWEEP, 7, 1, {"x": 1}, space).env
        assert (env["SWEEP_RUN_ID"], env["AZUREML_SWEEP_x"]) == ("HD_x_7", "1")

    def test_a_script_called_like_an_option_is_a_script(self, place):
        (place / "-c").write_text("print('ran')")
        script = script_of(RunConfiguration(script="-c"), place)
        assert interpreter_argv("python", script, place) == ["python", "./-c"]


def yaml_line(value) -> str:
    """JSON that is YAML too: that has no pairs of surrogates, and nothing unprintable."""
    text = json.dumps(value, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\ufeff\ud800-\udfff]", lambda c: f"\\u{ord(c[0]):04x}", text)


# ---- through the whole command line -----------------------------------------------------


@pytest.mark.usefixtures("no_ray")
class TestCommandLine:
    def text(self, value, name="--x"):
        entry = yaml_line({"name": name, "expression": "choice", "values": [value]})
        return "\n".join(
            f"    - {entry}" if "--penalty" in line else line for line in HDCONFIG.splitlines()
        )

    @pytest.mark.parametrize("value", HOSTILE, ids=ascii_short)
    def test_a_hostile_value_is_kept_and_arrives(self, project, witness, value):
        (project / "hdconfig.yml").write_text(self.text(value))
        said = sweep("start", "hdconfig.yml", "train.py")
        assert "error: ImportError: no Ray on this machine" in said.err, said.err
        assert "\x1b" not in said.out + said.err
        process = self.kept(project)
        told = witness.told([*witness.template().command, *process.argv[2:]], dict(process.env))
        assert told["argv"] in ([b"--x", value.encode()], [b"--x=" + value.encode()])
        assert told["env"][b"AZUREML_SWEEP_x"] == value.encode()

    def kept(self, project):
        """What the sweep that was kept would start."""
        [folder] = WorkspaceFolder(project / ".sweep").sweeps()
        with SweepReader(folder.database) as reader:
            space = SweepDefinition.from_wire(reader.get("definition")).sampling.space
            template = ScriptTemplate.from_json(reader.get("template"))
        configuration = space.configuration_at(0)
        return template.process(folder, 0, 1, configuration, space)

    @pytest.mark.parametrize(
        ("value", "name", "fragment"),
        [
            ("a\0b", "--x", "a NUL character cannot be passed"),
            ("\ud800", "--x", "names no character"),
            ("x" * 140_000, "--x", "--x: 140,000 bytes in one argument or variable"),
            (1, "--", "expected the name of an argument"),
            (1, "a b", "expected the name of an argument"),
            (1, "a=b", "expected the name of an argument"),
            (1, "a\nb", "expected text without control characters"),
            (1, "a\0b", "expected text without control characters"),
            (1, "", "expected text, got ''"),
            ({"kind": "a", "a=b": {"expression": "choice", "values": [1]}}, "--x", "a=b: a '='"),
            ({"kind": "a", "--": {"expression": "choice", "values": [1]}}, "--x", "called '--'"),
        ],
        ids=ascii_short,
    )
    @pytest.mark.parametrize("words", [["validate"], ["start"]], ids=["validate", "start"])
    def test_what_cannot_arrive_is_refused_with_its_place(
        self, project, value, name, fragment, words
    ):
        (project / "hdconfig.yml").write_text(self.text(value, name))
        said = sweep(*words, "hdconfig.yml", *(["train.py"] if words == ["start"] else []))
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("error: hdconfig.yml:"), said.err
        assert fragment in said.err
        assert not (project / ".sweep").exists(), "nothing is kept"

    def test_too_much_in_all_is_refused(self, project):
        values = [["x" * 110_000, n] for n in range(12)]
        lines = HDCONFIG.splitlines()
        at = next(n for n, line in enumerate(lines) if "--penalty" in line)
        lines[at : at + 1] = [
            "    - " + yaml_line({"name": f"p{n}", "expression": "choice", "values": [value]})
            for value, n in values
        ]
        text = "\n".join(lines)
        (project / "hdconfig.yml").write_text(text)
        assert len(text) > 1 << 20, "so large a file is refused before"
        said = sweep("start", "hdconfig.yml", "train.py")
        assert (said.code, said.out) == (2, "")

    def test_fixed_arguments_that_are_too_large(self, project):
        words = ["x" * 120_000] * 20
        said = sweep("start", "hdconfig.yml", "train.py", *words)
        assert (said.code, said.out) == (2, "")
        assert "and this system passes at most" in said.err
        assert not list((project / ".sweep").glob("sweeps/*")), "nothing is kept"


def test_from_python_too(place):
    with pytest.raises(ConfigError, match="'--x': a NUL"):
        kept(place, space={"--x": choice("a\0b")})
    assert not list((place / ".sweep").glob("sweeps/*"))
    assert not list((place / ".sweep").glob("snapshots/*"))
