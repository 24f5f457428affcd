"""The definition of a sweep from whichever file describes it: an hdconfig, or a sweep job."""

from __future__ import annotations

from pathlib import Path

from sweep.core.definition import SweepDefinition
from sweep.formats.findings import Findings
from sweep.formats.hdconfig import HdConfig, read_hdconfig
from sweep.formats.v2 import JobFile, is_job, read_job
from sweep.formats.yaml12 import read_yaml


def read_sweep_file(path: str | Path) -> HdConfig | JobFile:
    """Read and check a file; what is in it tells of which kind it is.

    Raises:
        ConfigError: with everything that is wrong in the file, in file order.
    """
    return read_job(path) if is_job_file(path) else read_hdconfig(path)


def is_job_file(path: str | Path) -> bool:
    """Tell a sweep job, right or wrong, from an hdconfig.

    Raises:
        ConfigError: it cannot be read at all.
    """
    return is_job(read_yaml(path, Findings(path)))


def read_definition(path: str | Path) -> SweepDefinition:
    """Return what a file says is swept.

    Raises:
        ConfigError: with everything that is wrong in the file, in file order.
    """
    return read_sweep_file(path).definition
