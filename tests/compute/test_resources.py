from __future__ import annotations

import pytest

from sweep.compute.resources import Resources, cpu_count, gpu_count, of_this_machine
from sweep.errors import ResourceError


@pytest.mark.parametrize(
    ("cpus", "gpus", "cpus_per_run", "gpus_per_run", "slots"),
    [
        (8, 0, 1, 0, 8),
        (8, 0, 3, 0, 2),
        (2, 0, 0.1, 0, 20),
        (8, 2, 1, 1, 2),
        (8, 2, 1, 0.5, 4),
        (2, 4, 1, 0.5, 2),
        (2, 2, 0, 0.25, 8),
    ],
)
def test_how_many_runs_fit(cpus, gpus, cpus_per_run, gpus_per_run, slots):
    resources = Resources(cpus, gpus, cpus_per_run, gpus_per_run)
    resources.check()
    assert resources.slots == slots


@pytest.mark.parametrize(
    ("cpus_per_run", "gpus_per_run", "says"),
    [
        (3, 0, "asks for 3 CPUs and this machine has 2: no run could ever start"),
        (1, 2, "asks for 2 GPUs and this machine has 1: no run could ever start"),
        (1, 1.5, "above 1 only whole numbers, got 1.5"),
        (-1, 0, "--cpus-per-run: expected 0 or more, got -1"),
        (0, 0, "a run must take something"),
    ],
)
def test_what_can_never_be_had_is_refused(cpus_per_run, gpus_per_run, says):
    with pytest.raises(ResourceError, match=says):
        Resources(2, 1, cpus_per_run, gpus_per_run).check()


def test_this_machine_runs_something():
    assert of_this_machine().slots >= 1


def test_a_container_may_have_less_than_the_machine(tmp_path):
    there = cpu_count(tmp_path)
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    assert cpu_count(tmp_path) == 1
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert cpu_count(tmp_path) == there
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    assert cpu_count(tmp_path) == 1, "less than one is one"
    (tmp_path / "cpu.max").unlink()
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("100000\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert cpu_count(tmp_path) == 1
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("-1\n")
    assert cpu_count(tmp_path) == there


def test_gpus_are_those_that_are_visible(tmp_path):
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / name).touch()
    assert gpu_count({}, tmp_path) == 2
    assert gpu_count({"CUDA_VISIBLE_DEVICES": "1"}, tmp_path) == 1
    assert gpu_count({"CUDA_VISIBLE_DEVICES": ""}, tmp_path) == 0
    assert gpu_count({"CUDA_VISIBLE_DEVICES": "-1"}, tmp_path) == 0
    assert gpu_count({"CUDA_VISIBLE_DEVICES": "GPU-a,GPU-b"}, tmp_path) == 2
