"""Records: sections of a file as dataclasses, and back.

A record's attributes are the keys of the section in snake_case. Its `extra` holds all other
entries; a field that does not take part in comparisons was never in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from typing import Any

from sweep.formats.arguments import text_of
from sweep.formats.checks import Check, Unfit
from sweep.formats.fields import Fields
from sweep.formats.findings import quoted
from sweep.formats.located import Node
from sweep.formats.spelling import camel_case


def attributes(fields: Fields, checks: Mapping[str, Check[Any]]) -> dict[str, Any]:
    """Return what a section says about the attributes in `checks`, and all else as `extra`."""
    found: dict[str, Any] = {}
    for name, check in checks.items():
        value = fields.take(camel_case(name), check, None)
        if value is not None:
            found[name] = value
    return found | {"extra": fields.besides(map(camel_case, checks))}


def entries(record: Any) -> dict[str, Any]:
    """Return a record as a section: keys in camelCase, without what is empty."""
    found: dict[str, Any] = {}
    for field in dataclass_fields(record):
        value = getattr(record, field.name)
        if is_dataclass(value):
            value = entries(value)
        if field.name == "extra":
            found |= value
        elif field.compare and value not in (None, "", (), {}):
            found[camel_case(field.name)] = list(value) if isinstance(value, tuple) else value
    return found


class Section(dict[str, Any]):
    """A section of a file: by its keys, and by attributes in Python's spelling of them."""

    def __getattr__(self, name: str) -> Any:
        """Return an entry; None where there is none."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self.get(camel_case(name))

    def __setattr__(self, name: str, value: Any) -> None:
        """Make an entry."""
        self[camel_case(name)] = value


def section(node: Node) -> Section:
    """Take a mapping as it is.

    Raises:
        Unfit: it is something else.
    """
    if not isinstance(node.value, dict):
        raise Unfit("a mapping", node)
    return Section(node.plain())


def variables(node: Node) -> dict[str, str]:
    """Take environment variables: names and texts, or numbers for texts.

    Raises:
        Unfit: a name or a value that no environment can hold, or a boolean, which every language
            writes in another way.
    """
    if not isinstance(node.value, dict):
        raise Unfit("a mapping from names to texts", node)
    found = {}
    for name, child in node.value.items():
        value = child.value
        if not name or "=" in name or "\0" in name:
            raise Unfit("a name without '=' for a variable", node.keys[name])
        if isinstance(value, bool | list | dict | None) or "\0" in str(value):
            hint = "; put it in quotes" if isinstance(value, bool) else ""
            raise Unfit(f"a text for the variable {quoted(name)}", child, hint)
        found[name] = text_of(value)
    return found
