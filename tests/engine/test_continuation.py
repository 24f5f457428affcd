"""Going on with a sweep otherwise than it began."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sweep.core.run import RunRecord, RunState
from sweep.engine.continuation import Continuation, remember
from sweep.errors import ConfigError, UserError
from sweep.formats.hdconfig import read_hdconfig
from sweep.storage import snapshot

HDCONFIG = """\
sampling: {type: random, parameter_space: [{name: lr, expression: uniform, values: [0, 1]}]}
primary_metric_name: accuracy
primary_metric_goal: maximize
max_total_runs: 6
max_concurrent_runs: 2
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "hd.yml"
    path.write_text(HDCONFIG)
    return path


@pytest.fixture
def present(file):
    definition = read_hdconfig(file).definition
    return replace(definition, sampling=definition.sampling.seeded(7))


@pytest.fixture
def kept(file):
    return remember(file, read_hdconfig(file).definition)


class TestDefinition:
    def test_nothing_said_and_nothing_changed(self, present, kept):
        assert Continuation().definition(present, kept, 6).to_wire() == present.to_wire()
        assert not Continuation(changed="new").asks

    def test_other_bounds(self, present, kept):
        more = Continuation(max_total_runs=9, max_concurrent_runs=3, max_duration_minutes=5)
        limits = more.definition(present, kept, 6).limits
        assert (limits.runs, limits.concurrent, limits.duration_minutes) == (9, 3, 5)
        assert more.asks

    def test_not_fewer_runs_than_there_are(self, present, kept):
        with pytest.raises(UserError, match="expected 6 or more, as there are 6 runs already"):
            Continuation(max_total_runs=5).definition(present, kept, 6)

    def test_a_file_that_has_changed_needs_a_word(self, file, present, kept):
        file.write_text(HDCONFIG + "policy: {type: BanditPolicy, slack_factor: 0.3}\n")
        with pytest.raises(UserError, match=r"hd\.yml has changed .*policy_config"):
            Continuation().definition(present, kept, 6)
        old = Continuation(changed="old").definition(present, kept, 6)
        assert old.to_wire() == present.to_wire()
        new = Continuation(changed="new").definition(present, kept, 6)
        assert new.policy.to_wire()["name"] == "Bandit"
        assert new.sampling.seed == 7, "the dice go on"

    def test_what_was_given_on_the_command_line_stays(self, file, present, kept):
        present = replace(present, limits=replace(present.limits, runs=20))
        file.write_text(HDCONFIG + "max_duration_minutes: 9\n")
        new = Continuation(changed="new").definition(present, kept, 6)
        assert (new.limits.runs, new.limits.duration_minutes) == (20, 9)

    def test_a_file_that_is_wrong_now(self, file, present, kept):
        file.write_text("nonsense: 1\n")
        with pytest.raises(UserError, match="and is wrong now"):
            Continuation().definition(present, kept, 6)
        with pytest.raises(ConfigError):
            Continuation(changed="new").definition(present, kept, 6)

    def test_another_metric_is_refused(self, file, present, kept):
        file.write_text(HDCONFIG.replace("accuracy", "loss"))
        with pytest.raises(UserError, match="cannot become another"):
            Continuation(changed="new").definition(present, kept, 6)


RECORDS = {
    0: RunRecord(0, {}, RunState.COMPLETED),
    1: RunRecord(1, {}, RunState.FAILED, kind="error"),
    2: RunRecord(2, {}, RunState.FAILED, kind="lost"),
    3: RunRecord(3, {}, RunState.CANCELED),
    4: RunRecord(4, {}, RunState.RUNNING),
}


class TestRuns:
    @pytest.mark.parametrize(
        ("words", "runs"),
        [("", []), ("failed", [1, 2]), ("lost", [2]), ("canceled,0", [0, 3]), ("completed", [0])],
    )
    def test_by_words_and_numbers(self, words, runs):
        assert Continuation(rerun=words).runs(RECORDS) == runs

    @pytest.mark.parametrize(
        ("words", "why"), [("4", "it goes on by itself"), ("9", "expected"), ("bad", "expected")]
    )
    def test_what_cannot_run_again(self, words, why):
        with pytest.raises(UserError, match=why):
            Continuation(rerun=words).runs(RECORDS)


def test_a_script_that_has_changed_needs_a_word(tmp_path):
    source, store = tmp_path / "s", tmp_path / "store"
    source.mkdir()
    (source / "train.py").write_text("1")
    shot = snapshot.take(source, store)
    kept = {"source": str(source), "snapshot": {"id": shot.id}}
    assert Continuation().source(kept, store, shot.tree) is None
    (source / "train.py").write_text("2")
    with pytest.raises(UserError, match=r"has changed since the sweep began \(train\.py\)"):
        Continuation().source(kept, store, shot.tree)
    assert Continuation(changed="old").source(kept, store, shot.tree) is None
    new = Continuation(changed="new").source(kept, store, shot.tree)
    assert new is not None
    assert new.id != shot.id
