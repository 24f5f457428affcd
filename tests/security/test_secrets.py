"""Secrets reach the runs, and nobody who looks at the sweep."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess

import pytest

from sweep import Workspace
from sweep.core import redact
from sweep.core.definition import SweepDefinition
from sweep.engine.template import ScriptTemplate
from sweep.errors import WorkspaceError
from sweep.storage.git import properties
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import WorkspaceFolder
from tests.cli.workspaces import play, sweep, values

HIDDEN = "hunter2-s3cr3t"


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            *("--password", "PGPASSWORD", "MYSQL_PWD", "db.password", "--passwd", "passphrase"),
            *("--token", "HF_TOKEN", "--authtoken", "accessToken", "GITHUB_TOKEN", "token"),
            *("AWS_SECRET_ACCESS_KEY", "--api-key", "apiKey", "APIKEY", "WANDB_API_KEY", "--key"),
            *(
                "client_secret",
                "secrets",
                "--credential",
                "GOOGLE_CREDENTIALS",
                "--sas",
                "SAS_URL",
            ),
            *("AZURE_STORAGE_CONNECTION_STRING", "connectionString", "accountKey", "--auth"),
            *("privateKey", "HTTP_AUTHORIZATION", "SESSION_COOKIE", "SENTRY_DSN", "GITHUB_PAT"),
        ],
    )
    def test_secret(self, name):
        assert redact.is_secret(name)

    @pytest.mark.parametrize(
        "name",
        [
            *("--max-tokens", "tokens_per_batch", "--tokenizer", "token_dropout", "--key-dim"),
            *("--monkey", "keyboard", "--author", "path", "PATH", "--sass", "secretary", "", "--"),
            *("--learning-rate", "token_embedding_size", "--password-file", "--compass", "keys"),
            *("num_key_value_heads", "string", "connection", "--bearers", "SASHA"),
        ],
    )
    def test_harmless(self, name):
        assert not redact.is_secret(name)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["--password", "x", "--lr", "1"], ["--password", "[redacted]", "--lr", "1"]),
        (["--password=x", "data"], ["--password=[redacted]", "data"]),
        (["--token", "--lr", "1"], ["--token", "--lr", "1"]),
        (["--token", "-1x"], ["--token", "[redacted]"]),
        (["db.password=a=b"], ["db.password=[redacted]"]),
        (["--password=a\nb"], ["--password=[redacted]"]),
        (["--url", "https://u:p@h/x"], ["--url", "https://[redacted]@h/x"]),
        (["https://h/x?sv=1&sig=abc%3D&se=2"], ["https://h/x?sv=1&sig=[redacted]&se=2"]),
        (["Name=a;AccountKey=b==;X=1"], ["Name=a;AccountKey=[redacted];X=1"]),
        (["--h", "Bearer abcdefgh12"], ["--h", "Bearer [redacted]"]),
        (["ghp_" + "a" * 36], ["[redacted]"]),
        (["-c", "x --token abc -v"], ["-c", "x --token [redacted] -v"]),
        (["-c", "x; HF_TOKEN=abc python t.py"], ["-c", "x; HF_TOKEN=[redacted] python t.py"]),
        (["train.py", "--max-tokens", "512"], ["train.py", "--max-tokens", "512"]),
        (["my token is fine"], ["my token is fine"]),
    ],
)
def test_arguments(words, shown):
    assert redact.arguments(words) == shown


def test_variables():
    given = {"HF_TOKEN": "x", "OMP_NUM_THREADS": "2", "PROXY": "http://u:p@h:1"}
    shown = {"HF_TOKEN": "[redacted]", "OMP_NUM_THREADS": "2", "PROXY": "http://[redacted]@h:1"}
    assert redact.variables(given) == shown


def test_no_length_of_text_takes_long():
    for piece in ("a", "a=", "--", "A", "token=", "://", "eyJ", "a b ", "-a "):
        redact.arguments([piece * 50_000])


RUNCONFIG = f"""\
script: train.py
environmentVariables: {{HF_TOKEN: var-{HIDDEN}, PLAIN: seen}}
"""
ARGUMENTS = ["--epochs", "3", "--password", f"arg-{HIDDEN}", f"--api-key=key-{HIDDEN}"]


@pytest.fixture
def kept(project, no_ray):
    source = project / "source"  # which every run gets a copy of, whatever is in it
    source.mkdir()
    (project / "train.py").rename(source / "train.py")
    (project / "x.runconfig").write_text(RUNCONFIG)
    said = sweep("start", "-c", "../x.runconfig", "hdconfig.yml", "source/train.py", *ARGUMENTS)
    assert "no Ray on this machine" in said.err
    [folder] = WorkspaceFolder(project / ".sweep").sweeps()
    return folder


def holding(place):
    """Files of a folder in which the secret stands."""
    files = (p for p in place.rglob("*") if p.is_file() and not p.is_symlink())
    return [p for p in files if HIDDEN.encode() in p.read_bytes()]


def process_of(folder):
    with SweepReader(folder.database) as reader:
        space = SweepDefinition.from_wire(reader.get("definition")).sampling.space
        template = ScriptTemplate.from_json(reader.get("template"))
    return template.process(folder, 0, 1, space.configuration_at(0), space)


class TestKept:
    def test_runs_are_given_them(self, kept):
        process = process_of(kept)
        at = process.argv.index("--password")
        assert process.argv[at + 1] == f"arg-{HIDDEN}"
        assert f"--api-key=key-{HIDDEN}" in process.argv
        assert process.env["HF_TOKEN"] == f"var-{HIDDEN}"
        assert process.env["PLAIN"] == "seen"

    def test_they_stand_in_one_file_that_is_its_owners(self, kept):
        assert holding(kept.path.parents[1]) == [kept.path / "secrets.json"]
        with SweepReader(kept.database) as reader:
            stored = json.dumps(reader.get("template"))
        assert stored.count("[redacted]") == 3
        assert "seen" in stored
        assert "--epochs" in stored

    def test_modes(self, kept):
        def mode(path):
            return stat.S_IMODE(path.stat().st_mode)

        assert mode(kept.path.parents[1]) == mode(kept.path) == 0o700
        assert mode(kept.path / "secrets.json") == mode(kept.database) == 0o600
        with SweepReader(kept.database):
            assert {mode(p) for p in kept.path.glob("sweep.db*")} == {0o600}

    def test_nothing_prints_or_exports_them(self, kept):
        play(kept, values(0.5))
        for words in (
            *(["run", "show"], ["run", "show", "--json"], ["run", "show", "0", "--json"]),
            *(["export"], ["export", "--format", "json"], ["best", "--json"], ["why", "0"]),
        ):
            said = sweep(*words)
            assert said.code == 0, said.err
            assert HIDDEN not in said.out + said.err

    def test_a_sweep_without_them_says_so(self, kept):
        (kept.path / "secrets.json").unlink()
        with pytest.raises(WorkspaceError, match=r"secrets\.json cannot be read"):
            process_of(kept)

    def test_a_sweep_without_secrets_has_no_such_file(self, project, no_ray):
        sweep("start", "hdconfig.yml", "train.py", "--epochs", "3")
        [folder] = WorkspaceFolder(project / ".sweep").sweeps()
        assert not (folder.path / "secrets.json").exists()


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")
@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://u:hunter2@h/r.git", "https://h/r.git"),
        ("https://hunter2@h/r.git", "https://h/r.git"),
        ("https://u:p@hunter2@h/r.git", "https://h/r.git"),
        ("ssh://git:hunter2@h:22/r", "ssh://h:22/r"),
        ("git@h:team/r.git", "git@h:team/r.git"),
        ("https://h/r.git?access_token=hunter2", "https://h/r.git?access_token=[redacted]"),
        ("https://h/ghp_" + "a" * 36, "https://h/[redacted]"),
    ],
)
def test_addresses_of_git(tmp_path, monkeypatch, address, shown):
    monkeypatch.delenv("AZUREML_GIT_REPOSITORY_URI", raising=False)
    for words in (["init", "-q"], ["remote", "add", "origin", address]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    assert properties(tmp_path)["azureml.git.repository_uri"] == shown
    monkeypatch.setenv("AZUREML_GIT_REPOSITORY_URI", address)
    assert properties(tmp_path)["mlflow.source.git.repoURL"] == shown


def test_details_in_python(kept):
    play(kept, values(0.5))
    [run, *_] = Workspace(kept.path.parents[2]).get_run(kept.id).get_children()
    details = json.dumps(run.get_details(), default=str)
    assert "[redacted]" in details
    assert HIDDEN not in details
