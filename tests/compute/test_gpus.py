"""A GPU's memory, by a driver's program that says what the test wants."""

from __future__ import annotations

import asyncio
import os

import pytest

from sweep.compute import gpus
from sweep.compute.endings import of_run, of_slot
from sweep.compute.processes import oom_kills


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """A program that prints the lines of a file, and takes the first away each time."""
    said = tmp_path / "said"
    program = tmp_path / "nvidia-smi"
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nhead -n 1 {said} | tr " " "\\n"\n'
        f'[ "$(wc -l < {said})" -le 1 ] || sed -i 1d {said}\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return said


def test_without_devices_nobody_is_asked(driver):
    driver.write_text("1\n")
    assert asyncio.run(gpus.holders("")) == []
    assert not driver.with_name("asked").exists()


def test_without_a_driver_nothing_is_known(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert asyncio.run(gpus.holders("0")) == []


def test_waits_until_the_memory_is_free(driver):
    driver.write_text("7 41 42\n7 41\n7\n")
    assert asyncio.run(gpus.until_free("0,2", [7])) == []
    assert "--id=0,2" in driver.with_name("asked").read_text()


def test_gives_up_and_says_who(driver, monkeypatch):
    monkeypatch.setattr(gpus, "PATIENCE", 0.0)
    driver.write_text("7 41\n")
    assert asyncio.run(gpus.until_free("0", [7])) == [41]


def test_the_kernel_counts_what_it_kills(tmp_path):
    assert oom_kills() >= 0
    (tmp_path / "vmstat").write_text("pgfault 1\noom_kill 12\n")
    assert oom_kills(tmp_path / "vmstat") == 12
    (tmp_path / "vmstat").write_text("pgfault 1\n")
    assert oom_kills(tmp_path / "vmstat") == 0


@pytest.mark.parametrize(
    ("said", "ending"),
    [
        ({"code": 0, "stopped": False}, ("", "error")),
        ({"code": -15, "stopped": True}, ("", "error")),
        ({"code": 3, "stopped": False}, ("exit code 3", "error")),
        ({"code": -9, "stopped": False}, ("killed by SIGKILL", "error")),
        (
            {"code": -9, "stopped": False, "oom": True},
            ("the kernel killed it for want of memory", "memory"),
        ),
        ({"code": 1, "stopped": False, "tail": "x\nMemoryError\n"}, ("exit code 1", "memory")),
        (
            {"code": 1, "stopped": False, "tail": "torch.cuda.OutOfMemoryError: CUDA out of"},
            ("exit code 1", "memory"),
        ),
        ({"code": 1, "stopped": False, "error": "quota", "kind": "quota"}, ("quota", "quota")),
        ({"code": -99, "stopped": False}, ("killed by signal 99", "error")),
    ],
)
def test_how_a_run_has_ended(said, ending):
    assert of_run(said) == ending


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        ("The node died: preempted by the cloud", "preempted"),
        ("Task was killed due to the node running low on memory: OutOfMemoryError", "memory"),
        ("The actor died unexpectedly", "lost"),
        ("a room with a zoom lens", "lost"),
    ],
)
def test_how_a_slot_has_gone(why, kind):
    assert of_slot(why) == kind
