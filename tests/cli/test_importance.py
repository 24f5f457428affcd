"""Which hyperparameters matter: `sweep best --importance`, and from Python."""

from __future__ import annotations

import json

import pytest

from sweep import Workspace
from sweep.errors import UserError
from sweep.view.draw import figure_of
from tests.cli.workspaces import kept, play, story, sweep, values
from tests.view.conftest import data, searched_folder  # noqa: F401 - fixtures


@pytest.fixture
def searched(searched_folder, monkeypatch):  # noqa: F811
    """Work in the folder of a sweep of many runs."""
    monkeypatch.chdir(searched_folder.path.parents[2])
    return searched_folder


def test_a_table_below_the_best_run(searched):
    plain, said = sweep("best"), sweep("best", "--importance")
    assert (said.code, said.err) == (0, "")
    assert said.lines[: len(plain.lines)] == plain.lines
    head, *rows, note = said.lines[len(plain.lines) :]
    assert head == "Importance for accuracy:"
    assert note.startswith("  random forest over 60 runs, explains ")
    assert [row.split()[0] for row in rows] == ["lr", "kind", "idle"]
    assert all(row.split()[2] == "±" and row.split()[3].endswith("%") for row in rows)
    assert rows[0].count("█") > rows[1].count("█") >= rows[2].count("█")


def test_it_is_what_the_figure_shows(searched, data):  # noqa: F811
    (panel,) = figure_of(data, "importance").panels
    found = json.loads(sweep("best", "--importance", "--json").out)
    shares = found["importance"]["hyperparameters"]
    assert [one["hyperparameter"] for one in shares] == panel.y.levels
    assert [one["share"] for one in shares] == panel.marks[0].length
    assert [one["deviation"] for one in shares] == panel.marks[0].errors
    assert found["importance"]["runs"] == 60
    assert found["importance"]["explained_variance"] > 0.8
    assert found["best"] == json.loads(sweep("best", "--json").out)


def test_with_several_runs_as_json(searched):
    found = json.loads(sweep("best", "--top", 3, "--importance", "--json").out)
    assert len(found["best"]) == 3
    assert sum(one["share"] for one in found["importance"]["hyperparameters"]) == pytest.approx(1)


def test_from_python(searched):
    run = Workspace(searched.path.parents[2]).get_run(searched.id)
    shares = run.get_hyperparameter_importance()
    assert [*shares] == ["lr", "kind", "idle"]
    assert sum(shares.values()) == pytest.approx(1)
    assert [*run.get_hyperparameter_importance("--idle", "kind")] == ["kind", "idle"]
    with pytest.raises(UserError, match="has no hyperparameter 'x': it has lr, kind"):
        run.get_hyperparameter_importance("x")


def test_too_few_runs_say_so(place):
    story(place)
    said = sweep("best", "--importance")
    assert (said.code, said.out) == (2, "")
    assert "HD_story: 5 of its runs have a result; at least 8 are needed to tell" in said.err


def test_what_is_the_same_in_all_runs_does_not_matter(place):
    play(
        kept(place, points=9, space={"--x": ["choice", [[1]]], "--y": ["choice", [[2]]]}),
        values(1),
    )
    assert sweep("best", "--importance").code == 2
