"""Files that a script keeps with its run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from sweep.script.errors import RunLogError


def keep(folder: str, name: str, path_or_stream: Any) -> str:
    """Copy a file or a stream to its place in the run's folder; return that place.

    Raises:
        RunLogError: the name leads out of the folder.
    """
    root = Path(folder).resolve()
    place = (root / name).resolve()
    if not place.is_relative_to(root) or place == root:
        raise RunLogError(f"{name!r} leads out of the run's folder")
    place.parent.mkdir(parents=True, exist_ok=True)
    if hasattr(path_or_stream, "read"):
        content = path_or_stream.read()
        place.write_bytes(content.encode() if isinstance(content, str) else content)
    elif Path(path_or_stream).resolve() != place:
        shutil.copyfile(path_or_stream, place)
    return str(place.relative_to(root))


def image(folder: str, name: str, path: str | None, plot: Any) -> str:
    """Keep an image with the run; return its place in the run's folder."""
    if path is not None:
        return keep(folder, f"logs/images/{Path(path).name}", path)
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
    place = Path(folder).resolve() / "logs" / "images" / f"{safe}.png"
    number = 1
    while place.exists():
        number += 1
        place = place.with_name(f"{safe}_{number}.png")
    place.parent.mkdir(parents=True, exist_ok=True)
    plot.savefig(place)
    return str(place.relative_to(Path(folder).resolve()))


def inside(folder: str) -> list[str]:
    """Return the names of all files in a folder, relative to it."""
    root = Path(folder)
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())


def own(folder: str) -> list[str]:
    """Return the names of the files of a run's folder that did not come with its source."""
    parts = ("outputs", "logs", "user_logs")
    return [f"{part}/{file}" for part in parts for file in inside(str(Path(folder, part)))]


def copy(place: str, target: str) -> None:
    """Copy a file, and make the folder it goes to."""
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(place, target)
