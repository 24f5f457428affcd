"""Read YAML 1.2 into a located tree, and refuse what a configuration has no use for.

PyYAML's parsers deliver events; no constructor of PyYAML's ever runs, so nothing in a file can
name a Python object. Refused are: tags other than the core schema's, keys that are no text or
come twice, merge keys `<<` (they are not part of YAML 1.2), several documents, more than
`MOST_NODES` values or `MOST_LEVELS` levels after the aliases have been followed, and aliases
within what they name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from sweep.formats.findings import Findings, Place, quoted
from sweep.formats.located import Node, inside
from sweep.formats.scalars import TAG_PREFIX, Scalar, convert, resolve
from sweep.formats.syntax import NO_CHARACTER, plain_sentence, position
from sweep.formats.text import Spot, read_text, spot

MOST_NODES = 100_000
"""Most values and keys that a file may hold, aliases followed."""

MOST_LEVELS = 32
"""Most lists and mappings within each other."""

# What is not printable for YAML; the byte order mark may only stand at the beginning.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)


class PurePython(yaml.SafeLoader):
    """PyYAML's own parser, made to take tabs between words as libyaml and YAML itself do.

    It still refuses a tab within an unquoted text, and in `{a: b?}` the `?`.
    """

    def scan_to_next_token(self) -> None:
        """Step over spaces, comments, line breaks, and tabs that indent nothing."""
        super().scan_to_next_token()
        while self.peek() == "\t" and (self.flow_level or not self.allow_simple_key):
            self.forward()
            super().scan_to_next_token()


PARSER: type[Any] = getattr(yaml, "CSafeLoader", PurePython)
"""What reads the events: libyaml where PyYAML was built with it."""

_CORE = {f"{TAG_PREFIX}{name}" for name in ("bool", "float", "int", "null", "str")}
_SEQUENCE, _MAPPING = f"{TAG_PREFIX}seq", f"{TAG_PREFIX}map"


def read_yaml(path: str | Path, findings: Findings) -> Node:
    """Return the tree of the file at `path`; see `parse`.

    Raises:
        ConfigError: the file cannot be read, or its syntax is wrong.
    """
    return parse(read_text(path, findings), findings)


def parse(text: str, findings: Findings, parser: type[Any] = PARSER) -> Node:
    """Return the tree of `text`; what is wrong in single entries goes to `findings`.

    Raises:
        ConfigError: the syntax is wrong, or a limit is exceeded; with all `findings` so far.
    """
    odd = _UNPRINTABLE.search(text)
    if odd:
        message = f"the character U+{ord(odd.group()):04X} may not stand in a YAML file"
        raise findings.fatal(message, at=spot(text, odd.start()))
    return _Composer(_events(text, findings, parser), findings).document()


def _events(text: str, findings: Findings, parser: type[Any]) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=parser)
    except yaml.MarkedYAMLError as error:
        message, at = plain_sentence(error, text)
        raise findings.fatal(message, at=at) from None
    except (OverflowError, ValueError):  # from chr() in PyYAML's own parser
        raise findings.fatal(NO_CHARACTER) from None


class _Composer:
    """One walk over the events of one document."""

    def __init__(self, events: Iterator[yaml.Event], findings: Findings) -> None:
        self._events = events
        self._findings = findings
        self._anchors: dict[str, tuple[Node, int] | None] = {}  # None while it is being built
        self._count = 0

    def document(self) -> Node:
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise self._findings.fatal("is empty")
        root = self._node(next(self._events), "", 0, Spot(1, 1))
        if root.value is None:
            raise self._findings.fatal("is empty")
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            message = "another document begins here; a file holds one"
            raise self._findings.fatal(message, at=position(after.start_mark))
        return root

    def _node(self, event: yaml.Event, path: str, level: int, near: Place) -> Node:
        """Build what begins with `event`, within `level` lists and mappings.

        `near` lends its place to a value for which nothing is written.
        """
        at = position(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path, level, at)
        assert isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)
        before = self._count
        self._grow(1, path, at)
        if event.anchor:
            self._anchors[event.anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            place = at if event.value or not event.implicit[0] else near
            node = Node(self._scalar(event, path, at), place.line, place.column)
        else:
            self._check_level(level + 1, path, at)
            build = self._list if isinstance(event, yaml.SequenceStartEvent) else self._mapping
            node = build(event.tag, path, level + 1, at)
        if event.anchor:
            self._anchors[event.anchor] = (node, self._count - before)
        return node

    def _scalar(self, event: yaml.ScalarEvent, path: str, at: Spot) -> Scalar:
        text: str = event.value
        try:
            text.encode()
            if event.tag in _CORE:
                return convert(text, event.tag)
            self._check_tag(event.tag, path, at)
            return resolve(text) if event.implicit[0] else text
        except UnicodeEncodeError:  # half a surrogate pair; libyaml lets none through
            self._findings.problem(NO_CHARACTER, path, at)
        except ValueError as error:
            self._findings.problem(str(error), path, at)
        return None

    def _list(self, tag: str | None, path: str, level: int, at: Spot) -> Node:
        if tag != _SEQUENCE:
            self._check_tag(tag, path, at)
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, inside(path, len(items)), level, at))
        return Node(items, at.line, at.column, depth=_depth(items))

    def _mapping(self, tag: str | None, path: str, level: int, at: Spot) -> Node:
        if tag != _MAPPING:
            self._check_tag(tag, path, at)
        entries: dict[str, Node] = {}
        keys: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, path, level, at)
            name = self._key(event, key, path)
            where = inside(path, str(key) if name is None else name)
            value = self._node(next(self._events), where, level, key)
            if name in keys:
                message = f"stands here a second time; the first is on line {keys[name].line}"
                self._findings.problem(message, where, key)
            elif name is not None:
                keys[name], entries[name] = key, value
        return Node(entries, at.line, at.column, keys, _depth(entries.values()))

    def _key(self, event: yaml.Event, key: Node, path: str) -> str | None:
        if key.value == "<<" and isinstance(event, yaml.ScalarEvent) and event.implicit[0]:
            message = "merge keys are not part of YAML 1.2; write the entries out"
            self._findings.problem(message, inside(path, "<<"), key)
            return None
        if not isinstance(key.value, str):
            message = f"a key must be text, got {key}"
            hint = "" if key.depth else "; put it in quotes"
            self._findings.problem(message + hint, inside(path, str(key)), key)
            return None
        return key.value

    def _alias(self, event: yaml.AliasEvent, path: str, level: int, at: Spot) -> Node:
        anchor = event.anchor or ""
        if anchor not in self._anchors:
            raise self._findings.fatal(f"the alias *{anchor} names nothing above it", path, at)
        known = self._anchors[anchor]
        if known is None:
            raise self._findings.fatal(
                f"the alias *{anchor} stands within what it names", path, at
            )
        node, size = known
        self._check_level(level + node.depth, path, at)
        self._grow(size, path, at)
        return node

    def _grow(self, count: int, path: str, at: Spot) -> None:
        self._count += count
        if self._count > MOST_NODES:
            message = f"more than {MOST_NODES:,} values, counting what aliases repeat"
            raise self._findings.fatal(message, path, at)

    def _check_level(self, level: int, path: str, at: Spot) -> None:
        if level > MOST_LEVELS:
            message = f"more than {MOST_LEVELS} lists and mappings within each other"
            raise self._findings.fatal(message, path, at)

    def _check_tag(self, tag: str | None, path: str, at: Spot) -> None:
        if tag not in (None, "!"):  # the latter is "no tag"; libyaml itself drops it
            name = tag.replace(TAG_PREFIX, "!!")
            self._findings.problem(f"the tag {quoted(name)} is not allowed here", path, at)


def _depth(nodes: Iterable[Node]) -> int:
    return 1 + max((node.depth for node in nodes), default=0)
