"""Where the password or the passphrase of a remote machine comes from."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from getpass import getpass
from pathlib import Path

from sweep.errors import UserError

PREFIX = "SWEEP_SECRET_"


def variable_of(name: str) -> str:
    """Return the environment variable that holds the secret of a compute target."""
    return PREFIX + re.sub(r"\W", "_", name).upper()


def secret_of(name: str, file: str = "", environment: Mapping[str, str] = os.environ) -> str:
    """Return the secret of a compute target; empty when there is none.

    Args:
        name: of the target: `SWEEP_SECRET_<NAME>` comes before the file.
        file: with the secret in it, which only its owner may read; empty for none.
        environment: where variables are.

    Raises:
        UserError: the file cannot be read, or others may read it.
    """
    if secret := environment.get(variable_of(name), ""):
        return secret
    if not file:
        return ""
    path = Path(file).expanduser()
    try:
        if path.stat().st_mode & 0o077:
            raise UserError(f"secret file: others may read {path}: chmod 600 {path}")
        return path.read_text().rstrip("\r\n")
    except OSError as error:
        raise UserError(f"secret file: {path}: {error.strerror}") from None


def from_terminal() -> Callable[[str], str] | None:
    """Return what asks the user for a secret; None when no terminal is there."""
    return getpass if sys.stdin is not None and sys.stdin.isatty() else None
