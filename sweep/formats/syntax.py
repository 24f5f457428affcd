"""PyYAML's syntax errors in one plain sentence each.

Its two parsers word the same error differently, and both speak of tokens and block ends.
"""

from __future__ import annotations

import re

import yaml

from sweep.formats.findings import Place
from sweep.formats.text import LINE_BREAK, Spot, spot

NO_CHARACTER = "a '\\' escape that names no character"
"""What `"\\ud800"` is, which each parser notices in another place."""

_COLON = "no key can stand here: check the indentation, and quote a text that contains ': '"
_LAYOUT = "does not fit the lines above: check the indentation, and the quotes within a text"

# What either parser says, and what it means. The first that fits counts; {line} is where the
# list, mapping or text begins that the parser was in.
_SENTENCES = (
    (r"mapping (values|keys) are not allowed", _COLON),
    (r"sequence entries are not allowed", "no list item '- ' can stand here; start a new line"),
    (r"could not find expected ':'", "expected 'key: value', but there is no ': '"),
    (r"expected ',' or '\]'", "expected ',' or ']' here, in the list from line {line}"),
    (r"expected ',' or '\}'", "expected ',' or '}}' here, in the mapping from line {line}"),
    (r"expected '?<document start>", "expected nothing more here: the document has ended"),
    (r"<block end>|expected key|expected '-' indicator", _LAYOUT),
    (r"maximum nesting depth", "too many lists and mappings within each other"),
    (r"node content", "expected a value, but found none"),
    (r"unknown escape character", "an unknown '\\' escape; double the '\\', or use single quotes"),
    (r"invalid Unicode character escape", NO_CHARACTER),
    (r"undefined tag handle", "a tag '!…' that is not known here; remove it"),
)

# What is not closed is noticed at the end of the file, far from the mistake.
_NEVER_CLOSED = (
    (r"expected ',' or '\]'", "the '[' here is never closed with ']'"),
    (r"expected ',' or '\}'", "the '{' here is never closed with '}'"),
    (r"unexpected (end of stream|document separator)", "the quote here is never closed"),
)


def position(mark: Place | None) -> Spot:
    """Return where PyYAML's `mark`, which counts from 0, stands."""
    return Spot(mark.line + 1, mark.column + 1) if mark else Spot(1, 1)


def plain_sentence(error: yaml.MarkedYAMLError, text: str) -> tuple[str, Spot]:
    """Return what is wrong with `text`, and where."""
    end = spot(text, len(text.rstrip()))
    at = position(error.problem_mark)
    opened = position(error.context_mark or error.problem_mark)
    problem = error.problem or ""
    if "cannot start any token" in problem:
        return _stray(text, at), at
    for pattern, sentence in _NEVER_CLOSED:
        if re.search(pattern, problem) and (at >= end or "separator" in problem):
            return sentence, opened
    for pattern, sentence in _SENTENCES:
        if re.search(pattern, problem):
            return sentence.format(line=opened.line), min(at, end)
    return f"is not YAML: {problem}", min(at, end)


def _stray(text: str, at: Spot) -> str:
    character = LINE_BREAK.split(text)[at.line - 1][at.column - 1 : at.column]
    if character == "\t":
        return "a tab cannot indent or separate here; use spaces"
    return f"a text cannot start with {character!r}; put it in quotes"
