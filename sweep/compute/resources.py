"""What a machine offers, what one run takes, and how many fit."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sweep.errors import ResourceError


@dataclass(frozen=True, slots=True)
class Resources:
    """What the machine offers, and what one run takes of it; all may be fractions."""

    cpus: float
    gpus: float
    cpus_per_run: float
    gpus_per_run: float
    nodes_per_run: int = 1

    def told(self) -> dict[str, float]:
        """Return it as the target host is told of it: a run takes so much on each node."""
        return {
            "cpus": self.cpus,
            "gpus": self.gpus,
            "slot_cpus": self.cpus_per_run,
            "slot_gpus": self.gpus_per_run,
            "nodes": self.nodes_per_run,
        }

    @property
    def slots(self) -> int:
        """How many runs fit at one time."""
        fits = [1_000_000.0]
        if self.cpus_per_run:
            fits.append(self.cpus / self.cpus_per_run)
        if self.gpus_per_run:
            fits.append(self.gpus / self.gpus_per_run)
        return int(min(fits) + 1e-9)

    def check(self) -> None:
        """Refuse what can never be had.

        Raises:
            ResourceError: one run takes more than there is, or a number makes no sense.
        """
        for name, asked, there in (
            ("CPU", self.cpus_per_run, self.cpus),
            ("GPU", self.gpus_per_run, self.gpus),
        ):
            if not asked >= 0:
                raise ResourceError(
                    f"--{name.lower()}s-per-run: expected 0 or more, got {asked:g}"
                )
            if name == "GPU" and asked > 1 and not float(asked).is_integer():
                raise ResourceError(f"--gpus-per-run: above 1 only whole numbers, got {asked:g}")
            if asked > there:
                raise ResourceError(
                    f"one run asks for {asked:g} {name}{'s' * (asked != 1)} and this machine has"
                    f" {there:g}: no run could ever start; lower --{name.lower()}s-per-run"
                )
        if not self.cpus_per_run and not self.gpus_per_run:
            raise ResourceError("a run must take something: --cpus-per-run or --gpus-per-run")


def of_this_machine(cpus_per_run: float = 1, gpus_per_run: float = 0) -> Resources:
    """Return the resources of this machine as this process may use them."""
    return Resources(float(cpu_count()), float(gpu_count(os.environ)), cpus_per_run, gpus_per_run)


def cpu_count(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Return how many CPUs this process may use: its affinity and its container's quota."""
    there = len(os.sched_getaffinity(0))
    for place, pair in (("cpu.max", True), ("cpu/cpu.cfs_quota_us", False)):
        try:
            words = (cgroup / place).read_text().split()
            period = words[1] if pair else (cgroup / "cpu/cpu.cfs_period_us").read_text()
            if words[0] not in ("max", "-1"):
                return max(1, min(there, int(int(words[0]) / int(period))))
        except (OSError, ValueError, IndexError):  # noqa: PERF203 - two rounds
            continue
    return there


def gpu_count(environment: Mapping[str, str], devices: Path = Path("/dev")) -> int:
    """Return how many NVIDIA GPUs this process may use."""
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        named = [d for d in visible.split(",") if d.strip() not in ("", "-1")]
        return len(named)
    return sum(p.name[6:].isdecimal() for p in devices.glob("nvidia*"))
