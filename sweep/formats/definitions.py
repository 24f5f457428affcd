"""The definition of a sweep from whichever file describes it: an hdconfig, or a sweep job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sweep.core.definition import SweepDefinition
from sweep.formats.findings import Findings
from sweep.formats.hdconfig import HdConfig, hdconfig_in
from sweep.formats.located import Node
from sweep.formats.yaml12 import read_yaml

if TYPE_CHECKING:
    from sweep.formats.v2 import JobFile


def read_sweep_file(path: str | Path) -> HdConfig | JobFile:
    """Read and check a file; what is in it tells of which kind it is.

    Raises:
        ConfigError: with everything that is wrong in the file, in file order.
    """
    findings = Findings(path)
    root = read_yaml(path, findings)
    if not _is_job(root):
        return hdconfig_in(root, findings)
    from sweep.formats.v2 import job_in  # noqa: PLC0415 - most sweeps have an hdconfig

    return job_in(root, path, findings)


def is_job_file(path: str | Path) -> bool:
    """Tell a sweep job, right or wrong, from an hdconfig.

    Raises:
        ConfigError: it cannot be read at all.
    """
    return _is_job(read_yaml(path, Findings(path)))


def read_definition(path: str | Path) -> SweepDefinition:
    """Return what a file says is swept.

    Raises:
        ConfigError: with everything that is wrong in the file, in file order.
    """
    return read_sweep_file(path).definition


def _is_job(root: Node) -> bool:
    keys = root.value if isinstance(root.value, dict) else {}
    return "type" in keys or ("trial" in keys and "sampling" not in keys)
