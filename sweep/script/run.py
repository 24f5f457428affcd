"""The run, as its own script sees it.

Names and semantics: the Run class of the Azure Machine Learning SDK, version 1.
"""

import os

from sweep.script import Replicate
from sweep.script.channel import SocketChannel, Terminal
from sweep.script.errors import RunEnvironmentError, RunLogError
from sweep.script.log import Log
from sweep.script.values import scalar, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from sweep.script.channel import Channel
    from sweep.script.files import RunFiles

MOST_CHILDREN = 100
"""How many parts of a run are made at once, at most."""


class Run(Replicate):
    """One run, seen from inside: what it logs, and where its files are.

    Scripts get it by `Run.get_context()`; functions that are tuned are given it.

    Attributes:
        id: the run's id.
        number: its place in the order of sampling, from 0.
        attempt: 1, or more where it was lost and started again.
        folder: its own folder, which is also its working directory at the start.
        parent: the run that this is a part of; None for a run of a sweep.
    """

    _context: "Run | None" = None

    def __init__(
        self, channel: "Channel", run_id: str, number: int = 0, attempt: int = 1, folder: str = "."
    ) -> None:
        self.id = run_id
        self.number = number
        self.attempt = attempt
        self.folder = folder
        self.parent: Run | None = None
        self._offline = isinstance(channel, Terminal)
        self._channel = channel
        self._log = Log(channel)
        self._tags: dict[str, Any] = {}
        self._properties: dict[str, str] = {}
        self._kept: RunFiles | None = None
        self._children: list[Run] = []

    @classmethod
    def get_context(cls, allow_offline: bool = True) -> "Run":
        """Return the run that this process is part of.

        A script that runs by itself gets one that prints what is logged.

        Args:
            allow_offline: whether that is acceptable.

        Raises:
            RunEnvironmentError: there is no run, and `allow_offline` is false.
        """
        if Run._context is None:
            if channel := os.environ.get("SWEEP_CHANNEL"):
                Run._context = cls(
                    SocketChannel(channel),
                    os.environ["SWEEP_RUN_ID"],
                    int(os.environ["SWEEP_RUN_NUMBER"]),
                    int(os.environ["SWEEP_RUN_ATTEMPT"]),
                    os.environ["SWEEP_RUN_FOLDER"],
                )
                Run._context.be_told(os.environ)
            else:  # a random UUID; the module for it would cost milliseconds
                h = os.urandom(16).hex()
                name = f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"
                Run._context = cls(Terminal(), f"OfflineRun_{name}")
        if Run._context._offline and not allow_offline:
            raise RunEnvironmentError("this script was not started by a sweep")
        return Run._context

    @staticmethod
    def set_context(run: "Run | None") -> None:
        """Make `run` what `get_context` returns in this process."""
        Run._context = run

    @property
    def _files(self) -> "RunFiles":
        if self._kept is None:
            from sweep.script.files import RunFiles  # noqa: PLC0415 - many runs keep none

            self._kept = RunFiles(self._log, copies=not self._offline)
        return self._kept

    # ---- metrics ----------------------------------------------------------------------

    def log(
        self, name: str, value: "Any", description: str = "", step: "float | None" = None
    ) -> None:
        """Log one value; each call for the primary metric is one interval.

        Scalars of numpy, torch and the like are welcome.

        Raises:
            RunLogError: it is a list, or nothing that could be kept.
            RunStopped: this is a function run, and it was told to stop.
        """
        self._log.metric("s", name, scalar(name, value), step=scalar(name, step))

    def log_list(
        self, name: str, value: "Iterable[Any]", description: str = "", step: "float | None" = None
    ) -> None:
        """Log several values of one metric in order; an empty list logs nothing."""
        values = [scalar(name, item) for item in value]
        if values:
            self._log.metric("l", name, values, step=scalar(name, step))

    def log_row(self, name: str, description: "str | None" = None, **columns: "Any") -> None:
        """Log one row of a table, column by column."""
        self._log.metric("r", name, {c: scalar(f"{name}.{c}", v) for c, v in columns.items()})

    def log_table(self, name: str, value: "Mapping[str, Any]", description: str = "") -> None:
        """Log a table: scalars, or lists of one length."""
        self._log.metric("t", name, table(name, value))

    def log_image(
        self, name: str, path: "str | None" = None, plot: "Any" = None, description: str = ""
    ) -> None:
        """Log an image file, or a matplotlib figure or module; exactly one of them.

        Raises:
            RunLogError: both or neither are given.
        """
        self._files.image(self.folder, name, path, plot)

    def log_confusion_matrix(self, name: str, value: "Any", description: str = "") -> None:
        """Log a confusion matrix, as a dict in the service's form or the path of one."""
        self._log.document("confusion_matrix", name, value)

    def log_accuracy_table(self, name: str, value: "Any", description: str = "") -> None:
        """Log an accuracy table, as a dict in the service's form or the path of one."""
        self._log.document("accuracy_table", name, value)

    def log_residuals(self, name: str, value: "Any", description: str = "") -> None:
        """Log residuals, as a dict in the service's form or the path of one."""
        self._log.document("residual", name, value)

    def log_predictions(self, name: str, value: "Any", description: str = "") -> None:
        """Log predictions, as a dict in the service's form or the path of one."""
        self._log.document("predictions", name, value)

    def get_metrics(self, name: "str | None" = None, recursive: bool = False) -> "dict[str, Any]":
        """Return what this process has logged, by name; with `recursive`, in parts as well."""
        return self._log.read(name, recursive=recursive)

    def has_logged(self, name: str) -> bool:
        """Tell whether this process has logged a metric."""
        return name in self._log.logged

    # ---- tags and properties ----------------------------------------------------------

    def tag(self, key: str, value: "Any" = None) -> None:
        """Attach a tag to the run."""
        self.set_tags({key: value})

    def set_tags(self, tags: "Mapping[str, Any]") -> None:
        """Attach tags; a tag that is there gets the new value."""
        self._log.attach("tag", {k: None if v is None else str(v) for k, v in tags.items()})
        self._tags.update(tags)

    def remove_tags(self, keys: "Iterable[str]") -> None:
        """Take tags away."""
        keys = list(keys)
        self._log.detach(keys)
        for key in keys:
            self._tags.pop(key, None)

    def get_tags(self) -> "dict[str, Any]":
        """Return the tags that this process has attached."""
        return dict(self._tags)

    def add_properties(self, properties: "Mapping[str, Any]") -> None:
        """Attach properties: like tags, but texts, and written once.

        Raises:
            RunLogError: a property is there already, with another value.
        """
        texts = {key: str(value) for key, value in properties.items()}
        for key, text in texts.items():
            if self._properties.get(key, text) != text:
                raise RunLogError(f"property {key!r} is {self._properties[key]!r} for good")
        self._log.attach("property", texts)
        self._properties.update(texts)

    def get_properties(self) -> dict[str, str]:
        """Return the properties that this process has attached."""
        return dict(self._properties)

    # ---- files ------------------------------------------------------------------------

    def upload_file(self, name: str, path_or_stream: "Any") -> None:
        """Keep a file with the run under a name such as ``outputs/model.pkl``.

        Raises:
            RunLogError: the name leaves the run's folder, or is taken.
            OSError: the file cannot be read, or not be kept.
        """
        self._files.keep(self.folder, name, path_or_stream)

    def upload_files(self, names: "Iterable[str]", paths: "Iterable[str]") -> None:
        """Keep several files."""
        for name, path in zip(names, paths, strict=True):
            self.upload_file(name, path)

    def upload_folder(self, name: str, path: str) -> None:
        """Keep every file of a folder under names that start with `name`.

        Raises:
            RunLogError: there is no such folder.
        """
        self._files.keep_folder(self.folder, name, path)

    def get_file_names(self) -> list[str]:
        """Return the names of the files in the run's folder that are the run's own."""
        return self._files.names(self.folder)

    def download_file(self, name: str, output_file_path: "str | None" = None) -> None:
        """Copy a kept file out of the run's folder."""
        self._files.fetch(self.folder, name, output_file_path)

    def download_files(self, prefix: str = "", output_directory: str = ".") -> None:
        """Copy the kept files whose names start with `prefix` into a folder."""
        for name in self.get_file_names():
            if name.startswith(prefix):
                self.download_file(name, os.path.join(output_directory, name))

    # ---- life -------------------------------------------------------------------------

    def flush(self, timeout_seconds: float = 300) -> None:
        """Do nothing: what is logged has left this process when `log` returns."""

    def complete(self) -> None:
        """Do nothing: a run is complete when its script ends with exit code 0."""

    def fail(self, error_details: "Any" = None, error_code: "Any" = None) -> None:
        """Keep the details; a run has failed when its script ends with another exit code."""
        self._log.attach("property", {"error_details": str(error_details or error_code or "")})

    def cancel(self) -> None:
        """Refuse: a run is cancelled from outside, by `sweep run cancel`."""
        raise RunLogError("a script cannot cancel its own run: end it, or `sweep run cancel`")

    def child_run(self, name: "str | None" = None, **_: "Any") -> "Run":
        """Return a part of this run; what it logs is kept with the run's, under its name."""
        name = name or f"child_{len(self._children)}"
        child = Run(self._channel, f"{self.id}/{name}", self.number, self.attempt, self.folder)
        child.parent, child._log = self, self._log.part(name)
        child._kept = self._files.part(child._log)
        self._children.append(child)
        return child

    def create_children(self, count: int) -> "list[Run]":
        """Return several parts of this run.

        Raises:
            RunLogError: they are too many.
        """
        if count > MOST_CHILDREN:
            raise RunLogError(f"create_children({count}): at most {MOST_CHILDREN} at once")
        return [self.child_run() for _ in range(count)]

    def get_children(self) -> "list[Run]":
        """Return the parts of this run that this process has made."""
        return list(self._children)

    def get_details(self) -> "dict[str, Any]":
        """Return what is known of the run inside of it."""
        log = os.path.join(self.folder, "user_logs", "std_log.txt")
        details: dict[str, Any] = {"runId": self.id, "status": "Running"}
        details["properties"] = self.get_properties()
        return {**details, "logFiles": {"user_logs/std_log.txt": log}}

    def get_status(self) -> str:
        """Return the status: it is running, since it asks."""
        return "Running"

    def __enter__(self) -> "Run":
        """Enter a block that is this run."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it."""

    def __repr__(self) -> str:
        return f"Run({self.id!r})"
