"""Whatever a run logs: nothing breaks, and the verdicts on others are as documented."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from policies import (
    BanditPolicy,
    EarlyTerminationPolicy,
    Goal,
    MedianStoppingPolicy,
    TruncationSelectionPolicy,
)
from samplers import GridParameterSampling, choice
from sweep.compute.target import RunSaid, RunStarted
from sweep.core.commands import Stop
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.events import Opened, Reported, SlotsChanged
from sweep.core.metric_watch import MetricWatch
from sweep.core.scheduler import Scheduler
from sweep.engine.translate import Translator
from sweep.storage.journal import Batch, SqliteJournal
from sweep.storage.reader import SweepReader

METRIC = "accuracy"
RUNS = 5
ODD = 2
"""The run that logs odd things; the others log numbers."""
WORST = 1e6
"""Worse than any number that a run here logs, in the direction of the goal."""
QUICK = settings(derandomize=True, database=None, max_examples=40, deadline=None)

POLICIES = [
    BanditPolicy(slack_factor=0.2),
    BanditPolicy(2, slack_amount=0.5, delay_evaluation=3),
    MedianStoppingPolicy(),
    MedianStoppingPolicy(2, 3),
    TruncationSelectionPolicy(40),
    TruncationSelectionPolicy(30, 2, 2, exclude_finished_jobs=True),
]
BY_WORST = [p for p in POLICIES if not isinstance(p, MedianStoppingPolicy)]
BY_FINITE = [p for p in POLICIES if not isinstance(p, TruncationSelectionPolicy)]

numbers = st.sampled_from([0.0, 0.5, 1.0, -1.0, 0.25]) | st.floats(-100, 100)
endless = st.sampled_from([math.nan, math.inf, -math.inf, 10**400, -(10**400)])
no_numbers = (
    st.none()
    | st.booleans()
    | st.text(max_size=5)
    | st.sampled_from(["0.9", "nan", "inf", "", "\ud800", "\x1b[31m", {"a": 1.0}, {}])
    | st.lists(st.none() | st.text(max_size=2) | st.booleans(), max_size=3)
    | st.lists(st.lists(st.floats(), max_size=2), min_size=1, max_size=2)
)
steps = st.integers(-5, 5) | st.floats() | st.none() | st.text(max_size=2) | st.just(10**400)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | endless,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
kinds = st.sampled_from(["s", "l", "r", "t", "i", "j", "tag", "property", "untag", "file", "x"])

Said = dict[str, Any]


def logged(value: Any, name: Any = METRIC, **more: Any) -> Said:
    return {"k": "s", "n": name, "v": value, "t": 1.0, **more}


def honest(odd: st.SearchStrategy[Said]) -> st.SearchStrategy[list[tuple[int, Said]]]:
    """Stories in which run `ODD` says something odd, and the others log numbers."""
    others = st.sampled_from([n for n in range(RUNS) if n != ODD])
    turn = st.tuples(others, st.builds(logged, numbers)) | st.tuples(st.just(ODD), odd)
    return st.lists(turn, max_size=60)


@dataclass
class World:
    """A sweep of a few runs side by side that are played by what they say."""

    policy: EarlyTerminationPolicy
    goal: Goal

    def __post_init__(self) -> None:
        grid = GridParameterSampling({"x": choice(*range(RUNS))})
        limits = Limits(RUNS, RUNS)
        definition = SweepDefinition(grid, METRIC, self.goal, limits, self.policy)
        self.scheduler = Scheduler(definition)
        watch = MetricWatch(METRIC)
        self.translator = Translator(METRIC, self.scheduler.runs, watch)
        self.batch = Batch()
        self.stopped: dict[int, int] = {}
        """Which runs were stopped by the policy, and at which of their reports."""
        self.reported: list[float] = []
        """What `ODD` reported."""
        for event in (Opened(0.0), SlotsChanged(0.0, RUNS)):
            self.batch.entries.append((event, self.scheduler.handle(event)))
        for run in range(RUNS):
            self.hear(RunStarted(run, 1))

    def hear(self, message: Any) -> None:
        for event in self.translator.events(message, 1.0, self.batch):
            if isinstance(event, Reported):
                assert type(event.value) is float
                assert event.step is None or type(event.step) is float
                if event.run == ODD:
                    self.reported.append(event.value)
            commands = self.scheduler.handle(event)
            self.batch.entries.append((event, commands))
            for command in commands:
                assert isinstance(command, Stop), "reports lead to nothing else"
                run = self.scheduler.runs[command.run]
                self.stopped.setdefault(command.run, run.reports)

    def play(self, story: list[tuple[int, Said]]) -> dict[int, int]:
        """Return which of the others were stopped, and when."""
        for run, said in story:
            self.hear(RunSaid(run, 1, said))
        return {run: when for run, when in self.stopped.items() if run != ODD}


def told(story: list[tuple[int, Said]], change: Any) -> list[tuple[int, Said]]:
    """Return the story with what `ODD` says changed; None is left out."""
    changed = [(run, said if run != ODD else change(said)) for run, said in story]
    return [(run, said) for run, said in changed if said is not None]


both_goals = pytest.mark.parametrize("goal", Goal)


def every(policies: list[EarlyTerminationPolicy]) -> Any:
    return pytest.mark.parametrize("policy", policies, ids=repr)


@both_goals
@every(POLICIES)
@QUICK
@given(story=honest(st.builds(logged, no_numbers, s=steps)))
def test_what_is_no_number_changes_nothing(policy, goal, story):
    world = World(policy, goal)
    assert world.play(story) == World(policy, goal).play(told(story, lambda _: None))
    assert world.reported == []
    assert ODD not in world.stopped


@both_goals
@every(POLICIES)
@QUICK
@given(
    story=honest(
        st.fixed_dictionaries(
            {"k": kinds}, optional={"n": anything, "v": anything, "s": anything}
        ).filter(lambda said: said.get("n") != METRIC)
        | st.fixed_dictionaries(
            {"k": st.sampled_from("rtij"), "n": st.just(METRIC)}, optional={"v": anything}
        )
    )
)
def test_other_names_and_other_kinds_change_nothing(policy, goal, story):
    world = World(policy, goal)
    assert world.play(story) == World(policy, goal).play(told(story, lambda _: None))
    assert world.reported == []


@both_goals
@every(BY_WORST)
@QUICK
@given(story=honest(st.builds(logged, endless | numbers)))
def test_what_is_not_finite_counts_as_the_worst(policy, goal, story):
    def as_worst(said: Said) -> Said:
        finite = isinstance(said["v"], float) and math.isfinite(said["v"])
        return said if finite else logged(-WORST if goal is Goal.MAXIMIZE else WORST)

    world, other = World(policy, goal), World(policy, goal)
    assert world.play(story) == other.play(told(story, as_worst))
    assert len(world.reported) == len(other.reported), "and as a report"


@both_goals
@every(BY_FINITE)
@QUICK
@given(story=honest(st.builds(logged, endless)))
def test_a_run_without_a_finite_value_might_as_well_be_silent(policy, goal, story):
    world = World(policy, goal)
    assert world.play(story) == World(policy, goal).play(told(story, lambda _: None))


@both_goals
@every(POLICIES)
@QUICK
@given(story=honest(st.builds(logged, numbers | endless, s=steps, t=steps)))
@example(story=[(ODD, logged(0.5, s=5)), (ODD, logged(0.4, s=4)), (ODD, logged(0.3, s=4))])
def test_steps_and_times_change_nothing(policy, goal, story):
    plain = told(story, lambda said: {"k": "s", "n": METRIC, "v": said["v"]})
    world, other = World(policy, goal), World(policy, goal)
    assert world.play(story) == other.play(plain)
    assert world.stopped == other.stopped
    assert len(world.reported) == len(other.reported)


@both_goals
@every(POLICIES)
@QUICK
@given(story=honest(st.lists(numbers | endless, max_size=4).map(lambda v: logged(v, k="l"))))
def test_a_list_is_its_values_one_by_one(policy, goal, story):
    one_by_one = [
        (run, logged(value))
        for run, said in story
        for value in (said["v"] if isinstance(said["v"], list) else [said["v"]])
    ]
    world, other = World(policy, goal), World(policy, goal)
    assert world.play(story) == other.play(one_by_one)


@both_goals
@settings(QUICK, max_examples=40)
@given(
    story=honest(
        st.fixed_dictionaries(
            {"k": kinds}, optional={"n": st.just(METRIC) | anything, "v": anything, "s": anything}
        )
        | st.builds(logged, anything, s=anything, t=anything)
    )
)
def test_all_of_it_can_be_kept_and_read_back(tmp_path_factory, goal, story):
    world = World(BanditPolicy(slack_factor=0.2), goal)
    world.play(story)
    path = tmp_path_factory.mktemp("kept") / "sweep.db"
    journal = SqliteJournal(path, goal)
    journal.write(world.batch)
    again = Scheduler(world.scheduler.definition)
    for event, commands in journal.replay():
        assert again.replay(event, commands) == commands
    journal.close()
    with SweepReader(path) as reader:
        for metric in reader.metrics(ODD, 1):
            json.dumps(metric.value)
        assert all(isinstance(name, str) for name in reader.tags(ODD, "tag"))
        assert all(isinstance(text, str) for _, _, _, text in reader.notices())
    reports = [r.reports for r in again.runs.values()]
    assert reports == [r.reports for r in world.scheduler.runs.values()]


@both_goals
@every(POLICIES)
def test_these_stories_do_have_verdicts(policy, goal):
    worse = 1 if goal is Goal.MINIMIZE else -1
    story = [(run, logged(worse * run * 10.0)) for _ in range(6) for run in range(RUNS)]
    world = World(policy, goal)
    assert world.play(story)
    assert world.play([]) == world.play([(ODD, logged("odd"))])
