"""The packages of an environment: conda's file, or the same inline, and pip's part of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweep.formats.environment import PythonSection
from sweep.formats.findings import Findings, quoted
from sweep.formats.located import Node, inside
from sweep.formats.text import is_file
from sweep.formats.yaml12 import read_yaml

EXAMPLE = "{dependencies: [python=3.11, numpy, {pip: [scikit-learn]}]}"
KEY = "environment.python.condaDependencies"
OPTIONS = re.compile(
    r"(--(index-url|extra-index-url|find-links|trusted-host|only-binary|no-binary)[ =]|-[if] )\S+"
    r"|--(no-index|pre|prefer-binary|require-hashes)"
)
"""What may stand in pip's part besides packages: where they come from."""
LOCAL = re.compile(r"[.~/].*|.*\.(whl|zip|tar\.gz)")
MOST_FILES = 20
"""Files with requirements that may name each other."""


@dataclass(frozen=True, slots=True)
class Packages:
    """What is to be installed.

    Attributes:
        name: of the environment.
        channels: of conda's.
        conda: packages as conda writes them, `python` among them.
        pip: requirements and options of pip's, one each.
    """

    name: str
    channels: tuple[str, ...]
    conda: tuple[str, ...]
    pip: tuple[str, ...]


def packages_of(python: PythonSection, source: Path, name: str = "") -> Packages | None:
    """Return what the environment of a run is to have; None where nothing is to be installed.

    Args:
        python: says it.
        source: the project's folder, where the file with the packages may be.
        name: of the environment, where the file does not say it.

    Raises:
        ConfigError: there is no such file, or something in it cannot be installed.
    """
    if python.user_managed_dependencies:
        return None
    if python.conda_dependencies is not None:
        findings, root = Findings(""), _located(python.conda_dependencies)
        folder, key = source, KEY
    elif python.conda_dependencies_file:
        folder = source
        file = python.conda_file or source / python.conda_dependencies_file
        findings = Findings(file)
        if not is_file(file):
            raise findings.fatal("there is no such file with packages")
        root, key, folder = read_yaml(file, findings), "", file.parent
    else:
        return None
    found = _Reader(findings, folder).read(root, key, name)
    findings.check()
    return found if found.conda or found.pip else None


class _Reader:
    """Reads one list of packages, and the files that it names."""

    def __init__(self, findings: Findings, folder: Path) -> None:
        self._findings = findings
        self._folder = folder
        self._files = 0

    def read(self, root: Node, key: str, name: str) -> Packages:
        """Return what stands there."""
        if not isinstance(root.value, dict):
            raise self._findings.fatal(
                f"expected a mapping such as {EXAMPLE}, got {root}", key, root
            )
        entries = root.value
        conda: list[str] = []
        pip: list[str] = []
        for path, node in self._items(entries.get("dependencies"), inside(key, "dependencies")):
            if isinstance(node.value, dict):
                pip += self._pip(node, path)
            elif isinstance(node.value, str) and node.value.isprintable():
                conda.append(node.value.strip())
            else:
                message = f"expected a package such as numpy=1.26, got {node}"
                self._findings.problem(message, path, node)
        channels = [
            str(node.value)
            for _, node in self._items(entries.get("channels"), inside(key, "channels"))
        ]
        named = entries["name"].value if "name" in entries else None
        name = named if isinstance(named, str) and named else name
        return Packages(name or "environment", tuple(channels), tuple(conda), tuple(pip))

    def _items(self, node: Node | None, key: str) -> Iterator[tuple[str, Node]]:
        if node is None or node.value is None:
            return
        if not isinstance(node.value, list):
            self._findings.problem(f"expected a list, got {node}", key, node)
            return
        for number, item in enumerate(node.value):
            yield inside(key, number), item

    def _pip(self, node: Node, key: str) -> Iterator[str]:
        assert isinstance(node.value, dict)
        for name, below in node.value.items():
            if name != "pip":
                self._findings.problem(f"expected pip, got {quoted(name)}", key, node.keys[name])
                continue
            for path, item in self._items(below, inside(key, "pip")):
                if isinstance(item.value, str):
                    yield from self._line(item.value, path, item)
                else:
                    self._findings.problem(f"expected a requirement, got {item}", path, item)

    def _line(self, line: str, key: str, at: Node) -> Iterator[str]:
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if not line:
            return
        named = re.fullmatch(r"(?:-r|--requirement)[ =]?\s*(\S+)", line)
        if named:
            yield from self._file(named[1], key, at)
        elif line.startswith("-") and not OPTIONS.fullmatch(line):
            self._findings.problem(
                f"{quoted(line)}: this option of pip's has no use here", key, at
            )
        elif LOCAL.fullmatch(line) or not line.isprintable():
            message = f"{quoted(line)} is on this machine only: expected a package with a version"
            self._findings.problem(f"{message}, or the address of one", key, at)
        else:
            yield line

    def _file(self, name: str, key: str, at: Node) -> Iterator[str]:
        file, self._files = self._folder / name, self._files + 1
        if not is_file(file) or self._files > MOST_FILES:
            self._findings.problem(f"there is no file {quoted(str(file))}", key, at)
            return
        for line in lines_of(file):
            yield from self._line(line, key, at)


def lines_of(file: Path) -> list[str]:
    """Return the lines of a file of pip's requirements; one that ends in a backslash goes on."""
    text = file.read_text(encoding="utf-8", errors="replace")
    return re.sub(r"\\\r?\n", " ", text).splitlines()


def _located(value: Any) -> Node:
    """Return a plain value as a tree that is in no file."""
    if isinstance(value, dict):
        below = {str(name): _located(inner) for name, inner in value.items()}
        return Node(below, 0, 0, {name: Node(name, 0, 0) for name in below})
    if isinstance(value, (list, tuple)):
        return Node([_located(inner) for inner in value], 0, 0)
    return Node(value, 0, 0)
