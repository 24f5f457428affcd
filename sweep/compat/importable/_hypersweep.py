"""Makes our package importable to whatever interpreter has this folder on its path.

A run's interpreter need not have hypersweep installed, and beside a training script there may be
another `sweep`: then ours is imported whole, and taken off the table again.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from types import ModuleType

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = os.path.dirname(os.path.dirname(HERE))
OWN = os.path.join("compat", "importable", "_hypersweep.py")


def _is_ours(origin: str | None) -> bool:
    return bool(origin) and os.path.isfile(os.path.join(os.path.dirname(origin or ""), OWN))


def _there() -> bool | None:
    """Tell whether the `sweep` that would be imported is ours; None: there is none."""
    if (loaded := sys.modules.get("sweep")) is not None:
        return _is_ours(getattr(loaded, "__file__", None))
    spec = importlib.util.find_spec("sweep")
    return None if spec is None else _is_ours(spec.origin)


def _load() -> ModuleType:
    place = os.path.join(PACKAGE, "__init__.py")
    spec = importlib.util.spec_from_file_location(
        "sweep", place, submodule_search_locations=[PACKAGE]
    )
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["sweep"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def ours() -> Iterator[None]:
    """Import from our `sweep` inside of the block, whatever else has that name."""
    there = _there()
    if there:
        yield
        return
    if there is None:
        _load()
        yield
        return
    theirs = {n: m for n, m in sys.modules.items() if n.partition(".")[0] == "sweep"}
    for name in theirs:
        del sys.modules[name]
    _load()
    try:
        yield
        importlib.import_module("sweep.script.files")  # imported when it is first needed
    finally:  # what is below ours stays, so that it finds its like
        del sys.modules["sweep"]
        sys.modules.update(theirs)
