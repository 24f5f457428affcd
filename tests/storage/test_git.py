"""What git knows of a source directory."""

from __future__ import annotations

import os
import subprocess

import pytest

from sweep.storage.git import properties

ADDRESS = "https://example.org/team/project.git"


def git(folder, *words):
    done = subprocess.run(
        ["git", "-C", str(folder), *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def alone(monkeypatch):
    """No settings of the user's, and no repository further up."""
    for name in [n for n in os.environ if n.startswith(("GIT_", "AZUREML_GIT_"))]:
        monkeypatch.delenv(name)
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    for name in ("GIT_AUTHOR", "GIT_COMMITTER"):
        monkeypatch.setenv(f"{name}_NAME", "somebody")
        monkeypatch.setenv(f"{name}_EMAIL", "somebody@example.org")


@pytest.fixture
def repository(tmp_path, alone):
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    git(folder, "symbolic-ref", "HEAD", "refs/heads/tuning")
    (folder / "train.py").write_text("print()")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def test_a_clean_repository(repository):
    commit = git(repository, "rev-parse", "HEAD")
    git(repository, "remote", "add", "origin", ADDRESS)
    assert properties(repository) == {
        "azureml.git.repository_uri": ADDRESS,
        "mlflow.source.git.repoURL": ADDRESS,
        "azureml.git.branch": "tuning",
        "mlflow.source.git.branch": "tuning",
        "azureml.git.commit": commit,
        "mlflow.source.git.commit": commit,
    }


def test_a_folder_of_a_repository_is_in_it(repository):
    (repository / "deep").mkdir()
    assert properties(repository / "deep") == properties(repository)


@pytest.mark.parametrize(
    "change",
    [
        lambda r: (r / "train.py").write_text("changed"),
        lambda r: (r / "new.py").write_text(""),
        lambda r: (r / "\udcff\udcfe").write_text(""),
    ],
)
def test_a_change_makes_it_dirty(repository, change):
    git(repository, "config", "core.quotePath", "false")
    assert "azureml.git.dirty" not in properties(repository)
    change(repository)
    assert properties(repository)["azureml.git.dirty"] == "True"


def test_a_commit_that_is_looked_at_has_no_branch(repository):
    git(repository, "checkout", "-q", "--detach")
    found = properties(repository)
    assert "azureml.git.branch" not in found
    assert "azureml.git.commit" in found


def test_a_repository_without_a_commit_or_a_remote(tmp_path, alone):
    git(tmp_path, "init", "-q")
    git(tmp_path, "symbolic-ref", "HEAD", "refs/heads/new")
    assert properties(tmp_path) == {
        "azureml.git.branch": "new",
        "mlflow.source.git.branch": "new",
    }


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://user:secret@example.org/p.git", "https://example.org/p.git"),
        ("https://token@example.org/p.git", "https://example.org/p.git"),
        ("HTTPS://a:b@example.org:8443/p", "HTTPS://example.org:8443/p"),
        ("https://user:p@ss@example.org/p", "https://example.org/p"),
        ("ssh://git@example.org/p", "ssh://example.org/p"),
        ("git@example.org:team/p.git", "git@example.org:team/p.git"),
        ("https://example.org/@team/p", "https://example.org/@team/p"),
        ("/srv/git/p@1.git", "/srv/git/p@1.git"),
    ],
)
def test_no_credentials_are_kept(repository, monkeypatch, address, kept):
    git(repository, "remote", "add", "origin", address)
    assert properties(repository)["azureml.git.repository_uri"] == kept
    monkeypatch.setenv("AZUREML_GIT_REPOSITORY_URI", address)
    assert properties(repository)["mlflow.source.git.repoURL"] == kept


def test_the_environment_knows_better(repository, monkeypatch):
    given = {
        "REPOSITORY_URI": "uri",
        "BRANCH": "branch",
        "COMMIT": "commit",
        "DIRTY": "yes",
        "BUILD_ID": "7",
        "BUILD_URI": "https://build/7",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"AZUREML_GIT_{name}", value)
    assert properties(repository) == {
        "azureml.git.repository_uri": "uri",
        "mlflow.source.git.repoURL": "uri",
        "azureml.git.branch": "branch",
        "mlflow.source.git.branch": "branch",
        "azureml.git.commit": "commit",
        "mlflow.source.git.commit": "commit",
        "azureml.git.dirty": "yes",
        "azureml.git.build_id": "7",
        "azureml.git.build_uri": "https://build/7",
    }


def test_outside_of_a_repository_there_is_nothing(tmp_path, alone, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert properties(tmp_path) == {}
    assert properties(tmp_path / "nowhere") == {}
    monkeypatch.setenv("AZUREML_GIT_COMMIT", "abc")
    assert properties(tmp_path) == {
        "azureml.git.commit": "abc",
        "mlflow.source.git.commit": "abc",
    }


def test_without_git_there_is_nothing(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert properties(repository) == {}


def test_looking_leaves_the_repository_alone(repository):
    before = (repository / ".git" / "index").stat().st_mtime_ns
    os.utime(repository / "train.py", (1, 1))  # git would like to note that down
    properties(repository)
    assert (repository / ".git" / "index").stat().st_mtime_ns == before
