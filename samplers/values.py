"""What a configuration may hold: the values of JSON, compared by type and value."""

import json
from collections.abc import Mapping
from math import inf, isfinite
from typing import Any, TypeGuard

from samplers.errors import SpaceError

DEPTH = 32
"""How deep options may be nested."""

LIMIT = 1e150
"""Largest number in an expression: its square, and it divided by the smallest q, stay finite."""


def canonical(value: Any) -> str:
    """Return the identity of a JSON value: 1, 1.0 and True differ, the order of keys does not."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def unwrapped(value: Any) -> Any:
    """Return NumPy's scalars and arrays as Python's own, anything else untouched."""
    return value.tolist() if type(value).__module__ == "numpy" else value


def plain(value: Any, depth: int = 0) -> Any:
    """Return a copy of `value` as it would come back from JSON: tuples become lists.

    Raises:
        SpaceError: JSON has no such value, or it is nested more than `DEPTH` deep.
    """
    value = unwrapped(value)
    if depth > DEPTH:
        raise SpaceError(f"an option is nested more than {DEPTH} levels deep")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        if odd := [key for key in value if not isinstance(key, str)]:
            raise SpaceError(f"{odd[0]!r} is a {_kind(odd[0])}; the keys of a dict must be text")
        return {str.__str__(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value]
    return _scalar(value)


def is_number(value: object, limit: float = LIMIT) -> TypeGuard[int | float]:
    """Tell whether `value` is a number (not a boolean) between -`limit` and `limit`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -limit <= value <= limit


def real(value: Any, what: str, argument: int | None = None) -> int | float:
    """Return `value` if it is a number between -`LIMIT` and `LIMIT`, as an exact int or float.

    Raises:
        SpaceError: it is something else; the message calls it `what`.
    """
    value = unwrapped(value)
    if is_number(value):
        return int(value) if isinstance(value, int) else float(value)
    message = f"{what} must be a number, got {value!r}"
    if isinstance(value, str):
        message = f"{what} must be a number, got the text {value!r}{_hint(value)}"
    elif isinstance(value, float) or is_number(value, inf):
        message = f"{what} must be within ±{LIMIT:g}, got {value!r}"
    raise SpaceError(message, argument=argument)


def parameter_name(name: Any) -> str:
    """Return `name` if it can name a parameter: printable text, not empty.

    Raises:
        SpaceError: it cannot.
    """
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise SpaceError(f"{name!r} cannot name a parameter; a name is printable text")
    return str.__str__(name)


def _scalar(value: Any) -> Any:
    # Subclasses (enumerations among them) lose their class here, as they would in JSON.
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) and isfinite(value):
        return float(value)
    raise SpaceError(
        f"{value!r} ({_kind(value)}) cannot be an option; options are text, finite numbers, "
        "True, False, None, and tuples and dicts of these. An expression needs a name: {'x': …}"
    )


def _kind(value: Any) -> str:
    return type(value).__name__


def _hint(text: str) -> str:
    try:
        number = float(text)
    except ValueError:
        return ""
    if not isfinite(number):
        return ""
    return f"; write {number!r} without quotes (YAML takes 1e-3 for text, and 1.0e-3 for a number)"
