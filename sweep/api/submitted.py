"""What sweeps and lone runs have in common, seen from outside."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

from sweep.api.service import AtTheService
from sweep.core.run import OVER
from sweep.engine.background import last_words
from sweep.engine.wishes import leave
from sweep.errors import RunFailed
from sweep.storage.feed import Feed
from sweep.storage.reader import SweepReader
from sweep.storage.targets import target_of
from sweep.storage.workspace import SweepFolder
from sweep.view.ending import ending

POLL = 0.1


class Submitted(AtTheService):
    """What sweeps and lone runs have in common: they are worked on, and end.

    Attributes:
        id: ``HD_<uuid>``, or ``<experiment>_<time>_<hash>`` for a lone run.
        engine: the process that works on it, where this process has started it.
    """

    def __init__(self, folder: SweepFolder) -> None:
        self.id = folder.id
        self.engine: subprocess.Popen[bytes] | None = None
        self._folder = folder

    def _reader(self) -> SweepReader:
        return SweepReader(self._folder.database)

    @property
    def kept_in(self) -> SweepFolder:
        """Where it is kept."""
        return self._folder

    def get_portal_url(self) -> str:
        """Return where all of it can be looked at: its folder."""
        return self._folder.path.resolve().as_uri()

    def get_status(self) -> str:
        """Return HyperDrive's word for its state."""
        with self._reader() as reader:
            status: str = reader.get("status")[0]
        return status

    status = property(get_status)

    def wait_for_completion(
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,  # noqa: ARG002 - there is none
        raise_on_error: bool = True,
    ) -> dict[str, Any]:
        """Wait for the end; return the details.

        Args:
            show_output: print what happens meanwhile, and what it has come to.
            wait_post_processing: has no effect.
            raise_on_error: raise when it has failed.

        Raises:
            RunFailed: it has failed, or the process that worked on it is gone.
            KeyboardInterrupt: waiting was interrupted; the work goes on.
        """
        with self._reader() as reader:
            feed = Feed(reader)
            try:
                while True:
                    working = self._is_worked_on()
                    if show_output:
                        for line in feed.lines():
                            sys.stdout.write(line + "\n")
                    status, reason = reader.get("status")
                    if status in OVER:
                        if show_output:
                            sys.stdout.writelines(line + "\n" for line in ending(reader))
                        break
                    if not working:
                        raise RunFailed(
                            f"{self.id} is {status}, and nobody works on it:"
                            f" {last_words(self._folder) or 'sweep resume goes on with it'}"
                        )
                    time.sleep(POLL)
            except KeyboardInterrupt:
                sys.stderr.write(f"{self.id} goes on; its cancel() ends it\n")
                raise
        if status == "Failed" and raise_on_error:
            raise RunFailed(f"{self.id} has failed: {reason}")
        return self.get_details()

    def _is_worked_on(self) -> bool:
        """Tell whether a process works on it, or is about to."""
        if self._folder.engine is not None:
            return True
        return self.engine is not None and self.engine.poll() is None

    def get_details(self) -> dict[str, Any]:
        """Return what is known of it, under the service's names."""
        with self._reader() as reader:
            return {
                "runId": self.id,
                "target": target_of(reader),
                "status": reader.get("status")[0],
                "properties": reader.tags(-1, "property"),
                "tags": reader.tags(-1, "tag"),
                "logFiles": {},
            }

    def get_tags(self) -> dict[str, str | None]:
        """Return the tags."""
        with self._reader() as reader:
            return reader.tags(-1, "tag")

    def get_properties(self) -> dict[str, str | None]:
        """Return the properties, such as git's."""
        with self._reader() as reader:
            return reader.tags(-1, "property")

    tags = property(get_tags)
    properties = property(get_properties)

    def cancel(self) -> None:
        """Ask for its end, and that of all its runs."""
        leave(self._folder.requests, "cancel", None, "canceled by the user")

    def _repr_html_(self) -> str:
        from sweep.view.card import sweep_card  # noqa: PLC0415 - only notebooks need it

        return sweep_card(self._folder)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r}, {self.get_status()})"
