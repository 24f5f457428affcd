"""What can be logged, and what comes back when it is read.

Semantics: the Run class of the Azure Machine Learning SDK, version 1.
"""

from __future__ import annotations

from sweep.script.errors import RunLogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

PLAIN = (bool, int, float, str, type(None))


def scalar(name: str, value: Any) -> Any:
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
    if isinstance(value, (list, range, set)) or hasattr(value, "__next__"):
        raise RunLogError(
            f"log({name!r}): one value is expected, got a {type(value).__name__}; log_list keeps"
            " several at once"
        )
    item = getattr(value, "item", None)
    try:
        if callable(item):
            return scalar(name, item())
        if isinstance(value, (int, float, str)):
            return _base(value)  # a subclass: numpy.float64, an enum, ...
        return float(value)
    except (TypeError, ValueError) as error:
        raise RunLogError(
            f"log({name!r}): a number or a text is expected, got {type(value).__name__}: {error}"
        ) from None


def _base(value: Any) -> Any:
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def read_back(logged: Iterable[tuple[str, str, Any]]) -> dict[str, Any]:
    """Return metrics as `get_metrics` gives them, from (name, kind, value) in logged order.

    One scalar is a scalar, several are a list; a row is a dict, several are a dict of lists; a
    list of one and a table of one row are their only value.
    """
    scalars: dict[str, list[Any]] = {}
    tables: dict[str, dict[str, list[Any]]] = {}
    result: dict[str, Any] = {}
    for name, kind, value in logged:
        if kind == "scalar":
            scalars.setdefault(name, []).append(value)
            result[name] = None
        elif kind == "list":
            scalars.setdefault(name, []).extend(value)
            result[name] = None
        elif kind in ("row", "table"):
            columns = tables.setdefault(name, {})
            for column, cell in value.items():
                columns.setdefault(column, []).extend(cell if isinstance(cell, list) else [cell])
            result[name] = None
        else:
            result[name] = value
    for name, values in scalars.items():
        result[name] = values[0] if len(values) == 1 else values
    for name, columns in tables.items():
        result[name] = {c: v[0] if len(v) == 1 else v for c, v in columns.items()}
    return result


def table(name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table as JSON values: scalars, or lists of one length.

    Raises:
        RunLogError: the columns have different lengths.
    """
    columns = {
        str(column): [scalar(name, cell) for cell in cells]
        if isinstance(cells, (list, tuple)) or _is_array(cells)
        else scalar(name, cells)
        for column, cells in value.items()
    }
    lengths = {len(c) if isinstance(c, list) else 1 for c in columns.values()}
    if len(lengths) > 1:
        raise RunLogError(f"log_table({name!r}): columns of different lengths: {sorted(lengths)}")
    return columns


def _is_array(value: Any) -> bool:
    return bool(getattr(value, "ndim", 0)) and hasattr(value, "__iter__")
