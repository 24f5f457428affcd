"""Which Python and which packages runs have, by the names of what is installed."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import sweep

ASK = "import json, platform, sys; print(json.dumps([platform.python_version(), sys.path]))"
SECONDS = 20.0
SUFFIXES = (".dist-info", ".egg-info")


def versions() -> dict[str, str]:
    """Return the versions that a sweep's results may depend on."""
    return {"hypersweep": sweep.__version__, "python": platform.python_version()}


def surroundings(template: Mapping[str, Any], cluster: object) -> dict[str, Any]:
    """Return what runs have around them, as far as it can be known here; a JSON value.

    Args:
        template: of each run, as it is kept.
        cluster: on which runs execute; None for this machine.

    Returns:
        `interpreter` and `platform`; `python`, its version; `packages`, versions by name; or
        `asked`, where runs have packages of their own.
    """
    command, system = template.get("command") or [sys.executable], os.uname()
    found: dict[str, Any] = {
        "interpreter": str(command[0]),
        "platform": f"{system.sysname} {system.machine}",
    }
    asked = (template.get("needs") or {}).get("packages")
    if asked is not None:
        return {**found, "asked": asked}
    if cluster is not None:
        return found
    if command[0] == sys.executable:
        return {**found, "python": platform.python_version(), "packages": installed(sys.path)}
    if not Path(command[0]).name.startswith("python"):
        return found
    try:
        answer = subprocess.run(
            [command[0], "-c", ASK], capture_output=True, timeout=SECONDS, check=True
        )
        version, paths = json.loads(answer.stdout)
        return {**found, "python": str(version), "packages": installed(map(str, paths))}
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        return found


def installed(paths: Iterable[str]) -> dict[str, str]:
    """Return the versions of what is installed in some folders, by name; the first counts."""
    found: dict[str, str] = {}
    for path in paths:
        try:
            with os.scandir(path) as entries:
                names = [entry.name for entry in entries if entry.name.endswith(SUFFIXES)]
        except OSError:
            continue
        for name in names:
            project, _, rest = name.rpartition(".")[0].partition("-")
            found.setdefault(project.lower().replace("_", "-"), rest.partition("-")[0])
    return dict(sorted(found.items()))


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return how surroundings differ, as phrases; what is not known does not differ."""
    found = [
        f"{key} {before[key]} is {now[key]}"
        for key in ("interpreter", "python", "platform")
        if before.get(key) and now.get(key) and before[key] != now[key]
    ]
    old, new = before.get("packages"), now.get("packages")
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return found
    for name in sorted({*old, *new}):
        if name not in new:
            found.append(f"{name} {old[name]} is gone")
        elif name not in old:
            found.append(f"{name} {new[name]} has come")
        elif old[name] != new[name]:
            found.append(f"{name} {old[name]} is {new[name]}")
    return found
