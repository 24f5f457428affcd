"""Files that a script keeps through MLflow: they go into the outputs of its run."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

SCHEME = "sweep"


def place_of(folder: str) -> str:
    """Return the name by which MLflow knows a folder of a run."""
    return f"{SCHEME}://{quote(os.path.abspath(folder))}"


class SweepArtifacts(LocalArtifactRepository):  # type: ignore[misc] # MLflow is seldom installed
    """A folder of a run, by its name in `place_of`."""

    def __init__(self, artifact_uri: str, *_: Any, **__: Any) -> None:
        super().__init__(unquote(urlsplit(artifact_uri).path))
