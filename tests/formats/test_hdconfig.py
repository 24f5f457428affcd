"""What a sweep file means."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies import (
    BanditPolicy,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    TruncationSelectionPolicy,
)
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.failure import Attempts
from sweep.errors import ConfigError
from sweep.formats.hdconfig import read_hdconfig

GOOD = Path(__file__).parent / "good.yml"

SPACE = "[{name: --lr, expression: uniform, values: [0, 1]}]"


@pytest.fixture
def read(tmp_path):
    def read(text):
        (tmp_path / "h.yml").write_text(text)
        return read_hdconfig(tmp_path / "h.yml")

    return read


@pytest.fixture
def definition(read):
    """Read a file with the given lines, and what else is required."""

    def definition(more="", *, sampling="type: random", space=SPACE):
        return read(
            f"sampling: {{{sampling}, parameter_space: {space}}}\n"
            "primary_metric_name: Accuracy\nprimary_metric_goal: maximize\n"
            + ("" if "max_total_runs" in more else "max_total_runs: 8\n")
            + more
        ).definition

    return definition


def test_the_documented_example():
    config = read_hdconfig(GOOD)
    wire = config.definition.to_wire()
    golden = {
        "generator_config": {
            "name": "RANDOM",
            "parameter_space": {"--penalty": ["choice", [[0.5, 1, 1.5]]]},
        },
        "policy_config": {
            "name": "Bandit",
            "properties": {"evaluation_interval": 1, "delay_evaluation": 0, "slack_factor": 0.2},
        },
        "primary_metric_config": {"name": "Accuracy", "goal": "maximize"},
        "max_total_jobs": 8,
        "max_concurrent_jobs": 2,
        "max_duration_minutes": 100,
    }
    assert {key: wire[key] for key in golden} == golden
    assert repr(wire["generator_config"]["parameter_space"]["--penalty"][1]) == "[[0.5, 1, 1.5]]"
    assert config.warnings == ()
    assert config.argument_style == "space"
    assert SweepDefinition.from_wire(wire).to_wire() == wire


def test_defaults(definition):
    found = definition()
    assert found.limits == Limits(
        runs=8,
        concurrent=8,
        duration_minutes=10080,
        run_seconds=None,
        consecutive_failures=3,
        attempts=Attempts(3),
    )
    assert found.policy == NoTerminationPolicy()
    assert found.sampling.seed is None


def test_nulls_are_as_good_as_absent(definition):
    keys = "policy max_concurrent_runs max_duration_minutes max_run_duration_seconds"
    keys += " max_consecutive_failures max_attempts argument_style on_non_finite"
    keys += " max_idle_seconds max_first_report_seconds"
    lines = "".join(f"{key}:\n" for key in keys.split())
    assert definition(lines).to_wire() == definition().to_wire()


@pytest.mark.parametrize(
    ("line", "attribute", "value"),
    [
        ("max_total_runs: 1", "runs", 1),
        ("max_total_runs: 0x10", "runs", 16),
        ("max_total_runs: 5000", "runs", 5000),
        ("max_concurrent_runs: 3", "concurrent", 3),
        ("max_concurrent_runs: 0", "concurrent", 8),
        ("max_concurrent_runs: 500", "concurrent", 8),
        ("max_duration_minutes: 1", "duration_minutes", 1),
        ("max_duration_minutes: 1.5", "duration_minutes", 1.5),
        ("max_duration_minutes: 1e3", "duration_minutes", 1000),
        ("max_duration_minutes: 20000", "duration_minutes", 20000),
        ("max_run_duration_seconds: 0.5", "run_seconds", 0.5),
        ("max_consecutive_failures: 1", "consecutive_failures", 1),
        ("max_consecutive_failures: 0", "consecutive_failures", None),
        ("max_consecutive_failures: none", "consecutive_failures", None),
        ("max_consecutive_failures: None", "consecutive_failures", None),
        ("max_attempts: 1", "attempts", Attempts(1)),
        ("max_attempts: {lost: 5, error: 2}", "attempts", Attempts(3, {"lost": 5, "error": 2})),
        ("max_idle_seconds: 9", "idle_seconds", 9),
        ("max_first_report_seconds: 9", "first_report_seconds", 9),
        ("on_non_finite: stop", "stop_diverged", True),
        ("on_non_finite: go_on", "stop_diverged", False),
    ],
)
def test_limits(definition, line, attribute, value):
    assert getattr(definition(line).limits, attribute) == value


@pytest.mark.parametrize("word", ["maximize", "Maximize", "MAXIMIZE", "'maximize'"])
def test_the_goal_in_any_case(read, word):
    text = GOOD.read_text().replace("Maximize", word)
    assert read(text).definition.goal.value == "maximize"


@pytest.mark.parametrize("word", ["equals", "Equals"])
def test_argument_style(read, word):
    assert read(GOOD.read_text() + f"argument_style: {word}").argument_style == "equals"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("auto", "auto"), ("[sklearn, pandas]", ("sklearn", "pandas")), ("a,b.c", "a,b.c")],
)
def test_warm_start(read, written, meant):
    assert read(GOOD.read_text() + f"warm_start: {written}\n").warm_start == meant
    assert read(GOOD.read_text()).warm_start is None


@pytest.mark.parametrize("written", ["true", "3", "{a: b}", "[1]", "''"])
def test_warm_start_that_names_no_modules(read, written):
    with pytest.raises(ConfigError, match="warm_start"):
        read(GOOD.read_text() + f"warm_start: {written}\n")


@pytest.mark.parametrize(
    ("section", "policy"),
    [
        ("{}", NoTerminationPolicy()),
        ("{type: NoTerminationPolicy}", NoTerminationPolicy()),
        ("{type: notermination}", NoTerminationPolicy()),
        ("{type: no_termination}", NoTerminationPolicy()),
        ("{type: Default}", NoTerminationPolicy()),
        ("{type: none}", NoTerminationPolicy()),
        ("{type: BanditPolicy, slack_factor: 0.2}", BanditPolicy(slack_factor=0.2)),
        ("{type: BANDITPOLICY, slack_factor: 2e-1}", BanditPolicy(slack_factor=0.2)),
        ("{type: Bandit, slack_amount: 1}", BanditPolicy(slack_amount=1)),
        ("{type: bandit, slack_factor: 0}", BanditPolicy(slack_factor=0)),
        ("{type: bandit, slack_factor: 1, slack_amount: null}", BanditPolicy(slack_factor=1)),
        (
            "{type: bandit, evaluation_interval: 2, delay_evaluation: 5, slack_amount: 1}",
            BanditPolicy(2, slack_amount=1, delay_evaluation=5),
        ),
        ("{type: MedianStoppingPolicy}", MedianStoppingPolicy()),
        ("{type: medianstopping}", MedianStoppingPolicy()),
        ("{type: median_stopping, delay_evaluation: 5}", MedianStoppingPolicy(1, 5)),
        ("{type: MedianStopping, evaluation_interval: 0}", MedianStoppingPolicy(1)),
        ("{type: MedianStopping, evaluation_interval: null}", MedianStoppingPolicy()),
        ("{type: MedianStopping, delay_evaluation: -1}", MedianStoppingPolicy()),
        ("{type: MedianStopping, slack_factor: null}", MedianStoppingPolicy()),
        (
            "{type: TruncationSelectionPolicy, truncation_percentage: 20}",
            TruncationSelectionPolicy(20),
        ),
        (
            "{type: truncation_selection, truncation_percentage: 99, delay_evaluation: 4}",
            TruncationSelectionPolicy(99, 1, 4),
        ),
        (
            "{type: TruncationSelection, truncation_percentage: 1, exclude_finished_jobs: true}",
            TruncationSelectionPolicy(1, exclude_finished_jobs=True),
        ),
    ],
)
def test_policies(definition, section, policy):
    assert definition(f"policy: {section}").policy == policy


@pytest.mark.parametrize(
    ("sampling", "name", "properties"),
    [
        ("type: random", "RANDOM", {}),
        ("type: RANDOM, seed: 7", "RANDOM", {"seed": 7}),
        ("type: Random, rule: Sobol, seed: -1", "RANDOM", {"rule": "sobol", "seed": -1}),
        ("type: random, logbase: 10", "RANDOM", {"logbase": 10}),
        ("type: random, logbase: E", "RANDOM", {}),
        ("type: random, seed: null", "RANDOM", {}),
        ("type: Grid", "GRID", {}),
        ("type: grid, shuffle: true, seed: 3", "GRID", {"shuffle": True, "seed": 3}),
        ("type: grid, shuffle: false", "GRID", {}),
        ("type: bayesian", "BayesianOptimization", {}),
        (
            "type: Bayesian, seed: 1, initial_points: 20, estimator: rf, acquisition: LCB",
            "BayesianOptimization",
            {"seed": 1, "initial_points": 20, "estimator": "RF", "acquisition": "LCB"},
        ),
    ],
)
def test_samplings(definition, sampling, name, properties):
    space = "[{name: --lr, expression: choice, values: [0, 1]}]"
    found = definition(sampling=sampling, space=space).sampling
    assert (found.name, found.properties) == (name, properties)


@pytest.mark.parametrize(
    ("expression", "values", "wire"),
    [
        ("choice", "[0.5, 1, 1.5]", ["choice", [[0.5, 1, 1.5]]]),
        ("choice", "[[1, 2, 3]]", ["choice", [[1, 2, 3]]]),
        ("Choice", "[a]", ["choice", [["a"]]]),
        ("CHOICE", "[a, 1, 2.5, true, null]", ["choice", [["a", 1, 2.5, True, None]]]),
        ("choice", "[{a: 1}, {b: [2]}]", ["choice", [[{"a": 1}, {"b": [2]}]]]),
        ("choice", "['[8,8]', '[16]']", ["choice", [["[8,8]", "[16]"]]]),
        ("choice", "[yes, 1e-4, 1:30]", ["choice", [["yes", 0.0001, "1:30"]]]),
        ("randint", "[5]", ["randint", [5]]),
        ("uniform", "[0.1, 1]", ["uniform", [0.1, 1]]),
        ("Uniform", "[1e-4, 1E-2]", ["uniform", [0.0001, 0.01]]),
        ("quniform", "[1, 10, 2]", ["quniform", [1, 10, 2]]),
        ("quniform", "[0, 1, .1]", ["quniform", [0, 1, 0.1]]),
        ("loguniform", "[-6, -1]", ["loguniform", [-6, -1]]),
        ("qloguniform", "[0, 3, 2]", ["qloguniform", [0, 3, 2]]),
        ("normal", "[10, 3]", ["normal", [10, 3]]),
        ("qnormal", "[10, 3, 1]", ["qnormal", [10, 3, 1]]),
        ("lognormal", "[0, 1]", ["lognormal", [0, 1]]),
        ("qlognormal", "[0, 1, 1]", ["qlognormal", [0, 1, 1]]),
    ],
)
def test_expressions(definition, expression, values, wire):
    space = f"[{{name: --x, expression: {expression}, values: {values}}}]"
    found = definition(space=space).sampling.space.wire()
    assert repr(found) == repr({"--x": wire})


NESTED = """\
sampling:
  type: random
  parameter_space:
    - name: --model
      expression: choice
      values:
        - m: a
          x: {expression: Uniform, values: [0, 1]}
        - m: b
          k:
            expression: choice
            values:
              - {deep: {expression: randint, values: [3]}, values: [1]}
              - plain
          constant: {values: [1, 2]}
    - name: second
      expression: randint
      values: [3]
primary_metric_name: Accuracy
primary_metric_goal: minimize
max_total_runs: 8
"""


def test_options_may_hold_parameters(read):
    inner = ["choice", [[{"deep": ["randint", [3]], "values": [1]}, "plain"]]]
    assert read(NESTED).definition.sampling.space.wire() == {
        "--model": [
            "choice",
            [
                [
                    {"m": "a", "x": ["uniform", [0, 1]]},
                    {"m": "b", "k": inner, "constant": {"values": [1, 2]}},
                ]
            ],
        ],
        "second": ["randint", [3]],
    }


@pytest.mark.parametrize(
    "name", ["--penalty", "penalty", "-p", "--learning-rate", "a.b/c+d:e", "größe", "~x", "--a--"]
)
def test_names_are_kept_byte_for_byte(definition, name):
    space = f"[{{name: '{name}', expression: choice, values: [1]}}]"
    assert definition(space=space).sampling.space.names == (name,)


def test_names_that_differ_in_the_script_may_stand_together(definition):
    entries = (f"{{name: {name}, expression: choice, values: [1]}}" for name in ("-p", "--p"))
    assert definition(space=f"[{', '.join(entries)}]").sampling.space.names == ("-p", "--p")


def test_aliases(read):
    text = GOOD.read_text().replace("[0.5, 1, 1.5]", "&values [1, 2]")
    more = "    - {name: other, expression: choice, values: *values}\npolicy"
    space = read(text.replace("policy", more, 1)).definition.sampling.space
    assert space.wire() == {name: ["choice", [[1, 2]]] for name in ("--penalty", "other")}


@pytest.mark.parametrize(
    ("change", "warnings"),
    [
        (("max_total_runs: 8", "max_total_runs: 1000"), []),
        (
            ("max_total_runs: 8", "max_total_runs: 1001"),
            ["13:17: max_total_runs: 1001 is more than HyperDrive allows, 1000"],
        ),
        (
            ("runs: 8\nmax_concurrent_runs: 2", "runs: 900\nmax_concurrent_runs: 101"),
            ["14:22: max_concurrent_runs: 101 is more than HyperDrive allows, 100"],
        ),
        (("minutes: 100", "minutes: 10080"), []),
        (
            ("minutes: 100", "minutes: 10081"),
            ["15:23: max_duration_minutes: 10081 is more than HyperDrive allows, 10080"],
        ),
        (
            ("choice\n      values: [0.5, 1, 1.5]", "loguniform\n      values: [0.0001, 0.1]"),
            ["6:15: sampling.parameter_space[0].values: the bounds of loguniform(0.0001, 0.1)"],
        ),
        (
            ("type: random", "type: bayesian"),
            ["8:3: policy: HyperDrive has no early termination with Bayesian sampling"],
        ),
    ],
)
def test_warnings_have_their_place(read, tmp_path, change, warnings):
    found = read(GOOD.read_text().replace(*change)).warnings
    expected = [f"{tmp_path / 'h.yml'}:{warning}" for warning in warnings]
    assert [str(one)[: len(start)] for one, start in zip(found, expected, strict=True)] == expected


def test_repeated_options_of_a_grid_are_warned_of_once(read):
    text = GOOD.read_text().replace("type: random", "type: grid").replace("1.5]", "1.5, 1]")
    (warning,) = read(text).warnings
    assert (warning.line, warning.key) == (4, "sampling.parameter_space[0]")


def test_inner_bounds_are_warned_of_at_their_place(read):
    text = NESTED.replace("Uniform, values: [0, 1]", "loguniform, values: [0.1, 1]")
    (warning,) = read(text).warnings
    assert (warning.line, warning.key) == (8, "sampling.parameter_space[0].values[0].x.values")


def test_warnings_do_not_hide_problems(read):
    with pytest.raises(ConfigError) as caught:
        read(GOOD.read_text().replace("runs: 8", "runs: 8000") + "x: 1")
    (problem,) = caught.value.problems
    assert problem.key == "x"


def test_the_file_is_called_as_the_user_calls_it(monkeypatch):
    monkeypatch.chdir(Path(__file__).parent)
    with pytest.raises(ConfigError, match=r"^broken/goal_max\.yml:6:22: primary_metric_goal: "):
        read_hdconfig("broken/goal_max.yml")
