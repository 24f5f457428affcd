"""HyperDrive's golden vectors of ranking, through the public `HyperDriveRun`."""

from __future__ import annotations

import json

import pytest

from sweep import ConfigError, Workspace
from sweep.engine.wishes import leave
from tests.cli.workspaces import kept, play


@pytest.fixture(scope="module", params=["maximize", "minimize"])
def run(request, tmp_path_factory):
    """Keep the five runs of the vectors; yield the sweep of either goal."""
    place = tmp_path_factory.mktemp(request.param)
    folder = kept(place, points=5, goal=request.param, consecutive_failures=None)

    def curve(configuration):
        match configuration["--x"]:
            case 0:
                yield from (0.1, 0.9, 0.3)
            case 1:
                yield 0.95
                leave(folder.requests, "cancel", 1, "canceled by the user")
                yield 0.95
            case 2:
                raise ValueError("no metric")
            case 3:
                yield 0.9
            case 4:
                yield 0.0
                raise ValueError("late")

    play(folder, curve)
    return Workspace(place).get_run(folder.id)


def order(run, **options):
    found = run.get_children_sorted_by_primary_metric(**options)
    return [(int(c["run_id"].rpartition("_")[2]), c["best_primary_metric"]) for c in found]


UP = [(1, 0.95), (0, 0.9), (3, 0.9), (4, 0.0), (2, None)]
DOWN = [(4, 0.0), (0, 0.1), (3, 0.9), (1, 0.95), (2, None)]


def is_up(run):
    return run.hyperdrive_config.goal.value == "maximize"


def test_the_best_first(run):
    assert order(run) == (UP if is_up(run) else DOWN)


def test_the_worst_first_and_those_without_a_value_last_all_the_same(run):
    worst = [(4, 0.0), (0, 0.9), (3, 0.9), (1, 0.95), (2, None)]
    worst_down = [(1, 0.95), (3, 0.9), (0, 0.1), (4, 0.0), (2, None)]
    assert order(run, reverse=True) == (worst if is_up(run) else worst_down)


@pytest.mark.parametrize("top", [1, 2, 4, 5, 99])
def test_the_first_few(run, top):
    assert order(run, top=top) == (UP if is_up(run) else DOWN)[:top]


def test_without_those_that_have_no_value(run):
    assert order(run, discard_no_metric=True) == (UP if is_up(run) else DOWN)[:4]


@pytest.mark.parametrize(
    ("failed", "canceled", "up", "down"),
    [(True, True, 1, 4), (False, False, 0, 0), (False, True, 1, 0), (True, False, 0, 4)],
)
def test_the_best_of_some(run, failed, canceled, up, down):
    best = run.get_best_run_by_primary_metric(include_failed=failed, include_canceled=canceled)
    assert best.number == (up if is_up(run) else down)


def test_every_child_is_a_dict_of_the_service_s(run):
    by_number = {
        int(child["run_id"].rpartition("_")[2]): child
        for child in run.get_children_sorted_by_primary_metric()
    }
    statuses = ["Completed", "Canceled", "Failed", "Completed", "Failed"]
    for number, status in enumerate(statuses):
        assert by_number[number] == {
            "run_id": f"{run.id}_{number}",
            "hyperparameters": json.dumps({"--x": number}),
            "best_primary_metric": by_number[number]["best_primary_metric"],
            "status": status,
        }


@pytest.mark.parametrize(
    "options",
    [{"top": -1}, {"top": "2"}, {"top": True}, {"reverse": 1}, {"discard_no_metric": None}],
)
def test_what_is_no_number_and_no_flag(run, options):
    [name] = options
    with pytest.raises(ConfigError, match=f"{name}: expected"):
        run.get_children_sorted_by_primary_metric(**options)
