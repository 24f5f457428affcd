"""What git knows of a source directory, as properties of a run."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from sweep.core import redact

QUESTIONS = {
    "REPOSITORY_URI": ("ls-remote", "--get-url"),
    "BRANCH": ("symbolic-ref", "--short", "HEAD"),
    "COMMIT": ("rev-parse", "HEAD"),
    "DIRTY": ("status", "--porcelain"),
}
PROPERTIES = {
    "REPOSITORY_URI": ("azureml.git.repository_uri", "mlflow.source.git.repoURL"),
    "BRANCH": ("azureml.git.branch", "mlflow.source.git.branch"),
    "COMMIT": ("azureml.git.commit", "mlflow.source.git.commit"),
    "DIRTY": ("azureml.git.dirty",),
    "BUILD_ID": ("azureml.git.build_id",),
    "BUILD_URI": ("azureml.git.build_uri",),
}
SECONDS = 10


def properties(source: Path) -> dict[str, str]:
    """Return the git properties of a run; none outside of a repository or without git.

    Each can be given by an environment variable ``AZUREML_GIT_<NAME>``. Credentials in the
    address of the repository are taken out.
    """
    found: dict[str, str] = {}
    inside = _ask(source, "rev-parse", "--is-inside-work-tree") == "true"
    for name, keys in PROPERTIES.items():
        value = os.environ.get(f"AZUREML_GIT_{name}", "")
        if not value and inside and name in QUESTIONS:
            value = _ask(source, *QUESTIONS[name])
            if name == "DIRTY" and value:
                value = "True"
        if value:
            found.update(dict.fromkeys(keys, _without_credentials(value)))
    return found


def _ask(source: Path, *words: str) -> str:
    try:
        answer = subprocess.run(
            # The user's own git, which is not to stand in the way of what the user does with it.
            ["git", "--no-optional-locks", "-C", str(source), *words],  # noqa: S607
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def _without_credentials(value: str) -> str:
    return redact.text(
        re.sub(r"([a-z][a-z0-9+.-]*://)[^/\s]*@", r"\1", value, flags=re.IGNORECASE)
    )
