"""The oldest Python that is supported knows every word and name that is used; checked on any."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_architecture import ROOT, SOURCES, name_of

OLDEST = (3, 10)
LATER = {
    "asyncio": {"Barrier", "Runner", "TaskGroup", "timeout", "timeout_at"},
    "contextlib": {"chdir"},
    "datetime": {"UTC"},
    "enum": {"EnumCheck", "ReprEnum", "StrEnum", "global_enum", "member", "nonmember", "verify"},
    "hashlib": {"file_digest"},
    "itertools": {"batched"},
    "logging": {"getHandlerByName", "getHandlerNames", "getLevelNamesMapping"},
    "math": {"cbrt", "exp2", "fma", "sumprod"},
    "operator": {"call"},
    "tomllib": {"load", "loads"},
    "typing": {
        *("LiteralString", "Never", "NotRequired", "ReadOnly", "Required", "Self", "TypeIs"),
        *("TypeAliasType", "TypeVarTuple", "Unpack", "assert_never", "assert_type", "override"),
        *("dataclass_transform", "get_overloads", "reveal_type"),
    },
    "warnings": {"deprecated"},
}
"""Names of the standard library that came after it."""


def later(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names, module = {alias.name for alias in node.names}, node.module or ""
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names, module = {node.attr}, node.value.id
        else:
            continue
        yield from (f"{module}.{name}" for name in names & LATER.get(module, set()))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_nothing_is_newer(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=OLDEST)
    assert [*later(tree)] == []


def test_it_is_the_oldest() -> None:
    number = ".".join(map(str, OLDEST))
    assert f'requires-python = ">={number}"' in (ROOT / "pyproject.toml").read_text()
