"""The audit of a policy: what it finds, and that its interval is one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policies import BanditPolicy, Goal, NoTerminationPolicy, PolicyError, policy_from_wire
from sweep.cli.summary import summary
from sweep.formats.hdconfig import read_hdconfig
from sweep.storage.reader import SweepReader
from sweep.view.audit import audit, clopper_pearson, found
from sweep.view.recorded import Recording, play
from tests.cli.workspaces import kept, values
from tests.cli.workspaces import play as run

BANDIT = BanditPolicy(slack_factor=0.1)


def test_the_exact_interval() -> None:
    # the values of the binomial test in R: binom.test(2, 20), binom.test(0, 10)
    assert clopper_pearson(2, 20) == pytest.approx((0.01234853, 0.3169827), abs=1e-6)
    assert clopper_pearson(0, 10) == pytest.approx((0, 0.3084971), abs=1e-6)
    assert clopper_pearson(5, 5) == pytest.approx((0.4781762, 1), abs=1e-6)
    assert clopper_pearson(0, 0) == (0, 1)


def test_a_share_of_would_be_stopped_runs_goes_on() -> None:
    curves = [Recording(1, [0.9] * 4), *(Recording(n, [0.1] * 4) for n in range(2, 402))]
    played = play(curves, BANDIT.with_audit(0.1), Goal.MAXIMIZE, 8)
    assert 20 <= len(played.audited) <= 60
    assert len(played.audited) + len(played.stopped) == 400
    assert all(played.reports[n] == 4 and v.interval == 1 for n, v in played.audited.items())
    again = play(curves, BANDIT.with_audit(0.1), Goal.MAXIMIZE, 3, seed=0)
    assert {*again.audited} == {*played.audited}, "who it is does not depend on the slots"
    other = play(curves, BANDIT.with_audit(0.1), Goal.MAXIMIZE, 8, seed=1)
    assert {*other.audited} != {*played.audited}


def test_what_an_audit_finds() -> None:
    bests = {n: n / 100 for n in range(1, 101)}
    one = found([100, 50, 3], bests, Goal.MAXIMIZE, 7)
    assert (one.audited, one.wrong, one.reports) == (3, 1, 7)
    assert one.gain == pytest.approx(0.01)
    assert found([99, 50], bests, Goal.MAXIMIZE, 0).gain == 0
    assert found([1], bests, Goal.MINIMIZE, 0).wrong == 1


def test_it_is_written_and_read() -> None:
    policy = BANDIT.with_audit(0.05)
    assert policy_from_wire(json.loads(json.dumps(policy.to_wire()))) == policy
    assert policy != BANDIT
    assert "audit_fraction" not in BANDIT.to_wire()["properties"]
    assert "audit_fraction=0.05" in repr(policy)


@pytest.mark.parametrize("fraction", [-0.1, 1.1, True, "x", float("nan")])
def test_a_share_is_a_share(fraction) -> None:
    with pytest.raises(PolicyError, match="audit_fraction: expected a number from 0 to 1"):
        BANDIT.with_audit(fraction)


def test_a_sweep_is_audited_and_says_so(place) -> None:
    folder = kept(place, points=6, policy=BANDIT.with_audit(1), concurrent=2)
    run(folder, lambda c: [(1.0, v) for v in ([0.9] * 3 if c["--x"] == 0 else [0.1, 0.2, 0.95])])
    with SweepReader(folder.database) as reader:
        assert [row.status for row in reader.runs()] == ["Completed"] * 6
        assert audit(reader).audited == 5
        assert audit(reader).reports == 10
        lines = [line.strip() for line in summary(reader, folder)]
    assert lines[4].startswith("Bandit judged 18 times and stopped 0 runs")
    assert lines[5] == (
        "audit: 5 of 5 runs that went on nevertheless came among the best 5%:"
        " 48% to 100% of the stops are wrong (95% interval)"
    )
    assert lines[6] == "without them a value better by 0.05 would be lost; they took 10 reports"


def test_it_is_a_key_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "h.yml").write_text(
        "sampling: {type: random, parameter_space: "
        "[{name: --x, expression: uniform, values: [0, 1]}]}\n"
        "policy: {type: BanditPolicy, slack_factor: 0.1, audit_fraction: 0.05}\n"
        "primary_metric_name: a\nprimary_metric_goal: maximize\nmax_total_runs: 5\n"
    )
    assert read_hdconfig(tmp_path / "h.yml").definition.policy == BANDIT.with_audit(0.05)


def test_without_a_policy_there_is_nothing_to_audit(place) -> None:
    folder = kept(place, points=2, policy=NoTerminationPolicy())
    run(folder, values(0.5))
    with SweepReader(folder.database) as reader:
        assert audit(reader).audited == 0
