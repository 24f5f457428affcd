"""Files of a workspace that somebody else has written: nothing in them is ever carried out."""

from __future__ import annotations

import json
import os
import pickle
import sqlite3

import pytest

from sweep import Workspace
from sweep.errors import SweepError
from sweep.storage.private import secrets_of
from sweep.storage.reader import SweepReader
from tests.cli.workspaces import story, sweep


class Payload:
    """Touches a file when it is unpickled."""

    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        return os.mkdir, (str(self.place),)


COMMANDS = [
    *(["run", "list"], ["run", "list", "last"], ["run", "show"], ["run", "show", "0"], ["best"]),
    *(["why", "1"], ["logs", "0"], ["export"], ["resume"], ["run", "cancel", "last"]),
    *(["top"], ["top", "last"], ["curves"], ["compare", "0", "1"], ["why", "1", "--json"]),
    *(["experiment", "list"], ["best", "--json"], ["run", "show", "--json"]),
]


def payloads(place):
    tag = f"!!python/object/apply:os.mkdir [{place}]"
    return {
        "pickle": pickle.dumps(Payload(place)),
        "pickle in text": pickle.dumps(Payload(place), 0),
        "tag": tag.encode(),
        "in JSON": json.dumps(tag).encode(),
        "class": json.dumps({"__class__": "os.mkdir", "__reduce__": [str(place)]}).encode(),
        "py/reduce": json.dumps(
            {"py/reduce": [{"py/function": "os.mkdir"}, [str(place)]]}
        ).encode(),
        "code": f"__import__('os').mkdir({str(place)!r})".encode(),
        "nothing": b"",
        "deep": b"[" * 100_000,
    }


NAMES = list(payloads("x"))
FORGED = {"in JSON", "class", "py/reduce", "deep"}
"""Sound JSON of another shape: a command may end with a traceback, but obeys nothing."""


def run_all(pwned):
    """Run every command; return the errors that are none of ours."""
    errors = []
    for words in COMMANDS:
        try:
            said = sweep(*words)
        except Exception as error:  # noqa: BLE001 - told to who asked
            errors.append((words, error))
        else:
            assert said.code in {0, 1, 2, 130}
        assert not pwned.exists(), words
    return errors


@pytest.fixture
def at(place):
    return story(place)


def test_the_payloads_work(tmp_path):
    pickle.loads(payloads(tmp_path / "pwned")["pickle"])
    assert (tmp_path / "pwned").exists()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "file", ["sweep.db", "sweep.json", "last.json", "workspace.json", "secrets.json", "requests/x"]
)
def test_a_file_of_the_workspace(at, place, name, file):
    workspace = at.path.parents[1]
    target = workspace / file if (workspace / file).exists() else at.path / file
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(payloads(place / "pwned")[name])
    errors = run_all(place / "pwned")
    assert errors == [] or name in FORGED
    with pytest.raises(SweepError):
        secrets_of(at)
    assert not (place / "pwned").exists()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", ["template", "definition", "status", "experiment", "resources"])
def test_a_fact_of_the_sweep(at, place, name, key):
    with sqlite3.connect(at.database) as db:
        what = payloads(place / "pwned")[name]
        db.execute("UPDATE sweep SET value = ? WHERE key = ?", (what, key))
    db.close()
    errors = run_all(place / "pwned")
    assert errors == [] or name in FORGED


@pytest.mark.parametrize("name", ["pickle", "tag", "py/reduce"])
@pytest.mark.parametrize(
    ("table", "column"),
    [
        *(("event", "data"), ("event", "commands"), ("run", "configuration"), ("run", "facts")),
        *(("run", "verdict"), ("run", "status"), ("metric", "value"), ("tag", "value")),
        *(("notice", "text"), ("run", "reason"), ("metric", "kind")),
    ],
)
def test_a_row_of_the_journal(at, place, name, table, column):
    with sqlite3.connect(at.database) as db:
        db.execute(f"UPDATE {table} SET {column} = ?", (payloads(place / "pwned")[name],))
    db.close()
    run_all(place / "pwned")


def test_a_forged_fact_is_an_error_of_ours(at, place):
    with sqlite3.connect(at.database) as db:
        db.execute("UPDATE sweep SET value = '{}' WHERE key = 'status'")
    db.close()
    assert run_all(place / "pwned") == []


def test_bytes_are_an_error_of_ours(at, place):
    with sqlite3.connect(at.database) as db:
        db.execute("UPDATE run SET reason = x'80'")
    db.close()
    assert run_all(place / "pwned") == []


def test_a_forged_state_is_an_error_of_ours(at, place):
    with sqlite3.connect(at.database) as db:
        db.execute("UPDATE run SET status = 'x'")
    db.close()
    assert run_all(place / "pwned") == []


def test_a_link_in_the_place_of_the_database_is_no_way_to_write_elsewhere(at, place):
    """The sweep's folder is its owner's alone, so that only the owner can put one there."""
    assert at.path.stat().st_mode & 0o077 == 0
    assert at.path.parents[1].stat().st_mode & 0o077 == 0
    with SweepReader(at.database) as reader:
        assert reader.count()


def test_links_of_a_run_lead_nowhere_else(at, place):
    """A script puts links where its files are looked for."""
    secret = place / "secret"
    secret.write_text("secret")
    run = next(iter(Workspace(place).get_run(at.id).get_children()))
    outputs = run.folder / "outputs"
    outputs.mkdir(parents=True, exist_ok=True)
    (outputs / "link").symlink_to(secret)
    (outputs / "up").symlink_to(place)
    (outputs / "fine").write_text("fine")
    assert "outputs/link" not in run.get_file_names()
    run.download_files(output_directory=str(place / "copies"))
    assert (place / "copies" / "outputs" / "fine").read_text() == "fine"
    assert not [p for p in (place / "copies").rglob("*") if p.name in ("link", "secret")]
    for name in ("outputs/link", "outputs/up/secret", "../../sweep.db"):
        with pytest.raises(SweepError, match="has no file"):
            run.download_file(name, str(place / "stolen"))
    assert not (place / "stolen").exists()
