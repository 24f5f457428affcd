"""What can be logged, and what comes back when it is read.

Semantics: the Run class of the Azure Machine Learning SDK, version 1.
"""

from sweep.script.errors import RunLogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

PLAIN = (bool, int, float, str, type(None))

KINDS = {"s": "scalar", "l": "list", "r": "row", "t": "table", "i": "image", "j": "json"}
"""Kinds of metrics by the letter with which they are sent."""
SHAPES = {"scalar": list, "list": list, "row": dict, "table": dict}
"""What metrics of these kinds are gathered in; of others the last one counts."""


def scalar(name: str, value: "Any") -> "Any":
    """Return one value as a JSON value.

    Scalars of numpy, torch, jax or tensorflow are taken by their `item`; other numbers by their
    conversion to float; a tuple or a dict is kept as its text.

    Raises:
        RunLogError: it is not one value.
    """
    if type(value) in PLAIN:
        return value
    if isinstance(value, (tuple, dict)):
        return repr(value)
    try:
        return _converted(value)
    except Exception as error:  # noqa: BLE001 - each library has its own
        got = f"got {type(value).__name__}"
        if hasattr(value, "__iter__"):
            text = f"log({name!r}): one value is expected, {got}; log_list keeps several at once"
        else:
            text = f"log({name!r}): a number or a text is expected, {got}: {error}"
        raise RunLogError(text) from None


def _converted(value: "Any") -> "Any":
    item = getattr(value, "item", None)
    if callable(item):
        value = item()
    # A subclass, such as an enum, is taken for what it holds and not for what it is called.
    if isinstance(value, str):
        return str.__str__(value)
    for kind in (bool, int):
        if isinstance(value, kind):
            return kind(value)
    return value if value is None else float(value)


def document(name: str, value: "Any") -> "Any":
    """Return a JSON document: dicts and lists of scalars; arrays of numpy become lists.

    Raises:
        RunLogError: something in it is neither.
    """
    if isinstance(value, dict):
        return {str(key): document(name, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) or _is_array(value):
        return [document(name, item) for item in value]
    return scalar(name, value)


def table(name: str, value: "Mapping[str, Any]") -> "dict[str, Any]":
    """Return a table as JSON values: scalars, or lists of one length.

    Raises:
        RunLogError: it is no table, or the columns have different lengths.
    """
    if not hasattr(value, "items"):
        raise RunLogError(f"log_table({name!r}): columns by name are expected, got {value!r}")
    columns = {
        str(column): [scalar(name, cell) for cell in cells]
        if isinstance(cells, (list, tuple, range)) or _is_array(cells)
        else scalar(name, cells)
        for column, cells in value.items()
    }
    lengths = {len(c) if isinstance(c, list) else 1 for c in columns.values()}
    if len(lengths) > 1:
        raise RunLogError(f"log_table({name!r}): columns of different lengths: {sorted(lengths)}")
    return columns


def _is_array(value: "Any") -> bool:
    return bool(getattr(value, "ndim", 0)) and hasattr(value, "__iter__")


class Logged:
    """Metrics as `get_metrics` gives them.

    One scalar is a scalar, several are a list; a row is a dict, several are a dict of lists; a
    list of one and a table of one row are their only value.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[type | None, Any]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._kept

    def add(self, name: str, kind: str, value: "Any") -> None:
        """Take note of one thing that was logged."""
        shape = SHAPES.get(kind)
        known, kept = self._kept.get(name, (None, None))
        if shape is None:
            self._kept[name] = (None, value)
            return
        if known is not shape:
            kept = shape()
            self._kept[name] = (shape, kept)
        if kind == "scalar":
            kept.append(value)
        elif kind == "list":
            kept.extend(value)
        else:
            for column, cell in value.items():
                kept.setdefault(column, []).extend(cell if isinstance(cell, list) else [cell])

    def read(self, name: "str | None" = None) -> "dict[str, Any]":
        """Return all metrics, or the one of a name, by name in the order of their first value."""
        return {n: _read(*kept) for n, kept in self._kept.items() if name in (None, n)}


def _read(shape: "type | None", kept: "Any") -> "Any":
    if shape is list:
        return kept[0] if len(kept) == 1 else [*kept]
    if shape is dict:
        return {column: _read(list, cells) for column, cells in kept.items()}
    return kept


def read_back(logged: "Iterable[tuple[str, str, Any]]") -> "dict[str, Any]":
    """Return metrics as `get_metrics` gives them, from (name, kind, value) in logged order."""
    metrics = Logged()
    for name, kind, value in logged:
        metrics.add(name, kind, value)
    return metrics.read()
