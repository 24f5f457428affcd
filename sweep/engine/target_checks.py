"""Checks of what a compute target is described by; each names what is wrong."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sweep.compute.ssh_names import HOST
from sweep.errors import ComputeTargetException

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\]|[0-9A-Fa-f:]+")
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_REQUIREMENT = re.compile(r"[A-Za-z0-9][^\n\r]*")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*[$]?")


def whole(name: str, value: Any, least: int) -> None:
    """Refuse what is no whole number, or too small."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ComputeTargetException(f"{name}: expected a whole number >= {least}, got {value!r}")


def number(name: str, value: Any) -> None:
    """Refuse what is no finite number >= 0."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not 0 <= value < float("inf"):
        raise ComputeTargetException(f"{name}: expected a number >= 0, got {value!r}")


def word(name: str, value: str, words: Sequence[str]) -> None:
    """Refuse a word that is not among some, and name the nearest."""
    if value not in words:
        near = difflib.get_close_matches(str(value).lower(), words, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ComputeTargetException(
            f"{name}: expected one of {', '.join(words)}, got {value!r}{hint}"
        )


def host(name: str, value: str) -> None:
    """Refuse what names no machine."""
    if not _HOST.fullmatch(value):
        raise ComputeTargetException(
            f"{name}: expected the name or the IP address of a machine, got {value!r}"
        )


def user(name: str, value: str) -> None:
    """Refuse what is no name of a user."""
    if not _USER.fullmatch(value):
        raise ComputeTargetException(f"{name}: expected the name of a user, got {value!r}")


def login(name: str, value: str) -> None:
    """Refuse what is no ``user@host:port``, of which user and port may be missing."""
    found = HOST.fullmatch(value)
    if found is None:
        raise ComputeTargetException(f"{name}: expected user@host:port, got {value!r}")
    host(name, found["address"])
    if found["user"] is not None:
        user(name, found["user"])
    if found["port"] is not None:
        port(name, found["port"])


def port(name: str, value: int | str) -> int:
    """Return a port, given as a number or as a text."""
    text = str(value)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ComputeTargetException(f"{name}: expected a port, 1 to 65535, got {value!r}")
    return int(text)


def fingerprint(name: str, value: str) -> str:
    """Return the fingerprint of a host's key, if it is one or nothing."""
    if value and not _FINGERPRINT.fullmatch(value):
        raise ComputeTargetException(
            f"{name}: expected a fingerprint as `ssh-keygen -lf` shows it, SHA256: and 43"
            f" characters, got {value!r}"
        )
    return value


def requirements(name: str, values: object) -> list[str]:
    """Return requirements as pip takes them: no options of pip's, no lines in a line."""
    words = [values] if isinstance(values, str) else values
    if not isinstance(words, Sequence):
        raise ComputeTargetException(f"{name}: expected a list of requirements, got {values!r}")
    for word in words:
        if not isinstance(word, str) or not _REQUIREMENT.fullmatch(word):
            raise ComputeTargetException(
                f"{name}: expected requirements such as scikit-learn==1.5.0, got {word!r}"
            )
    return [*words]


def private_file(value: str) -> str:
    """Return the absolute path of a file with a secret that only its owner can read."""
    path = Path(value).expanduser().absolute()
    if not path.is_file():
        raise ComputeTargetException(f"{path}: there is no such file")
    if path.stat().st_mode & 0o077:
        raise ComputeTargetException(f"{path} is open to other users: chmod 600 {path}")
    return str(path)
