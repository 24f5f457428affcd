"""Data that a run configuration names: paths of this machine, or mounted ones, for its scripts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweep.errors import ConfigError, Problem
from sweep.formats.findings import did_you_mean, quoted
from sweep.formats.located import inside
from sweep.formats.runconfig import RunConfiguration

VARIABLE = "AZUREML_DATAREFERENCE_"
"""With a name behind it: the variable with the path, in the environment and in arguments."""
CONSUMED = "DatasetConsumptionConfig:"
"""What stands before a name of `data` as an argument."""
STORE = "SWEEP_DATASTORE_"
"""With the name of a datastore: our own variable that says where it is mounted."""
LOCAL = ("", "local", "localhost")
_USED = re.compile(rf"\$(?:\{{{VARIABLE}(\w+)\}}|{VARIABLE}(\w+))|^{CONSUMED}(.+)$")


@dataclass(frozen=True, slots=True)
class DataReference:
    """One of them.

    Attributes:
        name: how arguments call it.
        path: where it is; absolute.
        variables: of the environment, whose value is the path.
    """

    name: str
    path: str
    variables: tuple[str, ...]


def data_references(
    configuration: RunConfiguration, source: Path, *, here: bool
) -> dict[str, DataReference]:
    """Return the data of a run configuration by name.

    Args:
        configuration: its `data_references`, and `data`, `datacaches` among what else it has.
        source: the project's folder, in which relative paths begin.
        here: runs are on this machine, so each path must be here.

    Raises:
        ConfigError: with line and column; a path is not here, or the data is in a cloud.
    """
    reader = _Reader(configuration, source, here=here)
    found = [*reader.references(), *reader.data()]
    if configuration.extra.get("datacaches"):
        reader.problem("datacaches", "a cache of the service's is not here; name the data itself")
    if reader.problems:
        raise ConfigError(reader.problems)
    return {reference.name: reference for reference in found}


def substituted(words: Iterable[Any], found: Mapping[str, DataReference]) -> tuple[Any, ...]:
    """Return arguments with paths in place of what stands for data.

    Raises:
        ConfigError: there is no data of that name.
    """

    def path(match: re.Match[str]) -> str:
        name = next(filter(None, match.groups()))
        if name not in found:
            hint = did_you_mean(name, found)
            raise ConfigError(f"arguments: {match[0]}: there is no data reference {name!r}{hint}")
        return found[name].path

    return tuple(_USED.sub(path, word) if isinstance(word, str) else word for word in words)


class _Reader:
    """Reads the sections, and notes what is wrong."""

    def __init__(self, configuration: RunConfiguration, source: Path, *, here: bool) -> None:
        self._configuration = configuration
        self._source = source
        self._here = here
        self.problems: list[Problem] = []

    def problem(self, key: str, message: str) -> None:
        """Note that something is wrong, where it stands."""
        place = self._configuration.places.get(key)
        about = {} if place is None else _spot(place)
        self.problems.append(Problem(message, key=key, **about))

    def references(self) -> Iterator[DataReference]:
        """Yield the section `dataReferences`."""
        for name, entry in self._entries(self._configuration.data_references, "dataReferences"):
            key = inside("dataReferences", name)
            if str(entry.get("mode") or "").lower() == "upload":
                message = "nothing is uploaded: what a run writes into outputs is kept with it"
                self.problem(key, message)
                continue
            named = entry.get("pathOnDataStore") or entry.get("pathOnCompute")
            path = self._path(key, entry.get("dataStoreName"), named)
            if path:
                yield DataReference(name, path, (VARIABLE + name,))

    def data(self) -> Iterator[DataReference]:
        """Yield the section `data`."""
        for name, entry in self._entries(self._configuration.extra.get("data"), "data"):
            key = inside("data", name)
            where = entry.get("dataLocation") or {}
            dataset, uri = where.get("dataset") or {}, where.get("uri")
            if any(dataset.values()):
                called = dataset.get("name") or dataset.get("id")
                message = f"the dataset {quoted(str(called))} is registered in a cloud account"
                self.problem(key, f"{message}: name a path, as dataLocation: {{uri: /the/path}}")
                continue
            uri = uri.get("path") if isinstance(uri, dict) else uri
            at = where.get("dataPath") or {}
            path = self._path(key, at.get("datastoreName"), uri or at.get("relativePath"))
            if path:
                variable = entry.get("environmentVariableName") or name
                yield DataReference(name, path, (VARIABLE + name, str(variable)))

    def _entries(self, section: Any, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        if section and not isinstance(section, dict):
            self.problem(name, "expected a mapping from names to data")
            return
        for key, entry in (section or {}).items():
            if isinstance(entry, dict) and re.fullmatch(r"\w+", key):
                yield key, entry
            else:
                expected = "a name of letters, digits and _, and a mapping"
                self.problem(
                    inside(name, key), f"expected {expected}, such as {{pathOnDataStore: x}}"
                )

    def _path(self, key: str, store: object, named: object) -> str:
        if not isinstance(named, str) or not named or "\0" in named:
            self.problem(key, "which path? name it as pathOnDataStore")
            return ""
        named = named.removeprefix("file://")
        folder = self._source
        if str(store or "").lower() not in LOCAL:
            variable = STORE + re.sub(r"\W", "_", str(store)).upper()
            mounted = os.environ.get(variable)
            if not mounted:
                self.problem(
                    key,
                    f"the datastore {quoted(str(store))} is in a cloud account, which is not"
                    f" reached from here: mount it and say where ({variable}=/the/folder), or name"
                    " a path and no datastore",
                )
                return ""
            folder, named = Path(mounted), named.lstrip("/")
        elif "://" in named:
            self.problem(
                key, f"{quoted(named)} is not a path: copy or mount it, and name its path"
            )
            return ""
        path = (folder / named).absolute()
        if self._here and not path.exists():
            self.problem(key, f"there is no {quoted(str(path))}")
            return ""
        return str(path)


def _spot(place: Problem) -> dict[str, Any]:
    return {"source": place.source, "line": place.line, "column": place.column}
