"""Sweeps that refuse configurations by a function, which is not kept."""

from __future__ import annotations

import shutil
import sys
from importlib import import_module
from typing import Any

import pytest

from policies import Goal
from samplers import BayesianParameterSampling, GridParameterSampling, choice
from sweep.compute.simulated import Simulated
from sweep.compute.target import RunOrder
from sweep.core.commands import SweepStatus
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.scheduler import Scheduler
from sweep.engine.engine import Engine
from sweep.engine.refusing import functions_in, importable, imported, supplied
from sweep.errors import ConfigError, UserError
from sweep.storage.journal import SqliteJournal

SPACE = {"a": choice(*range(6)), "b": choice("x", "y")}


def odd(configuration: dict[str, Any]) -> bool:
    return bool(configuration["a"] % 2)


def definition_of(kind: Any, refuse: Any, runs: int) -> SweepDefinition:
    sampling = kind(SPACE, seed=1, refuse=refuse)
    return SweepDefinition(sampling, "m", Goal.MAXIMIZE, Limits(runs, 2))


def engine_of(path: Any, definition: SweepDefinition) -> Engine:
    return Engine(
        Scheduler(definition),
        Simulated(lambda c: [float(c["a"])], "m", 2),
        SqliteJournal(path, Goal.MAXIMIZE),
        lambda launch: RunOrder(launch.run, launch.attempt, launch.configuration),
    )


@pytest.mark.parametrize("kind", [GridParameterSampling, BayesianParameterSampling])
def test_a_sweep_goes_on_with_the_function_given_again(tmp_path, kind):
    first = definition_of(kind, [{"b": "y", "a": 4}, odd], 2)
    engine = engine_of(tmp_path / "sweep.db", first)
    assert engine.work() is SweepStatus.COMPLETED
    engine._journal.close()
    kept = SweepDefinition.from_wire(first.to_wire())
    further = SweepDefinition.from_wire({**first.to_wire(), "max_total_jobs": 9})
    # Readers play the past without it, but nothing new can be proposed.
    reader = engine_of(tmp_path / "sweep.db", kept)
    assert len(reader.scheduler.runs) == 2
    reader.redefine(further.to_wire())
    with pytest.raises(ConfigError, match=r"odd is not kept; go on in Python"):
        reader.work()
    reader._journal.close()
    with pytest.raises(UserError, match=r"^HD_1 refuses configurations by the Python function"):
        supplied(kept, (), "HD_1")
    engine = engine_of(tmp_path / "sweep.db", supplied(kept, [odd], "HD_1"))
    engine.redefine(further.to_wire())
    assert engine.work() is SweepStatus.COMPLETED
    found = [(r.configuration["a"], r.configuration["b"]) for r in engine.scheduler.runs.values()]
    assert sorted(found) == [(0, "x"), (0, "y"), (2, "x"), (2, "y"), (4, "x")]
    engine._journal.close()


def test_functions_that_nobody_asked_for(tmp_path):
    kept = definition_of(GridParameterSampling, None, 2)
    assert supplied(kept, (), "HD_1") is kept
    with pytest.raises(ConfigError, match="1 functions are given for 0"):
        supplied(kept, [odd], "HD_1")


def test_conditions_are_not_given_again():
    assert functions_in(odd) == functions_in([odd]) == [odd]
    assert functions_in(None) == []
    with pytest.raises(ConfigError, match="only the functions are given again"):
        functions_in({"a": 1})


RULES = """
import limits_of_rules

def too_large(configuration):
    return configuration["a"] > limits_of_rules.MOST

class Rules:
    @staticmethod
    def too_small(configuration):
        return configuration["a"] < 2

def made():
    def inner(configuration):
        return False
    return inner
"""


@pytest.fixture
def rules(tmp_path, monkeypatch):
    """A module in a source directory, imported as the script that submits does."""
    names = ("rules", "rules_in_package.rules", "rules_in_package", "limits_of_rules")
    source, path = tmp_path / "source", [*sys.path]
    (source / "rules_in_package").mkdir(parents=True)
    (source / "rules_in_package/__init__.py").write_text("")
    for name in ("rules.py", "rules_in_package/rules.py"):
        (source / name).write_text(RULES)
    (source / "limits_of_rules.py").write_text("MOST = 3")
    monkeypatch.syspath_prepend(source)

    def forget():
        for name in names:
            sys.modules.pop(name, None)

    forget()
    yield source, forget
    forget()
    sys.path[:] = path


@pytest.mark.parametrize("module", ["rules", "rules_in_package.rules"])
def test_functions_of_modules_are_imported_from_the_snapshot(rules, tmp_path, module):
    source, forget = rules
    here = import_module(module)
    definition = definition_of(
        GridParameterSampling, [here.too_large, {"b": "y"}, here.Rules.too_small], 9
    )
    tree = shutil.copytree(source, tmp_path / "tree")
    found = importable(definition, source, tree)
    assert found == [
        {"module": module, "name": "too_large", "root": "."},
        {"module": module, "name": "Rules.too_small", "root": "."},
    ]
    forget()
    (source / "rules.py").write_text("raise SystemExit")  # what is changed later does not matter
    (source / "limits_of_rules.py").write_text("MOST = 1")
    sys.path.remove(str(source))
    before = sorted(tree.rglob("*"))
    functions = imported(found, tree)
    assert [functions[0]({"a": n}) for n in (3, 4)] == [False, True]
    kept = SweepDefinition.from_wire(definition.to_wire())
    sampler = supplied(kept, functions, "HD_1").sampling.sampler()
    assert [sampler.ask(n) for n in range(3)] == [{"a": 2, "b": "x"}, {"a": 3, "b": "x"}, None]
    assert sorted(tree.rglob("*")) == before, "nothing is written into it"
    assert sys.path[0] != str(tree)


def test_functions_that_another_process_cannot_have(rules, tmp_path):
    source, _ = rules
    here, tree = import_module("rules"), tmp_path / "tree"
    tree.mkdir()
    for function, words in (
        (odd, "define it in a module of the source directory"),
        (lambda _: False, "define it in a module of the source directory"),
        (here.made(), "cannot be imported by this name"),
        (here.too_large, "rules.py is left out of the snapshot"),
    ):
        if function is not here.too_large:
            shutil.copytree(source, tree, dirs_exist_ok=True)
        else:
            shutil.rmtree(tree)
        with pytest.raises(ConfigError, match=words):
            importable(definition_of(GridParameterSampling, function, 2), source, tree)
    assert importable(definition_of(GridParameterSampling, {"a": 1}, 2), source, tree) == []


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"module": "rules", "name": "gone", "root": "."}, "rules.gone cannot be imported: Attr"),
        ({"module": "no_such_rules", "name": "f", "root": "."}, "ModuleNotFoundError"),
        ({"module": "os", "name": "getcwd", "root": "."}, "os is .* and not the module of this"),
        ({"module": "rules", "name": "f", "root": ".."}, ".. is not in the snapshot"),
    ],
)
def test_functions_that_are_not_there_any_more(rules, found, words):
    source, _ = rules
    with pytest.raises(UserError, match=words):
        imported([found], source)
