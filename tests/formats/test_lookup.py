"""Which file is meant by a short name."""

from __future__ import annotations

import pytest

from sweep.errors import ConfigError
from sweep.formats import lookup
from sweep.formats.lookup import find_hdconfig


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Make the given files, and work beside the project."""
    (tmp_path / "project").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    def tree(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        return tmp_path / "project"

    return tree


@pytest.mark.parametrize(
    ("files", "name", "found"),
    [
        ("hdconfig.yml", "hdconfig.yml", "hdconfig.yml"),
        ("hdconfig.yml", "hdconfig", "hdconfig.yml"),
        ("hdconfig.yaml", "hdconfig", "hdconfig.yaml"),
        ("hdconfig", "hdconfig", "hdconfig"),
        (".azureml/hd.yml", "hd", ".azureml/hd.yml"),
        ("aml_config/hd.yml", "hd.yml", "aml_config/hd.yml"),
        ("a/b/hd.yml", "hd", "a/b/hd.yml"),
        ("a/b/hd.yml", "b/hd", None),
        ("a/b/hd.yml", "a/b/hd", "a/b/hd.yml"),
        ("hd.yml a/hd.yml", "hd", "hd.yml"),  # the tree is searched last
        (".azureml/hd.yml a/hd.yml", "hd", ".azureml/hd.yml"),
        ("my-hdconfig.yml", "hdconfig.yml", None),  # HyperDrive would take it
        ("my-hdconfig.yml hdconfig.yml", "hdconfig.yml", "hdconfig.yml"),
        (".git/hd.yml .sweep/hd.yml a/__pycache__/hd.yml node_modules/hd.yml", "hd", None),
        ("env/pyvenv.cfg env/lib/hd.yml", "hd", None),
        ("env/hd.yml", "hd", "env/hd.yml"),
        ("hd.yml/x", "hd.yml", None),  # a folder
        ("", "", None),
    ],
)
def test_where_a_name_leads(tree, files, name, found):
    project = tree(*(f"project/{file}" for file in files.split()))
    if found is None:
        with pytest.raises(ConfigError, match="there is no file"):
            find_hdconfig(name, project)
    else:
        assert find_hdconfig(name, project) == project / found


def test_a_file_that_is_named_is_taken(tree, tmp_path):
    project = tree("elsewhere/hd.yml", "project/hd.yml")
    assert str(find_hdconfig("hd.yml", project)) == "hd.yml"
    assert find_hdconfig(str(tmp_path / "elsewhere/hd.yml"), project).samefile("hd.yml")


def test_the_project_is_here_by_default(tree):
    tree("elsewhere/hd.yml")
    assert str(find_hdconfig("hd")) == "hd.yml"


@pytest.mark.parametrize(
    ("files", "candidates"),
    [
        ("hd.yml hd.yaml", ["hd.yml", "hd.yaml"]),
        ("hd hd.yml", ["hd", "hd.yml"]),
        ("hd.yml .azureml/hd.yml", ["hd.yml", ".azureml/hd.yml"]),
        ("b/hd.yml a/hd.yaml", ["a/hd.yaml", "b/hd.yml"]),
    ],
)
def test_two_candidates_are_one_too_many(tree, files, candidates):
    project = tree(*(f"project/{file}" for file in files.split()))
    listed = ", ".join(repr(str(project / file)) for file in candidates)
    with pytest.raises(ConfigError) as caught:
        find_hdconfig("hd", project)
    assert str(caught.value) == f"'hd' may be {listed}: write out which one is meant"


def test_two_names_of_one_file_are_one_candidate(tree):
    project = tree("project/hd.yml")
    (project / ".azureml").symlink_to(project)
    assert find_hdconfig("hd", project) == project / ".azureml/hd.yml"


def test_a_loop_of_links_is_no_loop(tree):
    project = tree("project/a/hd.yml")
    (project / "a" / "loop").symlink_to(project)
    assert find_hdconfig("hd", project) == project / "a/hd.yml"


def test_what_is_near_is_told(tree):
    project = tree("project/conf/hdconfig.yml", "project/conf/hdconfig.md", "project/x.yml")
    near = project / "conf/hdconfig.yml"
    with pytest.raises(ConfigError, match="there is no file 'hdcnfig'") as caught:
        find_hdconfig("hdcnfig", project)
    assert str(caught.value).endswith(f"in {str(project)!r}; there is {str(near)!r}")


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b"])
def test_impossible_names(tree, name):
    with pytest.raises(ConfigError, match="there is no file"):
        find_hdconfig(name, tree())


def test_no_project():
    with pytest.raises(ConfigError, match="in '/no/such/folder'"):
        find_hdconfig("hd", "/no/such/folder")


def test_the_search_has_an_end(tree, monkeypatch):
    monkeypatch.setattr(lookup, "MOST_FILES", 3)
    project = tree(*(f"project/{n}/x" for n in range(5)), "project/9/hd.yml")
    with pytest.raises(ConfigError, match=r"\(among its first 3 files\)"):
        find_hdconfig("hd", project)
