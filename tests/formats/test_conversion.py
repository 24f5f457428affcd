"""The same sweep in each format, there and back."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from sweep.errors import ConfigError
from sweep.formats.arguments import flag_of
from sweep.formats.conversion import from_hdconfig, from_job, with_names
from sweep.formats.hdconfig import read_hdconfig
from sweep.formats.hdconfig_writer import hdconfig_of
from sweep.formats.portable import inner_names, parameters_of
from sweep.formats.python_source import read_python
from sweep.formats.python_writer import lost_in_python, python_of
from sweep.formats.v2 import read_job
from sweep.formats.v2_writer import job_of
from tests.formats.configurations import sweeps

pytestmark = pytest.mark.filterwarnings("ignore::samplers.SpaceWarning")

GRID = "s = GridParameterSampling({'a': choice(1)})"
FEW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, *HealthCheck]
)


def as_options(definition):
    """A definition whose parameters are called what they are passed as."""
    parameters = parameters_of(definition)
    every = [*parameters, *(n for one in parameters.values() for n in inner_names(one))]
    return with_names(definition, {name: flag_of(name) for name in every}).to_wire()


def same(read, sweep):
    assert as_options(read.definition) == as_options(sweep.definition)
    assert (read.script, read.arguments) == (sweep.script, sweep.arguments)
    assert (read.style, read.warm_start) == (sweep.style, sweep.warm_start)
    assert read.metrics == sweep.metrics


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("conversions")


@FEW
@given(sweeps())
def test_hdconfig_there_and_back(folder, sweep):
    file = folder / "hdconfig.yml"
    file.write_text(hdconfig_of(sweep))
    read = read_hdconfig(file)
    assert read.definition.to_wire() == sweep.definition.to_wire()
    same(from_hdconfig(read, sweep.script, sweep.arguments), sweep)


@FEW
@given(sweeps())
def test_a_sweep_job_there_and_back(folder, sweep):
    file = folder / "job.yml"
    file.write_text(job_of(sweep))
    read = from_job(read_job(file))
    assert read.lost == ()
    same(read, sweep)


@FEW
@given(sweeps(plain=True))
def test_python_there_and_back(folder, sweep):
    file = folder / "sweep.py"
    file.write_text(python_of(sweep))
    read = read_python(file)
    assert read.lost == ()
    assert lost_in_python(sweep) == []
    assert read.definition.to_wire() == sweep.definition.to_wire()
    same(read, sweep)


@FEW
@given(sweeps(plain=True))
def test_all_formats_one_after_another(folder, sweep):
    (folder / "a.yml").write_text(hdconfig_of(sweep))
    first = from_hdconfig(read_hdconfig(folder / "a.yml"), sweep.script, sweep.arguments)
    (folder / "b.yml").write_text(job_of(first))
    (folder / "c.py").write_text(python_of(from_job(read_job(folder / "b.yml"))))
    same(read_python(folder / "c.py"), sweep)


NESTED = """\
sampling:
  type: random
  parameter_space:
    - name: --model
      expression: choice
      values:
        - kind: a
          tree: {depth: {expression: choice, values: [1, 2]}, max-leaf: 3, opt: {x: 1}}
          learning-rate: {expression: uniform, values: [0, 1]}
        - {kind: b, learning-rate: 0.5}
primary_metric_name: acc
primary_metric_goal: maximize
max_total_runs: 4
"""


def test_expressions_in_mappings_within_a_branch(folder):
    (folder / "nested.yml").write_text(NESTED)
    sweep = from_hdconfig(read_hdconfig(folder / "nested.yml"), "train.py")
    (folder / "nested-job.yml").write_text(job_of(sweep))
    read = from_job(read_job(folder / "nested-job.yml"))
    assert read.lost == ()
    flags = {"--kind", "--depth", "--max-leaf", "--opt", "--learning-rate"}
    assert read.definition.sampling.space.flags == flags
    same(read, sweep)


class TestPython:
    def read(self, folder, text):
        (folder / "driver.py").write_text(text)
        return read_python(folder / "driver.py")

    def test_a_notebooks_cells(self, folder):
        sweep = self.read(
            folder,
            """\
import math
from azureml.core import ScriptRunConfig as Script
from azureml.train.hyperdrive import *
import azureml.train.hyperdrive as hd

most = 5 * 4
ps = hd.RandomParameterSampling({
    '--learning-rate': hd.loguniform(math.log(0.001), -1),
    '--batch-size': hd.choice(25, 50, 100),
    '--n': hd.choice(range(1, 4)),
})
src = Script('.', 'keras.py', ['--data', 'mnist', '--epochs', 20], compute_target=cluster)
policy = hd.BanditPolicy(2, slack_factor=0.1)
if True:
    config = hd.HyperDriveConfig(ps, 'Accuracy', hd.PrimaryMetricGoal.MAXIMIZE, most,
                                 max_concurrent_runs=4, policy=policy, run_config=src)
""",
        )
        wire = sweep.definition.to_wire()
        space = wire["generator_config"]["parameter_space"]
        assert space["--n"] == ["choice", [[1, 2, 3]]]
        assert space["--learning-rate"][1][0] == pytest.approx(-6.907755)
        assert wire["max_total_jobs"] == 20
        assert wire["policy_config"]["properties"]["evaluation_interval"] == 2
        assert (sweep.script, sweep.arguments) == (
            "keras.py",
            ("--data", "mnist", "--epochs", "20"),
        )

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("x = 1", "makes no HyperDriveConfig"),
            ("def f(:", "is not Python"),
            ("HyperDriveConfig(a, 'b', 'maximize', 3)", "is not written out"),
            ("HyperDriveConfig()\nHyperDriveConfig()", "several HyperDriveConfigs, on lines 1, 2"),
            ("HyperDriveConfig(RandomParameterSampling({'a': uniform(1, 0)}))", "uniform"),
            ("HyperDriveConfig(max_total_run=3)", "did you mean 'max_total_runs'?"),
            ("x = choice(1) + [y]\nHyperDriveConfig(x, 'b', 'maximize', 3)", "is not written out"),
            (f"{GRID}\nHyperDriveConfig(s, 'b', 'up', 3)",
             "'up'"),
            (f"{GRID}\nHyperDriveConfig(s, 'b', 'maximize', 0)",
             "a whole number >= 1"),
        ],
    )  # fmt: skip
    def test_what_is_said_of_other_files(self, folder, text, message):
        with pytest.raises(ConfigError) as caught:
            self.read(folder, text)
        assert message in str(caught.value)
        assert "driver.py" in str(caught.value)

    def test_nothing_in_it_runs(self, folder):
        with pytest.raises(ConfigError):
            self.read(folder, "open('bad', 'w')\nHyperDriveConfig(__import__('os').system('x'))")
        assert not (folder / "bad").exists()
