"""What figures are made of."""

from __future__ import annotations

import math

import pytest

from policies import Goal
from samplers import choice
from sweep.errors import UserError
from sweep.view.data import best_so_far, flattened
from sweep.view.draw import KINDS, figure_of
from sweep.view.figure import Bars, Line, Points, Surface
from sweep.view.importance import Forest
from sweep.view.kinds import about, outcome
from tests.cli.workspaces import kept, lone, play, story, values
from tests.view.sweeps import read


def marks(figure, kind):
    return [mark for panel in figure.panels for mark in panel.marks if isinstance(mark, kind)]


def test_history_has_every_run_with_a_result_once_and_never_gets_worse(data):
    figure = figure_of(data, "history")
    points = marks(figure, Points)
    assert sorted(x for some in points for x in some.x) == [row.number for row in data.judged]
    assert {some.name for some in points} == {"completed", "stopped early"}
    [line] = marks(figure, Line)
    assert list(line.y) == sorted(line.y)
    assert line.y[-1] == data.ordered[0].best


def test_curves_are_what_was_reported_the_best_on_top(data):
    figure = figure_of(data, "curves")
    lines = marks(figure, Line)
    assert sorted(map(list, (line.y for line in lines))) == sorted(data.curves.values())
    assert lines[-1].name == f"best: run {data.ordered[0].number}"
    assert list(lines[-1].y) == data.curves[data.ordered[0].number]


def test_the_timeline_has_each_run_in_its_row(data):
    figure = figure_of(data, "timeline")
    bars = marks(figure, Bars)
    ends = {r: s + n for b in bars for r, s, n in zip(b.row, b.start, b.length, strict=True)}
    assert sorted(ends) == [*range(len(data.rows))]
    assert figure.note.endswith(" runs at one time on average")
    first, last = min(r.started_at for r in data.rows), max(r.ended_at for r in data.rows)
    assert figure.panels[0].x.label == "seconds since the first start"
    assert max(ends.values()) == pytest.approx(last - first)


def test_the_forest_finds_what_matters(data):
    forest = Forest(data, data.columns(data.judged)[:3])
    order = forest.importance()
    assert [column.name for column, _, _ in order] == ["lr", "kind", "idle"]
    assert order[0][1] > 0.8
    assert order[2][1] < 0.02
    assert sum(share for _, share, _ in order) == pytest.approx(1)
    assert forest.fit() > 0.8


def test_the_surface_is_highest_where_the_runs_are_best(data):
    lr, kind = data.columns(data.judged)[:2]
    x, y, z = Forest(data, [lr, kind]).surface(lr, kind, 21)
    assert y == [0, 1]
    assert [len(row) for row in z] == [21, 21]
    assert all(a > b for a, b in zip(z[0], z[1], strict=True)), "kind a is better"
    best = x[max(range(21), key=lambda n: z[0][n])]
    assert -2.5 < math.log10(best) < -1.5


@pytest.mark.parametrize("kind", ["slice", "importance", "parallel", "contour"])
def test_hyperparameters_that_are_the_same_in_all_runs_are_left_out(data, kind):
    figure = figure_of(data, kind)
    if kind == "parallel":
        assert [d.label for d in figure.parallel.dimensions] == ["lr", "kind", "idle", "accuracy"]
        assert all(0 <= p <= 1 for d in figure.parallel.dimensions for p in d.places)
        assert figure.parallel.shades[-1] == data.ordered[0].best
    elif kind == "slice":
        assert [panel.x.label for panel in figure.panels] == ["lr", "kind", "idle"]
        assert [panel.x.log for panel in figure.panels] == [True, False, False]
    elif kind == "contour":
        assert len(marks(figure, Surface)) == 3
    else:
        assert figure.panels[0].y.levels == ["lr", "kind", "idle"]


def test_only_the_hyperparameters_that_are_named(data):
    figure = figure_of(data, "slice", ["--idle"])
    assert [panel.x.label for panel in figure.panels] == ["idle"]
    with pytest.raises(UserError, match="has no hyperparameter 'x': it has lr, kind, idle, same"):
        figure_of(data, "slice", ["x"])
    with pytest.raises(UserError, match="history is not drawn by hyperparameters"):
        figure_of(data, "history", ["idle"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_sweep_without_results_has_nothing_to_draw(place, kind):
    with pytest.raises(UserError, match="nothing to draw"):
        figure_of(read(kept(place)), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_lone_run_has_nothing_to_draw(place, kind):
    with pytest.raises(UserError, match="is a lone run: there is no primary metric to draw"):
        figure_of(read(lone(place)), kind)


def test_a_choice_of_a_few_numbers_has_a_mark_for_each(place):
    folder = kept(
        place, space={"--size": choice(16, 32, 128), "--x": choice(*range(9))}, points=27
    )
    play(folder, values(0.5))
    size, x, _ = figure_of(read(folder), "parallel").parallel.dimensions
    assert size.ticks == [(0, "16"), (1 / 7, "32"), (1, "128")]
    assert [text for _, text in x.ticks] == ["0", "2", "4", "6", "8"]


def test_one_report_is_one(place):
    data = read(story(place))
    assert about(data.rows[1]).startswith("run 1: 0.1, stopped early after 1 report\n")
    assert about(data.rows[0]).startswith("run 0: 0.8, completed after 3 reports\n")


def test_few_runs_say_nothing_of_importance(place):
    with pytest.raises(UserError, match="5 of its runs have a result; at least 8 are needed"):
        figure_of(read(story(place)), "importance")


def test_runs_by_how_they_stand(place):
    data = read(story(place))
    words = [*map(outcome, data.rows)]
    assert words == [
        *("completed", "stopped early", "failed", "canceled", "completed", "completed")
    ]


def test_branches_of_a_space_are_hyperparameters_of_their_own(place):
    space = {"--model": choice({"kind": "a"}, {"kind": "b", "depth": choice(1, 2)})}
    folder = kept(place, space=space, points=3)
    play(folder, values(0.5))
    data = read(folder)
    kind, depth = data.columns(data.judged)
    assert (kind.name, kind.values) == ("model.kind", ["a", "b", "b"])
    assert (depth.name, depth.values) == ("model.depth", [None, 1, 2])
    assert [depth.place(value) for value in depth.values] == [None, 1.0, 2.0]
    figure = figure_of(data, "parallel")
    assert sum(map(math.isnan, figure.parallel.dimensions[1].places)) == 1


def test_best_so_far_skips_what_is_no_number():
    assert best_so_far([3, math.inf, 2, 5], Goal.MINIMIZE) == [3, 3, 2, 2]
    assert math.isnan(best_so_far([math.nan, 1], Goal.MAXIMIZE)[0])


def test_flattened():
    assert flattened({"--a": 1, "b": {"--c": {"d": 2}}}) == {"a": 1, "b.c.d": 2}
