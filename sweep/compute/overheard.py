"""Metrics of a program that logs none: found in what it prints, and in a file that it writes.

Asked for by the sweep's file; nothing that is found or not found ends a run. It travels to the
slots, and uses the standard library only.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from sweep.compute.hearing import TOO_MANY, Hearing

VARIABLE = "SWEEP_METRICS_FILE"
"""Says to a script where the file is that it may write."""
LINE_CHARACTERS = 2000
"""How much of a printed line is looked at."""
FILE_LINE_BYTES = 1 << 16
"""How long a line of the file may be."""
LOOK_SECONDS = 0.2
LOOK_BYTES = 1 << 20
"""How often the file is looked at, and how much is read of it at once."""
LAST_LOOKS = 64
"""How often it is looked at when the run is over: no other run can begin meanwhile."""
SLOW_SECONDS = 0.1
"""A line that takes so long is the last one that is looked at: the slot has other things to do."""

Metric = tuple[str, float, float | None]
"""Name, value, step."""


class Overheard:
    """Looks and listens for metrics of one run.

    Args:
        wanted: `stdout`, regular expressions; `file`, relative to the folder; each may be absent.
        folder: the run's own.
        hearing: where what is found goes.
        tell: takes what the user is to be told.
    """

    def __init__(
        self,
        wanted: Mapping[str, Any],
        folder: Path,
        hearing: Hearing,
        tell: Callable[[str], None],
    ) -> None:
        self._patterns = [re.compile(text) for text in wanted.get("stdout") or ()]
        self._hearing = hearing
        self._tell = tell
        self._told: set[str] = set()
        self._rest = b""
        self.file = folder / wanted["file"] if wanted.get("file") else None
        self._folder = folder
        self._at = 0
        self._timer: asyncio.TimerHandle | None = None
        if self.file is not None:
            self._again()

    def printed(self, chunk: bytes) -> None:
        """Look for metrics in what the run has printed."""
        if not self._patterns:
            return
        *lines, rest = (self._rest + chunk).replace(b"\r", b"\n").split(b"\n")
        self._rest = rest[: 4 * LINE_CHARACTERS]
        for line in lines:
            self._search(line)

    def close(self) -> None:
        """Look once more: the run is over."""
        if self._rest:
            self._search(self._rest)
            self._rest = b""
        if self._timer is not None:
            self._timer.cancel()
            for _ in range(LAST_LOOKS):
                if not self._look(last=True):
                    return
            self._say("the file of metrics is too large: the rest of it is not read")

    # ---- what it prints ---------------------------------------------------------------

    def _search(self, line: bytes) -> None:
        text = line.decode(errors="replace")[:LINE_CHARACTERS]
        began = time.perf_counter()
        for pattern in self._patterns:
            for match in pattern.finditer(text):
                self._log(self._named(match.groupdict()))
        if (took := time.perf_counter() - began) > SLOW_SECONDS:
            self._patterns = []
            self._say(
                f"metrics.stdout takes too long ({took:.1f} s for one line of the output): it is"
                " not looked for any more"
            )

    def _named(self, groups: dict[str, str | None]) -> Iterator[Metric]:
        """Yield what a match gives: by the groups' names, or by a group with the name."""
        found = {name: text for name, text in groups.items() if text is not None}
        step = _number(found.pop("step", ""))
        if {"name", "value"} <= found.keys():
            found = {found["name"]: found["value"]}
        for name, text in found.items():
            value = _number(text)
            if value is None:
                self._say(f"metrics.stdout found {text!r:.60} for {name}, which is no number")
            else:
                yield name, value, step

    # ---- what it writes ---------------------------------------------------------------

    def _again(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._on_time)

    def _on_time(self) -> None:
        self._look()
        self._again()

    def _look(self, *, last: bool = False) -> bool:
        """Read what is new in the file; tell whether there may be more."""
        data = self._read()
        end = data.rfind(b"\n") + 1
        if last and len(data) < LOOK_BYTES:
            end = len(data)  # the last line may lack its end
        elif not end and len(data) >= LOOK_BYTES:
            end = len(data)  # a line without an end
        self._at += end
        for line in data[:end].splitlines():
            if line.strip():
                self._log(self._of_line(line))
        return bool(end)

    def _read(self) -> bytes:
        """Return the next part of the file, if it is one, and in the run's folder."""
        assert self.file is not None
        try:
            if not self.file.resolve().is_relative_to(self._folder.resolve()):
                return b""
            descriptor = os.open(self.file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return b""  # not there yet
        try:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                return b""
            if about.st_size < self._at:  # it has been begun anew
                self._at = 0
            return os.pread(descriptor, LOOK_BYTES, self._at)
        except OSError:
            return b""
        finally:
            os.close(descriptor)

    def _of_line(self, line: bytes) -> Iterator[Metric]:
        said: Any = None
        if len(line) <= FILE_LINE_BYTES:
            with suppress(ValueError, RecursionError):
                said = json.loads(line)
        if not isinstance(said, dict):
            self._say(f"{line[:60]!r} in the file of metrics is no JSON object; it is passed over")
            return
        step = said.pop("step", None)
        step = float(step) if _is_number(step) else None
        if {"name", "value"} <= said.keys() and isinstance(said["name"], str):
            said = {said["name"]: said["value"]}
        for name, value in said.items():
            if _is_number(value):
                yield name, float(value), step

    # ---- what becomes of it -----------------------------------------------------------

    def _log(self, metrics: Iterator[Metric]) -> None:
        for name, value, step in metrics:
            message: dict[str, Any] = {"k": "s", "n": name, "v": value, "t": time.time()}
            if step is not None and math.isfinite(step):
                message["s"] = step
            line = json.dumps(message).encode()
            if self._hearing.allowance.take(len(line)):
                self._hearing.mailbox.put(self._hearing.prefix + line + b"}")
            else:
                self._hearing.drop(TOO_MANY)

    def _say(self, text: str) -> None:
        """Tell the user something, once for its kind."""
        kind = re.sub(r"b?'.*?'|[0-9.]+", "", text)
        if kind not in self._told:
            self._told.add(kind)
            self._tell(text)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
