"""Points to evaluate and refusals in sweep files, and the samplers of Optuna."""

from __future__ import annotations

import sys

import pytest
import yaml

from sweep.errors import ConfigError
from sweep.formats.conversion import from_hdconfig, from_job
from sweep.formats.definitions import read_sweep_file
from sweep.formats.hdconfig_writer import hdconfig_of
from sweep.formats.python_source import read_python
from sweep.formats.python_writer import python_of
from sweep.formats.v2_writer import job_of

FILE = """sampling:
  type: {kind}
  parameter_space:
    - {{name: --optimizer, expression: choice, values: [sgd, adam]}}
    - {{name: --learning-rate, expression: quniform, values: [0, 1, 0.25]}}
    - name: --model
      expression: choice
      values:
        - {{kind: forest, trees: {{expression: randint, values: [9]}}}}
        - {{kind: linear}}
{said}
primary_metric_name: accuracy
primary_metric_goal: maximize
max_total_runs: 8
"""
GUIDE = """
  points_to_evaluate:
    - {optimizer: adam, learning_rate: 0.5}
    - {model: {kind: forest, trees: 3}}
  refuse:
    - optimizer: sgd
      learning-rate: {above: 0.5}
    - {model: {trees: [6, 8]}}"""


@pytest.fixture
def read(tmp_path):
    def read(said, kind="random"):
        path = tmp_path / "h.yml"
        path.write_text(FILE.format(kind=kind, said=said.strip("\n")))
        return read_sweep_file(path)

    return read


@pytest.mark.parametrize("kind", ["random", "grid", "bayesian", "optuna"])
def test_every_sampling_takes_them(read, kind):
    definition = read(GUIDE, kind).definition
    again = type(definition).from_wire(definition.to_wire())
    first, second = (again.sampling.sampler().ask(number) for number in range(2))
    assert (first["--optimizer"], first["--learning-rate"]) == ("adam", 0.5)
    assert second["--model"] == {"kind": "forest", "trees": 3}


@pytest.mark.parametrize(
    ("said", "problems"),
    [
        (
            "  points_to_evaluate:\n    - {optimzer: sgd}\n    - {learning-rate: 0.3}",
            [
                (
                    "12:8: sampling.points_to_evaluate[0].optimzer: 'optimzer' is not a parameter;"
                    " did you mean '--optimizer'?"
                ),
                "13:23: sampling.points_to_evaluate[1].learning-rate: 0.3 is not a value of",
            ],
        ),
        (
            (
                "  refuse:\n    - {optimizer: [sgd, adm]}\n    - {learning-rate: {abve: 0.1}}\n"
                "    - {model: {trees: {above: 10}}}"
            ),
            [
                "12:25: sampling.refuse[0].optimizer[1]: 'adm' is not an option of",
                "13:24: sampling.refuse[1].learning-rate.abve: unknown key; did you mean 'above'?",
                "14:23: sampling.refuse[2].model.trees: holds for no value of randint(9)",
            ],
        ),
        ("  refuse: sgd", ["11:11: sampling.refuse: expected a list such as [{--lr: {above"]),
        ("  refuse: [sgd]", ["11:12: sampling.refuse: expected a mapping such as {--lr"]),
        (
            "  refuse: [{optimizer: [sgd, adam]}]",
            ["11:11: sampling.refuse: every configuration of the space is refused"],
        ),
        (
            (
                "  points_to_evaluate:"
                " [{optimizer: sgd, learning-rate: 1, model: {kind: linear}}]\n"
                "  refuse: [{optimizer: sgd}]"
            ),
            ["11:24: sampling.points_to_evaluate[0]: is refused, by refuse[0]"],
        ),
        ("  refsue: []", ["11:3: sampling.refsue: unknown key; did you mean 'refuse'?"]),
    ],
)
def test_mistakes_have_their_place(read, said, problems):
    with pytest.raises(ConfigError) as caught:
        read(said)
    lines = [str(problem).split("h.yml:", 1)[1] for problem in caught.value.problems]
    assert len(lines) == len(problems)
    for line, problem in zip(lines, problems, strict=True):
        assert line.startswith(problem)


def test_a_sampling_that_does_not_have_the_key(read):
    with pytest.raises(ConfigError, match="belongs to random or grid, not to bayesian"):
        read("  duplicates: true", "bayesian")


@pytest.mark.parametrize("kind", ["random", "grid", "bayesian", "optuna"])
def test_they_are_written_as_they_are_read(read, tmp_path, kind):
    sweep = from_hdconfig(read(GUIDE, kind), "train.py")
    (tmp_path / "again.yml").write_text(hdconfig_of(sweep))
    again = read_sweep_file(tmp_path / "again.yml")
    assert again.definition.to_wire() == sweep.definition.to_wire()
    assert "points_to_evaluate=[{'optimizer': 'adam'" in python_of(sweep)
    (tmp_path / "driver.py").write_text(python_of(sweep))
    python = read_python(tmp_path / "driver.py").definition
    assert python.to_wire() == sweep.definition.to_wire()
    (tmp_path / "job.yml").write_text(job_of(sweep))
    job = from_job(read_sweep_file(tmp_path / "job.yml")).definition
    first, second = (job.sampling.sampler().ask(number) for number in range(2))
    assert (first["--optimizer"], first["--learning-rate"]) == ("adam", 0.5)
    assert second["--model"] == {"--kind": "forest", "--trees": 3}
    assert yaml.safe_load(job_of(sweep))["sampling_algorithm"]["refuse"][1] == {
        "model": {"trees": [6, 8]}
    }


class TestOptuna:
    def test_any_of_its_samplers(self, read):
        said = "  sampler_class: TPESampler\n  options: {n_startup_trials: 3}\n  seed: 4"
        wire = read(said, "optuna").definition.to_wire()["generator_config"]
        assert wire["name"] == "Optuna"
        assert wire["properties"] == {"seed": 4, "options": {"n_startup_trials": 3}}

    def test_what_is_missing_is_named(self, read, monkeypatch):
        monkeypatch.setitem(sys.modules, "optuna", None)
        message = (
            r"h.yml:2:9: sampling.type: Optuna is not installed; pip install optuna, or"
            r" hypersweep\[optuna\]"
        )
        with pytest.raises(ConfigError, match=message):
            read("  seed: 4", "optuna")

    @pytest.mark.parametrize(
        ("said", "problem"),
        [
            ("  sampler_class: TPESamplr", "h.yml:11:18: sampling.sampler_class: .*'TPESampler'"),
            ("  options: {sede: 3}", "h.yml:11:12: sampling.options: TPESampler does not take"),
            ("  options: 3", "h.yml:11:12: sampling.options: expected a mapping such as"),
        ],
    )
    def test_mistakes(self, read, said, problem):
        with pytest.raises(ConfigError, match=problem):
            read(said, "optuna")
