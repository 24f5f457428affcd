"""Values and times as a reader likes to see them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

CONTROL = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\n\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
"""What a terminal would obey: colours and movements; titles and links; other escapes; and single
control characters but tab and line feed."""

MARKS = {
    "NotStarted": "waiting",
    "Queued": "queued",
    "Running": "running",
    "CancelRequested": "stopping",
    "Completed": "completed",
    "Failed": "failed",
    "Canceled": "stopped",
}
"""HyperDrive's words for the states of runs, as we say them in tables."""

NOTHING = "-"


def plain(text: str) -> str:
    """Return a text of somebody else's without anything that a terminal would obey."""
    return text if text.isprintable() else CONTROL.sub("", text)


def one_line(text: str) -> str:
    """Return a text of somebody else's on one line."""
    return " ".join(plain(text).split())


def number(value: float | None) -> str:
    """Return a number in at most six digits."""
    return NOTHING if value is None else f"{value:.6g}"


def value_text(value: Any) -> str:
    """Return the value of a hyperparameter."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if type(value) is int:
        return str(value)
    if isinstance(value, str):
        return plain(value)
    text = json.dumps(value, ensure_ascii=False)  # leaves these control characters as they are
    return re.sub(r"[\x7f-\x9f]", lambda c: f"\\u{ord(c[0]):04x}", text)


def configuration_text(configuration: Mapping[str, Any]) -> str:
    """Return a configuration on one line."""
    pairs = [f"{plain(k).lstrip('-')}={value_text(v)}" for k, v in configuration.items()]
    return "  ".join(pairs).replace("\n", "\\n")


def duration(seconds: float | None) -> str:
    """Return a time span in the two largest units."""
    if seconds is None:
        return NOTHING
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds + 0.5), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def counted(count: float, noun: str) -> str:
    """Return "1 run", "2 runs", "0.5 runs"."""
    figures = f"{count:g}" if isinstance(count, float) else str(count)
    return f"{figures} {noun}{'' if count == 1 else 's'}"


def fit(text: str, width: int) -> str:
    """Return a text on one line, cut to a width."""
    line = one_line(text)
    return line if len(line) <= width else line[: max(0, width - 1)] + "…"


def when(at: float | None) -> str:
    """Return a time of day, with its date."""
    if at is None:
        return NOTHING
    return datetime.fromtimestamp(at, timezone.utc).astimezone().strftime("%Y-%m-%d %H:%M:%S")
