"""The benchmark that compares our Bayesian sampling with its peers."""

import sys
from math import log
from typing import Any

import pytest

from benchmarks.sampler_peers import PLAYERS, missing
from benchmarks.sampler_regret import installed, main, summary
from benchmarks.suggestions import SAMPLERS, SPACE, times
from benchmarks.tuning_problems import Problem
from samplers import (
    RandomParameterSampling,
    Space,
    choice,
    loguniform,
    qloguniform,
    quniform,
    uniform,
)

MIXED = Space({
    "option": choice("a", None, True, 2),
    "step": quniform(1, 8, 1),
    "whole": qloguniform(log(4), log(64), 1),
    "rate": loguniform(log(1e-4), log(0.3)),
    "share": uniform(0, 1),
})  # fmt: skip


@pytest.mark.parametrize("player", PLAYERS)
def test_what_is_played_is_of_the_space(player: str) -> None:
    if absent := missing(player):
        pytest.skip(f"needs {absent}")
    seen = []

    def loss(values: Any) -> float:
        MIXED.encode(values)
        assert type(values["whole"]) is type(values["step"]) is int
        seen.append(MIXED.key(values))
        return float(values["share"])

    play = PLAYERS[player](Problem("mixed", MIXED, loss), 1, 5)
    assert len(play.losses) == len(play.seconds) == len(set(seen)) == 5


def test_who_is_not_installed_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert installed(["ours", "Optuna GP"]) == ["ours"]
    assert capsys.readouterr().err == "Optuna GP is left out; pip install torch\n"


def test_who_is_unknown_is_a_mistake(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["sampler_regret", "plays.jsonl", "--only", "Optima TPE"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "invalid choice: 'Optima TPE' (choose from" in capsys.readouterr().err


def test_a_group_that_the_set_lacks_is_a_mistake(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["sampler_regret", "plays.jsonl", "--set", "tuning", "--group", "pairs"]
    monkeypatch.setattr(sys, "argv", given)
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "the tuning set has no group pairs; it has bbob, real" in capsys.readouterr().err


@pytest.mark.parametrize("name", SAMPLERS)
def test_suggestions_are_timed_of_samplers_that_are_told(name: str) -> None:
    package, make = SAMPLERS[name]
    pytest.importorskip(package)
    space, sampler = Space(SPACE), make()
    drawn = RandomParameterSampling(space, seed=1).sampler()
    for number in range(10):
        one = drawn.ask(number)
        assert one is not None
        sampler.tell(one)
    suggestion = sampler.ask()
    space.encode(dict(suggestion))
    sampler.tell(suggestion)
    assert len(times(make, 3, 2)) == 2


@pytest.mark.parametrize("found", [{}, {"ours": {}}, {"ours": {"a": 1.0}, "peer": {"b": 1.0}}])
def test_where_nothing_is_common_nothing_is_told(found: dict[str, dict[str, float]]) -> None:
    assert summary(found, {}) == []
