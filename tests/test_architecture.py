"""The layers, as a test. Nothing else in the repository needs to remember them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(
    p for top in ("samplers", "policies", "sweep") for p in (ROOT / top).rglob("*.py")
)

LAYERS: dict[str, set[str]] = {
    "samplers": set(),
    "policies": set(),
    "sweep.errors": set(),
    "sweep.lease": set(),
    "sweep.script": set(),
    "sweep.core": {"samplers", "policies", "sweep.errors"},
    "sweep.formats": {"samplers", "policies", "sweep.core", "sweep.errors"},
    "sweep.storage": {"policies", "sweep.core", "sweep.errors", "sweep.lease"},
    "sweep.compute": {"samplers", "sweep.errors", "sweep.lease", "sweep.script"},
    "sweep.engine": {
        "samplers",
        "sweep",
        "sweep.compute",
        "sweep.core",
        "sweep.errors",
        "sweep.formats",
        "sweep.script",
        "sweep.storage",
    },
    "sweep.integrations": {"sweep.script"},
    "sweep.view": {"samplers", "policies", "sweep.core", "sweep.errors", "sweep.storage"},
    "sweep.api": {
        "samplers",
        "policies",
        "sweep.compute",
        "sweep.core",
        "sweep.engine",
        "sweep.errors",
        "sweep.formats",
        "sweep.script",
        "sweep.storage",
        "sweep.view",
    },
    "sweep.compat": {
        "samplers",
        "sweep",
        "sweep.api",
        "sweep.errors",
        "sweep.script",
        "sweep.view",
    },
    "sweep.cli": {
        "samplers",
        "policies",
        "sweep",
        "sweep.api",
        "sweep.compat",
        "sweep.core",
        "sweep.engine",
        "sweep.errors",
        "sweep.formats",
        "sweep.storage",
        "sweep.view",
    },
    "sweep": {  # the package's own __init__: names for users, found when they are used
        "samplers",
        "policies",
        "sweep.api",
        "sweep.compat",
        "sweep.compute",
        "sweep.errors",
        "sweep.formats",
        "sweep.script",
    },
}
"""Each part, and the parts that it may import besides itself."""

PURE = ("samplers", "policies", "sweep.core", "sweep.errors")
"""No clock, files, threads, processes, network, global dice, Ray."""
IMPURE_MODULES = {
    "asyncio",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "ray",
    "secrets",
    "shutil",
    "signal",
    "socket",
    "sqlite3",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "uuid",
}
STATE = ("sweep/storage", "sweep/core", "sweep/engine", "samplers", "policies")
FUNCTIONS_TRAVEL_AS_PICKLES = {"sweep/api/tune.py", "sweep/compute/runner.py"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def part_of(module: str) -> str:
    """The part that a module of ours belongs to."""
    top, *rest = module.split(".")
    if top != "sweep" or not rest:
        return top
    part = f"sweep.{rest[0]}"
    return part if part in LAYERS else "sweep"


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module or ""
            if node.module == "sweep":
                yield from (f"sweep.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_go_down_only(path):
    mine = part_of(module_of(path))
    ours = {
        part_of(m) for m in imports(path) if m.split(".")[0] in ("samplers", "policies", "sweep")
    }
    assert ours - {mine} <= LAYERS[mine]


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if part_of(module_of(p)) in PURE], ids=name_of
)
def test_the_core_touches_nothing(path):
    assert {m.split(".")[0] for m in imports(path)} & IMPURE_MODULES == set()
    assert not re.search(r"np\.random\.(?!default_rng|Generator|SeedSequence)", path.read_text())


def test_ray_is_imported_where_it_runs():
    found = {name_of(p) for p in SOURCES if "ray" in {m.split(".")[0] for m in imports(p)}}
    runs = ("host", "lean_ray", "node_main", "node_watch", "probe", "spark_main")
    assert found == {f"sweep/compute/{name}.py" for name in runs}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_stay_small(path):
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_nothing_is_evaluated_and_no_shell_is_asked(path):
    text = path.read_text()
    for word in ("eval", "exec", "os.system", "os.popen"):
        assert not re.search(rf"(?<![\w.]){re.escape(word)}\(", text), word
    assert "shell=True" not in text
    assert not re.search(r"yaml\.(unsafe_|full_)?load\(", text)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_nothing_that_is_kept_is_a_pickle(path):
    modules = {m.split(".")[0] for m in imports(path)}
    pickles = modules & {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
    assert not pickles or name_of(path) in FUNCTIONS_TRAVEL_AS_PICKLES
    if pickles:
        assert not name_of(path).startswith(STATE)
