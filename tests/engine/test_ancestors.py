"""Earlier sweeps that a new one learns from."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies import BanditPolicy, Goal, NoTerminationPolicy
from samplers import BayesianParameterSampling, GridParameterSampling, choice, uniform
from sweep.core.definition import Limits, SweepDefinition, begun_with
from sweep.core.prior import Trial
from sweep.engine.ancestors import Ancestors
from sweep.engine.open import OpenSweep
from sweep.engine.submit import Submission, create
from sweep.engine.template import ScriptTemplate
from sweep.errors import ConfigError
from sweep.formats.runconfig import RunConfiguration
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import WorkspaceFolder
from tests.cli.workspaces import kept, lone, play, story, sweep, values

GRID = GridParameterSampling({"--x": choice(*range(6))})


def definition(sampling=GRID, metric="accuracy", goal=Goal.MAXIMIZE, runs=6):
    return SweepDefinition(sampling, metric, goal, Limits(runs, 1), NoTerminationPolicy())


def child(place, ancestors, **what):
    """Keep a sweep that learns from others."""
    script = place / "source" / "train.py"
    script.write_text("parser.add_argument('--resume-from')\n")
    submission = Submission(
        definition(**what),
        RunConfiguration(script="train.py"),
        place / "source",
        "demo",
        ancestors=ancestors,
    )
    return create(WorkspaceFolder.make(place), submission, print)


def facts_of(folder, *names):
    with SweepReader(folder.database) as reader:
        return {name: reader.get(name) for name in names}


def test_what_a_new_sweep_keeps_of_its_parents(place):
    old = story(place)
    new = child(place, Ancestors([old]))
    facts = facts_of(new, "definition", "prior")
    assert facts["prior"]["resume_from"] == ["HD_story"]
    assert begun_with(facts).prior.trials == (
        Trial({"--x": 0}, (0.5, 0.7, 0.8)),
        Trial({"--x": 1}, (0.1,), stopped=True),
        Trial({"--x": 2}, (0.6,)),
        Trial({"--x": 3}, (0.55,)),
        Trial({"--x": 4}, (0.6, 0.8, 0.95)),
        Trial({"--x": 5}, ()),
    )


def test_runs_of_others_come_first_and_get_their_outputs(place):
    old = story(place)
    outputs = old.run_folder(4) / "outputs"
    outputs.mkdir(parents=True)
    (outputs / "model.pt").write_text("weights")
    new = child(place, Ancestors((), [(old, 4), (old, 1)]))
    facts = facts_of(new, "definition", "prior", "template")
    assert begun_with(facts).prior.given == ({"--x": 4}, {"--x": 1})
    assert facts["prior"]["resume_child_runs"] == ["HD_story_4", "HD_story_1"]
    template = ScriptTemplate.from_json(facts["template"])
    first = template.process(new, 0, 1, {"--x": 4}, GRID.space)
    assert first.argv[-4:] == ["--x", "4", "--resume-from", str(outputs)]
    assert first.env["SWEEP_RESUME_FROM"] == str(outputs)
    for number in (1, 2):  # the one had no outputs, the other is new
        assert "--resume-from" not in template.process(new, number, 1, {"--x": 1}, GRID.space).argv
    mine = new.run_folder(0, 1) / "outputs"
    mine.mkdir(parents=True)
    (mine / "model.pt").write_text("better")
    again = template.process(new, 0, 2, {"--x": 4}, GRID.space)
    assert again.argv[-1] == str(mine)  # what it has done itself goes first


class TestWhatCannotBeLearntFrom:
    def refused(self, ancestors, **what):
        with pytest.raises(ConfigError) as caught:
            ancestors.check(definition(**what))
        return str(caught.value)

    def test_too_many(self, place):
        folders = [kept(place, identity=f"HD_{n}") for n in range(6)]
        said = self.refused(Ancestors(folders))
        assert said == "resume_from: expected at most 5, got 6"
        for folder in folders:
            play(folder, values(0.5))
        said = self.refused(Ancestors((), [(folder, 0) for folder in folders]))
        assert said == "the sweeps of resume_child_runs: expected at most 5, got 6"
        said = self.refused(Ancestors((), [(folders[0], n) for n in range(3)]), runs=2)
        assert said == "resume_child_runs: expected at most 2, got 3"

    def test_one_that_is_named_twice(self, place):
        old = story(place)
        assert self.refused(Ancestors([old, old])) == "resume_from: HD_story is named twice"
        said = self.refused(Ancestors((), [(old, 1), (old, 1)]))
        assert said == "resume_child_runs: HD_story_1 is named twice"

    def test_one_that_is_not_over(self, place):
        said = self.refused(Ancestors([kept(place, identity="HD_new")]))
        assert said.startswith("resume_from: HD_new is NotStarted: only a sweep that is Completed")

    def test_another_metric(self, place):
        old = story(place)
        said = self.refused(Ancestors([old]), metric="loss")
        assert "has another primary metric: maximize accuracy, and not maximize loss" in said
        said = self.refused(Ancestors((), [(old, 1)]), goal=Goal.MINIMIZE)
        assert said.startswith("resume_child_runs: HD_story has another primary metric")

    def test_another_space_with_bayesian_sampling(self, place):
        old = story(place)
        other = BayesianParameterSampling({"--x": uniform(0, 1)})
        said = self.refused(Ancestors([old]), sampling=other)
        assert "has another parameter space" in said
        Ancestors([old]).check(definition(BayesianParameterSampling(dict(GRID.space.wire()))))

    def test_a_run_that_is_not_there(self, place):
        said = self.refused(Ancestors((), [(story(place), 17)]))
        assert said == "resume_child_runs: there is no run HD_story_17"

    def test_a_lone_run(self, place):
        run = lone(place)
        play(run, values(0.5))
        assert "is a lone run and no sweep" in self.refused(Ancestors([run]))


def test_parents_may_be_in_another_workspace(place, tmp_path_factory):
    elsewhere = Path(tmp_path_factory.mktemp("elsewhere"))
    old = story(elsewhere)
    (place / "source").mkdir()
    new = child(place, Ancestors([old], [(old, 0)]))
    assert len(facts_of(new, "prior")["prior"]["trials"]) == 6


def test_what_was_decided_with_it_is_decided_again(place):
    """A policy stops a run because of an earlier sweep; doctor and resume replay that."""
    old = story(place)
    (place / "source" / "train.py").write_text("")
    submission = Submission(
        SweepDefinition(
            GRID, "accuracy", Goal.MAXIMIZE, Limits(3, 1), BanditPolicy(slack_factor=0.1)
        ),
        RunConfiguration(script="train.py"),
        place / "source",
        "demo",
        ancestors=Ancestors([old], [(old, 4)]),
    )
    new = create(WorkspaceFolder.make(place), submission, print)
    play(new, values(0.5, 0.5))
    with SweepReader(new.database) as reader:
        rows = reader.runs()
    assert [row.configuration["--x"] for row in rows] == [4, 0, 1]
    assert "the best of a run of an earlier sweep by then" in rows[0].reason
    with OpenSweep(new, start=False) as opened:
        assert opened.engine.over
        assert opened.engine.replayed > 3
    assert new.id not in sweep("doctor").out
