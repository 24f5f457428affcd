"""What can be asked of a kept sweep."""

from __future__ import annotations

import math

import pytest

from policies import Goal
from sweep.core.commands import Launch
from sweep.core.events import (
    Completed,
    Failed,
    Lost,
    Opened,
    Reported,
    SlotsChanged,
    Started,
)
from sweep.errors import WorkspaceError
from sweep.storage.journal import Metric
from sweep.storage.reader import MetricRow, SweepReader
from tests.storage.stories import Story

NAN = math.nan


def test_there_has_to_be_a_database(tmp_path):
    with pytest.raises(WorkspaceError, match="no such database"):
        SweepReader(tmp_path / "nowhere.db")


def reported(story, *bests):
    story.begin(slots=len(bests))
    story.tell(*(Started(101, run) for run in range(len(bests))))
    story.tell(*(Reported(102, run, best) for run, best in enumerate(bests) if best is not None))


@pytest.mark.parametrize(
    ("goal", "bests", "order"),
    [
        (Goal.MAXIMIZE, [0.5, 0.9, 0.7], [1, 2, 0]),
        (Goal.MINIMIZE, [0.5, 0.9, 0.7], [0, 2, 1]),
        (Goal.MAXIMIZE, [0.5, 0.9, 0.9, 0.5], [1, 2, 0, 3]),  # of equals the first is first
        (Goal.MINIMIZE, [0.9, 0.5, 0.9, 0.5], [1, 3, 0, 2]),
        (Goal.MAXIMIZE, [NAN, 0.1, None, -0.5], [1, 3]),
        (Goal.MINIMIZE, [NAN, 0.1, None, -0.5], [3, 1]),
        (Goal.MAXIMIZE, [math.inf, 0.1], [1]),
        (Goal.MINIMIZE, [0.0, 0.1, -math.inf], [0, 1]),
        (Goal.MAXIMIZE, [None, None], []),
    ],
)
def test_the_best_come_first(path, goal, bests, order):
    story = Story(path, goal=goal)
    reported(story, *bests)
    story.close()
    with SweepReader(path) as reader:
        assert reader.goal is goal
        assert [r.number for r in reader.ranked()] == order
        assert [r.number for r in reader.ranked(1)] == order[:1]
        assert [r.number for r in reader.ranked(where="number > 0")] == [n for n in order if n]


def test_runs_are_counted_and_chosen(story, reader):
    reported(story, 0.5, 0.9, 0.7)
    story.tell(Completed(103, 1), Failed(103, 2, "broken"))
    assert reader.count() == {"Running": 1, "Completed": 1, "Failed": 1, "Queued": 1}
    assert [r.number for r in reader.runs("status = ?", "Failed")] == [2]
    assert [r.number for r in reader.runs(order="number DESC")] == [3, 2, 1, 0]
    assert reader.run(2).reason == "broken"
    assert reader.run(9) is None


def test_a_new_attempt_starts_a_new_curve(story, reader):
    story.begin(slots=2)
    story.tell(Started(101, 0), Started(101, 1))
    story.tell(Reported(102, 0, 0.1), Reported(103, 1, 0.5), Reported(104, 0, NAN))
    assert repr(reader.reports(0)) == "[(102.0, 0.1), (104.0, nan)]"
    assert repr(reader.curves()) == "{0: [0.1, nan], 1: [0.5]}"
    story.tell(Lost(105, 0, "node died"), Started(106, 0))
    assert reader.reports(0) == []
    assert reader.curves() == {1: [0.5]}
    story.tell(Reported(107, 0, 0.2, 5.0))
    assert reader.reports(0) == [(107, 0.2)]
    assert reader.curves() == {1: [0.5], 0: [0.2]}
    assert reader.reports(9) == []


def test_metrics_belong_to_an_attempt(story, reader):
    def metric(attempt, value, run=0, name="loss", kind="scalar", step=None):
        return Metric(run, attempt, name, kind, value, step, 100.0 + attempt)

    story.tell(metrics=[metric(1, 0.5), metric(1, [1, NAN], kind="list", step=2.0)])
    story.tell(metrics=[metric(2, {"a": "b"}, kind="row", name="acc"), metric(1, 1, run=1)])
    assert repr(reader.metrics(0, 1)) == repr(
        [
            MetricRow("loss", "scalar", 0.5, None, 101.0),
            MetricRow("loss", "list", [1, NAN], 2.0, 101.0),
        ]
    )
    assert reader.metrics(0, 2) == [MetricRow("acc", "row", {"a": "b"}, None, 102.0)]
    assert reader.metrics(0, 3) == []
    assert reader.metric_names() == ["acc", "loss"]


def test_entries_after_one_that_was_seen(story, reader):
    story.begin(slots=1)
    story.tell(Started(101, 0), Reported(102, 0, 0.5), Completed(103, 0))
    entries = [*reader.entries()]
    assert [(number, event) for number, event, _ in entries] == [
        (1, Opened(100)),
        (2, SlotsChanged(100, 1)),
        (3, Started(101, 0)),
        (5, Completed(103, 0)),  # the report led to nothing
    ]
    assert entries[-1][2] == [Launch(1, 1, {"x": 1})]
    assert [*reader.entries(3)] == entries[3:]
    assert [*reader.entries(5)] == []


def test_runs_last_so_long_on_average(story, reader):
    assert reader.mean_duration() is None
    story.begin(slots=3)
    story.tell(Started(101, 0), Started(101, 1), Failed(102, 2, "never started"))
    assert reader.mean_duration() is None
    story.tell(Completed(105, 0), Failed(109, 1, "broken"))
    assert reader.mean_duration() == 6


def test_the_story_of_a_run(story, reader):
    story.begin(slots=1)
    story.tell(Started(101, 0), Reported(102, 0, 0.5), Lost(103, 0, "node died"))
    story.tell(Started(104, 0), Failed(105, 0, "broken"))
    assert [*reader.story(0)] == [
        (101, "Started", ""),
        (103, "Lost", "node died"),
        (104, "Started", ""),
        (105, "Failed", "broken"),
    ]
    assert [*reader.story(7)] == []


def test_notices_after_one_that_was_seen(story, reader):
    story.tell(notices=[(1.0, None, "a"), (2.0, 3, "b")])
    assert reader.notices() == [(1, 1.0, None, "a"), (2, 2.0, 3, "b")]
    assert reader.notices(1) == [(2, 2.0, 3, "b")]
