"""Old drivers and notebooks: what they import is found, and they run as they are."""

from __future__ import annotations

import os
import runpy
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from sweep.compat.azureml_modules import VARIABLE
from sweep.errors import SweepError, UserError

IMPORTABLE = str(Path(__file__).resolve().with_name("importable"))


def provide() -> None:
    """Let the SDK's names lead to ours in this process, also where the SDK is installed.

    Raises:
        UserError: this process has imported the SDK already.
    """
    loaded = sys.modules.get("azureml")
    if loaded is not None and IMPORTABLE not in str(getattr(loaded, "__file__", "")):
        raise UserError(
            "the real azureml is imported already: restart, and load sweep before anything of it"
        )
    os.environ[VARIABLE] = "always"
    if IMPORTABLE not in sys.path:
        sys.path.insert(0, IMPORTABLE)


def load_ipython_extension(ipython: Any) -> None:  # noqa: ARG001 - what IPython calls
    """Do the same for a notebook: ``%load_ext sweep``."""
    provide()


def unload_ipython_extension(ipython: Any) -> None:  # noqa: ARG001 - as above
    """Let the SDK's names be the SDK's again, for what is imported from now on."""
    sys.path[:] = [place for place in sys.path if place != IMPORTABLE]
    os.environ.pop(VARIABLE, None)
    for name in [n for n in sys.modules if n.partition(".")[0] == "azureml"]:
        del sys.modules[name]


def run_driver(driver: Path, arguments: Sequence[str]) -> None:
    """Run a script of Python's here, as `python` would, with the SDK's names provided.

    Raises:
        UserError: there is no such file.
        SweepError: an error of ours came up in it, such as a user's mistake or a sweep that has
            failed: where, and what.
        SystemExit: it ends so, or by another error, which is shown.
    """
    if not driver.is_file():
        raise UserError(f"{driver}: there is no such file")
    provide()
    sys.argv = [str(driver), *arguments]
    sys.path.insert(0, str(driver.resolve().parent))
    try:
        runpy.run_path(str(driver), run_name="__main__")
    except SweepError as error:
        line = _line_in(driver, error.__traceback__)
        error.args = (f"{driver}:{line}: {error}",) if line else error.args
        raise
    except Exception as error:  # noqa: BLE001 - shown as Python shows it, from the driver on
        traceback.print_exception(error.with_traceback(_from(driver, error.__traceback__)))
        sys.exit(1)


def _line_in(driver: Path, trace: TracebackType | None) -> int:
    found = 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(driver):
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def _from(driver: Path, trace: TracebackType | None) -> TracebackType | None:
    first = trace
    while trace is not None and trace.tb_frame.f_code.co_filename != str(driver):
        trace = trace.tb_next
    return trace or first
