"""The values of names and calls in Python source, without running it."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import policies
import samplers
from policies import EarlyTerminationPolicy, Goal, PolicyError
from samplers import SpaceError
from sweep.formats.findings import Findings
from sweep.formats.parameter_space import noted
from sweep.formats.text import Spot

MOST_DEPTH = 100
SCRIPTS = ("ScriptRunConfig", "Estimator", "SKLearn", "PyTorch", "TensorFlow", "Chainer")
CONFIGS = ("HyperDriveConfig", "HyperDriveRunConfig")
_MADE: dict[str, Callable[..., Any]] = {
    **{word: getattr(samplers, word) for word in samplers.WORDS},
    **{kind.__name__: kind for kind in samplers.SAMPLINGS.values()},
    **{kind.__name__: kind for kind in policies.POLICIES.values()},
    "range": range,
    "list": list,
    "tuple": tuple,
    "math.log": math.log,
    "math.log10": math.log10,
    "math.exp": math.exp,
    "np.log": math.log,
    "np.log10": math.log10,
}
_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
CONFIG_ARGUMENTS = (
    *("hyperparameter_sampling", "primary_metric_name", "primary_metric_goal", "max_total_runs"),
    *("max_concurrent_runs", "max_duration_minutes", "policy", "estimator", "run_config"),
    *("resume_from", "resume_child_runs", "pipeline", "debug_flag", "custom_run_id"),
)
_ORDERS: dict[str, tuple[str, ...]] = {
    "HyperDriveConfig": CONFIG_ARGUMENTS,
    "HyperDriveRunConfig": ("estimator", *CONFIG_ARGUMENTS[:7]),
    "ScriptRunConfig": ("source_directory", "script", "arguments", "run_config", "compute_target"),
}


_READERS: dict[type, str] = {
    ast.Constant: "_constant",
    ast.Name: "_variable",
    ast.List: "_sequence",
    ast.Tuple: "_sequence",
    ast.Dict: "_dict",
    ast.UnaryOp: "_negative",
    ast.BinOp: "_sum",
    ast.Attribute: "_goal",
    ast.Call: "_call",
}
"""The method of `Source` for each kind of expression."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a name that is read and not made: its arguments by name."""

    name: str
    arguments: Mapping[str, Any]
    node: ast.Call


@dataclass(frozen=True, slots=True)
class Unknown:
    """What cannot be told without running the file."""

    node: ast.AST
    why: str = "is not written out: it is known only when the file runs"


@dataclass(slots=True)
class Source:
    """The names of one file, and what they were given.

    Attributes:
        findings: take what is wrong.
        names: what has been given to each.
        imported: what imported names are called where they come from.
        configs: the calls that make a sweep.
    """

    findings: Findings
    names: dict[str, Any] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)
    configs: list[Call] = field(default_factory=list)

    def read(self, statements: list[ast.stmt]) -> None:
        """Follow statements in order; of a branch or a loop, what is in it counts once."""
        for statement in statements:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.ImportFrom | ast.Import):
            for alias in node.names:
                self.imported[alias.asname or alias.name] = alias.name
        elif isinstance(node, ast.Assign):
            value = self.value(node.value)
            for target in node.targets:
                self._assign(target, value)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            self._assign(node.target, self.value(node.value))
        elif isinstance(node, ast.Expr | ast.Return) and node.value is not None:
            self.value(node.value)
        else:
            for part in ("body", "orelse", "finalbody"):
                self.read(getattr(node, part, []))

    def _assign(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] = value

    def value(self, node: ast.expr, depth: int = 0) -> Any:
        """Return what an expression is worth, or `Unknown`."""
        name = _READERS.get(type(node))
        if depth > MOST_DEPTH:
            return Unknown(node, "is nested too deeply")
        return getattr(self, name)(node, depth + 1) if name else Unknown(node)

    def _constant(self, node: ast.Constant, _: int) -> Any:
        return node.value

    def _variable(self, node: ast.Name, _: int) -> Any:
        return self.names.get(node.id, Unknown(node))

    def _dict(self, node: ast.Dict, depth: int) -> Any:
        names = [self.value(key, depth) for key in node.keys if key is not None]
        given = [self.value(value, depth) for value in node.values]
        if len(names) < len(given) or not all(isinstance(name, str) for name in names):
            return Unknown(node)
        return self._known(dict(zip(names, given, strict=True)), *given)

    def _negative(self, node: ast.UnaryOp, depth: int) -> Any:
        inner = self.value(node.operand, depth)
        number = isinstance(node.op, ast.USub) and isinstance(inner, int | float)
        return -inner if number else Unknown(node)

    def _goal(self, node: ast.Attribute, _: int) -> Any:
        name = node.attr.lower()
        return Goal(name) if name in ("maximize", "minimize") else Unknown(node)

    def _sequence(self, node: ast.List | ast.Tuple, depth: int) -> Any:
        given = [self.value(item, depth) for item in node.elts]
        return self._known(given if isinstance(node, ast.List) else tuple(given), *given)

    def _known(self, value: Any, *parts: Any) -> Any:
        return next((part for part in parts if isinstance(part, Unknown)), value)

    def _sum(self, node: ast.BinOp, depth: int) -> Any:
        left, right = self.value(node.left, depth), self.value(node.right, depth)
        numbers = all(isinstance(side, int | float) for side in (left, right))
        if not numbers and not (isinstance(left, list) and isinstance(right, list)):
            return Unknown(node)
        try:
            return _OPERATORS[type(node.op)](left, right)
        except (ArithmeticError, TypeError, LookupError):
            return Unknown(node, "cannot be computed")

    def _call(self, node: ast.Call, depth: int) -> Any:
        name = self._name(node.func)
        positional = [self.value(argument, depth) for argument in node.args]
        keywords = {k.arg: self.value(k.value, depth) for k in node.keywords if k.arg}
        if name in CONFIGS or name in SCRIPTS:
            return self._noted(name, positional, keywords, node)
        make = self._maker(node.func, name, depth)
        if make is None:
            return Unknown(node)
        unknown = self._known(None, *positional, *keywords.values())
        if isinstance(unknown, Unknown) or len(keywords) < len(node.keywords):
            return unknown or Unknown(node)
        try:
            with noted(self.findings, name, place_of(node)):
                return make(*positional, **keywords)
        except (SpaceError, PolicyError, TypeError, ValueError, ArithmeticError) as error:
            self.findings.problem(f"{name}: {error}", at=place_of(node))
            return Unknown(node)

    def _maker(self, function: ast.expr, name: str, depth: int) -> Callable[..., Any] | None:
        """Return what makes the value of a call; None for what is not known here."""
        if isinstance(function, ast.Attribute) and function.attr == "with_audit":
            policy = self.value(function.value, depth)
            return policy.with_audit if isinstance(policy, EarlyTerminationPolicy) else None
        return _MADE.get(name)

    def _noted(
        self, name: str, positional: list[Any], keywords: dict[str, Any], node: ast.Call
    ) -> Any:
        order = _ORDERS.get(name, ("source_directory",))
        call = Call(name, {**dict(zip(order, positional, strict=False)), **keywords}, node)
        if name in CONFIGS:
            self.configs.append(call)
        return call

    def _name(self, function: ast.expr) -> str:
        """Return what a function is called where it comes from."""
        if isinstance(function, ast.Name):
            return self.imported.get(function.id, function.id)
        if isinstance(function, ast.Attribute):
            whole = ast.unparse(function)
            return whole if whole in _MADE else function.attr
        return ""


def place_of(node: ast.AST) -> Spot:
    """Return where a piece of source begins."""
    return Spot(getattr(node, "lineno", 0), getattr(node, "col_offset", -1) + 1)
