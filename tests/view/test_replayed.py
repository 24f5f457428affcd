"""The figure of other policies: curves as far as each would have let them go."""

from __future__ import annotations

import math

import numpy as np
import pytest

from policies import BanditPolicy, Goal, MedianStoppingPolicy, NoTerminationPolicy
from sweep.view.figure import Line, Points
from sweep.view.png import drawn
from sweep.view.recorded import Recording
from sweep.view.replayed import replayed
from sweep.view.what_if import Past, outcomes

CURVES = {
    1: (0.5, 0.8, 0.9, 0.9),
    2: (0.1, 0.2, 0.3, 0.4),
    3: (0.2, 0.3, 0.4, 0.95),
    4: (0.5, 0.7, 0.9, 0.92),
}
PAST = Past(
    [Recording(n, values) for n, values in CURVES.items()],
    Goal.MAXIMIZE,
    8,
    name="curves.csv",
    metric="accuracy",
)
BANDIT = BanditPolicy(slack_factor=0.2, delay_evaluation=2)


def parts(line: Line) -> list[list[float]]:
    """Return the curves that one line has joined."""
    found: list[list[float]] = [[]]
    for value in line.y:
        if math.isnan(value):
            found.append([])
        else:
            found[-1].append(value)
    return found[:-1]


def test_one_policy_is_one_panel_with_the_curves_as_far_as_it_lets_them_go():
    figure = replayed(PAST, outcomes(PAST, [BANDIT]))
    (panel,) = figure.panels
    assert (figure.title, figure.note) == ("Other policies on curves.csv", "4 runs, played again")
    assert panel.title == "Bandit\ndelay_evaluation=2, slack_factor=0.2"
    assert panel.y.label == "accuracy"
    lines = {mark.name: mark for mark in panel.marks if isinstance(mark, Line) and mark.name}
    assert parts(lines["stopped"]) == [[0.1, 0.2]]
    assert parts(lines["saved"]) == [[0.2, 0.3, 0.4]], "from the report of the stop on"
    assert parts(lines["went on"]) == [[*CURVES[1]], [*CURVES[4]]]
    assert parts(lines["winner: run 3"]) == [[0.2, 0.3]], "the policy loses it"
    points = [mark for mark in panel.marks if isinstance(mark, Points)]
    assert [(*mark.x, *mark.y) for mark in points] == [(2, 0.2), (2, 0.3)]
    assert points[0].hover[0].startswith("run 2: best 0.2 after 2 reports is below the cut-off")


def test_several_policies_have_a_panel_each_and_one_of_what_they_keep():
    asked = [NoTerminationPolicy(), BANDIT, MedianStoppingPolicy(delay_evaluation=3)]
    figure = replayed(PAST, outcomes(PAST, asked))
    assert [panel.title.partition("\n")[0] for panel in figure.panels] == [
        *("What it takes, what it keeps", "1 none", "2 Bandit", "3 MedianStopping"),
    ]
    kept = [mark for mark in figure.panels[0].marks if isinstance(mark, Points)]
    assert [mark.name for mark in kept][:2] == ["1 none", "2 Bandit, winner lost"]
    assert (*kept[0].x, *kept[0].y) == (100, 0.95)
    assert (*kept[1].x, *kept[1].y) == (75, 0.92)
    assert len({mark.colour for mark in kept}) == 3
    named = [n for n, p in enumerate(figure.panels[1:]) if any(m.name for m in p.marks)]
    assert named == [1], "one legend, where all that it names is"


def test_what_had_been_stopped_is_said():
    past = Past(PAST.recordings, PAST.goal, 2, 3, "HD_x", "accuracy")
    figure = replayed(past, outcomes(past, [NoTerminationPolicy()]))
    assert "3 had been stopped early" in figure.note


def test_runs_that_have_no_finite_value_have_no_winner():
    past = Past([Recording(1, [math.nan, math.inf])], Goal.MAXIMIZE, 1)
    figure = replayed(past, outcomes(past, [NoTerminationPolicy(), BANDIT]))
    assert figure.panels[0].marks == []


def test_the_legends_of_a_picture_hide_nothing():
    pytest.importorskip("matplotlib", reason="pip install hypersweep[plot]")
    curves = [Recording(n, [1 - 0.8**k - n / 40 for k in range(25)]) for n in range(20)]
    policies = [NoTerminationPolicy(), *(BanditPolicy(slack_factor=n / 20) for n in range(1, 7))]
    past = Past(curves, Goal.MAXIMIZE, 4)
    canvas = drawn(replayed(past, outcomes(past, policies)))
    canvas.draw_without_rendering()
    legends = [*canvas.legends, *(ax.get_legend() for ax in canvas.axes)]
    hidden = [legend.get_window_extent() for legend in legends if legend]
    assert len(hidden) == 2, "of policies, and of curves"
    for ax in canvas.axes:
        points = [line.get_xydata() for line in ax.lines]
        points += [dots.get_offsets() for dots in ax.collections]
        for x, y in ax.transData.transform(np.concatenate(points)) if points else ():
            assert not any(box.contains(x, y) for box in hidden)
