"""Files that a script keeps with its run."""

import os

from sweep.script.errors import RunLogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sweep.script.log import Log

IMAGES = "logs/images"
OWN = ("outputs", "logs", "user_logs")
"""What in a run's folder did not come with its source."""


class RunFiles:
    """Puts files where they belong in a run's folder, and says so.

    Args:
        log: told of every file.
        copies: whether files are copied; a script that runs by itself runs among its user's
            files, and is not to touch them.

    Attributes:
        places: where in the run's folder files have been kept.
    """

    def __init__(self, log: "Log", *, copies: bool) -> None:
        self.places: dict[str, None] = {}
        self._log = log
        self._copies = copies

    def part(self, log: "Log") -> "RunFiles":
        """Return the same for a part of the run: one folder, one set of names."""
        files = RunFiles(log, copies=self._copies)
        files.places = self.places
        return files

    def keep(self, folder: str, name: str, path_or_stream: "Any") -> None:
        """Keep a file or what a stream holds.

        Raises:
            RunLogError: the name leads out of the folder, or is taken.
            OSError: the file cannot be read, or not be kept.
        """
        place = place_of(folder, name)
        if place in self.places:
            raise RunLogError(f"upload_file({name!r}): there is a file of that name")
        if self._copies:
            put(os.path.join(folder, place), path_or_stream)
        self._log.file(name, place)
        self.places[place] = None

    def keep_folder(self, folder: str, name: str, path: str) -> None:
        """Keep every file of a folder under names that start with `name`.

        Raises:
            RunLogError: there is no such folder, or as for `keep`.
        """
        if not os.path.isdir(path):
            raise RunLogError(f"upload_folder({name!r}): there is no folder {path!r}")
        for file in inside(path):
            self.keep(folder, f"{name}/{file}", os.path.join(path, file))

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in a run's folder that are the run's own."""
        return sorted({*self.places, *own(folder)})

    def fetch(self, folder: str, name: str, target: "str | None") -> None:
        """Copy a kept file out of a run's folder.

        Raises:
            OSError: it is not there, or the copy cannot be written.
        """
        put(target or os.path.basename(name), os.path.join(folder, name))

    def image(self, folder: str, name: str, path: "str | None", plot: "Any") -> None:
        """Keep an image beside earlier ones, and log it.

        Raises:
            RunLogError: both or neither of `path` and `plot` are given.
        """
        if (path is None) == (plot is None):
            raise RunLogError(f"log_image({name!r}): give either path or plot")
        place = str(plot if path is None else path)
        if self._copies:
            place = _free_place(folder, name, path)
            if path is None:
                os.makedirs(os.path.join(folder, IMAGES), exist_ok=True)
                plot.savefig(os.path.join(folder, place))
            else:
                put(os.path.join(folder, place), path)
        self._log.metric("i", name, place)


def place_of(folder: str, name: str) -> str:
    """Return where in a run's folder the file of a name belongs.

    Raises:
        RunLogError: the name leads out of the folder, also by way of a link.
    """
    root = os.path.realpath(folder)
    place = os.path.realpath(os.path.join(root, name))
    if place == root or os.path.commonpath((root, place)) != root:
        raise RunLogError(f"{name!r} does not name a file in the run's folder")
    return os.path.relpath(place, root)


def _free_place(folder: str, name: str, path: "str | None") -> str:
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
    stem, ending = (safe, ".png") if path is None else os.path.splitext(os.path.basename(path))
    place, number = f"{IMAGES}/{stem}{ending}", 1
    while os.path.exists(os.path.join(folder, place)):
        number += 1
        place = f"{IMAGES}/{stem}_{number}{ending}"
    return place


def put(target: str, source: "Any") -> None:
    """Copy a file or a stream, and make the folder it goes to.

    Raises:
        OSError: the one cannot be read, or the other not be written.
    """
    stream = hasattr(source, "read")
    if not stream and os.path.realpath(source) == os.path.realpath(target):
        os.stat(target)  # it is where it belongs, if it is there
        return
    os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
    if not stream:
        import shutil  # noqa: PLC0415 - it costs milliseconds

        shutil.copyfile(source, target)
        return
    content = source.read()
    with open(target, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def inside(folder: str) -> list[str]:
    """Return the names of all files in a folder, relative to it."""
    return sorted(
        os.path.relpath(os.path.join(place, name), folder)
        for place, _, names in os.walk(folder)
        for name in names
        if os.path.isfile(os.path.join(place, name))
    )


def own(folder: str) -> list[str]:
    """Return the names of the files of a run's folder that did not come with its source.

    A link that leads out of the folder is none of them.
    """
    root = os.path.realpath(folder)
    names = [f"{part}/{file}" for part in OWN for file in inside(os.path.join(folder, part))]
    return [n for n in names if os.path.realpath(os.path.join(root, n)).startswith(root + os.sep)]
