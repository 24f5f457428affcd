"""The sections `inputs` and `outputs` of a sweep job.

An input is a value, or a file or folder of this machine, which is used where it is and only read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sweep.formats.arguments import text_of
from sweep.formats.checks import Check, Unfit, text
from sweep.formats.fields import Fields, fitting
from sweep.formats.findings import Findings, did_you_mean, quoted
from sweep.formats.located import Node, inside
from sweep.formats.references import NAME
from sweep.formats.v2_space import word_of

Literal = bool | int | float | str

FILES = ("uri_file",)
FOLDERS = ("uri_folder", "mltable", "mlflow_model")
EITHER = ("custom_model", "triton_model")
TYPES = (*FILES, *FOLDERS, *EITHER)
LITERAL_TYPES = ("string", "number", "integer", "boolean")
MODES = ("ro_mount", "download", "direct", "eval_mount", "eval_download", "rw_mount", "upload")

_EXAMPLE = "a value, or a mapping such as {type: uri_file, path: ./data.csv}"
_REMOTE = re.compile(r"(azureml|wasbs?|abfss?|adl|https?|s3|gs|git\+\w+|ssh):", re.IGNORECASE)
_PUBLIC_BLOB = re.compile(r"wasbs://([^@/]+)@([^/]+)/(.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Input:
    """One input.

    Attributes:
        value: the literal; or the path of a file or folder, absolute; or where to fetch it.
        kind: `literal`, `path` or `url`.
        type: the word in the file; empty for a literal.
    """

    value: Literal
    kind: str = "literal"
    type: str = ""

    @property
    def text(self) -> str:
        """What stands for it in a command."""
        return text_of(self.value)


def read_inputs(job: Fields, beside: Path, findings: Findings) -> dict[str, Input]:
    """Return the sound inputs by name.

    Args:
        job: the job.
        beside: the folder to which paths are relative.
        findings: take what is wrong.
    """
    inputs: dict[str, Input] = {}
    for name, node, where in _named(job, "inputs", findings):
        check: Check[Input | None] = partial(_input, where=where, beside=beside, findings=findings)
        found = fitting(node, where, check, None, findings)
        if found is not None:
            inputs[name] = found
    return inputs


def read_outputs(job: Fields, findings: Findings) -> tuple[str, ...]:
    """Return the names of the outputs: folders that each trial has to itself."""
    names = []
    for name, node, where in _named(job, "outputs", findings):
        names.append(name)
        if node.value is None:
            continue
        if not isinstance(node.value, dict):
            findings.problem(
                f"expected a mapping such as {{type: uri_folder}}, got {node}", where, node
            )
            continue
        output = Fields(node, where, findings)
        output.only(("type", "path", "mode", "description", "name", "version"))
        output.take("type", word_of({word: word for word in TYPES}), "uri_folder")
        output.take("mode", word_of({word: word for word in MODES}), "rw_mount")
        if "path" in output:
            findings.warn(
                "has no effect: an output is in its trial's folder",
                inside(where, "path"),
                output.at("path"),
            )
    return tuple(names)


def _named(job: Fields, section: str, findings: Findings) -> list[tuple[str, Node, str]]:
    """Return the entries of a section that have a sound name, with their paths."""
    node = job.take(section, _mapping, None)
    if node is None or not isinstance(node.value, dict):
        return []
    path, found = inside(job.path, section), []
    for name, child in node.value.items():
        where = inside(path, name)
        if NAME.fullmatch(name):
            found.append((name, child, where))
        else:
            findings.problem(
                f"a name has letters, digits and _, and begins with no digit: {quoted(name)}",
                where,
                node.keys[name],
            )
    return found


def _mapping(node: Node) -> Node:
    if not isinstance(node.value, dict):
        raise Unfit("a mapping from names to values", node)
    return node


def _input(node: Node, where: str, beside: Path, findings: Findings) -> Input | None:
    if isinstance(node.value, bool | int | float | str):
        return Input(literal(node))
    if not isinstance(node.value, dict):
        raise Unfit(_EXAMPLE, node)
    fields = Fields(node, where, findings)
    fields.only(("type", "path", "mode", "description", "default", "value", "optional"))
    kind = fields.take("type", word_of({w: w for w in (*TYPES, *LITERAL_TYPES)}), "uri_folder")
    fields.take("mode", word_of({word: word for word in MODES}), "ro_mount")
    if kind in LITERAL_TYPES:
        key = "value" if "value" in fields else "default"
        nothing: Literal = ""
        return Input(fields.need(key, literal, nothing))
    path = fields.need("path", text, "")
    return _located(path, kind, beside, (fields.at("path"), inside(where, "path")), findings)


def literal(node: Node) -> Literal:
    """Take a value.

    Raises:
        Unfit: it is null, a list or a mapping, or has a reference in it.
    """
    value = node.value
    if isinstance(value, list | dict) or value is None:
        raise Unfit("a value: text, a number, true or false", node)
    if isinstance(value, str) and ("\0" in value or "${{" in value):
        raise Unfit("a value without a reference or a NUL in it", node)
    return value


def _located(
    path: str, kind: str, beside: Path, spot: tuple[Node, str], findings: Findings
) -> Input | None:
    """Return the input at a path; None after a problem."""
    node, where = spot
    if not path:
        return None
    public = _PUBLIC_BLOB.fullmatch(path)
    if public:
        path = f"https://{public[2]}/{public[1]}/{public[3]}"
    if path.lower().startswith("https://"):
        if kind in FOLDERS:
            findings.problem(
                "a folder cannot be fetched from a URL: fetch it, and give its path", where, node
            )
        return Input(path, "url", kind)
    if found := _REMOTE.match(path):
        message = (
            f"{found[0]} names something of the service or of a cloud, which cannot be reached"
            " from here: fetch it, and give its path"
        )
        findings.problem(message, where, node)
        return None
    place = (beside / path.removeprefix("file://")).expanduser().absolute()
    if not place.exists():
        there = sorted(p.name for p in place.parent.iterdir()) if place.parent.is_dir() else []
        near = did_you_mean(place.name, there)
        findings.problem(f"there is no {quoted(str(place))}{near}", where, node)
    elif kind in FILES and not place.is_file():
        findings.problem(f"is a folder, and a {kind} is a file", where, node)
    elif kind in FOLDERS and not place.is_dir():
        findings.problem(f"is a file, and a {kind} is a folder", where, node)
    return Input(str(place), "path", kind)
