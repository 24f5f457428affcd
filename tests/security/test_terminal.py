"""Nothing that a script, a file or a database says reaches a terminal as a command to it."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3

import pytest
from rich.console import Console

from policies import BanditPolicy
from samplers import choice
from sweep.cli.live import LiveView, caption
from sweep.cli.main import main
from sweep.storage.feed import Feed
from sweep.storage.reader import SweepReader
from tests.cli.workspaces import Extras, kept, play, printed

EVIL = "\x1b]0;pwned\x07\x1b[2J\x1b[8mhidden\x9b31m\x1bc\x1b(0\x08\x90x\x9c"
"""A new title, an empty screen, text that is not seen, a reset, another alphabet."""
OBEYED = ["\x1b]", "\x1b[2J", "\x1b[8m", "\x9b", "\x1bc", "\x1b(", "\x07", "\x08", "\x90", "\x9c"]


class Terminal(io.StringIO):
    """What believes itself to be one: there, our own colours are printed too."""

    def isatty(self) -> bool:
        return True


def printed_by(*words: str) -> str:
    """Run a command line on a terminal; return all that it has printed."""
    out = Terminal()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(out),
        pytest.raises(SystemExit),
    ):
        main(words)
    return out.getvalue()


def check(text: str) -> None:
    assert text.strip()
    assert [sequence for sequence in OBEYED if sequence in text] == []


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Keep a sweep in which every text is hostile that can be."""
    place = tmp_path_factory.mktemp("hostile")
    folder = kept(
        place,
        policy=BanditPolicy(slack_factor=0.2),
        metric=f"acc{EVIL}",
        space={
            "--x": choice(f"a{EVIL}", f"b{EVIL}", f"c{EVIL}"),
            "--y": choice([EVIL, {EVIL: 1}]),
        },
        points=3,
        identity="HD_hostile",
    )

    def curve(configuration):
        match configuration["--x"][0]:
            case "a":
                yield from (0.5, 0.6)
            case "b":
                yield 0.1
            case "c":
                yield 0.7
                raise ValueError(f"bad {EVIL}")

    said = [
        {"k": "s", "n": f"loss{EVIL}", "v": EVIL},
        {"k": "s", "n": f"acc{EVIL}", "v": EVIL},
        {"k": "j", "n": EVIL, "v": {EVIL: [EVIL]}},
        {"k": "i", "n": EVIL, "v": EVIL},
        {"k": "tag", "v": {f"tag{EVIL}": EVIL}},
        {"k": "property", "v": {f"property{EVIL}": EVIL}},
        {"k": "file", "n": EVIL, "p": EVIL},
    ]
    facts = {"host": EVIL, "pid": 1, f"fact{EVIL}": EVIL, "stop_seconds": 0.1}
    play(folder, curve, Extras(dict.fromkeys(range(3), said), {2: f"Error: {EVIL}"}, {0: facts}))
    for run in range(3):
        printed(folder, run, f"epoch 1 {EVIL}\n")
    return folder


@pytest.fixture
def at(hostile, monkeypatch):
    monkeypatch.chdir(hostile.path.parents[2])
    return hostile


COMMANDS = [
    *(["run", "list"], ["run", "list", "last"], ["run", "list", "--json"], ["run", "show"]),
    *(["run", "show", n] for n in "012"),
    *(["why", n] for n in "012"),
    *(["logs", n] for n in "012"),
    *(["best", "--top", "3"], ["best", "--json"], ["why", "0", "--json"]),
    *(["run", "show", "0", "--json"], ["run", "show", "--json"], ["resume"]),
    *(["export"], ["export", "--format", "json"], ["experiment", "list"]),
    *(["top", "--once"], ["top", "last"], ["curves"], ["compare", "0", "1", "2"]),
    *(["why", "1", "--all"], ["compare", "0", "1", "--json"]),
    *(["compare", EVIL, "0"], ["curves", EVIL], ["top", EVIL], ["plot", "--param", EVIL]),
    *(["plot", EVIL], ["plot", "--kind", EVIL]),
    *(["run", "show", EVIL], ["why", EVIL], ["run", "list", "--status", EVIL], [EVIL]),
    *(["start", EVIL, EVIL], ["validate", EVIL], ["run", "cancel", EVIL], [f"--{EVIL}"]),
    *(["experiment", "create", "-n", EVIL], ["best", "--top", EVIL], ["--workspace", EVIL]),
    *(["folder", "attach", "-e", EVIL], ["run", "submit-script", "-c", EVIL, "-e", "x"]),
    *(["run", "list", "--workspace", EVIL], ["best", EVIL], ["resume", EVIL], ["export", EVIL]),
]


@pytest.mark.parametrize("words", COMMANDS, ids=ascii)
def test_no_command_prints_it(at, words):
    check(printed_by(*words))


def test_the_picture_and_the_lines(at):
    with SweepReader(at.database) as reader:
        out = io.StringIO()
        console = Console(file=out, width=200, height=50)
        console.print(LiveView(reader, 2, console).picture())
        check(out.getvalue())
        check(caption(reader, at.id, 2))
        check("\n".join(Feed(reader, after=0).lines()))


@pytest.fixture
def forged(hostile, tmp_path, monkeypatch):
    """A workspace that somebody else has filled in by hand."""
    folder = kept(tmp_path, points=1, identity="HD_forged")
    play(folder, lambda _: iter((0.5, 0.6)))
    db = sqlite3.connect(folder.database)
    get = "SELECT value FROM sweep WHERE key = ?"
    definition = json.loads(db.execute(get, ("definition",)).fetchone()[0])
    definition["policy_config"] = {
        "name": "Bandit",
        "properties": {"slack_factor": 0.1, "evaluation_interval": 1, "delay_evaluation": 0},
    }
    for key, value in {
        "definition": definition,
        "experiment": EVIL,
        "status": ["Completed", EVIL],
        "source": EVIL,
        "snapshot": {"id": EVIL, "files": 1, "size": 1},
        "versions": {EVIL: EVIL},
    }.items():
        db.execute("UPDATE sweep SET value = ? WHERE key = ?", (json.dumps(value), key))
    db.execute("INSERT INTO notice (at, run, text) VALUES (0, 0, ?)", (EVIL,))
    db.execute("UPDATE run SET reason = ?", (EVIL,))
    db.commit()
    db.close()
    about = {"name": EVIL, "created": 1.0}
    (folder.path.parents[1] / "experiments" / "x.json").write_text(json.dumps(about))
    (tmp_path / ".azureml").mkdir()
    (tmp_path / ".azureml" / "config.json").write_text(json.dumps({"Id": EVIL}))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize(
    "words",
    [
        *(["run", "list"], ["run", "list", "last"], ["run", "show"], ["run", "show", "0"]),
        *(["why", "0"], ["best"], ["export"], ["experiment", "list"], ["resume"]),
        *(["folder", "attach"], ["run", "submit-script", "x.py"]),
    ],
    ids=ascii,
)
def test_nor_of_a_forged_workspace(forged, words):
    check(printed_by(*words))


YAML_EVIL = json.dumps(EVIL)[1:-1].replace("\\b", "\\u0008")


@pytest.mark.parametrize(
    "change",
    [
        ("Accuracy", f'"Accuracy{YAML_EVIL}"'),
        ("--penalty", f'"--penalty{YAML_EVIL}"'),
        ("[0.5, 1, 1.5]", f'["{YAML_EVIL}", {{"kind": "{YAML_EVIL}"}}]'),
        ("[0.5, 1, 1.5]", f'[{{"{YAML_EVIL}": "{YAML_EVIL}"}}]'),
        ("max_total_runs", f'"max{YAML_EVIL}": 1\nmax_total_runs'),
        ("Maximize", f'"{YAML_EVIL}"'),
        ("BanditPolicy", f'"{YAML_EVIL}"'),
        ("random", f'"{YAML_EVIL}"'),
        ("random", EVIL),
        ("choice", f'"{YAML_EVIL}"'),
    ],
    ids=ascii,
)
def test_nor_of_a_file(project, no_ray, change):
    text = (project / "hdconfig.yml").read_text()
    assert change[0] in text
    (project / "hdconfig.yml").write_text(text.replace(*change, 1))
    (project / f"{EVIL}.yml").write_text(text.replace(*change, 1))
    check(printed_by("validate", "hdconfig.yml"))
    check(printed_by("validate", f"{EVIL}.yml"))
    check(printed_by("start", "hdconfig.yml", "train.py", EVIL))


def test_nor_of_a_script_or_a_run_configuration(project, no_ray):
    (project / f"{EVIL}.py").write_text("")
    check(printed_by("start", "hdconfig.yml", f"{EVIL}.py"))
    (project / "x.runconfig").write_text(
        f'script: "{YAML_EVIL}"\n"{YAML_EVIL}": 1\ntarget: "{YAML_EVIL}"\n'
    )
    check(printed_by("start", "-c", "x.runconfig", "hdconfig.yml", "train.py"))
    check(printed_by("run", "submit-script", "-c", "x.runconfig", "-e", "x"))
    (project / "here").symlink_to("/etc")
    (project / f"link{EVIL}").symlink_to("/etc")
    check(printed_by("start", "hdconfig.yml", "train.py"))
