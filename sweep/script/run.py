"""The run, as its own script sees it.

Names and semantics: the Run class of the Azure Machine Learning SDK, version 1.
"""

from __future__ import annotations

import os
import time

from sweep.script.channel import SocketChannel, Terminal
from sweep.script.errors import RunEnvironmentError, RunLogError, RunStopped
from sweep.script.values import read_back, scalar, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Protocol

    class Channel(Protocol):
        """Where messages go."""

        def send(self, message: dict[str, Any]) -> None:
            """Send one message."""

        def stopped(self) -> bool:
            """Tell whether the run was told to stop."""


class Run:
    """One run, seen from inside: what it logs, and where its files are.

    Scripts get theirs by `Run.get_context()`; functions that are tuned are given it.

    Attributes:
        id: the run's id.
        number: its place in the order of sampling, from 0.
        attempt: 1, or more where it was lost and started again.
        folder: its own folder, which is also its working directory at the start.
    """

    _context: Run | None = None

    def __init__(
        self, channel: Channel, run_id: str, number: int = 0, attempt: int = 1, folder: str = "."
    ) -> None:
        self.id = run_id
        self.number = number
        self.attempt = attempt
        self.folder = folder
        self._channel = channel
        self._logged: list[tuple[str, str, Any]] = []
        self._tags: dict[str, Any] = {}
        self._properties: dict[str, Any] = {}
        self._files: list[str] = []

    @classmethod
    def get_context(cls, allow_offline: bool = True) -> Run:
        """Return the run that this process is part of.

        A script that runs by itself gets one that prints what is logged.

        Args:
            allow_offline: whether that is acceptable.

        Raises:
            RunEnvironmentError: there is no run, and `allow_offline` is false.
        """
        if Run._context is None:
            channel = os.environ.get("SWEEP_CHANNEL")
            if channel:
                Run._context = cls(
                    SocketChannel(channel),
                    os.environ["SWEEP_RUN_ID"],
                    int(os.environ["SWEEP_RUN_NUMBER"]),
                    int(os.environ["SWEEP_RUN_ATTEMPT"]),
                    os.environ["SWEEP_RUN_FOLDER"],
                )
            elif not allow_offline:
                raise RunEnvironmentError("this script was not started by a sweep")
            else:
                import uuid  # noqa: PLC0415 - only here, and it costs milliseconds

                Run._context = cls(Terminal(), f"OfflineRun_{uuid.uuid4()}")
        return Run._context

    @staticmethod
    def set_context(run: Run | None) -> None:
        """Make `run` what `get_context` returns in this process."""
        Run._context = run

    # ---- metrics ----------------------------------------------------------------------

    def log(self, name: str, value: Any, description: str = "", step: float | None = None) -> None:
        """Log one value; each call for the primary metric is one interval.

        Scalars of numpy, torch and the like are welcome.

        Raises:
            RunLogError: it is a list, or nothing that could be kept.
            RunStopped: this is a function run, and it was told to stop.
        """
        self._send("s", name, scalar(name, value), step)

    def log_list(
        self, name: str, value: Iterable[Any], description: str = "", step: float | None = None
    ) -> None:
        """Log several values of one metric in order; an empty list logs nothing."""
        values = [scalar(name, item) for item in value]
        if values:
            self._send("l", name, values, step)

    def log_row(self, name: str, description: str | None = None, **columns: Any) -> None:
        """Log one row of a table, column by column."""
        self._send("r", name, {c: scalar(f"{name}.{c}", v) for c, v in columns.items()})

    def log_table(self, name: str, value: Mapping[str, Any], description: str = "") -> None:
        """Log a table: scalars, or lists of one length."""
        self._send("t", name, table(name, value))

    def log_image(
        self, name: str, path: str | None = None, plot: Any = None, description: str = ""
    ) -> None:
        """Log an image file, or a matplotlib figure or module; exactly one of them.

        Raises:
            RunLogError: both or neither are given.
        """
        if (path is None) == (plot is None):
            raise RunLogError(f"log_image({name!r}): give either path or plot")
        from sweep.script.files import image  # noqa: PLC0415 - rarely needed

        self._send("i", name, image(self.folder, name, path, plot))

    def log_confusion_matrix(self, name: str, value: Any, description: str = "") -> None:
        """Log a confusion matrix, as a dict in the service's form or the path of one."""
        self._send_json("confusion_matrix", name, value)

    def log_accuracy_table(self, name: str, value: Any, description: str = "") -> None:
        """Log an accuracy table, as a dict in the service's form or the path of one."""
        self._send_json("accuracy_table", name, value)

    def log_residuals(self, name: str, value: Any, description: str = "") -> None:
        """Log residuals, as a dict in the service's form or the path of one."""
        self._send_json("residuals", name, value)

    def log_predictions(self, name: str, value: Any, description: str = "") -> None:
        """Log predictions, as a dict in the service's form or the path of one."""
        self._send_json("predictions", name, value)

    def get_metrics(self, name: str | None = None) -> dict[str, Any]:
        """Return what this process has logged, by name."""
        return read_back(m for m in self._logged if name is None or m[0] == name)

    def has_logged(self, name: str) -> bool:
        """Tell whether this process has logged a metric."""
        return any(logged == name for logged, _, _ in self._logged)

    # ---- tags and properties ----------------------------------------------------------

    def tag(self, key: str, value: Any = None) -> None:
        """Attach a tag to the run."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Attach tags; a tag that is there gets the new value."""
        self._tags.update(tags)
        self._tell("tag", {k: None if v is None else str(v) for k, v in tags.items()})

    def remove_tags(self, keys: Iterable[str]) -> None:
        """Take tags away."""
        keys = list(keys)
        for key in keys:
            self._tags.pop(key, None)
        self._tell("untag", keys)

    def get_tags(self) -> dict[str, Any]:
        """Return the tags that this process has attached."""
        return dict(self._tags)

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Attach properties: like tags, but written once.

        Raises:
            RunLogError: a property is there already, with another value.
        """
        for key, value in properties.items():
            if self._properties.get(key, value) != value:
                raise RunLogError(f"property {key!r} is {self._properties[key]!r} for good")
        self._properties.update(properties)
        self._tell("property", {k: str(v) for k, v in properties.items()})

    def get_properties(self) -> dict[str, Any]:
        """Return the properties that this process has attached."""
        return dict(self._properties)

    # ---- files ------------------------------------------------------------------------

    def upload_file(self, name: str, path_or_stream: Any) -> None:
        """Keep a file with the run under a name such as ``outputs/model.pkl``.

        Raises:
            RunLogError: the name leaves the run's folder, or is taken.
        """
        from sweep.script.files import keep  # noqa: PLC0415 - rarely needed

        if name in self._files:
            raise RunLogError(f"upload_file({name!r}): there is a file of that name")
        self._files.append(name)
        self._channel.send({"k": "file", "n": name, "p": keep(self.folder, name, path_or_stream)})

    def upload_files(self, names: Iterable[str], paths: Iterable[str]) -> None:
        """Keep several files."""
        for name, path in zip(names, paths, strict=True):
            self.upload_file(name, path)

    def upload_folder(self, name: str, path: str) -> None:
        """Keep every file of a folder under names that start with `name`."""
        from sweep.script.files import inside  # noqa: PLC0415 - rarely needed

        for file in inside(path):
            self.upload_file(f"{name}/{file}", os.path.join(path, file))

    def get_file_names(self) -> list[str]:
        """Return the names of the files in the run's folder that are the run's own."""
        from sweep.script.files import own  # noqa: PLC0415 - rarely needed

        return sorted({*self._files, *own(self.folder)})

    def download_file(self, name: str, output_file_path: str | None = None) -> None:
        """Copy a kept file out of the run's folder."""
        from sweep.script.files import copy  # noqa: PLC0415 - rarely needed

        copy(os.path.join(self.folder, name), output_file_path or os.path.basename(name))

    # ---- life -------------------------------------------------------------------------

    def flush(self, timeout_seconds: float = 300) -> None:
        """Do nothing: what is logged has left this process when `log` returns."""

    def complete(self) -> None:
        """Do nothing: a run is complete when its script ends with exit code 0."""

    def fail(self, error_details: Any = None, error_code: Any = None) -> None:
        """Keep the details; a run has failed when its script ends with another exit code."""
        self._tell("property", {"error_details": str(error_details or error_code or "")})

    def cancel(self) -> None:
        """Refuse: a run is cancelled from outside, by `sweep run cancel`."""
        raise RunLogError("a script cannot cancel its own run: end it, or `sweep run cancel`")

    def child_run(self, name: str | None = None, **_: Any) -> Run:
        """Return a part of this run whose metrics are kept under its name."""
        return ChildRun(self, name or f"child_{len(self._logged)}")

    def get_details(self) -> dict[str, Any]:
        """Return what is known of the run inside of it."""
        return {
            "runId": self.id,
            "status": "Running",
            "properties": self.get_properties(),
            "logFiles": {"user_logs/std_log.txt": os.path.join(self.folder, "user_logs")},
        }

    def get_status(self) -> str:
        """Return the status: it is running, since it asks."""
        return "Running"

    @property
    def parent(self) -> Run | None:
        """The run that this is a part of; None for a run of a sweep."""
        return None

    def __enter__(self) -> Run:
        """Enter a block that is this run."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it."""

    def __repr__(self) -> str:
        return f"Run({self.id!r})"

    # ---- sending ----------------------------------------------------------------------

    def _send(self, kind: str, name: str, value: Any, step: float | None = None) -> None:
        if not isinstance(name, str) or not name:
            raise RunLogError(f"a metric is named by a text, got {name!r}")
        message = {"k": kind, "n": name, "v": value, "t": time.time()}
        if step is not None:
            message["s"] = scalar(name, step)
        self._channel.send(message)
        self._logged.append((name, KINDS[kind], value))
        if self._channel.stopped():
            raise RunStopped

    def _send_json(self, what: str, name: str, value: Any) -> None:
        if isinstance(value, str):
            import json  # noqa: PLC0415 - already there in a run; not in an offline one

            with open(value, encoding="utf-8") as file:
                value = json.load(file)
        self._channel.send({"k": "j", "n": name, "v": value, "d": what, "t": time.time()})
        self._logged.append((name, what, value))

    def _tell(self, kind: str, value: Any) -> None:
        self._channel.send({"k": kind, "v": value})


KINDS = {"s": "scalar", "l": "list", "r": "row", "t": "table", "i": "image"}


class ChildRun(Run):
    """A part of a run; its metrics are kept with the run's, under the part's name."""

    def __init__(self, parent: Run, name: str) -> None:
        super().__init__(parent._channel, f"{parent.id}/{name}", folder=parent.folder)
        self._parent, self._name = parent, name

    @property
    def parent(self) -> Run:
        """The run that this is a part of."""
        return self._parent

    def _send(self, kind: str, name: str, value: Any, step: float | None = None) -> None:
        super()._send(kind, f"{self._name}/{name}", value, step)
