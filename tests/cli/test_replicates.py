"""What is told of a sweep that runs each configuration several times."""

from __future__ import annotations

import json

import pytest

from policies import BanditPolicy
from samplers import choice
from sweep import Workspace
from sweep.cli.summary import summary
from sweep.core.replicates import seed_of
from sweep.errors import ConfigError
from sweep.formats.conversion import from_hdconfig, from_job
from sweep.formats.definitions import read_sweep_file
from sweep.formats.hdconfig_writer import hdconfig_of
from sweep.formats.python_source import read_python
from sweep.formats.python_writer import python_of
from sweep.formats.v2_writer import job_of
from sweep.storage.reader import SweepReader
from tests.cli.workspaces import kept, play, sweep

BESTS = {0: [0.9, 0.5, 0.4], 1: [0.7, 0.6, 0.8], 2: [0.1]}
"""What the runs of each configuration reach: the best of all runs is not of the best one."""


@pytest.fixture
def folder(place):
    """Keep a sweep of which the first run of the last configuration is stopped."""
    folder = kept(
        place,
        space={"--x": choice(0, 1, 2)},
        runs=9,
        replicates=3,
        identity="HD_many",
        policy=BanditPolicy(slack_amount=0.5, delay_evaluation=2),
    )
    left = {x: iter(values) for x, values in BESTS.items()}

    def curve(configuration):
        return [0.05, next(left[configuration["--x"]]), 0.0]

    play(folder, curve)
    return folder


class TestCommands:
    def test_the_best_configuration(self, folder):
        said = sweep("best")
        assert said.lines == [
            "configuration 1  accuracy = 0.7 ± 0.1  (mean of 3 runs)",
            "  --x  1",
            "  HD_many_5  0.8  (Completed)",
            "  HD_many_3  0.7  (Completed)",
            "  HD_many_4  0.6  (Completed)",
            f"  in {folder.path}/runs/5",
        ]

    def test_the_first_few(self, folder):
        heads = [line for line in sweep("best", "--top", 9).lines if line.startswith("conf")]
        assert [head.split()[1] for head in heads] == ["1", "0", "2"]
        assert heads[2] == "configuration 2  accuracy = 0.1  (mean of 1 run)"

    def test_json(self, folder):
        best = json.loads(sweep("best", "--json").out)
        assert (best["number"], best["configuration_number"], best["replicate"]) == (5, 1, 2)
        assert best["configuration"] == {
            "number": 1,
            "runs": [3, 4, 5],
            "mean_primary_metric": pytest.approx(0.7),
            "deviation": pytest.approx(0.1),
        }
        assert [c["number"] for c in json.loads(sweep("best", "--top", 2, "--json").out)] == [5, 0]

    def test_a_table_of_all_runs(self, folder):
        head, *rows = [line.split() for line in sweep("run", "list", "last").lines]
        assert head[:6] == ["run", "configuration", "replicate", "mean", "status", "best"]
        assert [row[:4] for row in rows] == [
            ["5", "1", "2", "0.7"],
            ["3", "1", "0", "0.7"],
            ["4", "1", "1", "0.7"],
            ["0", "0", "0", "0.6"],
            ["1", "0", "1", "0.6"],
            ["2", "0", "2", "0.6"],
            ["6", "2", "0", "0.1"],
        ]

    def test_the_end_of_a_sweep(self, folder):
        with SweepReader(folder.database) as reader:
            lines = [*summary(reader, folder)]
        assert any("7 runs: 6 completed, 1 stopped early" in line for line in lines)
        [best] = [line for line in lines if "Best" in line]
        assert "(mean of the runs 5, 3, 4)" in best


class TestPython:
    @pytest.fixture
    def run(self, folder, place):
        return Workspace(place).get_run(folder.id)

    def test_the_best_run_is_of_the_best_configuration(self, run):
        assert run.get_best_run_by_primary_metric().number == 5
        assert run.get_best_run_by_primary_metric(include_canceled=False).number == 5

    def test_runs_in_order(self, run):
        found = run.get_children_sorted_by_primary_metric()
        assert [one["configuration_number"] for one in found] == [1, 1, 1, 0, 0, 0, 2]
        assert found[0]["mean_primary_metric"] == pytest.approx(0.7)
        assert {one["replicate"] for one in found} == {0, 1, 2}

    def test_a_run_knows_its_place_and_seed(self, run):
        children = {child.number: child for child in run.get_children()}
        properties = children[4].get_properties()
        seed = seed_of(run.hyperdrive_config.sampling.seed, (1, 1))
        assert {k: properties[k] for k in ("configuration_number", "replicate", "seed")} == {
            "configuration_number": "1",
            "replicate": "1",
            "seed": str(seed),
        }

    def test_the_table(self, run):
        frame = run.to_dataframe()
        assert [*frame.columns[3:9]] == [
            *("attempt", "configuration_number", "replicate", "x"),
            *("accuracy", "accuracy_last"),
        ]
        assert frame["accuracy_mean"].round(6).tolist() == [0.6] * 3 + [0.7] * 3 + [0.1]


FILE = """sampling:
  type: random
  parameter_space: [{{name: --lr, expression: uniform, values: [0, 1]}}]
primary_metric_name: accuracy
primary_metric_goal: maximize
max_total_runs: {runs}
replicates: {each}
"""


class TestFiles:
    @pytest.fixture
    def read(self, tmp_path):
        def read(runs, each):
            (tmp_path / "h.yml").write_text(FILE.format(runs=runs, each=each))
            return read_sweep_file(tmp_path / "h.yml")

        return read

    def test_it_is_read_and_written(self, read, tmp_path):
        read_one = read(6, 3)
        assert read_one.definition.limits.replicates == 3
        assert read_one.warnings == ()
        sweep_of = from_hdconfig(read_one, "train.py")
        (tmp_path / "again.yml").write_text(hdconfig_of(sweep_of))
        assert read_sweep_file(tmp_path / "again.yml").definition.limits.replicates == 3
        (tmp_path / "driver.py").write_text(python_of(sweep_of))
        assert read_python(tmp_path / "driver.py").definition.limits.replicates == 3
        (tmp_path / "job.yml").write_text(job_of(sweep_of))
        job = from_job(read_sweep_file(tmp_path / "job.yml"))
        assert job.definition.limits.replicates == 3

    def test_some_runs_are_left_over(self, read):
        [warning] = read(7, 3).warnings
        assert str(warning).endswith(
            "h.yml:7:13: replicates: 7 runs are no multiple of 3: 6 will be used"
        )

    @pytest.mark.parametrize(
        ("runs", "each", "problem"),
        [
            (2, 3, "expected at most as many as there may be runs, 2, got 3"),
            (2, 0, "expected a whole number >= 1, got 0"),
            (2, "many", "expected a whole number >= 1, got 'many'"),
        ],
    )
    def test_mistakes(self, read, runs, each, problem):
        with pytest.raises(ConfigError, match=f"h.yml:7:13: replicates: {problem}"):
            read(runs, each)
